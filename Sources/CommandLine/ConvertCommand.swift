import ArgumentParser
import Checkpoints
import Foundation

/// `tgn convert`: weights from one format to another.
struct ConvertCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "convert",
    abstract: "Convert a file of weights to PyTorch's zip format or to safetensors.",
    discussion: """
      Reads what `tgn inspect` reads; the suffix of the new file says what is written: .pth or .pt a file that \
      torch.load opens with weights_only=True, .safetensors the tensors alone. Numbers keep their types and bits.

      Example:
        tgn convert 200000.pt generator.safetensors --path g_ema
      """)

  @Argument(help: ArgumentHelp("The file to read.", valueName: "from"))
  var source: String
  @Argument(help: ArgumentHelp("The file to write: .pth, .pt or .safetensors.", valueName: "to"))
  var target: String
  @Option(help: ArgumentHelp("Only what is at this path, such as g_ema.", valueName: "path"))
  var path = ""

  private var isSafeTensors: Bool { target.hasSuffix(".safetensors") }

  func validate() throws {
    guard isSafeTensors || target.hasSuffix(".pth") || target.hasSuffix(".pt") else {
      throw ValidationError("\(target) ends in none of .pth, .pt and .safetensors")
    }
  }

  func run() throws {
    let checkpoint = try CheckpointFile(contentsOf: URL(fileURLWithPath: source))
    let url = URL(fileURLWithPath: target)
    let tensors = try checkpoint.tensors(at: path)
    if isSafeTensors {
      try SafeTensors.write(tensors, metadata: checkpoint.metadata, to: url)
    } else {
      try checkpoint.value(forWritingAt: path).writePyTorch(to: url)
    }
    print("\(target): \(tensors.count) tensors")
  }
}

extension CheckpointFile {
  /// What is at a path: as it was nested, but a module's object, which PyTorch would not open, as its tensors.
  fileprivate func value(forWritingAt path: String) throws -> CheckpointValue {
    let value = try value(at: path)
    guard case .record(let record) = value, (record.module, record.name) != ("argparse", "Namespace") else { return value }
    var dictionary = CheckpointDictionary(isOrdered: true)
    for (key, tensor) in try tensors(at: path) { dictionary[key] = .tensor(tensor) }
    return .dictionary(dictionary)
  }
}
