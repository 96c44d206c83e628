import Engine
import Foundation

// Losses for long-tailed sets. All take logits [N, C], N labels and, where they need them, the number of training
// images of each of the C classes, and are written in tensor operations, so that they have gradients of any order.
// A class without training images counts as having one: its logarithm and its weight then exist.

/// The weight (1 - β) / (1 - βⁿ) of each class, one over its "effective number" of n images, scaled to a sum of C
/// (Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of Samples", equation 6).
///
/// - Parameter beta: 0 weighs all classes alike; towards 1 the weights go to one over the counts.
public func effectiveNumberWeights(_ counts: [Int], beta: Float) -> [Float] {
  precondition(beta >= 0 && beta < 1, "β of the effective number lies in [0, 1)")
  let weights = counts.map { (1 - Double(beta)) / (1 - pow(Double(beta), Double(max(1, $0)))) }
  let total = weights.reduce(0, +)
  return weights.map { Float($0 * Double(counts.count) / total) }
}

/// Cross-entropy of samples weighted by their class's `effectiveNumberWeights`, divided by N: class-balanced softmax
/// loss (Cui et al. 2019).
public func classBalancedLoss(_ logits: Tensor, _ labels: [Int], counts: [Int], beta: Float) -> Tensor {
  let weights = effectiveNumberWeights(counts, beta: beta)
  return -(logProbabilities(logits, labels) * weightTensor(weights, labels)).mean()
}

/// The mean of -(1 - p)^γ · log p, p being the softmax probability of the label (Lin et al. 2017, "Focal Loss for
/// Dense Object Detection", equation 4). The source's α balances object and background, which do not exist here.
///
/// - Parameter gamma: 0 gives cross-entropy; 2 in the source.
public func focalLoss(_ logits: Tensor, _ labels: [Int], gamma: Float) -> Tensor {
  let logP = logProbabilities(logits, labels)
  // Of a sample that is all but certain, 1 - p is lost to rounding: the bound keeps its logarithm finite.
  let focus = ((1 - logP.exp()).clamped(1e-7, 1).log() * gamma).exp()
  return -(focus * logP).mean()
}

/// Cross-entropy of logits + log n: the softmax learns what the long tail does not explain (Ren et al. 2020,
/// "Balanced Meta-Softmax for Long-Tailed Visual Recognition", equation 3; without its meta sampler).
///
/// A constant added to all logits changes nothing, so this is also the logit-adjusted loss of Menon et al. (2021,
/// equation 10) with τ = 1.
public func balancedSoftmaxLoss(_ logits: Tensor, _ labels: [Int], counts: [Int]) -> Tensor {
  crossEntropy(logits + logCounts(counts), labels)
}

/// logits - τ · log π, π being the classes' shares of the training set: the decision for balanced classes of a
/// classifier trained on the long tail (Menon et al. 2021, "Long-tail learning via logit adjustment", equation 9).
public func logitAdjusted(_ logits: Tensor, counts: [Int], tau: Float) -> Tensor {
  logits - (logCounts(counts) - log(Float(max(1, counts.reduce(0, +))))) * tau
}

/// The margin of each class, in proportion to n^(-1/4), the largest being `largest` (Cao et al. 2019, "Learning
/// Imbalanced Datasets with Label-Distribution-Aware Margin Loss", equation 13).
public func labelAwareMargins(_ counts: [Int], largest: Float) -> [Float] {
  let roots = counts.map { pow(Double(max(1, $0)), -0.25) }
  let top = roots.max() ?? 1
  return roots.map { Float($0 / top) * largest }
}

/// Cross-entropy in which the label's cosine must win by its class's margin (Cao et al. 2019).
///
/// - Parameters:
///   - logits: Cosines between embedding and class weights, times `scale`.
///   - largestMargin: Of the smallest class; 0.5 in the source.
///   - scale: 30 in the source.
///   - weights: One per class, or nil. The sum is then divided by the samples' weights, as the source's does.
public func labelAwareMarginLoss(
  _ logits: Tensor, _ labels: [Int], counts: [Int], largestMargin: Float, scale: Float, weights: [Float]? = nil
) -> Tensor {
  let margins = Tensor(labelAwareMargins(counts, largest: scale * largestMargin), shape: [counts.count])
  let narrowed = logits - Tensor.oneHot(labels, classes: counts.count) * margins
  guard let weights else { return crossEntropy(narrowed, labels) }
  let each = weightTensor(weights, labels)
  return -(logProbabilities(narrowed, labels) * each).sum() / each.sum()
}

/// log softmax(logits)[label] of each sample: [N].
private func logProbabilities(_ logits: Tensor, _ labels: [Int]) -> Tensor {
  precondition(logits.rank == 2 && logits.shape[0] == labels.count, "\(labels.count) labels do not fit \(logits.shape)")
  return (logits.logSoftmax() * Tensor.oneHot(labels, classes: logits.shape[1])).sum([1])
}

private func weightTensor(_ weights: [Float], _ labels: [Int]) -> Tensor {
  Tensor(labels.map { weights[$0] }, shape: [labels.count])
}

private func logCounts(_ counts: [Int]) -> Tensor {
  Tensor(counts.map { log(Float(max(1, $0))) }, shape: [counts.count])
}
