import Engine

/// Weights and inputs that anyone can rebuild from their names, so that answers can be compared without shipping
/// weights: a hash of the name seeds a sequence of numbers in [-1, 1).
public struct GoldenFormula: Sendable {
  /// How the numbers become weights.
  public enum Family: Sendable {
    /// The generator and the discriminator.
    case tgn
    case clip
    /// ResNet and every other back-bone.
    case resnet
  }

  /// Changes all numbers.
  public let salt: UInt64

  public init(salt: UInt64 = 0) { self.salt = salt }

  /// An input in PyTorch's order of axes.
  public func input(_ name: String, _ shape: [Int]) -> Tensor {
    Tensor(numbers(name, count: shape.elementCount), shape: shape)
  }

  /// A picture given in PyTorch's order [N,C,H,W], as [N,H,W,C].
  public func picture(_ name: String, _ shape: [Int]) -> Tensor { input(name, shape).transposed([0, 2, 3, 1]) }

  /// Fills a module's parameters and buffers.
  ///
  /// - Parameter prefix: The model's name and a dot, such as `student.`, put before the key before it is hashed.
  public func fill(_ module: Module, family: Family, prefix: String) {
    for (key, state) in module.states {
      let shape = state.layout.exportedShape(state.value.shape)
      guard let (scale, offset) = rule(family, key, shape) else { continue }
      let values = numbers(prefix + key, count: shape.elementCount).map { offset + scale * $0 }
      state.set(state.layout.imported(Tensor(values, shape: shape)))
    }
  }

  /// The first `count` numbers of a name: FNV-1a for the name, then SplitMix64.
  func numbers(_ name: String, count: Int) -> [Float] {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    hash ^= salt
    return [Float](unsafeUninitializedCapacity: count) { buffer, initialized in
      for index in 0..<count {
        var z = hash &+ UInt64(index + 1) &* 0x9e37_79b9_7f4a_7c15
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        z ^= z >> 31
        buffer[index] = 2 * (Float(z >> 40) * 0x1p-24) - 1
      }
      initialized = count
    }
  }

  /// What the numbers of a key are multiplied by, and what is added; nil for constants.
  private func rule(_ family: Family, _ key: String, _ shape: [Int]) -> (scale: Float, offset: Float)? {
    let last = key.split(separator: ".").last.map(String.init) ?? key
    if ["num_batches_tracked", "kernel", "ll", "lh", "hl", "hh"].contains(last) { return nil }
    if last == "running_var" { return (0.25, 1.25) }
    if last == "running_mean" { return (0.1, 0) }
    let rank = shape.count
    let fan = Float(shape.elementCount / max(1, shape.first ?? 1))
    switch family {
    case .tgn:
      let root = Float(3).squareRoot()
      if key.hasPrefix("style.") && last == "weight" { return (100 * root, 0) }
      if key.hasSuffix("modulation.bias") { return (0.1, 1) }
      return rank >= 2 && last != "bias" ? (root, 0) : (0.1, 0)
    case .clip:
      // ln(1/0.07); the scale 0 leaves nothing of the numbers.
      if last == "logit_scale" { return (0, 2.659_260) }
      if rank >= 2 { return key.contains("embedding") ? (0.05, 0) : ((1 / fan).squareRoot(), 0) }
      return last == "weight" && rank == 1 ? (0.1, 1) : (0.05, 0)
    case .resnet:
      if rank >= 2 { return ((6 / fan).squareRoot() * (key.hasSuffix("conv3.weight") && rank == 4 ? 0.3 : 1), 0) }
      return last == "weight" && rank == 1 ? (0.1, 1) : (0.1, 0)
    }
  }
}
