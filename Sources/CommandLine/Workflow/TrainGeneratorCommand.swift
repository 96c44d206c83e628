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
      Writes N.pt (g, d, g_ema, g_optim, d_optim, args, ada_aug_p, as released), a sheet of samples and the losses as \
      it goes. Ctrl-C ends it after its step, saved; the same command goes on, to the same bits.

      --prompts names a JSON file: {"dam": ["A photo of a dam", "a dam from above"], …}; several are averaged.

      --recipe released does all that the released code does otherwise than the paper describes; --departure switches \
      one such thing on. They are: \(Departure.allCases.map(\.rawValue).joined(separator: ", ")).

      Example:
        tgn train-generator --data /data/dior --tail-model run/distilled/tail.pth --ckpt 200000.pt \\
          --clip ViT-B-32.pt --bpe bpe_simple_vocab_16e6.txt.gz --out run/generator
        tgn train-generator --data /data/dior --tail-model run/distilled/tail.pth --ckpt run/generator/5000.pt \\
          --continue --iter 200000 --out run/more
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
  @Flag(name: .customLong("continue"), help: "Go on from --ckpt exactly, a file of this command; --iter is then the total.")
  var continues = false
  @OptionGroup var text: TextOptions
  @Option(help: "paper, or released: all that the released code does otherwise.")
  var recipe = Recipe.paper
  @Option(help: ArgumentHelp("Do one thing as the released code does; may be given often.", valueName: "name"))
  var departure: [Departure] = []
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
  @Option(help: "The share of batches with two latents in each picture; with --recipe released, all or none.")
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
  @Option(
    name: .customLong("set"), help: ArgumentHelp("Change one setting, such as latentWidth=256.", valueName: "name=value"))
  var overrides: [String] = []
  @Flag(help: "Compute activations again for gradients instead of keeping them: less memory, more time.")
  var recompute = false
  @Option(help: "Save the state to go on from every so many steps; default: twice a minute, rarer where that takes long.")
  var saveEvery: Int?
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
    if [iterations, batchSize, pathBatchShrink, r1Every, pathEvery, augmentLength, augmentEvery, channelMultiplier]
      .contains(where: { $0 < 1 })
    {
      throw ValidationError(
        "--iter, --batch, --channel_multiplier, --path_batch_shrink, --d_reg_every, --g_reg_every, --ada_length and "
          + "--ada_every are at least 1")
    }
    if checkpointEvery < 1 || sampleEvery < 1 || (saveEvery ?? 1) < 1 {
      throw ValidationError("--checkpoint-every, --sample-every and --save-every are at least 1")
    }
    if continues && ckpt == nil { throw ValidationError("--continue needs --ckpt, the file to go on from") }
    if !(0...1).contains(augmentStrength) { throw ValidationError("--augment_p \(augmentStrength): between 0 and 1") }
    if !(0...1).contains(mixing) { throw ValidationError("--mixing \(mixing): between 0 and 1") }
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
    (settings.mixesStyles, settings.styleMixingShare) = (mixing > 0, mixing)
    if augment {
      settings.augmentation = .adaptive
      settings.augmentation.adaptive = AdaptiveAugmentation(
        target: augmentTarget, length: augmentLength, interval: augmentEvery, fixedStrength: augmentStrength)
    }
    settings.recomputesActivations = recompute ? true : nil
    for departure in recipe.departures + departure { settings.apply(departure) }
    for assignment in overrides { settings = try overriding(settings, assignment) }
    var workflow = GeneratorWorkflow(settings: settings)
    (workflow.seed, workflow.continues) = (seed, continues)
    (workflow.checkpointEvery, workflow.sampleEvery, workflow.saveEvery) = (checkpointEvery, sampleEvery, saveEvery)
    workflow.text = try text.source()
    let tail = try tailModel.map { try loadResNet(backbone, from: $0, classes: dataset.classCount, weights) }
    let start = try ckpt.map { try GeneratorCheckpoint(contentsOf: URL(fileURLWithPath: $0)) }
    try workflow.train(on: dataset, tailModel: tail, start: start, folder: try WorkflowFolder(out, parallel: parallel))
  }
}
