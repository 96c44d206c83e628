/// gain · leakyReLU(factor · x + strength · noise + bias) in one pass.
///
/// The end of every layer of StyleGAN2 (the released `FusedLeakyReLU`, `NoiseInjection`): x [N,...,C], bias [C],
/// noise [N,...,1] or [1,...,1] of x's sides, to which no gradient flows, strength [1], factor a constant (the
/// equalised learning rate's scale). Noise and strength come together or not at all.
///
/// - Parameter scale: What x is multiplied by before, by picture and channel: [N,1,...,1,C]. In the same pass where
///   nothing is recorded; the bits are the same either way.
public func biasActivation(
  _ x: Tensor, scale: Tensor? = nil, bias: Tensor, noise: Tensor? = nil, strength: Tensor? = nil, factor: Float = 1,
  slope: Float = 0.2, gain: Float = Float(2).squareRoot()
) -> Tensor {
  precondition((noise == nil) == (strength == nil), "noise needs a strength, and a strength needs noise")
  precondition(
    scale == nil || scale!.shape == x.shape.indices.map { [0, x.rank - 1].contains($0) ? x.shape[$0] : 1 },
    "a scale for each picture and channel of \(x.shape) is needed, not \(scale!.shape)")
  let inputs = [x, bias] + (strength.map { [$0] } ?? [])
  if let scale, Recording.concerns(inputs + [scale]) {
    return biasActivation(
      x * scale, bias: bias, noise: noise, strength: strength, factor: factor, slope: slope, gain: gain)
  }
  let output = biasActivationKernel(x, scale, bias, noise, strength, factor, slope, gain)
  return recorded(output, from: inputs) { g, y, needed in
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

private func biasActivationKernel(
  _ x: Tensor, _ scale: Tensor?, _ bias: Tensor, _ noise: Tensor?, _ strength: Tensor?, _ factor: Float, _ slope: Float,
  _ gain: Float
) -> Tensor {
  let channels = x.shape[x.rank - 1]
  precondition(bias.count == channels, "bias \(bias.shape) does not fit \(x.shape)")
  let result = Tensor(uninitialized: x.shape)
  let rows = x.count / max(1, channels)
  if let noise {
    let sides = Array(x.shape.dropLast().dropFirst()) + [1]
    precondition(
      [[1] + sides, [x.shape[0]] + sides].contains(noise.shape), "noise \(noise.shape) does not fit \(x.shape)")
  }
  let amount = strength?.item ?? 0
  let perPicture = max(1, rows / max(1, x.shape[0]))
  let span = Trace.open("biasActivation", "\(x.shape)", operations: 4 * x.count, bytes: 8 * x.count)
  defer { Trace.close(span) }
  let streaming = Lanes.streams(x.count)
  Parallel.ranges(rows, grain: max(1, 32768 / max(1, channels))) { start, end in
    let (p, b, o) = (x.pointer, bias.pointer, result.pointer)
    for row in start..<end {
      let shift = noise.map { amount * $0.pointer[row % $0.count] } ?? 0
      let base = row &* channels
      let scales = scale.map { UnsafePointer($0.pointer + row / perPicture &* channels) }
      Lanes.forEachRun(0, channels) { c, n in
        var value = Lanes(p + base + c, n)
        if let scales { value *= Lanes(scales + c, n) }
        value = (value * factor + Lanes(b + c, n) + shift) * gain
        value.wherePositive(value, else: value * slope).store(o + base + c, n, streaming: streaming)
      }
    }
  }
  return result
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
    var byStrength = Lanes.zero
    Lanes.forEachRun(0, channels) { c, n in
      var total = Lanes.zero
      for row in start..<end {
        let at = row &* channels &+ c
        let inner = Lanes(g.pointer + at, n)
          * Lanes(repeating: gain).wherePositive(Lanes(y.pointer + at, n), else: Lanes(repeating: gain * slope))
        (inner * factor).store(byInput.pointer + at, n, streaming: streaming)
        total += inner
        if let noise {
          // Lanes beyond the last channel repeat another and must not count.
          let counted = n == 16 ? inner : inner.keeping(n)
          byStrength.addProduct(counted, Lanes(repeating: noise.pointer[row % noise.count]))
        }
      }
      total.store(totals.pointer + piece &* channels + c, n)
    }
    strengths.pointer[piece] = byStrength.sum()
  }
  let (byBias, byStrength) = (Tensor(uninitialized: [channels]), Tensor(uninitialized: [1]))
  GEMM.addInOrder(totals.pointer, pieces: pieces, count: channels, into: byBias.pointer)
  GEMM.addInOrder(strengths.pointer, pieces: pieces, count: 1, into: byStrength.pointer)
  return (byInput, byBias, byStrength)
}
