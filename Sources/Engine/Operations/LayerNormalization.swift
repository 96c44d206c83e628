/// Layer normalisation over the last axis: x [..., C], scale [C], offset [C].
public func layerNorm(_ x: Tensor, scale: Tensor, offset: Tensor, epsilon: Float) -> Tensor {
  let width = x.shape[x.rank - 1]
  let rows = x.count / max(1, width)
  let span = Trace.open("layerNorm", "\(x.shape)", operations: 8 * x.count, bytes: 8 * x.count)
  let output = Tensor(uninitialized: x.shape)
  // The mean and 1/√(variance + ε) of each row.
  let moments = Storage(count: 2 * rows)
  Parallel.ranges(rows, grain: max(1, 16384 / max(1, width))) { start, end in
    for row in start..<end {
      let (p, o) = (x.pointer + row &* width, output.pointer + row &* width)
      let mean = sumOfRun(p, width) / Float(width)
      Lanes.forEachRun(0, width) { c, n in
        let centred = Lanes(p + c, n) - mean
        (centred * centred).store(o + c, n)
      }
      let inverse = 1 / (sumOfRun(o, width) / Float(width) + epsilon).squareRoot()
      Lanes.forEachRun(0, width) { c, n in
        let centred = (Lanes(p + c, n) - mean) * inverse
        Lanes(offset.pointer + c, n).addingProduct(centred, Lanes(scale.pointer + c, n)).store(o + c, n)
      }
      (moments.pointer[2 &* row], moments.pointer[2 &* row &+ 1]) = (mean, inverse)
    }
  }
  Trace.close(span)
  return fused(
    [x, scale, offset], output: output,
    reference: { layerNormReference($0[0], scale: $0[1], offset: $0[2], epsilon: epsilon) },
    fastGradient: { g, _, needed in
      let span = Trace.open("layerNorm gradient", "\(x.shape)", operations: 12 * x.count, bytes: 16 * x.count)
      defer { Trace.close(span) }
      let byInput = Tensor(uninitialized: x.shape)
      let normalized = Tensor(uninitialized: x.shape)
      Parallel.ranges(rows, grain: max(1, 16384 / max(1, width))) { start, end in
        let scratch = Storage(count: 2 * width)
        let (weighted, product) = (scratch.pointer, scratch.pointer + width)
        for row in start..<end {
          let at = row &* width
          let (mean, inverse) = (moments.pointer[2 &* row], moments.pointer[2 &* row &+ 1])
          Lanes.forEachRun(0, width) { c, n in
            let centred = (Lanes(x.pointer + at + c, n) - mean) * inverse
            let value = Lanes(g.pointer + at + c, n) * Lanes(scale.pointer + c, n)
            centred.store(normalized.pointer + at + c, n)
            value.store(weighted + c, n)
            (value * centred).store(product + c, n)
          }
          let (average, slope) = (sumOfRun(weighted, width) / Float(width), sumOfRun(product, width) / Float(width))
          Lanes.forEachRun(0, width) { c, n in
            let value = Lanes(weighted + c, n) - average - Lanes(normalized.pointer + at + c, n) * slope
            (value * inverse).store(byInput.pointer + at + c, n)
          }
        }
      }
      return [
        byInput, needed[1] ? (g * normalized).sum(to: scale.shape) : nil, needed[2] ? g.sum(to: offset.shape) : nil,
      ]
    })
}

/// The same in plain tensor operations.
func layerNormReference(_ x: Tensor, scale: Tensor, offset: Tensor, epsilon: Float) -> Tensor {
  let centred = x - x.mean([-1], keepingAxes: true)
  let variance = centred.squared().mean([-1], keepingAxes: true)
  return centred * (variance + epsilon).reciprocalSquareRoot() * scale + offset
}
