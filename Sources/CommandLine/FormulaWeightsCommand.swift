import ArgumentParser
import Checkpoints
import Engine
import Foundation
import LongTail
import Models

/// `tgn formula-weights`: weights of full size that anyone can rebuild, to try commands without downloads.
struct FormulaWeightsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "formula-weights",
    abstract: "Write weights of the golden values' formula: of full size, but taught nothing.",
    discussion: """
      For timing and trying: CLIP's ViT-B/32 (clip) or a back-bone such as resnet50 with --classes.

      Examples:
        tgn formula-weights clip --out /tmp/ViT-B-32.safetensors
        tgn formula-weights resnet50 --classes 6 --out /tmp/tail.pth
      """)

  @Argument(help: ArgumentHelp("clip, or one of the back-bones.", valueName: "network"))
  var network: String
  @Option(help: "The classes of a back-bone.")
  var classes = 1000
  @Option(help: ArgumentHelp("The file: .pth or .pt as PyTorch writes, or .safetensors.", valueName: "file"))
  var out: String

  func validate() throws {
    if classes < 1 { throw ValidationError("--classes \(classes): give 1 or more") }
  }

  func run() throws {
    var stream = RandomStream(seed: 0, name: "overwritten")
    let isCLIP = network == "clip"
    let module: Module =
      isCLIP ? CLIP(.vitB32, stream: &stream) : try BackboneName(named: network).network(classes: classes, stream: &stream)
    GoldenFormula().fill(module, family: isCLIP ? .clip : .resnet, prefix: "\(network).")
    let url = URL(fileURLWithPath: out)
    try writeWeights(StateDictionary(module), to: url)
    print("\(module.parameterCount) weights in \(url.path)")
  }
}
