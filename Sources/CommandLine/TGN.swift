import ArgumentParser

/// The `tgn` command.
@main
struct TGN: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "tgn",
    abstract: "Text-guided diverse image synthesis for long-tailed remote sensing classification.",
    subcommands: [
      PrepareCommand.self, DescribeCommand.self, SplitCommand.self, TrainHeadCommand.self, TrainTailCommand.self,
      DistillCommand.self, TrainGeneratorCommand.self, GenerateCommand.self, TrainClassifierCommand.self,
      TestCommand.self, FIDCommand.self, PPLCommand.self, FactorizeCommand.self, ApplyFactorCommand.self,
      EstimateCommand.self, InspectCommand.self, ConvertCommand.self, StagesCommand.self, SelfcheckCommand.self,
      PretrainCommand.self, VerifyCommand.self, ReportsCommand.self,
    ])
}
