/// Batch normalisation with the batch's own statistics: x [..., C], scale [C], offset [C].
///
/// - Returns: The normalised tensor, and the mean and biased variance [C] it used.
public func batchNormTraining(_ x: Tensor, scale: Tensor, offset: Tensor, epsilon: Float)
  -> (output: Tensor, mean: Tensor, variance: Tensor)
{
  let channels = x.shape[x.rank - 1]
  let flat = x.detached.reshaped([-1, channels])
  let (mean, variance) = withoutRecording { channelMoments(flat) }
  let inverse = withoutRecording { (variance + epsilon).reciprocalSquareRoot() }
  let output = Tensor(uninitialized: x.shape)
  let rows = flat.shape[0]
  normalizeKernel(flat.pointer, output.pointer, rows, channels, mean, inverse, scale, offset)

  let result = fused(
    [x, scale, offset], output: output,
    reference: { batchNormReference($0[0], scale: $0[1], offset: $0[2], epsilon: epsilon) },
    fastGradient: { g, _, needed in
      let byOffset = g.sum(to: offset.shape)
      let gFlat = g.reshaped([-1, channels])
      // Σ g·x̂ by channel.
      let centred = channelSumOfProducts(gFlat, flat, mean: mean)
      let byScale = centred * inverse
      guard needed[0] else { return [nil, byScale, byOffset] }
      let byInput = Tensor(uninitialized: x.shape)
      let (k, a, b) = (scale.detached * inverse, byOffset / Float(rows), centred * inverse.squared() / Float(rows))
      Parallel.ranges(rows, grain: max(1, 32768 / channels)) { start, end in
        let (gp, xp, o) = (gFlat.pointer, flat.pointer, byInput.pointer)
        let (kp, ap, bp, mp) = (k.pointer, a.pointer, b.pointer, mean.pointer)
        for row in start..<end {
          let base = row &* channels
          var c = 0
          while c < channels {
            o[base &+ c] = kp[c] * (gp[base &+ c] - ap[c] - (xp[base &+ c] - mp[c]) * bp[c])
            c &+= 1
          }
        }
      }
      return [byInput, byScale, byOffset]
    })
  return (result, mean, variance)
}

/// The same in plain tensor operations.
func batchNormReference(_ x: Tensor, scale: Tensor, offset: Tensor, epsilon: Float) -> Tensor {
  let axes = Array(0..<(x.rank - 1))
  let centred = x - x.mean(axes)
  let variance = centred.squared().mean(axes)
  return centred * (variance + epsilon).reciprocalSquareRoot() * scale + offset
}

/// Layer normalisation over the last axis: x [..., C], scale [C], offset [C].
public func layerNorm(_ x: Tensor, scale: Tensor, offset: Tensor, epsilon: Float) -> Tensor {
  let centred = x - x.mean([-1], keepingAxes: true)
  let variance = centred.squared().mean([-1], keepingAxes: true)
  return centred * (variance + epsilon).reciprocalSquareRoot() * scale + offset
}

// MARK: - Kernels

/// The mean and biased variance of each column of [rows, C], in two passes.
private func channelMoments(_ x: Tensor) -> (mean: Tensor, variance: Tensor) {
  let mean = x.mean([0])
  let variance = channelSumOfProducts(x, x, mean: mean, centringBoth: true) / Float(max(1, x.shape[0]))
  return (mean, variance)
}

/// Σ a·(b - mean) by column of [rows, C]; with `centringBoth`, Σ (a - mean)·(b - mean).
private func channelSumOfProducts(_ a: Tensor, _ b: Tensor, mean: Tensor, centringBoth: Bool = false) -> Tensor {
  let (rows, channels) = (a.shape[0], a.shape[1])
  let pieces = max(1, min(16, rows * channels / 16384))
  let length = (rows + pieces - 1) / pieces
  let partial = Storage(count: pieces * channels)
  Parallel.pieces(pieces) { piece in
    let out = partial.pointer + piece * channels
    out.update(repeating: 0, count: channels)
    let (p, q, m) = (a.pointer, b.pointer, mean.pointer)
    for row in min(rows, piece * length)..<min(rows, (piece + 1) * length) {
      let base = row &* channels
      var c = 0
      if centringBoth {
        while c < channels {
          let (x, y) = (p[base &+ c] - m[c], q[base &+ c] - m[c])
          out[c].addProduct(x, y)
          c &+= 1
        }
      } else {
        while c < channels {
          out[c].addProduct(p[base &+ c], q[base &+ c] - m[c])
          c &+= 1
        }
      }
    }
  }
  let result = Tensor(uninitialized: [channels])
  GEMM.addInOrder(partial.pointer, pieces: pieces, count: channels, into: result.pointer)
  return result
}

/// out = (x - mean) · inverse · scale + offset, as one multiply and add.
private func normalizeKernel(
  _ x: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ rows: Int, _ channels: Int,
  _ mean: Tensor, _ inverse: Tensor, _ scale: Tensor, _ offset: Tensor
) {
  let factor = withoutRecording { inverse * scale }
  let (f, m, b) = (factor.pointer, mean.pointer, offset.pointer)
  Parallel.ranges(rows, grain: max(1, 32768 / channels)) { start, end in
    for row in start..<end {
      let base = row &* channels
      var c = 0
      while c < channels {
        out[base &+ c] = (x[base &+ c] - m[c]) * f[c] + b[c]
        c &+= 1
      }
    }
  }
}
