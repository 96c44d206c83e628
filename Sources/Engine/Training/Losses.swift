/// The mean over samples of -log softmax(logits)[label]: logits [N, classes].
///
/// With `labelSmoothing` ε the target is (1-ε)·one-hot + ε/classes, as PyTorch's.
public func crossEntropy(_ logits: Tensor, _ labels: [Int], labelSmoothing: Float = 0) -> Tensor {
  precondition(logits.rank == 2 && logits.shape[0] == labels.count, "\(labels.count) labels do not fit \(logits.shape)")
  let classes = logits.shape[1]
  var target = Tensor.oneHot(labels, classes: classes)
  if labelSmoothing > 0 { target = target * (1 - labelSmoothing) + labelSmoothing / Float(classes) }
  return -(logits.logSoftmax() * target).sum() / Float(max(1, labels.count))
}

/// The mean of (a - b)².
public func meanSquaredError(_ a: Tensor, _ b: Tensor) -> Tensor { (a - b).squared().mean() }
