import Engine
import Foundation
import Imaging
import Models
import Notebook

// MARK: - The classifier on the expanded set, and the judge of generated images

extension Pipeline {
  /// Trains a classifier on the long-tailed set with the expansion, and scores it on the test set.
  public func classify(_ expansion: Expansion, seed: UInt64) throws -> Scores {
    try scores(in: try classifier(expansion, seed: seed))
  }

  /// Trains a classifier on the long-tailed set with the expansion by a method for long tails, and scores it on the
  /// test set, picture by picture.
  ///
  /// A method that trains by plain cross-entropy, whatever it does to the last layer afterwards, starts from the
  /// classifier of `classify(_:seed:)`.
  public func classify(_ expansion: Expansion, method: LongTailMethod, seed: UInt64) throws -> Scores {
    let (objective, refinement) = (method.objective, method.refinement)
    precondition(refinement == nil || objective == .crossEntropy, "only a classifier of cross-entropy is refined")
    let images = try expansionImages(expansion)
    let base = objective == .crossEntropy ? try classifier(expansion, seed: seed) : nil
    let key = MethodStage(
      objective: objective, refinement: refinement, classifier: try classifierStage(expansion, seed: seed))
    let result = try run(
      "long-tail-method", part: "classifier \(expansion.name) \(method.rawValue) \(seed)", version: 1, settings: key,
      inputs: images + (base.map { [$0] } ?? [])
    ) { context, progress in
      let side = settings.classifier.side
      let classes = data.train.classCount
      let dataset = try expanded(by: expansion, images: images.first)
      let pictures = self.images(of: dataset, named: "expanded \(expansion.name)", side: side)
      let training = TrainingRun(context: context, progress: progress)
      let model = try base.map { try load($0, classes: classes) }
        ?? startedClassifier(classes: classes, name: "classifier", seed: seed)
      switch refinement {
      case .training(let layer):
        try trainLastLayer(
          of: model, layer, on: pictures, settings: settings.classifier, seed: seed, name: "last-layer", run: training)
      case .some(let change):
        change.apply(to: model.fc, counts: dataset.counts)
      case nil where base == nil:
        try trainClassifier(
          model, on: pictures, settings: settings.classifier, seed: seed, name: "classifier", objective: objective,
          run: training)
      case nil: break
      }
      try save(model, context, "model.safetensors")
      try saveOutcomes(of: model, lastLayer: objective.lastLayer, side: side, context)
    }
    return try scores(in: result)
  }

  /// A classifier trained by cross-entropy on the long-tailed set with the expansion, and its scores.
  private func classifier(_ expansion: Expansion, seed: UInt64) throws -> StageResult {
    let inputs = try expansionImages(expansion)
    let training = settings.classifier
    let key = try classifierStage(expansion, seed: seed)
    return try run(
      "classifier", part: "classifier \(expansion.name) \(seed)", version: 1, settings: key, inputs: inputs
    ) { context, progress in
      let dataset = try expanded(by: expansion, images: inputs.first)
      let model = try startedClassifier(classes: data.train.classCount, name: "classifier", seed: seed)
      try trainClassifier(
        model, on: images(of: dataset, named: "expanded \(expansion.name)", side: training.side), settings: training,
        seed: seed, name: "classifier", run: TrainingRun(context: context, progress: progress))
      try save(model, context, "model.safetensors")
      try save(
        try evaluate(
          model, on: images(of: data.test, named: "test", side: training.side), headClasses: data.split.headClasses),
        context)
    }
  }

  /// - Parameter training: The schedule; nil for the settings' own.
  func classifierStage(_ expansion: Expansion, seed: UInt64, training: ClassifierSettings? = nil) throws
    -> ClassifierStage
  {
    let training = training ?? settings.classifier
    let added = expansion == .none ? 0 : settings.generation.imagesPerClass
    return ClassifierStage(
      training: training, network: network(data.train.classCount), data: [data.trainHash, data.testHash],
      headShare: settings.data.headShare, expansion: expansion.kind,
      added: added, seed: seed, weights: try weights?.checksum(.classifier),
      leftOut: BatchPlan.leftOut(
        of: data.train.count + added * data.split.tailClasses.count, batchSize: training.batchSize))
  }

  /// The stage whose images the expansion adds, if it adds generated ones.
  func expansionImages(_ expansion: Expansion) throws -> [StageResult] {
    guard case .generated(let variant, let ratio) = expansion else { return [] }
    return [try generatedImages(variant, noiseRatio: ratio)]
  }

  /// Scores a classifier on the test set, picture by picture, and keeps that with the stage.
  func saveOutcomes(
    of model: any Backbone, lastLayer: LastLayer = .linear, side: Int, _ context: StageContext
  ) throws {
    let outcomes = try outcomes(
      of: model, lastLayer: lastLayer, on: images(of: data.test, named: "test", side: side))
    try save(
      Scores(outcomes: outcomes, classes: data.train.classCount, headClasses: data.split.headClasses), context)
  }

  private func save(_ scores: Scores, _ context: StageContext) throws {
    try context.write(try JSONEncoder().encode(scores), "scores.json")
  }

  func scores(in result: StageResult) throws -> Scores {
    try JSONDecoder().decode(Scores.self, from: try Data(contentsOf: result.file("scores.json")))
  }

  /// The training set as the classifier sees it.
  func expanded(by expansion: Expansion, images: StageResult?) throws -> ObjectDataset {
    try data.train.appending(try added(by: expansion, images: images))
  }

  /// The pictures that an expansion adds, as a data set with all of the data set's class names.
  public func addedImages(_ expansion: Expansion) throws -> ObjectDataset {
    try added(by: expansion, images: try expansionImages(expansion).first)
  }

  /// What the expansion adds to the training set.
  func added(by expansion: Expansion, images: StageResult?) throws -> ObjectDataset {
    switch expansion {
    case .none:
      return data.train.subset(items: [])
    case .oversampling:
      let byClass = data.train.indicesByClass
      return data.train.subset(
        items: data.split.tailClasses.flatMap { label in
          (0..<settings.generation.imagesPerClass).map { byClass[label][$0 % byClass[label].count] }
        })
    case .drawn(let drawing):
      let pictures = self.images(of: data.train, named: "train", side: settings.cdtg.side)
      let byClass = data.train.indicesByClass
      let items = try data.split.tailClasses.flatMap { label in
        drawing.draw(
          settings.generation.imagesPerClass, from: try pictures.pictures(at: byClass[label]), label: label,
          seed: settings.seed
        ).map { ObjectDataset.Item(label: label, source: .memory($0)) }
      }
      return ObjectDataset(classNames: data.train.classNames, items: items)
    case .generated:
      return try generatedDataset(images!)
    }
  }

  /// A classifier that has seen balanced (or at least unthinned) real pictures and had no part in the generator's
  /// training. It starts at random.
  public func judge() throws -> (model: ResNet, scores: Scores) {
    let result = try judgeStage()
    return (try loadJudge(result), try scores(in: result))
  }

  func judgeStage() throws -> StageResult {
    let training = settings.judge
    let architecture = judgeArchitecture
    let key = ClassifierStage(
      training: training, network: architecture, data: [try data.judging.contentHash(), data.testHash],
      headShare: settings.data.headShare, seed: settings.seed, weights: nil,
      leftOut: BatchPlan.leftOut(of: data.judging.count, batchSize: training.batchSize))
    return try run("judge", version: 1, settings: key) { context, progress in
      var stream = RandomStream(seed: settings.seed, name: "judge.start")
      let model = ResNet(architecture, stream: &stream)
      try trainClassifier(
        model, on: images(of: data.judging, named: "judging", side: training.side), settings: training,
        seed: settings.seed, name: "judge", run: TrainingRun(context: context, progress: progress))
      try save(model, context, "model.safetensors")
      try save(
        try evaluate(
          model, on: images(of: data.test, named: "test", side: training.side), headClasses: data.split.headClasses),
        context)
    }
  }

  func loadJudge(_ result: StageResult) throws -> ResNet {
    try load(result, classes: data.train.classCount, architecture: judgeArchitecture)
  }

  private var judgeArchitecture: ResNetConfiguration { settings.judgeNetwork.with(classes: data.train.classCount) }
}

/// What a classifier trained by a method for long tails depends on.
private struct MethodStage: Encodable {
  var objective: ClassifierObjective
  var refinement: LastLayerRefinement?
  var classifier: ClassifierStage
}

extension Expansion {
  /// What the stage's key says beside the images it reads.
  var kind: String {
    switch self {
    case .none: "none"
    case .oversampling: "oversampling"
    case .drawn(let drawing): "drawn-\(drawing.rawValue)"
    case .generated: "generated"
    }
  }
}
