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
  ///   - logits: [N, C]: of a shared batch those of the rank's own pictures.
  ///   - labels: Of the whole batch.
  ///   - counts: The number of training images of each of the C classes.
  ///   - progress: The share of the steps that are done, 0…1.
  ///   - share: Which pictures of the batch the logits are of; nil for all. The result is then this rank's part of the
  ///     batch's loss.
  func callAsFunction(
    _ logits: Tensor, _ labels: [Int], counts: [Int], progress: Double, share: BatchShare? = nil
  ) -> Tensor {
    guard let share, !share.isWhole else { return mean(logits, labels, counts: counts, progress: progress) }
    let own = share.part(of: labels)
    // A rank without a picture still goes the way back with the others.
    guard !own.isEmpty else { return logits.sum() * 0 }
    let part = weight(own, counts: counts, progress: progress) / weight(labels, counts: counts, progress: progress)
    return mean(logits, own, counts: counts, progress: progress) * part
  }

  /// What the sum over pictures of some labels is divided by.
  private func weight(_ labels: [Int], counts: [Int], progress: Double) -> Float {
    guard case .labelAwareMargin(_, _, let beta, let start) = self, progress >= start else {
      return Float(labels.count)
    }
    let weights = effectiveNumberWeights(counts, beta: beta)
    return labels.reduce(0) { $0 + weights[$1] }
  }

  private func mean(_ logits: Tensor, _ labels: [Int], counts: [Int], progress: Double) -> Tensor {
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
