import Engine
import Foundation
import Models
import Notebook

/// More training of a finished classifier's last layer, with everything before it fixed, as Kang et al. (2020,
/// "Decoupling Representation and Classifier for Long-Tailed Recognition") do it: stochastic gradient descent with
/// momentum 0.9, weight decay 0.0005 and a cosine from the learning rate to zero.
public struct LastLayerTraining: Codable, Hashable, Sendable {
  public enum Kind: Codable, Hashable, Sendable {
    /// A new last layer, on class-balanced batches: cRT.
    case newLayer
    /// A factor for each class's logits, on class-balanced batches; the weights stay: LWS.
    case weightScaling
    /// A new last layer, on embeddings filled up by `FeatureSMOTE`.
    case syntheticFeatures(neighbours: Int)
  }

  public var kind: Kind
  /// How many steps, as a share of those that trained the classifier.
  public var share: Double
  /// For a batch of 512 pictures, and in proportion for others (Goyal et al. 2017).
  public var learningRate: Float = 0.2

  public init(_ kind: Kind, share: Double) {
    self.kind = kind
    self.share = share
  }

  func steps(after total: Int) -> Int { max(1, Int((share * Double(total)).rounded())) }

  func learningRate(step: Int, of steps: Int, batchSize: Int) -> Float {
    learningRate * Float(batchSize) / 512 * Float(0.5 * (1 + cos(Double.pi * Double(step) / Double(steps))))
  }
}

/// Trains the last layer of a classifier whose trunk stays as it is, in evaluation mode.
///
/// - Parameters:
///   - settings: Those that the classifier was trained with: batch, side, mirroring, number of steps.
///   - name: Names the random streams.
/// - Throws: What loading the pictures or saving the state throws.
func trainLastLayer(
  of model: ResNet, _ training: LastLayerTraining, on images: DecodedImages, settings: ClassifierSettings,
  seed: UInt64, name: String, run: TrainingRun
) throws {
  let batches = settings.batches(seed: seed, name: name, sampling: .classBalanced)
  let perEpoch = try BatchPlan(for: images.dataset, settings: batches).stepsPerEpoch
  let steps = training.steps(after: settings.totalSteps(perEpoch: perEpoch))
  let layer = model.fc
  let scales = Parameter(.ones([model.configuration.classes]))
  let isScaling = training.kind == .weightScaling
  if !isScaling {
    var stream = RandomStream(seed: seed, name: "\(name).start")
    layer.copyState(from: Linear(layer.weight.value.shape[1], model.configuration.classes, stream: &stream))
  }
  model.isTraining = false
  let parameters = isScaling ? [scales] : layer.parameters.map(\.parameter)
  let optimizer = SGD(parameters, learningRate: training.learningRate, momentum: 0.9, weightDecay: 5e-4)
  var state = TrainingState()
  state.add("layer", layer)
  state.add("optimizer", optimizer)
  state.add("scales", get: { scales.value.values }, set: { scales.set(Tensor($0, shape: [$0.count])) })
  let parallel = run.parallel
  var nextBatch: (Int) throws -> (embedding: Tensor, labels: [Int]) = { _ in preconditionFailure("not started") }
  try run.run(steps: steps, state: state) { first in
    nextBatch = try embeddingBatches(of: model, training.kind, on: images, batches, fromStep: first, parallel: parallel)
  } step: { step in
    let share = parallel.begin(settings.batchSize)
    let (embedding, labels) = try nextBatch(step)
    optimizer.learningRate = training.learningRate(step: step, of: steps, batchSize: settings.batchSize)
    let logits = isScaling ? layer(embedding) * scales.value : layer(embedding)
    let loss = share.part(ofMean: crossEntropy(logits, labels))
    optimizer.step(parallel.gradients(of: loss, withRespectTo: parameters.map(\.value)))
    let value = parallel.total(loss)
    try requireFinite(value, "loss of \(name)", step: step)
    return "last layer, loss " + NumberFormat.fixed(Double(value), digits: 3)
  }
  // The layer then stands for itself.
  guard isScaling, let bias = layer.bias else { return }
  withoutRecording {
    layer.weight.set(layer.weight.value * scales.value.reshaped([scales.value.count, 1]))
    bias.set(bias.value * scales.value)
  }
}

/// Gives the embeddings and labels of each step, of a shared batch the rank's own, in order.
private func embeddingBatches(
  of model: ResNet, _ kind: LastLayerTraining.Kind, on images: DecodedImages, _ settings: BatchSettings,
  fromStep first: Int, parallel: DataParallel
) throws -> (Int) throws -> (embedding: Tensor, labels: [Int]) {
  if case .syntheticFeatures(let neighbours) = kind {
    let smote = FeatureSMOTE(
      features: try embeddings(of: model, on: images), labels: images.dataset.items.map(\.label),
      neighbours: neighbours)
    return { step in
      var stream = RandomStream(seed: settings.seed, name: "\(settings.streamName).synthetic", index: UInt64(step))
      let (features, labels) = smote.batch(settings.batchSize, stream: &stream)
      let share = parallel.share(of: settings.batchSize)
      return (share.part(of: features), share.part(of: labels))
    }
  }
  let loader = try BatchLoader(images, settings: settings, fromStep: first, parallel: parallel)
  return { _ in
    guard let batch = try loader.next() else { preconditionFailure("batches of training never end") }
    return (withoutRecording { model.embedding(batch.tensor).embedding }, batch.labels)
  }
}

/// A fixed network's embeddings of all pictures of a set, in order: [n, D].
func embeddings(of model: ResNet, on images: DecodedImages, batchSize: Int = 256) throws -> Tensor {
  var parts: [Tensor] = []
  try images.forEachBatch(of: batchSize) { batch in
    parts.append(withoutRecording { model.embedding(batch.tensor).embedding })
  }
  return withoutRecording { concatenated(parts, axis: 0) }
}
