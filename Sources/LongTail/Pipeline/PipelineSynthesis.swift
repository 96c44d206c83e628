import Checkpoints
import Engine
import Foundation
import Imaging
import Models
import Notebook

// MARK: - CDTG: the generator and its images

extension Pipeline {
  /// A generator trained with the variant's parts. Files: `generator.safetensors` (the moving average),
  /// `training.safetensors` (everything), `losses.csv`, `samples.png`.
  public func generator(_ variant: GeneratorVariant) throws -> StageResult {
    let tail = try tailModel(for: variant)
    let key = GeneratorStage(
      cdtg: settings.cdtg, variant: variant, data: data.trainHash, headShare: settings.data.headShare,
      prompts: variant.usesTextLoss ? data.prompts : [], seed: settings.seed,
      weights: try weights.map { [try $0.checksum(.generator)] + (variant.usesTextLoss ? [try $0.checksum(.clip)] : []) })
    return try run(
      "generator", part: "generator \(variant.name)", version: 1, settings: key, inputs: tail.map { [$0] } ?? []
    ) { context, progress in
      let dataset = drawnData
      let (networks, average, discriminator) = try startedNetworks(variant)
      let guides = try self.guides(variant, tail: tail)
      let training = GeneratorTraining(
        settings: settings.cdtg, networks: networks, average: average, discriminator: discriminator, guides: guides,
        seed: settings.seed)
      let batches = BatchSettings(
        side: settings.cdtg.side, batchSize: settings.cdtg.batchSize, seed: settings.seed, streamName: "cdtg",
        sampling: settings.cdtg.balancesClasses ? .classBalanced : .shuffled, dropsLast: !settings.cdtg.balancesClasses)
      let pictures = images(of: dataset, named: "cdtg", side: settings.cdtg.side)
      var loader: BatchLoader?
      let run = TrainingRun(context: context, progress: progress)
      training.parallel = run.parallel
      try run.run(steps: settings.cdtg.iterations, state: training.state) { first in
        loader = try BatchLoader(pictures, settings: batches, fromStep: first, parallel: run.parallel)
      } step: { number in
        guard let batch = try loader?.next() else { return "" }
        try training.step(number, pictures: batch.tensor, labels: batch.allLabels)
        return training.losses.summary
      }
      try save(average, context, "generator.safetensors")
      try save(discriminator, context, "discriminator.safetensors")
      try context.write(Data(training.losses.csv.utf8), "losses.csv")
    }
  }

  /// The tail model that a variant starts its pictures from, or none.
  func tailModel(for variant: GeneratorVariant) throws -> StageResult? {
    guard variant.usesFeatures else { return nil }
    return variant.isDistilled ? try distilledModels() : try tailModel()
  }

  /// The pictures the generator learns from: all classes, or the tail alone.
  private var drawnData: ObjectDataset { settings.cdtg.drawsHeadClasses ? data.train : tailData }

  /// The generator's label of each of the data set's classes; nil where it does not draw the class.
  func drawnLabel(_ label: Int) -> Int? {
    settings.cdtg.drawsHeadClasses ? label : data.split.tailLabel(of: label)
  }

  private func featureCount(_ variant: GeneratorVariant) -> Int? {
    variant.usesFeatures ? network(1).featureShape(size: settings.cdtg.side).elementCount : nil
  }

  private func startedNetworks(_ variant: GeneratorVariant) throws
    -> (networks: ConditionalGenerator, average: ConditionalGenerator, discriminator: Discriminator)
  {
    let classes = drawnData.classCount
    func build() -> ConditionalGenerator {
      var stream = RandomStream(seed: settings.seed, name: "generator.start")
      return ConditionalGenerator(
        settings.cdtg.generatorConfiguration(classes: classes), featureCount: featureCount(variant), stream: &stream)
    }
    let networks = build()
    var stream = RandomStream(seed: settings.seed, name: "discriminator.start")
    let discriminator = Discriminator(settings.cdtg.discriminatorConfiguration(classes: classes), stream: &stream)
    try weights?.start(networks, discriminator, classNames: drawnData.classNames)
    let average = build()
    average.copyState(from: networks)
    return (networks, average, discriminator)
  }

  private func guides(_ variant: GeneratorVariant, tail: StageResult?) throws -> GeneratorGuides {
    var guides = GeneratorGuides()
    guard let tail else { return guides }
    let model = try load(tail, classes: data.split.tailClasses.count)
    guides.features = model
    let classes = settings.cdtg.drawsHeadClasses ? Array(0..<data.train.classCount) : data.split.tailClasses
    if variant.usesClassifierLoss {
      guides.classifier = ClassifierGuide(model: model, modelLabels: classes.map { data.split.tailLabel(of: $0) })
    }
    if variant.usesTextLoss {
      guides.text = data.textGuide(try textModel(), drawsHeadClasses: settings.cdtg.drawsHeadClasses)
    }
    return guides
  }

  /// The text-image model: the package's small CLIP.
  func textModel() throws -> (model: CLIP, tokenizer: BytePairTokenizer) {
    try (weights ?? StartingWeights()).clip()
  }

  /// New pictures of every tail class. Files: one `class-LABEL.png` per class.
  public func generatedImages(_ variant: GeneratorVariant, noiseRatio: Float? = nil) throws -> StageResult {
    let generator = try self.generator(variant)
    let tail = try tailModel(for: variant)
    let ratio = noiseRatio ?? settings.generation.noiseRatio
    let count = settings.generation.imagesPerClass
    let key = ImagesStage(count: count, noiseRatio: variant.usesFeatures ? ratio : 1, seed: settings.seed)
    return try run(
      "images", part: "images \(variant.name)", version: 1, settings: key, inputs: [generator] + (tail.map { [$0] } ?? [])
    ) { context, progress in
      let networks = try loadGenerator(generator, variant)
      let model = try tail.map { try load($0, classes: data.split.tailClasses.count) }
      model?.isTraining = false
      let pictures = images(of: data.train, named: "train", side: settings.cdtg.side)
      let bar = progress(data.split.tailClasses.count, 0)
      for label in data.split.tailClasses {
        let real = data.train.indicesByClass[label]
        let side = settings.cdtg.side
        let sources = try model.map { model in
          // A class of large pictures is too much at once.
          let size = side > 64 ? evaluationBatch(side: side) : real.count
          let parts = try stride(from: 0, to: real.count, by: size).map { start in
            let batch = try pictures.pictures(at: real[start..<min(real.count, start + size)])
            return withoutRecording { model(batch).feature }
          }
          return parts.count == 1 ? parts[0] : concatenated(parts, axis: 0)
        }
        let drawn = generateImages(
          networks, label: drawnLabel(label)!, count: count, sources: sources, noiseRatio: ratio, seed: settings.seed,
          batchSize: generationBatch(side: side))
        try context.write(try ImageStrip.join(drawn).pngData(), Self.imageFile(label))
        bar.advance(detail: data.train.classNames[label])
      }
      bar.finish()
    }
  }

  static func imageFile(_ label: Int) -> String { "class-\(label).png" }

  func loadGenerator(_ result: StageResult, _ variant: GeneratorVariant) throws -> ConditionalGenerator {
    var stream = RandomStream(seed: 0, name: "overwritten")
    let networks = ConditionalGenerator(
      settings.cdtg.generatorConfiguration(classes: drawnData.classCount), featureCount: featureCount(variant),
      stream: &stream)
    try SafeTensors(contentsOf: result.file("generator.safetensors")).tensors.load(into: networks)
    return networks
  }

  /// The pictures of a finished `generatedImages` stage, as a data set with all of the data set's class names.
  public func generatedDataset(_ result: StageResult) throws -> ObjectDataset {
    var items: [ObjectDataset.Item] = []
    for label in data.split.tailClasses {
      let sheet = try Image(contentsOf: result.file(Self.imageFile(label)))
      items += ImageStrip.cut(sheet, count: settings.generation.imagesPerClass, side: settings.cdtg.side)
        .map { .init(label: label, source: .memory($0)) }
    }
    return ObjectDataset(classNames: data.train.classNames, items: items)
  }
}

extension PipelineData {
  /// A text-image model with a sentence for each class that is drawn.
  func textGuide(_ text: (model: CLIP, tokenizer: BytePairTokenizer), drawsHeadClasses: Bool) -> TextGuide {
    let classes = drawsHeadClasses ? Array(0..<train.classCount) : split.tailClasses
    return TextGuide(
      model: text.model, tokens: classes.map { text.tokenizer.encode("a photo of a \(prompts[$0])") })
  }
}

struct GeneratorStage: Encodable {
  var cdtg: CDTGSettings
  var variant: GeneratorVariant
  var data: String
  var headShare: Double
  var prompts: [String]
  var seed: UInt64
  var weights: [String]?
}

struct ImagesStage: Encodable {
  var count: Int
  var noiseRatio: Float
  var seed: UInt64
}
