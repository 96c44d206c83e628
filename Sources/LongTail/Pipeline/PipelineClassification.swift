import Engine
import Foundation
import Imaging
import Models
import Notebook

// MARK: - The classifier on the expanded set, and the judge of generated images

extension Pipeline {
  /// Trains a classifier on the long-tailed set with the expansion, and scores it on the test set.
  public func classify(_ expansion: Expansion, seed: UInt64) throws -> Scores {
    var inputs: [StageResult] = []
    if case .generated(let variant, let ratio) = expansion {
      inputs = [try generatedImages(variant, noiseRatio: ratio)]
    }
    let training = settings.classifier
    let added = expansion == .none ? 0 : settings.generation.imagesPerClass
    let key = ClassifierStage(
      training: training, network: network(data.train.classCount), data: [data.trainHash, data.testHash],
      headShare: settings.data.headShare, expansion: expansion.kind, added: added, seed: seed,
      weights: try weights?.checksum(.classifier))
    let result = try run(
      "classifier", part: "classifier \(expansion.name) \(seed)", version: 1, settings: key, inputs: inputs
    ) { context, progress in
      let dataset = try expanded(by: expansion, images: inputs.first)
      let model = try startedClassifier(classes: data.train.classCount, name: "classifier", seed: seed)
      try trainClassifier(
        model, on: images(of: dataset, named: "expanded \(expansion.name)", side: training.side), settings: training,
        seed: seed, name: "classifier", run: TrainingRun(context: context, progress: progress))
      try save(model, context, "model.safetensors")
      let scores = try evaluate(
        model, on: images(of: data.test, named: "test", side: training.side), headClasses: data.split.headClasses)
      try context.write(try JSONEncoder().encode(scores), "scores.json")
    }
    return try JSONDecoder().decode(Scores.self, from: try Data(contentsOf: result.file("scores.json")))
  }

  /// The training set as the classifier sees it.
  func expanded(by expansion: Expansion, images: StageResult?) throws -> ObjectDataset {
    switch expansion {
    case .none:
      return data.train
    case .oversampling:
      let byClass = data.train.indicesByClass
      let repeats = data.split.tailClasses.flatMap { label in
        (0..<settings.generation.imagesPerClass).map { byClass[label][$0 % byClass[label].count] }
      }
      return data.train.subset(items: Array(0..<data.train.count) + repeats)
    case .generated:
      return try data.train.appending(try generatedDataset(images!))
    }
  }

  /// A classifier that has seen balanced (or at least unthinned) real pictures and had no part in the generator's
  /// training. It starts at random.
  public func judge() throws -> (model: ResNet, scores: Scores) {
    let training = settings.judge
    let classes = data.train.classCount
    var architecture = settings.judgeNetwork
    architecture.classes = classes
    let key = ClassifierStage(
      training: training, network: architecture, data: [try data.judging.contentHash(), data.testHash],
      headShare: settings.data.headShare, seed: settings.seed, weights: nil)
    let result = try run("judge", version: 1, settings: key) { context, progress in
      var stream = RandomStream(seed: settings.seed, name: "judge.start")
      let model = ResNet(architecture, stream: &stream)
      try trainClassifier(
        model, on: images(of: data.judging, named: "judging", side: training.side), settings: training,
        seed: settings.seed, name: "judge", run: TrainingRun(context: context, progress: progress))
      try save(model, context, "model.safetensors")
      let scores = try evaluate(
        model, on: images(of: data.test, named: "test", side: training.side), headClasses: data.split.headClasses)
      try context.write(try JSONEncoder().encode(scores), "scores.json")
    }
    let scores = try JSONDecoder().decode(Scores.self, from: try Data(contentsOf: result.file("scores.json")))
    return (try load(result, classes: classes, architecture: architecture), scores)
  }
}

extension Expansion {
  /// What the stage's key says beside the images it reads.
  fileprivate var kind: String {
    switch self {
    case .none: "none"
    case .oversampling: "oversampling"
    case .generated: "generated"
    }
  }
}
