import ArgumentParser
import Checkpoints
import Engine
import Foundation
import LongTail
import Models
import Notebook

/// `tgn test`: the released `Classification/test.py`.
struct TestCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Score a classifier on the test pictures of a data set (the released Classification/test.py).",
    discussion: """
      Accuracy, F1 of each class and their mean, from weights of PyTorch or safetensors.

      Example:
        tgn test --data /data/dior --weights result.pth
      """)

  @Option(help: ArgumentHelp("Data set in TGN's layout (anno, train, test).", valueName: "dir"))
  var data: String
  @Option(help: ArgumentHelp("Weights of the classifier.", valueName: "file"))
  var weights: String
  @Option(help: ArgumentHelp("Its back-bone.", valueName: "name"))
  var backbone = "resnet50"
  @Option(help: "Width and height that pictures are resized to.")
  var side = 224
  @Option(help: "Pictures of a batch.")
  var batchSize = 32
  @Option(help: ArgumentHelp("Also write the scores as JSON.", valueName: "file"))
  var json: String?
  @OptionGroup var loading: WeightOptions
  @OptionGroup var threading: ThreadOptions

  func run() throws {
    threading.apply()
    let dataset = try TGNLayout(root: URL(fileURLWithPath: data, isDirectory: true)).read(.test)
    var stream = RandomStream(seed: 0, name: "overwritten")
    let model = try BackboneName(named: backbone).network(classes: dataset.classCount, stream: &stream)
    try loading.load(model, from: weights)
    let scores = try LongTail.test(model, on: DecodedImages(dataset, side: side), batchSize: batchSize)
    func percent(_ value: Double) -> String { NumberFormat.fixed(100 * value, digits: 2) }
    let width = dataset.classNames.map(\.count).max() ?? 0
    for (label, name) in dataset.classNames.enumerated() {
      print(
        name.padding(toLength: width, withPad: " ", startingAt: 0),
        " accuracy \(percent(scores.perClass[label])) %  F1 \(percent(scores.perClassF1[label])) %")
    }
    print("accuracy \(percent(scores.overall)) %, macro F1 \(percent(scores.macroF1)) %, \(dataset.count) pictures")
    if let json { try Data(scores.json.prettyPrinted().utf8).write(to: URL(fileURLWithPath: json)) }
  }
}
