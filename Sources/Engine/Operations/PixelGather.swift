/// Where each pixel of a moved picture comes from: flips, quarter turns and shifts, one choice per picture.
public struct PixelMap {
  public let batch, inHeight, inWidth, outHeight, outWidth: Int
  /// For each output pixel of each picture the row-major index of its source, or -1 for zero. Never changed: a graph
  /// shares it.
  let sources: [Int32]

  /// - Parameter source: For (picture, y, x) of the output, the (y, x) of the input; outside the input gives zero.
  public init(
    batch: Int, from input: (height: Int, width: Int), to output: (height: Int, width: Int),
    source: (_ picture: Int, _ y: Int, _ x: Int) -> (y: Int, x: Int)
  ) {
    self.batch = batch
    (inHeight, inWidth) = (input.height, input.width)
    (outHeight, outWidth) = (output.height, output.width)
    var sources = [Int32](repeating: -1, count: batch * output.height * output.width)
    var position = 0
    for picture in 0..<batch {
      for y in 0..<output.height {
        for x in 0..<output.width {
          let from = source(picture, y, x)
          if (0..<input.height).contains(from.y) && (0..<input.width).contains(from.x) {
            sources[position] = Int32(from.y * input.width + from.x)
          }
          position += 1
        }
      }
    }
    self.sources = sources
  }
}

/// Takes each pixel from where the map says: x [N,H,W,C] → [N,H',W',C]. Linear; its adjoint adds pixels back.
public func gatherPixels(_ x: Tensor, _ map: PixelMap) -> Tensor {
  precondition(
    x.rank == 4 && x.shape[0] == map.batch && x.shape[1] == map.inHeight && x.shape[2] == map.inWidth,
    "the pixel map does not fit the shape \(x.shape)")
  let channels = x.shape[3]
  let result = Tensor(uninitialized: [map.batch, map.outHeight, map.outWidth, channels])
  let (inCount, outCount) = (map.inHeight * map.inWidth, map.outHeight * map.outWidth)
  map.sources.withUnsafeBufferPointer { sources in
    Parallel.ranges(map.batch, grain: max(1, 16384 / max(1, outCount * channels))) { start, end in
      for pixel in (start * outCount)..<(end * outCount) {
        let target = result.pointer + pixel * channels
        let from = Int(sources[pixel])
        if from < 0 {
          target.update(repeating: 0, count: channels)
        } else {
          target.update(from: x.pointer + (pixel / outCount * inCount + from) * channels, count: channels)
        }
      }
    }
  }
  return recorded(result, from: [x]) { g, _, _ in [scatterPixels(g, map)] }
}

/// The adjoint of `gatherPixels`: [N,H',W',C] → [N,H,W,C].
private func scatterPixels(_ g: Tensor, _ map: PixelMap) -> Tensor {
  let channels = g.shape[3]
  let result = Tensor.zeros([map.batch, map.inHeight, map.inWidth, channels])
  let (inCount, outCount) = (map.inHeight * map.inWidth, map.outHeight * map.outWidth)
  map.sources.withUnsafeBufferPointer { sources in
    Parallel.ranges(map.batch, grain: max(1, 16384 / max(1, outCount * channels))) { start, end in
      for pixel in (start * outCount)..<(end * outCount) where sources[pixel] >= 0 {
        let source = g.pointer + pixel * channels
        let target = result.pointer + (pixel / outCount * inCount + Int(sources[pixel])) * channels
        for c in 0..<channels { target[c] += source[c] }
      }
    }
  }
  return recorded(result, from: [g]) { u, _, _ in [gatherPixels(u, map)] }
}
