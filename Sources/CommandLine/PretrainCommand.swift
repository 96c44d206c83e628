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
  var out: String
  @Option(help: ArgumentHelp("Folder of finished stages.", valueName: "dir"))
  var store = ".stages"
  @Option(help: "How many threads compute (default: all cores).")
  var threads: Int?
  @Flag(help: "Make everything anew, even what is in the store.")
  var fresh = false

  func run() throws {
    if let threads { Parallel.threadCount = threads }
    let store = try StageStore(directory: URL(fileURLWithPath: store), fresh: fresh)
    try Pretraining(settings: PretrainingSettings(), store: store).run(into: URL(fileURLWithPath: out))
  }
}
