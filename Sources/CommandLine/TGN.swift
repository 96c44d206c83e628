import ArgumentParser

/// The `tgn` command.
@main
struct TGN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tgn",
    abstract: "Text-guided diverse image synthesis for long-tailed remote sensing classification.",
    subcommands: [
      PrepareCommand.self, DescribeCommand.self, SplitCommand.self, SelfcheckCommand.self, PretrainCommand.self,
    ])
}
