/// What follows a convolution in a residual network: (x - centre)·factor + offset by channel, plus a residual,
/// rectified. In evaluation it is done while a convolution's outputs are still in cache.
struct ChannelFinish {
  /// Zero if nil.
  var centre: Tensor?
  let factor, offset: Tensor
  /// Of the output's shape.
  let residual: Tensor?
  let isRectified: Bool

  /// Finishes some channels of some rows of a result [rows, C], in place.
  func apply(to result: UnsafeMutablePointer<Float>, rows: Range<Int>, channels: Range<Int>) {
    apply(from: result, to: result, rows: rows, channels: channels)
  }

  @inline(__always)
  private func apply(
    from x: UnsafePointer<Float>, to result: UnsafeMutablePointer<Float>, rows: Range<Int>, channels: Range<Int>,
    streaming: Bool = false
  ) {
    let count = factor.count
    let (f, b) = (factor.pointer, offset.pointer)
    let floor = isRectified ? Lanes.zero : Lanes(repeating: -.infinity)
    for row in rows {
      let base = row &* count
      Lanes.forEachRun(channels.lowerBound, channels.upperBound) { c, n in
        var value = Lanes(x + base + c, n)
        if let centre { value -= Lanes(centre.pointer + c, n) }
        value = Lanes(b + c, n).addingProduct(value, Lanes(f + c, n))
        if let residual { value += Lanes(residual.pointer + base + c, n) }
        value.replacing(with: floor, where: value .< floor).store(result + base + c, n, streaming: streaming)
      }
    }
  }

  /// Finishes x [rows, C] on all threads, in place or into another tensor.
  func apply(from x: Tensor, to result: Tensor) {
    let channels = factor.count
    let streaming = x !== result && Lanes.streams(result.count)
    Parallel.ranges(result.count / max(1, channels), grain: max(1, 32768 / max(1, channels))) { start, end in
      apply(
        from: x.pointer, to: result.pointer, rows: start..<end, channels: 0..<channels, streaming: streaming)
    }
  }

  /// x [..., C], finished.
  func applied(to x: Tensor) -> Tensor {
    let result = Tensor(uninitialized: x.shape)
    apply(from: x, to: result)
    return result
  }
}
