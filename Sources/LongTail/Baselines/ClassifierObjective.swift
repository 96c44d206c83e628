import Engine
import Models

/// What a classifier is trained for, beside its settings (schedule, batch, side): the whole of a long-tail method.
public struct ClassifierObjective: Codable, Hashable, Sendable {
  public var loss = LongTailLoss.crossEntropy
  public var sampling = BatchSampling.shuffled
  public var mixing = BatchMixing.none
  public var lastLayer = LastLayer.linear

  public init() {}

  /// Plain training, as the released code's.
  public static let crossEntropy = ClassifierObjective()
}

/// How the last layer turns an embedding [N, D] into logits [N, C].
public enum LastLayer: Codable, Hashable, Sendable {
  /// Products with the class weights, plus a bias.
  case linear
  /// Cosines with the class weights, times a scale; no bias.
  case cosine(scale: Float)

  /// - Precondition: Cosines need the embedding of a ResNet.
  func logits(_ model: any Backbone, _ pictures: Tensor) -> Tensor {
    switch self {
    case .linear: return model.logits(pictures)
    case .cosine(let scale):
      guard let model = model as? ResNet else { preconditionFailure("cosines need the embedding of a ResNet") }
      return cosines(model.embedding(pictures).embedding, model.fc.weight.value) * scale
    }
  }
}

/// The cosines between rows of a [N, D] and rows of b [C, D]: [N, C].
func cosines(_ a: Tensor, _ b: Tensor) -> Tensor {
  matmul(unitLength(a), unitLength(b), transposeB: true)
}

/// What is done to the linear last layer of a classifier trained by cross-entropy, while the rest stays as it is.
public enum LastLayerRefinement: Codable, Hashable, Sendable {
  /// Each class's weights are divided by their length to the power τ, and the bias is left out (Kang et al. 2020).
  case tauNormalization(tau: Float)
  /// `logitAdjusted`, as a change of the bias.
  case logitAdjustment(tau: Float)
  /// `trainLastLayer`.
  case training(LastLayerTraining)

  /// Applies what needs no training.
  func apply(to layer: Linear, counts: [Int]) {
    guard let bias = layer.bias else { preconditionFailure("the last layer of a classifier has a bias") }
    withoutRecording {
      switch self {
      case .tauNormalization(let tau):
        let weight = layer.weight.value
        let length = weight.squared().sum([1], keepingAxes: true).squareRoot()
        layer.weight.set(weight * (length.log() * -tau).exp())
        bias.set(.zeros(bias.value.shape))
      case .logitAdjustment(let tau):
        bias.set(logitAdjusted(bias.value, counts: counts, tau: tau))
      case .training:
        preconditionFailure("training the last layer needs pictures: trainLastLayer")
      }
    }
  }
}
