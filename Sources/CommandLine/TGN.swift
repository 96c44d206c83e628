import ArgumentParser

/// The `tgn` command.
@main
struct TGN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tgn",
    abstract: "Text-guided diverse image synthesis for long-tailed remote sensing classification.",
    subcommands: [SelfcheckCommand.self, PretrainCommand.self])
}
