/// Batch normalisation with the batch's own statistics, and what follows it in a residual network, in few passes:
/// x [..., C], scale [C], offset [C].
///
/// - Parameters:
///   - residual: Added to the normalised values, of x's shape.
///   - isRectified: Whether max(·, 0) is taken at the end.
///   - parallel: With whom the batch [N, ..., C] is shared: the statistics are then those of the whole batch, on all
///     ranks.
/// - Returns: The normalised tensor, and the mean and biased variance [C] it used.
public func batchNormTraining(
  _ x: Tensor, scale: Tensor, offset: Tensor, epsilon: Float, residual: Tensor? = nil, isRectified: Bool = false,
  parallel: DataParallel? = nil
) -> (output: Tensor, mean: Tensor, variance: Tensor) {
  let channels = x.shape[x.rank - 1]
  precondition(residual == nil || residual!.shape == x.shape, "a residual of shape \(x.shape) is needed")
  let span = Trace.open("batchNorm", "\(x.shape)", operations: 8 * x.count, bytes: 12 * x.count)
  let ownRows = x.count / max(1, channels)
  let rows = parallel?.rows(of: x) ?? ownRows
  let own = channelMoments(x, ownRows, channels)
  let (mean, variance) = parallel?.pooled(own.mean, own.variance, rows: rows) ?? own
  let inverse = withoutRecording { (variance + epsilon).reciprocalSquareRoot() }
  let factor = withoutRecording { inverse * scale }
  let output = ChannelFinish(
    centre: mean, factor: factor, offset: offset, residual: residual, isRectified: isRectified
  ).applied(to: x)
  Trace.close(span)

  let result = fused(
    [x, scale, offset] + (residual.map { [$0] } ?? []), output: output,
    reference: {
      batchNormReference(
        $0[0], scale: $0[1], offset: $0[2], epsilon: epsilon, residual: residual == nil ? nil : $0[3],
        isRectified: isRectified, parallel: parallel)
    },
    fastGradient: { g, y, needed in
      let span = Trace.open("batchNorm gradient", "\(x.shape)", operations: 10 * x.count, bytes: 24 * x.count)
      defer { Trace.close(span) }
      // Where a residual needs it the gradient before the rectifier is kept; else it is made twice, in registers.
      let needsInner = residual != nil && needed[3]
      let gate: Gate =
        !isRectified
        ? .open : residual != nil ? .values(y.pointer) : .affine(factor: factor.pointer, offset: offset.pointer)
      let (inner, byOffset, centred) = channelGradientSums(
        g, x, mean: mean, gate: gate, keepingInner: needsInner && isRectified)
      let byScale = centred * inverse
      let byResidual = needsInner ? inner ?? g : nil
      var byInput: Tensor?
      if needed[0] {
        // The statistics depend on all pictures, those of other ranks too.
        let sums = parallel?.summed(concatenated([byOffset, centred], axis: 0))
        let allOffset = sums?.slice(0, 0..<channels) ?? byOffset
        let allCentred = sums?.slice(0, channels..<(2 * channels)) ?? centred
        byInput = batchNormInputGradient(
          inner ?? g, x, gate: inner == nil ? gate : .open, mean: mean, factor: factor.detached,
          meanGradient: allOffset / Float(rows), slope: allCentred * inverse.squared() / Float(rows))
      }
      return [byInput, byScale, byOffset] + (residual == nil ? [] : [byResidual])
    })
  return (result, mean, variance)
}

/// The same in plain tensor operations.
func batchNormReference(
  _ x: Tensor, scale: Tensor, offset: Tensor, epsilon: Float, residual: Tensor? = nil, isRectified: Bool = false,
  parallel: DataParallel? = nil
) -> Tensor {
  let axes = Array(0..<(x.rank - 1))
  func average(_ x: Tensor) -> Tensor { parallel?.average(x) ?? x.mean(axes) }
  let centred = x - average(x)
  let variance = average(centred.squared())
  return finished(centred * (variance + epsilon).reciprocalSquareRoot() * scale + offset, residual, isRectified)
}

extension DataParallel {
  /// Values of each channel in the whole batch, of whose pictures [N, ..., C] are a rank's.
  func rows(of x: Tensor) -> Int { share.total * x.shape.dropFirst().dropLast().reduce(1, *) }

  /// The mean and biased variance of each channel of the whole batch, from those of each rank's own pictures (Chan et
  /// al. 1979, in the order of the ranks).
  ///
  /// - Parameter rows: Values of each channel of the whole batch.
  fileprivate func pooled(_ mean: Tensor, _ variance: Tensor, rows: Int) -> (mean: Tensor, variance: Tensor) {
    let channels = mean.count
    let all = communicator.gather(mean.values + variance.values)
    let counts = (0..<share.ranks).map { Float(rows / max(1, share.total) * share.count(ofRank: $0)) }
    let (means, variances) = (Tensor.zeros([channels]), Tensor.zeros([channels]))
    for channel in 0..<channels {
      func value(_ rank: Int, _ part: Int) -> Float { all[(2 * rank + part) * channels + channel] }
      let average = counts.indices.reduce(0) { $0 + value($1, 0) * counts[$1] } / Float(max(1, rows))
      let square = counts.indices.reduce(0) { sum, rank -> Float in
        let distance = value(rank, 0) - average
        return sum + (value(rank, 1) + distance * distance) * counts[rank]
      }
      means.pointer[channel] = average
      variances.pointer[channel] = square / Float(max(1, rows))
    }
    return (means, variances)
  }

  /// The mean over all axes but the last, and over the ranks.
  fileprivate func average(_ x: Tensor) -> Tensor {
    summed(x.sum(Array(0..<(x.rank - 1)))) / Float(max(1, rows(of: x)))
  }
}

/// x·factor + offset by channel (batch normalisation in evaluation), and what follows it, in one pass:
/// x [..., C], factor [C], offset [C].
public func channelAffine(
  _ x: Tensor, factor: Tensor, offset: Tensor, residual: Tensor? = nil, isRectified: Bool = false
) -> Tensor {
  precondition(residual == nil || residual!.shape == x.shape, "a residual of shape \(x.shape) is needed")
  let channels = x.shape[x.rank - 1]
  let span = Trace.open("channelAffine", "\(x.shape)", operations: 3 * x.count, bytes: 8 * x.count)
  let output = ChannelFinish(factor: factor, offset: offset, residual: residual, isRectified: isRectified)
    .applied(to: x)
  Trace.close(span)
  return fused(
    [x, factor, offset] + (residual.map { [$0] } ?? []), output: output,
    reference: { finished($0[0] * $0[1] + $0[2], residual == nil ? nil : $0[3], isRectified) },
    fastGradient: { g, y, needed in
      let inner = isRectified ? leakyReLUGradient(g, signs: y, slope: 0, gain: 1) : g
      var (byFactor, byOffset): (Tensor?, Tensor?) = (nil, nil)
      if needed[1] || needed[2] {
        let sums = channelGradientSums(inner, x, mean: .zeros([channels]), gate: .open, keepingInner: false)
        (byFactor, byOffset) = (sums.centred, sums.total)
      }
      return [needed[0] ? inner * factor.detached : nil, byFactor, byOffset] + (residual == nil ? [] : [inner])
    })
}

private func finished(_ x: Tensor, _ residual: Tensor?, _ isRectified: Bool) -> Tensor {
  let sum = residual.map { x + $0 } ?? x
  return isRectified ? sum.relu() : sum
}

// MARK: - Kernels

/// Rows of a piece of a matrix [rows, channels]: so many that it stays in a core's cache while it is read twice.
func pieceLength(_ rows: Int, _ channels: Int) -> Int {
  Parallel.equalLength(rows, atMost: max(8, 32768 / max(1, channels)))
}

/// The mean and biased variance of each column of [rows, C]: of each piece by itself, in two passes while it is in
/// cache; then put together (Chan et al. 1979), as accurate as two passes over all.
private func channelMoments(_ x: Tensor, _ rows: Int, _ channels: Int) -> (mean: Tensor, variance: Tensor) {
  let length = pieceLength(rows, channels)
  let pieces = (rows + length - 1) / length
  let (means, squares) = (Storage(count: pieces * channels), Storage(count: pieces * channels))
  Parallel.pieces(pieces) { piece in
    let (start, end) = (piece * length, min(rows, (piece + 1) * length))
    Lanes.forEachRun(0, channels) { c, n in
      var p = x.pointer + start &* channels + c
      var (even, odd) = (Lanes.zero, Lanes.zero)
      var row = start
      while row &+ 2 <= end {
        even += Lanes(p, n)
        odd += Lanes(p + channels, n)
        p += 2 &* channels
        row &+= 2
      }
      if row < end { even += Lanes(p, n) }
      let mean = (even + odd) / Float(end - start)
      (even, odd) = (.zero, .zero)
      p = x.pointer + start &* channels + c
      row = start
      while row &+ 2 <= end {
        let (a, b) = (Lanes(p, n) - mean, Lanes(p + channels, n) - mean)
        even.addProduct(a, a)
        odd.addProduct(b, b)
        p += 2 &* channels
        row &+= 2
      }
      if row < end {
        let a = Lanes(p, n) - mean
        even.addProduct(a, a)
      }
      mean.store(means.pointer + piece &* channels + c, n)
      (even + odd).store(squares.pointer + piece &* channels + c, n)
    }
  }
  let (mean, variance) = (Tensor(uninitialized: [channels]), Tensor(uninitialized: [channels]))
  Lanes.forEachRun(0, channels) { c, n in
    var (sum, square) = (Lanes.zero, Lanes.zero)
    func count(_ piece: Int) -> Float { Float(min(rows, (piece + 1) * length) - piece * length) }
    for piece in 0..<pieces { sum += Lanes(means.pointer + piece &* channels + c, n) * count(piece) }
    let average = sum / Float(max(1, rows))
    for piece in 0..<pieces {
      let distance = Lanes(means.pointer + piece &* channels + c, n) - average
      square += Lanes(squares.pointer + piece &* channels + c, n) + distance * distance * count(piece)
    }
    average.store(mean.pointer + c, n)
    (square / Float(max(1, rows))).store(variance.pointer + c, n)
  }
  return (mean, variance)
}

/// Where a rectifier lets a gradient through, told by values that outlive it.
private enum Gate {
  case open
  /// Where these values are positive.
  case values(UnsafePointer<Float>)
  /// Where offset + (x - mean)·factor is positive, by channel: what `ChannelFinish` rectified, computed again from x,
  /// which is at hand, instead of read from memory.
  case affine(factor: UnsafePointer<Float>, offset: UnsafePointer<Float>)

  /// Calls `body`, once for all its loops, with a function that gives g where it is let through, else zero: of g, the
  /// place of the values in [rows, C], their channel and number, and x - mean there.
  @inline(__always)
  func choose(_ body: ((_ g: Lanes, _ at: Int, _ c: Int, _ n: Int, _ centred: Lanes) -> Lanes) -> Void) {
    switch self {
    case .open: body { g, _, _, _, _ in g }
    case .values(let y): body { g, at, _, n, _ in g.wherePositive(Lanes(y + at, n), else: .zero) }
    case .affine(let factor, let offset):
      body { g, _, c, n, centred in
        g.wherePositive(Lanes(offset + c, n).addingProduct(centred, Lanes(factor + c, n)), else: .zero)
      }
    }
  }
}

/// By column of [rows, C]: Σ g and Σ g·(x - mean), where g is zero wherever the gate is closed.
///
/// - Parameter keepingInner: Whether the gated g is returned.
private func channelGradientSums(_ g: Tensor, _ x: Tensor, mean: Tensor, gate: Gate, keepingInner: Bool)
  -> (inner: Tensor?, total: Tensor, centred: Tensor)
{
  let channels = x.shape[x.rank - 1]
  let rows = x.count / max(1, channels)
  let length = pieceLength(rows, channels)
  let pieces = max(1, (rows + length - 1) / length)
  let inner = keepingInner ? Tensor(uninitialized: x.shape) : nil
  let (totals, products) = (Storage(count: pieces * channels), Storage(count: pieces * channels))
  let streaming = Lanes.streams(x.count)
  Parallel.pieces(pieces) { piece in
    let (start, end) = (piece * length, min(rows, (piece + 1) * length))
    let (total, product) = (totals.pointer + piece * channels, products.pointer + piece * channels)
    total.update(repeating: 0, count: channels)
    product.update(repeating: 0, count: channels)
    gate.choose { passed in
      for row in start..<end {
        Lanes.forEachRun(0, channels) { c, n in
          let at = row &* channels &+ c
          let centred = Lanes(x.pointer + at, n) - Lanes(mean.pointer + c, n)
          let value = passed(Lanes(g.pointer + at, n), at, c, n, centred)
          if let inner { value.store(inner.pointer + at, n, streaming: streaming) }
          (Lanes(total + c, n) + value).store(total + c, n)
          Lanes(product + c, n).addingProduct(value, centred).store(product + c, n)
        }
      }
    }
  }
  let (total, centred) = (Tensor(uninitialized: [channels]), Tensor(uninitialized: [channels]))
  GEMM.addInOrder(totals.pointer, pieces: pieces, count: channels, into: total.pointer)
  GEMM.addInOrder(products.pointer, pieces: pieces, count: channels, into: centred.pointer)
  return (inner, total, centred)
}

/// factor · (g - meanGradient - (x - mean)·slope), where g is zero wherever the gate is closed.
private func batchNormInputGradient(
  _ g: Tensor, _ x: Tensor, gate: Gate, mean: Tensor, factor: Tensor, meanGradient: Tensor, slope: Tensor
) -> Tensor {
  let result = Tensor(uninitialized: x.shape)
  let channels = x.shape[x.rank - 1]
  let streaming = Lanes.streams(x.count)
  Parallel.ranges(x.count / max(1, channels), grain: max(1, 32768 / max(1, channels))) { start, end in
    gate.choose { passed in
      for row in start..<end {
        Lanes.forEachRun(0, channels) { c, n in
          let at = row &* channels &+ c
          let centred = Lanes(x.pointer + at, n) - Lanes(mean.pointer + c, n)
          let value = passed(Lanes(g.pointer + at, n), at, c, n, centred) - Lanes(meanGradient.pointer + c, n)
          let whole = value.addingProduct(-centred, Lanes(slope.pointer + c, n)) * Lanes(factor.pointer + c, n)
          whole.store(result.pointer + at, n, streaming: streaming)
        }
      }
    }
  }
  return result
}
