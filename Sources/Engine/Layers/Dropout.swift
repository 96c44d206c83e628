/// A layer that in training sets a share of what it is given to zero, and lets the rest grow to make up for it.
///
/// Its stream goes on from call to call. A training loop that can be resumed names the step first, by
/// `Module.setRandomness`, so that a resumed run drops what the unbroken run would have dropped.
///
/// Where a batch is shared by several ranks, each draws for the whole batch and keeps what is its own.
public class RandomLayer: Module, BatchCoupled {
  public final var stream = RandomStream(seed: 0, name: "dropout")
  public final var parallel: DataParallel?
  private let rate: Float

  fileprivate init(rate: Float) {
    precondition((0..<1).contains(rate), "a rate of \(rate) would drop everything or nothing that exists")
    self.rate = rate
  }

  /// The shape of what is drawn, broadcast to the input's.
  fileprivate func drawnShape(_ shape: [Int]) -> [Int] { shape }

  public final func callAsFunction(_ x: Tensor) -> Tensor {
    guard isTraining && rate > 0 else { return x }
    let kept = 1 / (1 - rate)
    let share = parallel?.share ?? .whole(x.shape[0])
    let shape = drawnShape([share.total] + x.shape.dropFirst())
    let drawn = Tensor((0..<shape.elementCount).map { _ in stream.chance(rate) ? 0 : kept }, shape: shape)
    return x * share.part(of: drawn)
  }
}

/// PyTorch's `nn.Dropout`: in training each value is zero with probability `rate`, and the others grow by 1/(1 - rate).
public final class Dropout: RandomLayer {
  public init(_ rate: Float) { super.init(rate: rate) }
}

/// Stochastic depth (Huang et al. 2016): in training whole pictures of a branch [N,H,W,C] are zero with probability
/// `rate`, and the others grow by 1/(1 - rate).
public final class DropBranch: RandomLayer {
  public init(_ rate: Float) { super.init(rate: rate) }

  fileprivate override func drawnShape(_ shape: [Int]) -> [Int] { [shape[0], 1, 1, 1] }
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
