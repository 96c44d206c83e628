import Engine
import Models
import Notebook

/// The last part of training, in which everything but the last layer stays as it is (Kang et al. 2020, "Decoupling
/// Representation and Classifier for Long-Tailed Recognition").
public struct SecondPhase: Codable, Hashable, Sendable {
  public enum Kind: Codable, Hashable, Sendable {
    /// A new last layer, on class-balanced batches: cRT.
    case retrainedLayer
    /// A factor for each class's logits, on class-balanced batches; the weights stay: LWS.
    case weightScaling
    /// A new last layer, on embeddings filled up by `FeatureSMOTE`.
    case syntheticFeatures(neighbours: Int)
  }

  public var kind: Kind
  /// The share of all steps, 0…1.
  public var share: Double

  public init(_ kind: Kind, share: Double) {
    self.kind = kind
    self.share = share
  }

  /// At least one of the steps, and never all.
  func steps(of total: Int) -> Int { max(1, min(total - 1, Int((share * Double(total)).rounded()))) }
}

/// Trains a classifier's last layer on a fixed trunk in evaluation mode. The learning rate starts again and falls at
/// the same shares of the phase.
final class SecondPhaseTraining {
  let steps: Int
  private let kind: SecondPhase.Kind
  private let model: ResNet
  private let images: DecodedImages
  private let settings: ClassifierSettings
  private let seed: UInt64
  private let name: String
  private let parameters: [Parameter]
  private let optimizer: Adam
  private let scales: Parameter
  private var loader: BatchLoader?
  private var synthetic: FeatureSMOTE?
  private var shownLoss: Float = 0

  init(
    _ phase: SecondPhase, model: ResNet, images: DecodedImages, settings: ClassifierSettings, totalSteps: Int,
    seed: UInt64, name: String
  ) {
    kind = phase.kind
    steps = phase.steps(of: totalSteps)
    self.model = model
    self.images = images
    self.settings = settings
    self.seed = seed
    self.name = "\(name).second-phase"
    scales = Parameter(.ones([model.configuration.classes]))
    parameters = kind == .weightScaling ? [scales] : model.fc.parameters.map(\.parameter)
    optimizer = Adam(parameters, learningRate: settings.learningRate, weightDecay: settings.weightDecay)
  }

  func add(to state: inout TrainingState) {
    let scales = self.scales
    state.add("second-optimizer", optimizer)
    state.add("scales", get: { scales.value.values }, set: { scales.set(Tensor($0, shape: [$0.count])) })
  }

  /// Does one step of the phase, counted from 0, and says what to show.
  func step(_ number: Int) throws -> String {
    model.isTraining = false
    if number == 0, kind != .weightScaling {
      var stream = RandomStream(seed: seed, name: "\(name).start")
      model.fc.copyState(from: Linear(model.fc.weight.value.shape[1], model.configuration.classes, stream: &stream))
    }
    let (embedding, labels) = try nextBatch(number)
    optimizer.learningRate = settings.learningRate(step: number, total: steps)
    let logits = kind == .weightScaling ? model.fc(embedding) * scales.value : model.fc(embedding)
    let loss = crossEntropy(logits, labels)
    optimizer.step(gradients(of: loss, withRespectTo: parameters.map(\.value)))
    try requireFinite(loss, "loss of \(name)", step: number)
    shownLoss = number == 0 ? loss.item : 0.98 * shownLoss + 0.02 * loss.item
    return "last layer, loss " + NumberFormat.fixed(Double(shownLoss), digits: 3)
  }

  /// Writes learned factors into the last layer, which then stands for itself.
  func finish() {
    guard kind == .weightScaling, let bias = model.fc.bias else { return }
    withoutRecording {
      model.fc.weight.set(model.fc.weight.value * scales.value.reshaped([scales.value.count, 1]))
      bias.set(bias.value * scales.value)
    }
  }

  private func nextBatch(_ number: Int) throws -> (embedding: Tensor, labels: [Int]) {
    if case .syntheticFeatures(let neighbours) = kind {
      if synthetic == nil {
        synthetic = FeatureSMOTE(
          features: try embeddings(of: model, on: images), labels: images.dataset.items.map(\.label),
          neighbours: neighbours)
      }
      var stream = RandomStream(seed: seed, name: "\(name).synthetic", index: UInt64(number))
      let (features, labels) = synthetic!.batch(settings.batchSize, stream: &stream)
      return (features, labels)
    }
    if loader == nil {
      let batches = BatchSettings(
        side: settings.side, batchSize: settings.batchSize, seed: seed, streamName: name, sampling: .classBalanced,
        flips: settings.flips)
      loader = try BatchLoader(images, settings: batches, fromStep: number)
    }
    guard let batch = try loader?.next() else { preconditionFailure("batches of training never end") }
    return (withoutRecording { model.embedding(batch.tensor).embedding }, batch.labels)
  }
}

/// A fixed network's embeddings of all pictures of a set, in order: [n, D].
func embeddings(of model: ResNet, on images: DecodedImages, batchSize: Int = 256) throws -> Tensor {
  let settings = BatchSettings(
    side: images.side, batchSize: batchSize, seed: 0, streamName: "embeddings", sampling: .inOrder)
  let loader = try BatchLoader(images, settings: settings, epoch: 0)
  var parts: [Tensor] = []
  while let batch = try loader.next() {
    parts.append(withoutRecording { model.embedding(batch.tensor).embedding })
  }
  return withoutRecording { concatenated(parts, axis: 0) }
}
