/// What follows an operation for each of its outputs, done while they are in cache.
protocol OutputFinish {
  /// Channels of the outputs.
  var channels: Int { get }

  /// Finishes some channels of rows [rows, C] of a result.
  ///
  /// - Parameter x: All channels of the first of the rows, and of the rows after it; may lie in the result.
  func apply(
    from x: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, rows: Range<Int>, channels: Range<Int>,
    streaming: Bool)
}

extension OutputFinish {
  /// In place.
  func apply(to result: UnsafeMutablePointer<Float>, rows: Range<Int>, channels: Range<Int>) {
    apply(
      from: result + rows.lowerBound * self.channels, to: result, rows: rows, channels: channels, streaming: false)
  }

  /// Finishes x [..., C] on all threads, in place or into another tensor.
  func apply(from x: Tensor, to result: Tensor) {
    let streaming = x !== result && Lanes.streams(result.count)
    Parallel.ranges(result.count / max(1, channels), grain: max(1, 8192 / max(1, channels))) { start, end in
      apply(
        from: x.pointer + start * channels, to: result.pointer, rows: start..<end, channels: 0..<channels,
        streaming: streaming)
    }
  }

  /// x [..., C], finished.
  func applied(to x: Tensor) -> Tensor {
    let result = Tensor(uninitialized: x.shape)
    apply(from: x, to: result)
    return result
  }
}

/// What follows a convolution in a residual network: (x - centre)·factor + offset by channel, plus a residual,
/// rectified.
struct ChannelFinish: OutputFinish {
  /// Zero if nil.
  var centre: Tensor?
  let factor, offset: Tensor
  /// Of the output's shape.
  let residual: Tensor?
  let isRectified: Bool

  var channels: Int { factor.count }

  func apply(
    from x: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, rows: Range<Int>, channels: Range<Int>,
    streaming: Bool
  ) {
    let count = factor.count
    let (f, b) = (factor.pointer, offset.pointer)
    let floor = isRectified ? Lanes.zero : Lanes(repeating: -.infinity)
    for row in rows {
      let (source, base) = (x + (row &- rows.lowerBound) &* count, row &* count)
      Lanes.forEachRun(channels.lowerBound, channels.upperBound) { c, n in
        var value = Lanes(source + c, n)
        if let centre { value -= Lanes(centre.pointer + c, n) }
        value = Lanes(b + c, n).addingProduct(value, Lanes(f + c, n))
        if let residual { value += Lanes(residual.pointer + base + c, n) }
        value.replacing(with: floor, where: value .< floor).store(result + base + c, n, streaming: streaming)
      }
    }
  }
}
