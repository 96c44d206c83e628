import Checkpoints
import Engine
import Foundation
import Imaging
import Models
import Notebook

/// Trains generator and discriminator on the tail of a data set (the released `CDTG/train.py`).
public struct GeneratorWorkflow {
  public var settings: CDTGSettings
  public var seed: UInt64 = 1
  /// A sheet of samples every so many steps, and a checkpoint.
  public var sampleEvery = 100
  public var checkpointEvery = 5000
  /// The state to go on from is saved every so many steps; nil: twice a minute, or less often where that takes long.
  public var saveEvery: Int?
  /// Nil trains without text.
  public var text: TextSource?
  /// Whether the checkpoint to start from is gone on from exactly: optimizers, mean path length, strength of the
  /// augmentation and step number too. The iterations are then the total.
  public var continues = false

  public init(settings: CDTGSettings) { self.settings = settings }

  /// - Parameters:
  ///   - dataset: The training pictures of the tail.
  ///   - tailModel: A ResNet-50 of the tail classes, KMDN's; nil for a plain conditional GAN.
  ///   - start: A checkpoint to start from.
  /// - Throws: What reading, training and writing throw; `InterruptedError`.
  public func train(
    on dataset: ObjectDataset, tailModel: ResNet?, start: GeneratorCheckpoint?, folder: WorkflowFolder
  ) throws {
    let images = DecodedImages(dataset, side: settings.side)
    // Before the guides: the sheet sees the tail model in evaluation mode.
    let samples = try SampleSheet(images: images, tailModel: tailModel, seed: seed)
    let training = try started(dataset, tailModel: tailModel, start: start)
    let parallel = folder.parallel
    training.parallel = parallel
    let first = try (continues ? start?.restore(training) : start?.iteration) ?? 0
    /// The number of the run's first step, which random numbers and the order of the data depend on.
    let offset = continues ? first : 0
    let batches = BatchSettings(
      side: settings.side, batchSize: settings.batchSize, seed: seed, streamName: "cdtg",
      sampling: settings.balancesClasses ? .classBalanced : .shuffled,
      dropsLast: !settings.balancesClasses && dataset.count >= settings.batchSize)
    var loader: BatchLoader?
    let total = settings.iterations - offset
    var run = TrainingRun("generator", file: folder.state("generator")) { done in
      guard parallel.isWriter else { return }
      if done % sampleEvery == 0 {
        try samples.draw(training.average).pngData().write(to: folder.file("sample-\(first + done).png"), options: .atomic)
        try Data(training.losses.csv.utf8).write(to: folder.file("losses.csv"), options: .atomic)
      }
      if (offset + done) % checkpointEvery == 0 || done == total {
        try GeneratorCheckpoint.write(training, steps: offset + done, to: folder.file("\(first + done).pt"))
      }
    }
    run.parallel = parallel
    run.stepsBetweenCheckpoints = saveEvery
    var state = training.state
    state.origin = try origin(of: dataset, start: start)
    try run.run(steps: total, state: state) { step in
      loader = try BatchLoader(images, settings: batches, fromStep: offset + step, parallel: parallel)
    } step: { number in
      guard let batch = try loader?.next() else { return "" }
      try training.step(offset + number, pictures: batch.tensor, labels: batch.allLabels)
      return training.losses.summary
    }
    if parallel.isWriter {
      try Data(training.losses.csv.utf8).write(to: folder.file("losses.csv"), options: .atomic)
    }
    try folder.finish("generator")
  }

  /// Networks, optimizers and guides as the first step finds them.
  private func started(_ dataset: ObjectDataset, tailModel: ResNet?, start: GeneratorCheckpoint?) throws
    -> GeneratorTraining
  {
    let featureCount = tailModel.map { $0.configuration.featureShape(size: settings.side).elementCount }
    func build() -> ConditionalGenerator {
      var stream = RandomStream(seed: seed, name: "generator.start")
      return ConditionalGenerator(
        settings.generatorConfiguration(classes: dataset.classCount), featureCount: featureCount, stream: &stream)
    }
    let (networks, average) = (build(), build())
    var stream = RandomStream(seed: seed, name: "discriminator.start")
    let discriminator = Discriminator(
      settings.discriminatorConfiguration(classes: dataset.classCount), stream: &stream)
    if !continues {
      for remark in try start?.start(networks, average, discriminator) ?? [] { Console.standardError.say(remark) }
    }
    if settings.departs(.fusionNotLearned) {
      for one in [networks, average] { one.redrawFusion(seed: seed, for: "training") }
    }
    var guides = GeneratorGuides()
    if let tailModel {
      guides.features = tailModel
      guides.classifier = ClassifierGuide(model: tailModel, modelLabels: Array(0..<dataset.classCount))
    }
    if let text {
      let read = { try text.guide(classNames: self.words(for: dataset.classNames)) }
      guides.text = try read()
      if settings.departs(.clipReadEachStep) { guides.readText = read }
    }
    return GeneratorTraining(
      settings: settings, networks: networks, average: average, discriminator: discriminator, guides: guides, seed: seed)
  }

  /// What CLIP is told the classes are.
  private func words(for classNames: [String]) -> [String] {
    guard settings.departs(.otherPrompts) else { return classNames }
    return classNames.indices.map { releasedPromptNames[$0 % releasedPromptNames.count] }
  }

  /// What a state file belongs to: everything that a run with other values could not go on from to the same end. The
  /// number of steps and the weights of the losses may change between runs.
  private func origin(of dataset: ObjectDataset, start: GeneratorCheckpoint?) throws -> String {
    var fixed = settings
    (fixed.iterations, fixed.learningRate, fixed.discriminatorLearningRate) = (0, 0, 0)
    (fixed.r1Weight, fixed.pathWeight, fixed.classifierWeight, fixed.textWeight) = (0, 0, 0, 0)
    fixed.recomputesActivations = nil
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
    return """
      classes \(zip(dataset.classNames, dataset.counts).map { "\($0) \($1)" }.joined(separator: ", "))
      seed \(seed)
      start \(start.map { "\(continues ? "going on from " : "")\($0.url.lastPathComponent)" } ?? "at random")
      \(String(decoding: try encoder.encode(fixed), as: UTF8.self))
      """
  }
}

/// The same pictures drawn again and again while a generator learns: a row for each class.
struct SampleSheet {
  private let sources: [(label: Int, feature: Tensor?)]
  private let seed: UInt64
  private let perClass = 8

  /// - Throws: What reading pictures throws.
  init(images: DecodedImages, tailModel: ResNet?, seed: UInt64) throws {
    self.seed = seed
    tailModel?.isTraining = false
    sources = try images.dataset.indicesByClass.enumerated().filter { !$0.element.isEmpty }.map { label, indices in
      let feature = try tailModel.map { model in
        let pictures = try images.pictures(at: indices.prefix(8))
        return withoutRecording { model(pictures).feature }
      }
      return (label, feature)
    }
  }

  func draw(_ networks: ConditionalGenerator) -> Image {
    ImageSheet(
      rows: sources.map { source in
        .init(
          images: generateImages(
            networks, label: source.label, count: perClass, sources: source.feature, noiseRatio: 0.05, seed: seed,
            batchSize: perClass))
      }).rendered()
  }
}
