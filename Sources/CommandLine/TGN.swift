import ArgumentParser
import Foundation
import LongTail
import Notebook

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
      PretrainCommand.self, VerifyCommand.self, ReportsCommand.self, FormulaWeightsCommand.self,
    ])

  /// A run that a signal ended exits as shells expect it.
  static func main() {
    do {
      var command = try parseAsRoot()
      try command.run()
    } catch let stop as InterruptedError {
      Console.standardError.say("\(stop)")
      leave(stop.exitCode)
    } catch {
      exit(withError: error)
    }
  }
}

/// The system's `exit`, which the command's own hides.
private func leave(_ code: Int32) -> Never { exit(code) }
