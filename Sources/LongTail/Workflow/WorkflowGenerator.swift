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
  /// CLIP's weights and its table of byte pairs; nil trains without text.
  public var clip: URL?
  public var vocabulary: URL?
  /// What CLIP is told of each class; the class's name where it is missing.
  public var prompts: [String: [String]] = [:]

  public init(settings: CDTGSettings) { self.settings = settings }

  /// - Parameters:
  ///   - dataset: The training pictures of the tail.
  ///   - tailModel: A ResNet-50 of the tail classes, KMDN's; nil for a plain conditional GAN.
  ///   - start: A checkpoint to start from.
  /// - Throws: What reading, training and writing throw; `InterruptedError`.
  public func train(
    on dataset: ObjectDataset, tailModel: ResNet?, start: GeneratorCheckpoint?, folder: WorkflowFolder
  ) throws {
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
    for remark in try start?.start(networks, average, discriminator) ?? [] { Console.standardError.say(remark) }

    var guides = GeneratorGuides()
    if let tailModel {
      guides.features = tailModel
      guides.classifier = ClassifierGuide(model: tailModel, modelLabels: Array(0..<dataset.classCount))
    }
    if let clip { guides.text = try textGuide(clip, classNames: dataset.classNames) }
    let training = GeneratorTraining(
      settings: settings, networks: networks, average: average, discriminator: discriminator, guides: guides,
      seed: seed)
    let parallel = folder.parallel
    training.parallel = parallel
    let images = DecodedImages(dataset, side: settings.side)
    let batches = BatchSettings(
      side: settings.side, batchSize: settings.batchSize, seed: seed, streamName: "cdtg",
      sampling: settings.balancesClasses ? .classBalanced : .shuffled)
    let first = start?.iteration ?? 0
    let samples = try SampleSheet(images: images, tailModel: tailModel, seed: seed)
    var loader: BatchLoader?
    var run = TrainingRun("generator", file: folder.state("generator")) { done in
      guard parallel.isWriter else { return }
      if done % sampleEvery == 0 {
        try samples.draw(average).pngData().write(to: folder.file("sample-\(first + done).png"))
        try Data(training.losses.csv.utf8).write(to: folder.file("losses.csv"))
      }
      if done % checkpointEvery == 0 || done == settings.iterations {
        try GeneratorCheckpoint.write(
          networks, average, discriminator, augmentStrength: training.augmentStrength?.value ?? 0,
          to: folder.file("\(first + done).pt"))
      }
    }
    run.parallel = parallel
    try run.run(steps: settings.iterations, state: training.state) { step in
      loader = try BatchLoader(images, settings: batches, fromStep: step, parallel: parallel)
    } step: { number in
      guard let batch = try loader?.next() else { return "" }
      try training.step(number, pictures: batch.tensor, labels: batch.allLabels)
      return training.losses.summary
    }
    if parallel.isWriter { try Data(training.losses.csv.utf8).write(to: folder.file("losses.csv")) }
    try folder.finish("generator")
  }

  private func textGuide(_ weights: URL, classNames: [String]) throws -> TextGuide {
    guard let vocabulary else { throw GeneratorWorkflowError.noVocabulary }
    let missing = prompts.isEmpty ? [] : classNames.filter { prompts[$0] == nil }
    guard missing.isEmpty else { throw GeneratorWorkflowError.promptsMissing(missing) }
    var stream = RandomStream(seed: 0, name: "overwritten")
    let model = CLIP(.vitB32, stream: &stream)
    let state = try StateDictionary(contentsOf: weights)
    var needed = StateDictionary(source: state.source)
    // The archive also holds its sizes as integers.
    for (key, value) in state.entries where !["input_resolution", "context_length", "vocab_size"].contains(key) {
      needed[key] = value
    }
    try needed.load(into: model)
    let tokenizer = try BytePairTokenizer(contentsOf: vocabulary)
    return TextGuide(
      model: model,
      templates: classNames.map { name in
        (prompts[name] ?? ["A photo of a \(name)"]).map { tokenizer.encode($0) }
      })
  }
}

public enum GeneratorWorkflowError: Error, Equatable, CustomStringConvertible {
  case noVocabulary
  case promptsMissing([String])

  public var description: String {
    switch self {
    case .noVocabulary: "CLIP's text needs its table of byte pairs: give --bpe bpe_simple_vocab_16e6.txt.gz"
    case .promptsMissing(let names): "the file of prompts has none for \(names.joined(separator: ", "))"
    }
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
