import Checkpoints
import Engine
import Foundation
import Models
import Notebook

// MARK: - Other back-bones on the expanded set

extension Pipeline {
  /// Trains one of the released back-bones by cross-entropy on the long-tailed set with the expansion, and scores it on
  /// the test set, picture by picture.
  ///
  /// - Parameters:
  ///   - training: Its schedule, the same for every back-bone.
  ///   - weights: Public weights to start the trunk from, as the released `model_finetune.py` does; nil starts at random.
  /// - Throws: What reading, training and storing throw; `StateMismatch` for weights of another network.
  public func classify(
    _ expansion: Expansion, backbone: BackboneName, training: ClassifierSettings, weights: URL? = nil, seed: UInt64
  ) throws -> Scores {
    let images = try expansionImages(expansion)
    var classifier = try classifierStage(expansion, seed: seed, training: training)
    classifier.weights = try weights.map { try Checksum.sha256(ofFile: $0) }
    let key = BackboneStage(backbone: backbone, classifier: classifier)
    let result = try run(
      "backbone", part: "\(backbone.rawValue) \(expansion.name) \(seed)", version: 1, settings: key, inputs: images
    ) { context, progress in
      var stream = RandomStream(seed: seed, name: "\(backbone.rawValue).start")
      let model = backbone.network(classes: data.train.classCount, stream: &stream)
      if let weights { try model.loadTrunk(try StateDictionary(contentsOf: weights)) }
      let pictures = self.images(
        of: try expanded(by: expansion, images: images.first), named: "expanded \(expansion.name)", side: training.side)
      try trainClassifier(
        model, on: pictures, settings: training, seed: seed, name: "classifier",
        run: TrainingRun(context: context, progress: progress))
      try saveOutcomes(of: model, side: training.side, context)
    }
    return try scores(in: result)
  }
}

/// What a back-bone's training depends on.
private struct BackboneStage: Encodable {
  var backbone: BackboneName
  var classifier: ClassifierStage
}
