import ArgumentParser
import Checkpoints
import Engine
import Foundation
import LongTail
import Models
import Notebook

/// `tgn distill`: the released `KMDN/Distill.py`.
struct DistillCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distill",
    abstract: "Let the head and the tail model teach each other (the released Distill.py).",
    discussion: """
      First the tail model teaches the head model on head pictures, then the other way round; each student learns by
      cross-entropy and is drawn towards the teacher's layer-3 features. Writes head.pth and tail.pth.

      Example:
        tgn distill --data /data/dior --head run/head.pth --tail run/tail.pth --out run/distilled
      """)

  @Option(help: ArgumentHelp("Data set in TGN's layout (anno, train, test).", valueName: "dir"))
  var data: String
  @Option(help: ArgumentHelp("The head model's weights.", valueName: "file"))
  var head: String
  @Option(help: ArgumentHelp("The tail model's weights.", valueName: "file"))
  var tail: String
  @Option(help: ArgumentHelp("Folder for the distilled models.", valueName: "dir"))
  var out: String
  @Option(help: "Weight of the feature loss.")
  var alpha: Float = 0.2
  @Option(help: "Passes over the pictures in each direction.")
  var epochs = 50
  @Option(help: "Pictures of a batch.")
  var batchSize = 64
  @Option(help: "Width and height that pictures are resized to.")
  var side = 224
  @Option(help: "resnet18, resnet34, resnet50, resnet101 or resnet152.")
  var backbone = "resnet50"
  @Option(help: "Share of classes that are head: 0.4 as released, 0.33 for FGSC-23.")
  var headShare = HeadTailSplit.releasedShare
  @Flag(help: "Let the second direction's learning rate start where the first ended, as the released code does.")
  var continuesSchedule = false
  @Option(help: "paper or released; the latter is --continues-schedule.")
  var recipe = Recipe.paper
  @Option(help: "Seed of the pictures' order.")
  var seed: UInt64 = 1
  @OptionGroup var weights: WeightOptions
  @OptionGroup var threading: ThreadOptions

  func run() throws { try withRanks { try run(DataParallel($0)) } }

  private func run(_ parallel: DataParallel) throws {
    Interruption.watch()
    threading.apply()
    let layout = TGNLayout(root: URL(fileURLWithPath: data, isDirectory: true))
    let parts = try layout.trainingParts(headShare: headShare)
    var settings = DistillationSettings.released
    settings.alpha = alpha
    settings.continuesSchedule = continuesSchedule || recipe == .released
    settings.schedule.epochs = epochs
    (settings.schedule.batchSize, settings.schedule.side) = (batchSize, side)
    let folder = try WorkflowFolder(out, parallel: parallel)
    try distillBothWays(
      head: try loadResNet(backbone, from: head, classes: parts.head.classCount, weights),
      tail: try loadResNet(backbone, from: tail, classes: parts.tail.classCount, weights), on: parts,
      settings: settings, seed: seed, folder: folder)
    if parallel.isWriter { print("Weights: \(folder.file("head.pth").path), \(folder.file("tail.pth").path)") }
  }
}

/// A ResNet of a file, with the released naming or torchvision's.
func loadResNet(_ name: String, from file: String, classes: Int, _ weights: WeightOptions) throws -> ResNet {
  var stream = RandomStream(seed: 0, name: "overwritten")
  guard let model = try BackboneName(named: name).network(classes: classes, stream: &stream) as? ResNet else {
    throw ValidationError("--backbone \(name): its third stage's features are needed; choose a ResNet")
  }
  try weights.load(model, from: file, classes: classes)
  return model
}
