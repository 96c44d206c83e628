import ArgumentParser
import Engine
import Foundation
import LongTail
import Models
import Notebook

/// `tgn train-generator`: the released `CDTG/train.py`.
struct TrainGeneratorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "train-generator",
    abstract: "Train CDTG's generator on the tail classes (the released CDTG/train.py).",
    discussion: """
      Writes N.pt (g, d, g_ema, as released), a sheet of samples and the losses as it goes. Ctrl-C ends it after its
      step, saved; the same command goes on, to the same bits.

      --prompts names a JSON file: {"dam": ["A photo of a dam", "a dam from above"], …}; several are averaged.

      Example:
        tgn train-generator --data /data/dior --tail-model run/distilled/tail.pth --ckpt 200000.pt \\
          --clip ViT-B-32.pt --bpe bpe_simple_vocab_16e6.txt.gz --out run/generator
      """)

  @Option(help: ArgumentHelp("Data set in TGN's layout (anno, train, test).", valueName: "dir"))
  var data: String
  @Option(help: ArgumentHelp("Folder for checkpoints and samples.", valueName: "dir"))
  var out: String
  @Option(help: ArgumentHelp("KMDN's tail model; without it a plain conditional GAN is trained.", valueName: "file"))
  var tailModel: String?
  @Option(help: "The tail model's back-bone.")
  var backbone = "resnet50"
  @Option(help: ArgumentHelp("Checkpoint to start from; what fits is taken.", valueName: "file"))
  var ckpt: String?
  @Option(help: ArgumentHelp("CLIP's ViT-B/32; without it no text guides.", valueName: "file"))
  var clip: String?
  @Option(help: ArgumentHelp("CLIP's table of byte pairs.", valueName: "file"))
  var bpe: String?
  @Option(help: ArgumentHelp("Sentences for each class.", valueName: "file"))
  var prompts: String?
  @Option(name: .customLong("iter"), help: "Training steps.")
  var iterations = 200_000
  @Option(name: .customLong("batch"), help: "Pictures of a batch.")
  var batchSize = 8
  @Option(help: "Width and height of the pictures drawn: a power of two.")
  var size = 256
  @Option(name: .customLong("channel_multiplier"), help: "Channels at high resolutions; 2 as released.")
  var channelMultiplier = 2
  @Option(name: .customLong("lr"), help: "Adam's learning rate.")
  var learningRate: Float = 0.002
  @Option(name: .customLong("r1"), help: "Weight of the R1 penalty.")
  var r1: Float = 10
  @Option(name: .customLong("path_regularize"), help: "Weight of path-length regularisation.")
  var pathWeight: Float = 2
  @Option(name: .customLong("path_batch_shrink"), help: "How much smaller its batches are.")
  var pathBatchShrink = 2
  @Option(name: .customLong("d_reg_every"), help: "Steps from one R1 penalty to the next.")
  var r1Every = 16
  @Option(name: .customLong("g_reg_every"), help: "Steps from one path-length regularisation to the next.")
  var pathEvery = 4
  @Option(help: "Above 0, two latents are mixed in each picture; the released code looks at no more of it.")
  var mixing: Float = 0.9
  @Flag(help: "Augment what the discriminator sees, by the released non-leaking changes.")
  var augment = false
  @Option(name: .customLong("augment_p"), help: "Probability of each change; 0 adapts it.")
  var augmentStrength: Float = 0
  @Option(name: .customLong("ada_target"), help: "At which overfitting the adapted probability stays as it is.")
  var augmentTarget: Float = 0.6
  @Option(name: .customLong("ada_length"), help: "Pictures in which it moves from 0 to 1.")
  var augmentLength = 500_000
  @Option(name: .customLong("ada_every"), help: "Steps between two changes of it: 8, whatever the released help says.")
  var augmentEvery = 8
  @Flag(help: "Compute activations again for gradients instead of keeping them: less memory, more time.")
  var recompute = false
  @Option(help: "A checkpoint every so many steps.")
  var checkpointEvery = 5000
  @Option(help: "A sheet of samples every so many steps.")
  var sampleEvery = 100
  @Option(help: "Share of classes that are head.")
  var headShare = HeadTailSplit.releasedShare
  @Option(help: "Seed of all random numbers.")
  var seed: UInt64 = 1
  @OptionGroup var weights: WeightOptions
  @OptionGroup var threading: ThreadOptions

  func validate() throws {
    if size < 16 || size & (size - 1) != 0 { throw ValidationError("--size \(size): give 16, 32, 64, 128, 256, …") }
    if clip != nil && bpe == nil { throw ValidationError("--clip needs --bpe: bpe_simple_vocab_16e6.txt.gz") }
    if [iterations, batchSize, pathBatchShrink, r1Every, pathEvery, augmentLength, augmentEvery, channelMultiplier]
      .contains(where: { $0 < 1 })
    {
      throw ValidationError(
        "--iter, --batch, --channel_multiplier, --path_batch_shrink, --d_reg_every, --g_reg_every, --ada_length and "
          + "--ada_every are at least 1")
    }
    if checkpointEvery < 1 || sampleEvery < 1 {
      throw ValidationError("--checkpoint-every and --sample-every are at least 1")
    }
    if !(0...1).contains(augmentStrength) { throw ValidationError("--augment_p \(augmentStrength): between 0 and 1") }
  }

  func run() throws { try withRanks { try run(DataParallel($0)) } }

  private func run(_ parallel: DataParallel) throws {
    Interruption.watch()
    threading.apply()
    let dataset = try TGNLayout(root: URL(fileURLWithPath: data, isDirectory: true))
      .trainingParts(headShare: headShare).tail
    var settings = CDTGSettings.paper
    (settings.side, settings.channels) = (size, .released(multiplier: channelMultiplier))
    (settings.batchSize, settings.iterations) = (batchSize, iterations)
    (settings.learningRate, settings.discriminatorLearningRate) = (learningRate, learningRate)
    (settings.r1Weight, settings.pathWeight) = (r1, pathWeight)
    (settings.pathBatchShrink, settings.r1Every, settings.pathEvery) = (pathBatchShrink, r1Every, pathEvery)
    settings.mixesStyles = mixing > 0
    if augment {
      settings.augmentation = .adaptive
      settings.augmentation.adaptive = AdaptiveAugmentation(
        target: augmentTarget, length: augmentLength, interval: augmentEvery, fixedStrength: augmentStrength)
    }
    settings.recomputesActivations = recompute ? true : nil
    var workflow = GeneratorWorkflow(settings: settings)
    workflow.seed = seed
    (workflow.checkpointEvery, workflow.sampleEvery) = (checkpointEvery, sampleEvery)
    workflow.clip = clip.map { URL(fileURLWithPath: $0) }
    workflow.vocabulary = bpe.map { URL(fileURLWithPath: $0) }
    if let prompts {
      let data = try Data(contentsOf: URL(fileURLWithPath: prompts))
      guard let read = try? JSONDecoder().decode([String: [String]].self, from: data) else {
        throw ValidationError("--prompts \(prompts): not of the form {\"class\": [\"sentence\", …], …}")
      }
      workflow.prompts = read
    }
    let tail = try tailModel.map { try loadResNet(backbone, from: $0, classes: dataset.classCount, weights) }
    let start = try ckpt.map { try GeneratorCheckpoint(contentsOf: URL(fileURLWithPath: $0)) }
    try workflow.train(on: dataset, tailModel: tail, start: start, folder: try WorkflowFolder(out, parallel: parallel))
  }
}
