import ArgumentParser
import Engine
import Foundation
import LongTail

/// Makes the package's starting weights anew.
struct PretrainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pretrain",
    abstract: "Make the starting weights that ship with the package, from procedural scenes.",
    discussion: """
      Trains a base classifier, a base generator with its discriminator, and a small CLIP on scenes of a seed that no \
      experiment uses, and writes them as safetensors with their checksums. A stopped run goes on where it was.

      Example:
        swift run tgn pretrain --out Sources/LongTail/StartingWeights
      """)

  @Option(help: ArgumentHelp("Folder for the weights.", valueName: "dir"))
  var out: String?
  @Option(help: "Make one part and leave it in the store: base-classifier, base-generator or small-clip.")
  var only: StartingWeights.Part?
  @Option(help: ArgumentHelp("Folder of finished stages.", valueName: "dir"))
  var store = ".stages"
  @OptionGroup var threading: ThreadOptions
  @Flag(help: "Make everything anew, even what is in the store.")
  var fresh = false
  @OptionGroup var tracing: TraceOptions

  func validate() throws {
    if out == nil && only == nil { throw ValidationError("give --out, or --only with one part") }
  }

  func run() throws {
    try withRanks { ranks in
      threading.apply()
      let store = try StageStore(
        directory: URL(fileURLWithPath: store), fresh: fresh, parallel: DataParallel(ranks))
      let pretraining = Pretraining(settings: PretrainingSettings(), store: store)
      try tracing.recording {
        if let only { try pretraining.make(only) }
        if let out { try pretraining.run(into: URL(fileURLWithPath: out)) }
      }
    }
  }
}

extension StartingWeights.Part: ExpressibleByArgument {}
