import ArgumentParser
import Checkpoints
import Foundation
import Notebook

/// `tgn inspect`: what a file of weights holds.
struct InspectCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inspect",
    abstract: "List what a file of weights holds: keys, types, shapes and sizes.",
    discussion: """
      Reads PyTorch's zip, legacy and tar files, TorchScript archives and safetensors, whatever their suffix. Nothing \
      that a file asks for is run, and no weights are loaded: only the checksum reads the whole file.

      Example:
        tgn inspect 200000.pt --keys g_ema
      """)

  @Argument(help: ArgumentHelp("The file.", valueName: "file"))
  var file: String
  @Option(help: ArgumentHelp("Only what is below this path, such as g_optim.state.", valueName: "path"))
  var keys = ""
  @Flag(help: "Look for NaN and infinite weights, which reads all of them.")
  var values = false
  @Flag(inversion: .prefixedNo, help: "Print the file's SHA-256.")
  var checksum = true

  func run() throws {
    let url = URL(fileURLWithPath: file)
    let checkpoint = try CheckpointFile(contentsOf: url)
    let listing = CheckpointListing(checkpoint)
    print(listing.summary)
    print(try listing.tree(at: keys))
    if checksum {
      fflush(nil)
      print("SHA-256 \(try Checksum.sha256(ofFile: url))")
    }
    if values {
      let broken = try checkpoint.stateDictionary(at: keys).keysWithNonFiniteValues
      print(broken.isEmpty ? "all weights are finite" : "not finite: \(broken.joined(separator: ", "))")
    }
  }
}
