/// What follows a convolution in evaluation, done while its outputs are still in cache: x·factor + offset by channel,
/// plus a residual, rectified.
struct ChannelFinish {
  let factor, offset: Tensor
  /// Of the output's shape.
  let residual: Tensor?
  let isRectified: Bool

  /// Finishes some channels of some rows of a result [rows, C].
  func apply(to result: UnsafeMutablePointer<Float>, rows: Range<Int>, channels: Range<Int>) {
    let count = factor.count
    let (f, b) = (factor.pointer, offset.pointer)
    let floor = isRectified ? Lanes.zero : Lanes(repeating: -.infinity)
    for row in rows {
      let base = row &* count
      Lanes.forEachRun(channels.lowerBound, channels.upperBound) { c, n in
        var value = Lanes(b + c, n).addingProduct(Lanes(result + base + c, n), Lanes(f + c, n))
        if let residual { value += Lanes(residual.pointer + base + c, n) }
        value.replacing(with: floor, where: value .< floor).store(result + base + c, n)
      }
    }
  }

  /// Finishes a whole result [rows, C] on all threads.
  func apply(to result: Tensor) {
    let channels = factor.count
    Parallel.ranges(result.count / max(1, channels), grain: max(1, 32768 / max(1, channels))) { start, end in
      apply(to: result.pointer, rows: start..<end, channels: 0..<channels)
    }
  }
}
