/// A layer that draws random numbers in training.
///
/// Its stream goes on from call to call. A training loop that can be resumed names the step first, by
/// `Module.setRandomness`, so that a resumed run drops what the unbroken run would have dropped.
open class RandomLayer: Module {
  public final var stream: RandomStream

  public init(stream: RandomStream) { self.stream = stream }
}

/// PyTorch's `nn.Dropout`: in training each value is zero with probability `rate`, and the others grow by 1/(1 - rate).
public final class Dropout: RandomLayer {
  private let rate: Float

  public init(_ rate: Float) {
    precondition((0..<1).contains(rate), "a rate of \(rate) would drop everything or nothing that exists")
    self.rate = rate
    super.init(stream: RandomStream(seed: 0, name: "dropout"))
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    isTraining && rate > 0 ? x * keepingFactors(x.shape, rate: rate, from: &stream) : x
  }
}

/// Stochastic depth (Huang et al. 2016): in training whole pictures of a branch [N,H,W,C] are zero with probability
/// `rate`, and the others grow by 1/(1 - rate).
public final class DropBranch: RandomLayer {
  private let rate: Float

  public init(_ rate: Float) {
    precondition((0..<1).contains(rate), "a rate of \(rate) would drop everything or nothing that exists")
    self.rate = rate
    super.init(stream: RandomStream(seed: 0, name: "dropout"))
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    isTraining && rate > 0 ? x * keepingFactors([x.shape[0], 1, 1, 1], rate: rate, from: &stream) : x
  }
}

/// 0 with probability `rate`, 1/(1 - rate) otherwise.
private func keepingFactors(_ shape: [Int], rate: Float, from stream: inout RandomStream) -> Tensor {
  let kept = 1 / (1 - rate)
  return Tensor((0..<shape.elementCount).map { _ in stream.chance(rate) ? 0 : kept }, shape: shape)
}

extension Module {
  /// Gives every random layer below the stream of its key, the seed and the step.
  public func setRandomness(seed: UInt64, step: UInt64, prefix: String = "dropout") {
    for (key, child) in children {
      let name = "\(prefix).\(key)"
      (child as? RandomLayer)?.stream = RandomStream(seed: seed, name: name, index: step)
      child.setRandomness(seed: seed, step: step, prefix: name)
    }
  }
}
