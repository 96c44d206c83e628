import Engine

/// The loss a classifier is trained by, with its hyperparameters.
public enum LongTailLoss: Codable, Hashable, Sendable {
  case crossEntropy
  /// `classBalancedLoss`.
  case classBalanced(beta: Float)
  /// `focalLoss`.
  case focal(gamma: Float)
  /// `balancedSoftmaxLoss`.
  case balancedSoftmax
  /// `labelAwareMarginLoss`, its classes weighted by their effective number from a share of the steps on: "deferred
  /// re-weighting" (Cao et al. 2019).
  case labelAwareMargin(largest: Float, scale: Float, beta: Float, weightedFrom: Double)

  /// The mean loss over a batch.
  ///
  /// - Parameters:
  ///   - logits: [N, C]
  ///   - counts: The number of training images of each of the C classes.
  ///   - progress: The share of the steps that are done, 0…1.
  func callAsFunction(_ logits: Tensor, _ labels: [Int], counts: [Int], progress: Double) -> Tensor {
    switch self {
    case .crossEntropy: return Engine.crossEntropy(logits, labels)
    case .classBalanced(let beta): return classBalancedLoss(logits, labels, counts: counts, beta: beta)
    case .focal(let gamma): return focalLoss(logits, labels, gamma: gamma)
    case .balancedSoftmax: return balancedSoftmaxLoss(logits, labels, counts: counts)
    case .labelAwareMargin(let largest, let scale, let beta, let start):
      return labelAwareMarginLoss(
        logits, labels, counts: counts, largestMargin: largest, scale: scale,
        weights: progress < start ? nil : effectiveNumberWeights(counts, beta: beta))
    }
  }
}
