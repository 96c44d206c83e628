import ArgumentParser
import Checkpoints
import Engine
import Foundation
import LongTail
import Models
import Notebook

/// The options of all commands that train a classifier, with the released values for defaults.
struct ClassifierOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Data set in TGN's layout (anno, train, test).", valueName: "dir"))
  var data: String
  @Option(help: ArgumentHelp("Folder for weights, scores and the state of a run to go on from.", valueName: "dir"))
  var out: String
  @Option(help: ArgumentHelp("Weights to start from, of ImageNet: all but the last layer is taken.", valueName: "file"))
  var weights: String?
  @Option(help: "Pictures of a batch.")
  var batchSize = 32
  @Option(help: "Adam's learning rate; divided by ten after epochs 30, 60, 90, 120, 150 and 180.")
  var learningRate: Float = 1e-3
  @Option(help: "Adam's weight decay.")
  var weightDecay: Float = 1e-4
  @Option(help: "Width and height that pictures are resized to.")
  var side = 224
  @Option(help: "Share of classes that are head: 0.4 as released, 0.33 for FGSC-23.")
  var headShare = HeadTailSplit.releasedShare
  @Option(help: "Seed of the random start and of the pictures' order.")
  var seed: UInt64 = 1
  @OptionGroup var loading: WeightOptions
  @OptionGroup var threading: ThreadOptions

  func settings(epochs: Int) -> ClassifierSettings {
    var settings = ClassifierSettings.released(epochs: epochs)
    (settings.side, settings.batchSize) = (side, batchSize)
    (settings.learningRate, settings.weightDecay) = (learningRate, weightDecay)
    return settings
  }

  /// Trains a back-bone on a part of the data set, with scores on its test pictures after each epoch.
  func train(
    _ backbone: BackboneName, on part: DataPart, epochs: Int, name: String, recipe: Recipe = .paper
  ) throws {
    try withRanks { try train(backbone, on: part, epochs: epochs, name: name, recipe: recipe, DataParallel($0)) }
  }

  private func train(
    _ backbone: BackboneName, on part: DataPart, epochs: Int, name: String, recipe: Recipe, _ parallel: DataParallel
  ) throws {
    Interruption.watch()
    threading.apply()
    let layout = TGNLayout(root: URL(fileURLWithPath: data, isDirectory: true))
    let (train, test) = try layout.part(part, headShare: headShare, recipe: recipe)
    let folder = try WorkflowFolder(out, parallel: parallel)
    var stream = RandomStream(seed: seed, name: "\(name).start")
    let model = backbone.network(classes: train.classCount, stream: &stream)
    if let weights {
      let url = URL(fileURLWithPath: weights)
      let remarks = try loadTrunk(
        model, from: url, isLenient: loading.lenient, leavesShortcuts: recipe == .released)
      for remark in remarks { Console.standardError.say(remark) }
    }
    let images = DecodedImages(train, side: side)
    let testImages = DecodedImages(test, side: side)
    let log = EpochLog(folder.file("\(name).csv"), classNames: train.classNames)
    try trainBackbone(
      model, on: images, settings: settings(epochs: epochs), seed: seed, name: name,
      stateFile: folder.file("\(name).training.safetensors"), parallel: parallel
    ) { epoch in
      if !test.items.isEmpty { try log.note(epoch, try LongTail.test(model, on: testImages)) }
      if epoch % 10 == 0 || epoch == epochs {
        try writeWeights(StateDictionary(model), to: folder.file("\(name)_epoch_\(epoch).pth"))
      }
    }
    guard parallel.isWriter else { return }
    try writeWeights(StateDictionary(model), to: folder.file("\(name).pth"))
    print("Weights: \(folder.file("\(name).pth").path)")
  }
}

/// Scores by epoch, as text and in a file.
struct EpochLog {
  private let file: URL
  private let classNames: [String]

  init(_ file: URL, classNames: [String]) {
    self.file = file
    self.classNames = classNames
  }

  func note(_ epoch: Int, _ scores: Scores) throws {
    func percent(_ value: Double) -> String { NumberFormat.fixed(100 * value, digits: 2) }
    Console.standardError.say(
      "epoch \(epoch): accuracy \(percent(scores.overall)) %, macro F1 \(percent(scores.macroF1)) %")
    let header = (["epoch", "accuracy", "macro F1"] + classNames.map { "F1 \($0)" }).joined(separator: ",") + "\n"
    let values = ["\(epoch)", percent(scores.overall), percent(scores.macroF1)] + scores.perClassF1.map(percent)
    var text = (try? String(contentsOf: file, encoding: .utf8)) ?? header
    text += values.joined(separator: ",") + "\n"
    try Data(text.utf8).write(to: file, options: .atomic)
  }
}

/// The options of the head and of the tail model.
struct PartModelOptions: ParsableArguments {
  @OptionGroup var training: ClassifierOptions
  @Option(help: "Passes over the pictures; default: 100, or 1 with --recipe released.")
  var epochs: Int?
  @Option(help: "paper, or released: shortcuts start at random, one epoch, test pictures divided by their own counts.")
  var recipe = Recipe.paper
  @Option(help: "resnet18, resnet34, resnet50, resnet101 or resnet152.")
  var backbone = "resnet50"

  func train(_ part: DataPart) throws {
    try training.train(
      try BackboneName(named: backbone), on: part, epochs: epochs ?? (recipe == .released ? 1 : 100), name: part.rawValue,
      recipe: recipe)
  }
}

/// `tgn train-head`: the released `KMDN/UModel.py`.
struct TrainHeadCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train-head",
    abstract: "Train the head model: ResNet-50 on the head classes (the released UModel.py).",
    discussion: """
      A stopped run goes on where it was, to the same bits.

      Example:
        tgn train-head --data /data/dior --weights resnet50.pth --out run
      """)
  @OptionGroup var options: PartModelOptions

  func run() throws { try options.train(.head) }
}

/// `tgn train-tail`: the released `KMDN/RModel.py`.
struct TrainTailCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train-tail",
    abstract: "Train the tail model: ResNet-50 on the tail classes (the released RModel.py).",
    discussion: """
      The released script stops after one epoch; the paper trains as the head model.

      Example:
        tgn train-tail --data /data/dior --weights resnet50.pth --out run
      """)
  @OptionGroup var options: PartModelOptions

  func run() throws { try options.train(.tail) }
}

/// `tgn train-classifier`: the released `Classification/train.py`.
struct TrainClassifierCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train-classifier",
    abstract: "Train a back-bone on all classes of an expanded data set (the released Classification/train.py).",
    discussion: """
      Writes result.pth, which tgn test and the released test.py read.

      Example:
        tgn train-classifier --data /data/dior-expanded --weights resnet50.pth --out run
        tgn train-classifier --data /data/dior-expanded --backbone densenet121 --weights densenet121.pth --out run
      """)
  @OptionGroup var options: ClassifierOptions
  @Option(help: "Passes over the pictures.")
  var epochs = 50
  @Option(help: ArgumentHelp("A released back-bone, such as resnet50, vgg16 or efficientnet-b0.", valueName: "name"))
  var backbone = "resnet50"

  func run() throws {
    try options.train(try BackboneName(named: backbone), on: .all, epochs: epochs, name: "result")
  }
}
