/// gain · leakyReLU(factor · (scale · x) + strength · noise + bias) · next: the end of every layer of StyleGAN2 (the
/// released `FusedLeakyReLU`, `NoiseInjection`) in one pass.
public struct BiasActivation {
  /// What x is multiplied by before, by picture and channel, such as a demodulation: [N,1,...,1,C].
  public var scale: Tensor?
  /// [C].
  public var bias: Tensor
  /// [N,...,1] or [1,...,1] of x's sides, to which no gradient flows, and its strength [1]. Both or neither.
  public var noise: Tensor?
  public var strength: Tensor?
  /// A constant: the equalised learning rate's scale.
  public var factor: Float
  public var slope: Float
  public var gain: Float
  /// What the result is multiplied by, by picture and channel: the style of the only layer that sees it, [N,1,...,1,C].
  public var next: Tensor?

  public init(
    scale: Tensor? = nil, bias: Tensor, noise: Tensor? = nil, strength: Tensor? = nil, factor: Float = 1,
    slope: Float = 0.2, gain: Float = Float(2).squareRoot(), next: Tensor? = nil
  ) {
    precondition((noise == nil) == (strength == nil), "noise needs a strength, and a strength needs noise")
    (self.scale, self.bias, self.noise, self.strength) = (scale, bias, noise, strength)
    (self.factor, self.slope, self.gain, self.next) = (factor, slope, gain, next)
  }

  /// x [N,...,C] → the same shape. `scale` and `next` are in the same pass where nothing is recorded; the bits are the
  /// same either way.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    if Recording.concerns([x] + tensors) {
      check(x.shape)
      let scaled = scale.map { x * $0 } ?? x
      let result = biasActivation(
        scaled, bias: bias, noise: noise, strength: strength, factor: factor, slope: slope, gain: gain)
      return next.map { result * $0 } ?? result
    }
    return pass(x)
  }

  /// The end of an operation on some inputs: done by itself where anything is recorded, else in one pass with it.
  ///
  /// Where the operation is recorded, `end` is called after it: gradients are added up in the reverse order of what is
  /// recorded.
  static func ending(
    _ inputs: [Tensor], _ end: () -> BiasActivation, _ operation: () -> Tensor,
    inOnePass: (BiasActivation) -> Tensor
  ) -> Tensor {
    if Recording.concerns(inputs) {
      let result = operation()
      return end()(result)
    }
    let end = end()
    return Recording.concerns(end.tensors) ? end(operation()) : inOnePass(end)
  }

  /// Those to which gradients flow.
  var tensors: [Tensor] { [scale, bias, strength, next].compactMap { $0 } }

  /// The pass over x, which is not recorded.
  fileprivate func pass(_ x: Tensor) -> Tensor {
    let span = Trace.open("biasActivation", "\(x.shape)", operations: 4 * x.count, bytes: 8 * x.count)
    defer { Trace.close(span) }
    return pass(over: x.shape).applied(to: x)
  }

  /// What is done to outputs of a shape while they are in cache.
  func pass(over shape: [Int]) -> BiasActivationPass {
    check(shape)
    let rows = shape.elementCount / max(1, bias.count)
    return BiasActivationPass(
      end: self, amount: strength?.item ?? 0, rowsOfPicture: max(1, rows / max(1, shape[0])))
  }

  private func check(_ shape: [Int]) {
    let ofPictures = shape.indices.map { [0, shape.count - 1].contains($0) ? shape[$0] : 1 }
    for (name, factor) in [("scale", scale), ("next", next)] {
      precondition(
        factor == nil || factor!.shape == ofPictures,
        "a \(name) for each picture and channel of \(shape) is needed, not \(factor!.shape)")
    }
    precondition(bias.count == shape.last, "bias \(bias.shape) does not fit \(shape)")
    if let noise {
      let sides = Array(shape.dropLast().dropFirst()) + [1]
      precondition(
        [[1] + sides, [shape[0]] + sides].contains(noise.shape), "noise \(noise.shape) does not fit \(shape)")
    }
  }
}

/// `BiasActivation` of outputs of a known shape.
struct BiasActivationPass: OutputFinish {
  let end: BiasActivation
  /// The noise's strength.
  let amount: Float
  let rowsOfPicture: Int

  var channels: Int { end.bias.count }

  func apply(
    from x: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, rows: Range<Int>, channels: Range<Int>,
    streaming: Bool
  ) {
    let (count, bias) = (end.bias.count, end.bias.pointer)
    let (factor, gain, slope) = (end.factor, end.gain, end.slope)
    for row in rows {
      let shift = end.noise.map { amount * $0.pointer[row % $0.count] } ?? 0
      let (source, target) = (x + (row &- rows.lowerBound) &* count, result + row &* count)
      let ofPicture = row / rowsOfPicture &* count
      let scales = end.scale.map { UnsafePointer($0.pointer + ofPicture) }
      let next = end.next.map { UnsafePointer($0.pointer + ofPicture) }
      Lanes.forEachRun(channels.lowerBound, channels.upperBound) { c, n in
        var value = Lanes(source + c, n)
        if let scales { value *= Lanes(scales + c, n) }
        value = (value * factor + Lanes(bias + c, n) + shift) * gain
        value = value.wherePositive(value, else: value * slope)
        if let next { value *= Lanes(next + c, n) }
        value.store(target + c, n, streaming: streaming)
      }
    }
  }
}

/// gain · leakyReLU(factor · x + strength · noise + bias), and its gradients, of any order.
///
/// x [N,...,C], bias [C]; the others as in `BiasActivation`.
public func biasActivation(
  _ x: Tensor, bias: Tensor, noise: Tensor? = nil, strength: Tensor? = nil, factor: Float = 1, slope: Float = 0.2,
  gain: Float = Float(2).squareRoot()
) -> Tensor {
  let end = BiasActivation(
    bias: bias, noise: noise, strength: strength, factor: factor, slope: slope, gain: gain)
  return recorded(end.pass(x), from: [x] + end.tensors) { g, y, needed in
    guard Recording.isOn else {
      let (byInput, byBias, byStrength) = biasActivationGradient(g, y, noise, factor, slope, gain)
      return [byInput, byBias.reshaped(bias.shape)] + (strength == nil ? [] : [byStrength])
    }
    // The activation keeps its input's sign, so the output tells where the slope applies.
    let inner = leakyReLUGradient(g, signs: y, slope: slope, gain: gain)
    return [
      needed[0] ? (factor == 1 ? inner : inner * factor) : nil,
      needed[1] ? inner.sum(to: bias.shape) : nil,
    ] + (strength == nil ? [] : [needed[2] ? (inner.sum([-1], keepingAxes: true) * noise!).sum().reshaped([1]) : nil])
  }
}

/// The same in plain tensor operations.
func biasActivationReference(
  _ x: Tensor, bias: Tensor, noise: Tensor?, strength: Tensor?, factor: Float, slope: Float, gain: Float
) -> Tensor {
  var sum = x * factor + bias
  if let noise, let strength { sum = sum + noise * strength }
  return sum.leakyReLU(slope: slope, gain: gain)
}

/// The gradients by x, bias [C] and the noise's strength [1] in one pass, where they are not recorded.
private func biasActivationGradient(
  _ g: Tensor, _ y: Tensor, _ noise: Tensor?, _ factor: Float, _ slope: Float, _ gain: Float
) -> (input: Tensor, bias: Tensor, strength: Tensor) {
  let channels = g.shape[g.rank - 1]
  let rows = g.count / max(1, channels)
  let span = Trace.open("biasActivation gradient", "\(g.shape)", operations: 4 * g.count, bytes: 12 * g.count)
  defer { Trace.close(span) }
  let byInput = Tensor(uninitialized: g.shape)
  let streaming = Lanes.streams(g.count)
  let length = pieceLength(rows, channels)
  let pieces = max(1, (rows + length - 1) / length)
  let totals = Storage(count: pieces * channels)
  let strengths = Storage(count: pieces)
  Parallel.pieces(pieces) { piece in
    let (start, end) = (piece * length, min(rows, (piece + 1) * length))
    let total = totals.pointer + piece * channels
    /// Of the values at a row and channel: writes the gradient by x, and gives it for the sums.
    @inline(__always)
    func gradient(_ row: Int, _ c: Int, _ n: Int) -> Lanes {
      let at = row &* channels &+ c
      let inner = Lanes(g.pointer + at, n)
        * Lanes(repeating: gain).wherePositive(Lanes(y.pointer + at, n), else: Lanes(repeating: gain * slope))
      (inner * factor).store(byInput.pointer + at, n, streaming: streaming)
      return inner
    }
    guard let noise else {
      // Memory in its order.
      total.update(repeating: 0, count: channels)
      for row in start..<end {
        Lanes.forEachRun(0, channels) { c, n in (Lanes(total + c, n) + gradient(row, c, n)).store(total + c, n) }
      }
      strengths.pointer[piece] = 0
      return
    }
    var byStrength = Lanes.zero
    Lanes.forEachRun(0, channels) { c, n in
      var sum = Lanes.zero
      for row in start..<end {
        let inner = gradient(row, c, n)
        sum += inner
        // Lanes beyond the last channel repeat another and must not count.
        let counted = n == 16 ? inner : inner.keeping(n)
        byStrength.addProduct(counted, Lanes(repeating: noise.pointer[row % noise.count]))
      }
      sum.store(total + c, n)
    }
    strengths.pointer[piece] = byStrength.sum()
  }
  let (byBias, byStrength) = (Tensor(uninitialized: [channels]), Tensor(uninitialized: [1]))
  GEMM.addInOrder(totals.pointer, pieces: pieces, count: channels, into: byBias.pointer)
  GEMM.addInOrder(strengths.pointer, pieces: pieces, count: 1, into: byStrength.pointer)
  return (byInput, byBias, byStrength)
}
