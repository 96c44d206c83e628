import Checkpoints
import Engine
import Foundation
import Imaging
import Models
import Notebook

/// What the package's starting weights are made from and with.
public struct PretrainingSettings: Codable, Equatable, Sendable {
  /// Seed of the scenes: far from the small seeds that experiments use.
  public var sceneSeed: UInt64 = 1_000_003
  public var seed: UInt64 = 1
  /// Scenes of each head class for the base classifier.
  public var scenesPerHeadClass = 1500
  /// Scenes of each of DIOR's head classes for the base generator.
  public var scenesPerDrawnClass = 2500
  /// Captioned scenes of each class of each catalogue for the small CLIP.
  public var captionedPerClass = 400
  public var classifier = ClassifierSettings(
    side: 32, batchSize: 64, epochs: 100, steps: 4000, learningRate: 1e-3, weightDecay: 1e-4, milestones: [60, 85],
    flips: true)
  public var generatorIterations = 11_000
  public var generatorBatch = 16
  public var clipSteps = 2000
  public var clipBatch = 128
  public var clipLearningRate: Float = 1e-3
  public var vocabularySize = 768

  public init() {}
}

/// Makes the starting weights: a base classifier, a base generator and discriminator, and a small CLIP, all from
/// procedural scenes of a seed that no experiment uses.
///
/// The classifier sees the head classes of the three catalogues, the generator those of DIOR alone, so that no picture of
/// a tail class leaks in. CLIP sees captions of all classes, as the CLIP of the paper knows all words.
public struct Pretraining {
  let settings: PretrainingSettings
  let networks: PipelineSettings
  let store: StageStore
  public let classNames: [String]

  public init(settings: PretrainingSettings, networks: PipelineSettings = .profile(.default), store: StageStore) {
    self.settings = settings
    self.networks = networks
    self.store = store
    classNames = Self.headClasses.map(\.name)
  }

  /// Where each head class comes from; a class of the same name in two catalogues counts once.
  private static let headClasses: [(catalogue: SceneCatalogue, label: Int, name: String)] = {
    var found: [(catalogue: SceneCatalogue, label: Int, name: String)] = []
    for (catalogue, share) in [(SceneCatalogue.dior, 0.40), (.dota, 0.40), (.fgsc, 0.33)] {
      guard let split = try? HeadTailSplit(counts: catalogue.publishedTrainCounts, headShare: share) else { continue }
      for label in split.headClasses where !found.contains(where: { $0.name == catalogue.classNames[label] }) {
        found.append((catalogue, label, catalogue.classNames[label]))
      }
    }
    return found
  }()

  /// Makes one of the three and leaves it in the store, where `run(into:)` finds it: so that two can be made at once.
  public func make(_ part: StartingWeights.Part) throws {
    switch part {
    case .classifier: _ = try baseClassifier()
    case .generator: _ = try baseGenerator(try baseClassifier())
    case .clip: _ = try smallCLIP()
    }
  }

  /// Makes all three and writes them to a folder, in the form that `StartingWeights` reads.
  public func run(into folder: URL) throws {
    let classifier = try baseClassifier()
    let generator = try baseGenerator(classifier)
    let clip = try smallCLIP()
    guard store.parallel.isWriter else { return }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for (result, part) in [(classifier, StartingWeights.Part.classifier), (generator, .generator), (clip, .clip)] {
      let target = folder.appendingPathComponent(part.rawValue + ".safetensors")
      try AtomicFile.write(try Data(contentsOf: result.file("weights.safetensors")), to: target)
    }
    try AtomicFile.write(Data(try description(of: StartingWeights(folder: folder)).utf8), to: folder.appendingPathComponent("README.md"))
  }

  /// What lies in the folder and how it was made, for its README.
  private func description(of weights: StartingWeights) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
    let json = { (value: any Encodable) throws -> String in String(decoding: try encoder.encode(value), as: UTF8.self) }
    let rows = try StartingWeights.Part.allCases.map { part in
      let size = try Data(contentsOf: weights.file(part)).count
      return "| `\(part.rawValue).safetensors` | \(NumberFormat.count(size)) | `\(try weights.checksum(part))` |"
    }
    return """
      # Starting weights

      The paper's classifiers start from ImageNet, its text guidance is CLIP, and its generator was pretrained on other
      satellite pictures. These are their small counterparts, made by

      ```sh
      swift run tgn pretrain --out Sources/LongTail/StartingWeights
      ```

      from procedural scenes of a seed that no experiment uses. Other kernels, of another version of the engine or of
      OpenBLAS, give the same networks up to rounding, under other checksums.

      - The classifier saw the head classes of the three catalogues alone: \(classNames.joined(separator: ", ")).
      - The generator and its discriminator saw those of DIOR: \(drawnClassNames.joined(separator: ", ")).
      - CLIP saw captioned scenes of all classes.

      | file | bytes | SHA-256 |
      | --- | --- | --- |
      \(rows.joined(separator: "\n"))

      Settings:

      ```json
      \(try json(settings))
      ```

      Networks:

      ```json
      \(try json(networks.network))
      \(try json(networks.cdtg))
      ```

      """
  }

  /// DIOR's head classes come first among all.
  private var drawnClassNames: [String] {
    Self.headClasses.filter { $0.catalogue.name == SceneCatalogue.dior.name }.map(\.name)
  }

  private func headScenes(classes: [String], perClass: Int) -> ObjectDataset {
    var items: [ObjectDataset.Item] = []
    for (number, source) in Self.headClasses.prefix(classes.count).enumerated() {
      var counts = [Int](repeating: 0, count: source.catalogue.classNames.count)
      counts[source.label] = perClass
      let scenes = source.catalogue.scenes(counts: counts, side: networks.cdtg.side, seed: settings.sceneSeed)
      items += scenes[source.label].map { .init(label: number, source: .memory($0.image)) }
    }
    return ObjectDataset(classNames: classes, items: items)
  }

  private func run(_ name: String, version: Int, settings: some Encodable, inputs: [StageResult] = [],
    _ work: (StageContext, TrainingRun) throws -> SafeTensors
  ) throws -> StageResult {
    try store.run(Stage(name: name, version: version, settings: settings, inputs: inputs)) { context in
      let run = TrainingRun(context: context) { ProgressBar(name, total: $0, done: $1) }
      try context.write(try work(context, run), "weights.safetensors")
    }
  }

  private struct Key: Encodable {
    var settings: PretrainingSettings
    var network: ResNetConfiguration?
    var cdtg: CDTGSettings?
    var classes: [String]
  }

  func baseClassifier() throws -> StageResult {
    var key = settings
    (key.generatorIterations, key.generatorBatch, key.scenesPerDrawnClass) = (0, 0, 0)
    (key.clipSteps, key.clipBatch, key.captionedPerClass) = (0, 0, 0)
    let network = networks.network.with(classes: classNames.count)
    return try run(
      "base-classifier", version: 1, settings: Key(settings: key, network: network, classes: classNames)
    ) { _, run in
      var stream = RandomStream(seed: settings.seed, name: "base-classifier.start")
      let model = ResNet(network, stream: &stream)
      try trainClassifier(
        model, on: DecodedImages(
          headScenes(classes: classNames, perClass: settings.scenesPerHeadClass), side: settings.classifier.side), settings: settings.classifier,
        seed: settings.seed, name: "base-classifier", run: run)
      return SafeTensors(StateDictionary(model), metadata: ["classes": classNames.joined(separator: "\n")])
    }
  }

  /// The base generator starts from features of the base classifier, as an experiment's starts from the tail model's.
  func baseGenerator(_ classifier: StageResult) throws -> StageResult {
    var key = settings
    (key.clipSteps, key.clipBatch, key.captionedPerClass) = (0, 0, 0)
    var cdtg = networks.cdtg
    (cdtg.iterations, cdtg.batchSize) = (settings.generatorIterations, settings.generatorBatch)
    cdtg.averageHalfLife = 10_000
    // Scenes are plenty here: only turned, not recoloured or shifted.
    cdtg.augmentation = Augmentation(turnsReal: true, shift: 0, brightness: 0, contrast: 0)
    cdtg.pathWeight = 0
    return try run(
      "base-generator", version: 1, settings: Key(settings: key, cdtg: cdtg, classes: drawnClassNames), inputs: [classifier]
    ) { context, run in
      let network = networks.network.with(classes: classNames.count)
      var stream = RandomStream(seed: settings.seed, name: "base-generator.start")
      let features = ResNet(network, stream: &stream)
      try SafeTensors(contentsOf: classifier.file("weights.safetensors")).tensors.load(into: features)
      func build() -> ConditionalGenerator {
        var stream = RandomStream(seed: settings.seed, name: "generator.start")
        return ConditionalGenerator(
          cdtg.generatorConfiguration(classes: drawnClassNames.count),
          featureCount: network.featureShape(size: cdtg.side).elementCount, stream: &stream)
      }
      let average = build()
      let discriminator = Discriminator(cdtg.discriminatorConfiguration(classes: drawnClassNames.count), stream: &stream)
      let training = GeneratorTraining(
        settings: cdtg, networks: build(), average: average, discriminator: discriminator,
        guides: GeneratorGuides(features: features), seed: settings.seed)
      training.parallel = run.parallel
      let pictures = DecodedImages(
        headScenes(classes: drawnClassNames, perClass: settings.scenesPerDrawnClass), side: cdtg.side)
      let batches = BatchSettings(
        side: cdtg.side, batchSize: cdtg.batchSize, seed: settings.seed, streamName: "base-generator", dropsLast: true)
      var loader: BatchLoader?
      try run.run(steps: cdtg.iterations, state: training.state) { first in
        loader = try BatchLoader(pictures, settings: batches, fromStep: first, parallel: run.parallel)
      } step: { number in
        guard let batch = try loader?.next() else { return "" }
        try training.step(number, pictures: batch.tensor, labels: batch.allLabels)
        if number % 500 == 0, run.parallel.isWriter { try writeSheet(average, features, pictures, to: context.checkpointDirectory) }
        return training.losses.summary
      }
      if run.parallel.isWriter { try writeSheet(average, features, pictures, to: context.directory) }
      try context.write(Data(training.losses.csv.utf8), "losses.csv")
      var tensors = StateDictionary(source: "base-generator")
      for (key, value) in StateDictionary(average).entries { tensors["g.\(key)"] = value }
      for (key, value) in StateDictionary(discriminator).entries { tensors["d.\(key)"] = value }
      return SafeTensors(tensors, metadata: ["classes": drawnClassNames.joined(separator: "\n")])
    }
  }

  /// Real scenes beside drawn ones, to look at.
  private func writeSheet(
    _ networks: ConditionalGenerator, _ features: ResNet, _ pictures: DecodedImages, to folder: URL
  ) throws {
    var sheet = ImageSheet(title: "Five real scenes, then ten drawn", columnHeadings: [], rows: [], magnification: 2)
    features.isTraining = false
    for (label, indices) in pictures.dataset.indicesByClass.enumerated() {
      let batch = try pictures.pictures(at: indices.prefix(10))
      let feature = withoutRecording { features(batch).feature }
      let drawn = generateImages(
        networks, label: label, count: 10, sources: feature, noiseRatio: 0.5, seed: settings.seed)
      sheet.append(label: drawnClassNames[label], LongTail.pictures(batch).prefix(5) + drawn)
    }
    try sheet.rendered().write(to: folder.appendingPathComponent("samples.png"))
  }
}
