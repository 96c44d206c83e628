/// The largest value of each window, by channel: x [N,H,W,C] → [N,H',W',C]. Padding never wins; NaN does.
public func maxPool2d(_ x: Tensor, kernel: Int, _ window: Window) -> Tensor {
  precondition(x.rank == 4, "maxPool2d takes [N,H,W,C]; the shape is \(x.shape)")
  precondition(2 * window.padding <= kernel, "maxPool2d pads by at most half its kernel, so that no window is empty")
  let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  let (outHeight, outWidth) = (window.outputSize(height, kernel: kernel), window.outputSize(width, kernel: kernel))
  precondition(outHeight > 0 && outWidth > 0, "a window of side \(kernel) does not fit \(x.shape)")
  let result = Tensor(uninitialized: [batch, outHeight, outWidth, channels])
  let span = Trace.open("maxPool2d", "\(x.shape)", operations: kernel * kernel * result.count, bytes: 4 * (x.count + result.count))
  defer { Trace.close(span) }
  // Where each maximum stands within its picture.
  let source = SourceIndices(
    perSampleInput: height * width * channels, perSampleOutput: outHeight * outWidth * channels, batch: batch)
  Parallel.pieces(batch * outHeight) { row in
    let (image, y) = row.quotientAndRemainder(dividingBy: outHeight)
    let picture = x.pointer + image * height * width * channels
    for column in 0..<outWidth {
      let out = (row * outWidth + column) * channels
      let rows = max(0, y * window.stride - window.padding)..<min(height, y * window.stride - window.padding + kernel)
      let left = column * window.stride - window.padding
      let columns = max(0, left)..<min(width, left + kernel)
      Lanes.forEachRun(0, channels) { c, n in
        let lane = SIMD16<Int32>(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) &+ Int32(c)
        var best = Lanes(repeating: -.infinity)
        var place = lane &+ Int32((rows.lowerBound * width + columns.lowerBound) * channels)
        for iy in rows {
          for ix in columns {
            let start = (iy * width + ix) * channels
            let value = Lanes(picture + start + c, n)
            let wins = (value .> best) .| (value .!= value)
            best.replace(with: value, where: wins)
            place.replace(with: lane &+ Int32(start), where: wins)
          }
        }
        best.store(result.pointer + out + c, n)
        withUnsafeBytes(of: place) {
          UnsafeMutableRawPointer(source.indices + out + c).copyMemory(from: $0.baseAddress!, byteCount: 4 * n)
        }
      }
    }
  }
  return recorded(result, from: [x]) { g, _, _ in [scatter(g, source, shape: x.shape)] }
}

/// For each output element, the element of the same sample that it was taken from.
private final class SourceIndices {
  let indices: UnsafeMutablePointer<Int32>
  let perSampleInput, perSampleOutput, batch: Int

  init(perSampleInput: Int, perSampleOutput: Int, batch: Int) {
    indices = .allocate(capacity: max(1, perSampleOutput * batch))
    (self.perSampleInput, self.perSampleOutput, self.batch) = (perSampleInput, perSampleOutput, batch)
  }

  deinit { indices.deallocate() }
}

/// Adds each element to where it was taken from; the adjoint of `gather`.
private func scatter(_ g: Tensor, _ source: SourceIndices, shape: [Int]) -> Tensor {
  let span = Trace.open("scatter", "\(shape)", operations: g.count, bytes: 4 * (2 * g.count + shape.elementCount))
  defer { Trace.close(span) }
  let result = Tensor.zeros(shape)
  Parallel.pieces(source.batch) { sample in
    let target = result.pointer + sample * source.perSampleInput
    let start = sample * source.perSampleOutput
    for i in start..<(start + source.perSampleOutput) { target[Int(source.indices[i])] += g.pointer[i] }
  }
  return recorded(result, from: [g]) { u, _, _ in [gather(u, source, shape: g.shape)] }
}

/// Takes each element from where it stands.
private func gather(_ x: Tensor, _ source: SourceIndices, shape: [Int]) -> Tensor {
  let result = Tensor(uninitialized: shape)
  Parallel.pieces(source.batch) { sample in
    let picture = x.pointer + sample * source.perSampleInput
    let start = sample * source.perSampleOutput
    for i in start..<(start + source.perSampleOutput) { result.pointer[i] = picture[Int(source.indices[i])] }
  }
  return recorded(result, from: [x]) { g, _, _ in [scatter(g, source, shape: x.shape)] }
}
