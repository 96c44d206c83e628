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
    if settings.cdtg.departs(.fusionNotLearned) { networks.redrawFusion(seed: settings.seed, for: "training") }
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
      let read = { [self] in
        data.textGuide(try textModel(), drawsHeadClasses: settings.cdtg.drawsHeadClasses) { self.prompt($0) }
      }
      guides.text = try read()
      if settings.cdtg.departs(.clipReadEachStep) { guides.readText = read }
    }
    return guides
  }

  /// What CLIP is told a class is.
  private func prompt(_ label: Int) -> String {
    guard settings.cdtg.departs(.otherPrompts), let tail = data.split.tailLabel(of: label) else {
      return data.prompts[label]
    }
    return releasedPromptNames[tail % releasedPromptNames.count]
  }

  /// The text-image model: the package's small CLIP.
  func textModel() throws -> (model: CLIP, tokenizer: BytePairTokenizer) {
    try (weights ?? StartingWeights()).clip()
  }

  /// New pictures of every tail class. Files: one sheet `class-LABEL.png` per class or, of pictures over 64 px, a folder
  /// `class-LABEL` with a file for each; where they are filtered, `filter.json`.
  public func generatedImages(_ variant: GeneratorVariant, noiseRatio: Float? = nil) throws -> StageResult {
    let generator = try self.generator(variant)
    let tail = try tailModel(for: variant)
    let ratio = noiseRatio ?? settings.generation.noiseRatio
    let count = settings.generation.imagesPerClass
    let filter = settings.generation.filter
    let key = ImagesStage(
      count: count, noiseRatio: variant.usesFeatures ? ratio : 1, seed: settings.seed, filter: filter,
      clip: filter?.usesText == true ? try (weights ?? StartingWeights()).checksum(.clip) : nil)
    // The tail model judges in evaluation mode, whatever mode its features are taken in.
    let critic = filter?.usesTailModel == true ? try tail ?? distilledModels() : nil
    let inputs = [generator] + [tail ?? critic].compactMap { $0 }
    return try run("images", part: "images \(variant.name)", version: 1, settings: key, inputs: inputs) {
      context, progress in
      let networks = try loadGenerator(generator, variant)
      let model = try tail.map { try load($0, classes: data.split.tailClasses.count) }
      let verdicts = try filter.map { try judging($0, tailModel: critic) }
      let pictures = images(of: data.train, named: "train", side: settings.cdtg.side)
      let bar = progress(data.split.tailClasses.count, 0)
      var counts: [String: DrawnCount] = [:]
      for label in data.split.tailClasses {
        let real = data.train.indicesByClass[label]
        let side = settings.cdtg.side
        let sources = try model.map { model in
          // A class of large pictures is too much at once.
          let size = side > 64 ? evaluationBatch(side: side) : real.count
          let parts = try stride(from: 0, to: real.count, by: size).map { start in
            model.startingFeatures(
              try pictures.pictures(at: real[start..<min(real.count, start + size)]),
              inTraining: settings.cdtg.departs(.tailModelInTraining))
          }
          return parts.count == 1 ? parts[0] : concatenated(parts, axis: 0)
        }
        var kept: [Image] = []
        counts["\(label)"] = drawUntilKept(
          count, attempts: filter?.attempts ?? 1, batchSize: generationBatch(side: side),
          draw: {
            drawImages(
              networks, label: drawnLabel(label)!, numbers: $0, sources: sources, noiseRatio: ratio, seed: settings.seed)
          },
          accepts: verdicts.map { verdicts in { verdicts(label, $0) } }, keep: { kept.append($1) })
        if Self.keepsFiles(side: side) {
          for (number, image) in kept.enumerated() {
            try context.write(try image.pngData(), Self.imageFile(label, number: number))
          }
        } else {
          try context.write(try ImageStrip.join(kept).pngData(), Self.imageFile(label))
        }
        bar.advance(detail: data.train.classNames[label])
      }
      if filter != nil {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        try context.write(try encoder.encode(counts), Self.filterFile)
      }
      bar.finish()
    }
  }

  /// A filter with its models: which of some pictures of one of the data set's classes are kept.
  private func judging(_ filter: ImageFilter, tailModel: StageResult?) throws -> (Int, [Image]) -> [Bool] {
    let critic = try tailModel.map { try load($0, classes: data.split.tailClasses.count) }
    critic?.isTraining = false
    let text = filter.usesText
      ? data.textGuide(try textModel(), drawsHeadClasses: settings.cdtg.drawsHeadClasses) : nil
    return { [self] label, images in
      filter.accepts(
        images, tailModel: critic.map { critic in ({ critic($0).logits }, data.split.tailLabel(of: label)!) },
        text: text.map { text in ({ text.similarities($0) }, drawnLabel(label)!) })
    }
  }

  static func imageFile(_ label: Int) -> String { "class-\(label).png" }
  static func imageFile(_ label: Int, number: Int) -> String { "class-\(label)/\(number).png" }
  /// Large pictures are read when they are needed: the paper's 84 000 at 256 px would take 16 GB of memory.
  static func keepsFiles(side: Int) -> Bool { side > 64 }
  static let filterFile = "filter.json"

  /// How many pictures of each tail class the filter kept and rejected; nil where none is set.
  public func drawnCounts(in expansion: Expansion) throws -> [(label: Int, count: DrawnCount)]? {
    guard case .generated(let variant, let ratio) = expansion else { return nil }
    return try drawnCounts(try generatedImages(variant, noiseRatio: ratio))
  }

  private func drawnCounts(_ result: StageResult) throws -> [(label: Int, count: DrawnCount)]? {
    guard settings.generation.filter != nil else { return nil }
    let counts = try JSONDecoder().decode(
      [String: DrawnCount].self, from: try Data(contentsOf: result.file(Self.filterFile)))
    return data.split.tailClasses.compactMap { label in counts["\(label)"].map { (label, $0) } }
  }

  func loadGenerator(_ result: StageResult, _ variant: GeneratorVariant) throws -> ConditionalGenerator {
    var stream = RandomStream(seed: 0, name: "overwritten")
    let networks = ConditionalGenerator(
      settings.cdtg.generatorConfiguration(classes: drawnData.classCount), featureCount: featureCount(variant),
      stream: &stream)
    try SafeTensors(contentsOf: result.file("generator.safetensors")).tensors.load(into: networks)
    if settings.cdtg.departs(.fusionNotLearned) { networks.redrawFusion(seed: settings.seed, for: "generation") }
    return networks
  }

  /// The pictures of a finished `generatedImages` stage, as a data set with all of the data set's class names.
  public func generatedDataset(_ result: StageResult) throws -> ObjectDataset {
    var items: [ObjectDataset.Item] = []
    let kept = Dictionary(
      uniqueKeysWithValues: (try drawnCounts(result) ?? []).map { ($0.label, $0.count.kept) })
    for label in data.split.tailClasses {
      let count = kept[label] ?? settings.generation.imagesPerClass
      if Self.keepsFiles(side: settings.cdtg.side) {
        items += (0..<count).map { .init(label: label, source: .file(result.file(Self.imageFile(label, number: $0)))) }
        continue
      }
      let sheet = try Image(contentsOf: result.file(Self.imageFile(label)))
      items += ImageStrip.cut(sheet, count: count, side: settings.cdtg.side)
        .map { .init(label: label, source: .memory($0)) }
    }
    return ObjectDataset(classNames: data.train.classNames, items: items)
  }
}

extension PipelineData {
  /// A text-image model with a sentence for each class that is drawn.
  ///
  /// - Parameter words: What a class is called; nil: by its own name.
  func textGuide(
    _ text: (model: CLIP, tokenizer: BytePairTokenizer), drawsHeadClasses: Bool, words: ((Int) -> String)? = nil
  ) -> TextGuide {
    let classes = drawsHeadClasses ? Array(0..<train.classCount) : split.tailClasses
    return TextGuide(
      model: text.model, tokens: classes.map { text.tokenizer.encode("a photo of a \(words?($0) ?? prompts[$0])") })
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
  var filter: ImageFilter?
  var clip: String?
}
