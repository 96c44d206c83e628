/// Where each pixel of an affinely moved picture is read: one map per picture, from the output's pixels to the input's.
///
/// Both are measured in pixels from the picture's middle, x to the right and y down: the identity keeps the middle in
/// place whatever the two sizes are. PyTorch's `affine_grid` and `grid_sample` (`align_corners=False`) do the same with
/// positions from -1 to 1.
public struct AffineSampling: Sendable {
  public let maps: [AffineMap]
  public let outHeight, outWidth: Int

  /// - Parameters:
  ///   - maps: One per picture.
  ///   - output: The size of the result.
  public init(maps: [AffineMap], to output: (height: Int, width: Int)) {
    self.maps = maps
    (outHeight, outWidth) = (output.height, output.width)
  }
}

/// Bilinear interpolation: x [N,H,W,C] → [N,H',W',C], zero outside the picture.
///
/// Linear in x, so gradients of any order are this operation and its adjoint; there is none by the maps.
public func sampleGrid(_ x: Tensor, _ sampling: AffineSampling) -> Tensor {
  precondition(
    x.rank == 4 && x.shape[0] == sampling.maps.count,
    "\(sampling.maps.count) maps do not fit the shape \(x.shape)")
  let size = Sizes(x.shape, sampling)
  let result = Tensor(uninitialized: [x.shape[0], size.outHeight, size.outWidth, size.channels])
  guard result.count > 0 else { return result }
  let span = Trace.open(
    "sampleGrid", "\(x.shape) \(result.shape)", operations: 8 * result.count, bytes: 4 * (x.count + result.count))
  defer { Trace.close(span) }
  let line = size.outWidth * size.channels
  Parallel.ranges(x.shape[0] * size.outHeight, grain: max(1, 8192 / max(1, line))) { start, end in
    for row in start..<end {
      let (picture, y) = row.quotientAndRemainder(dividingBy: size.outHeight)
      let source = x.pointer + picture * size.inCount
      let target = result.pointer + row * line
      target.update(repeating: 0, count: line)
      forEachCorner(ofRow: y, sampling.maps[picture], size) { column, pixel, weight in
        let (from, to) = (source + pixel &* size.channels, target + column &* size.channels)
        for c in 0..<size.channels { to[c].addProduct(from[c], weight) }
      }
    }
  }
  return recorded(result, from: [x]) { g, _, _ in
    [spreadGrid(g, sampling, height: size.inHeight, width: size.inWidth)]
  }
}

/// The adjoint of `sampleGrid`: [N,H',W',C] → [N,H,W,C].
private func spreadGrid(_ g: Tensor, _ sampling: AffineSampling, height: Int, width: Int) -> Tensor {
  let size = Sizes([g.shape[0], height, width, g.shape[3]], sampling)
  let result = Tensor.zeros([g.shape[0], height, width, size.channels])
  let span = Trace.open(
    "spreadGrid", "\(g.shape) \(result.shape)", operations: 8 * g.count, bytes: 4 * (g.count + result.count))
  defer { Trace.close(span) }
  let line = size.outWidth * size.channels
  // Pixels of one picture may fall on the same place, so a picture is one thread's.
  Parallel.ranges(g.shape[0], grain: 1) { start, end in
    for picture in start..<end {
      let target = result.pointer + picture * size.inCount
      for y in 0..<size.outHeight {
        let source = g.pointer + (picture * size.outHeight + y) * line
        forEachCorner(ofRow: y, sampling.maps[picture], size) { column, pixel, weight in
          let (from, to) = (source + column &* size.channels, target + pixel &* size.channels)
          for c in 0..<size.channels { to[c].addProduct(from[c], weight) }
        }
      }
    }
  }
  return recorded(result, from: [g]) { u, _, _ in [sampleGrid(u, sampling)] }
}

private struct Sizes {
  let inHeight, inWidth, outHeight, outWidth, channels: Int
  var inCount: Int { inHeight * inWidth * channels }

  init(_ shape: [Int], _ sampling: AffineSampling) {
    (inHeight, inWidth, channels) = (shape[1], shape[2], shape[3])
    (outHeight, outWidth) = (sampling.outHeight, sampling.outWidth)
  }
}

/// Calls `body` with each output column of a row, each of the up to four input pixels around its source, and that
/// pixel's weight. Positions are computed in double precision: in a picture of 1500 pixels float32 would be off by a
/// ten thousandth of one.
@inline(__always)
private func forEachCorner(
  ofRow row: Int, _ map: AffineMap, _ size: Sizes, _ body: (_ column: Int, _ pixel: Int, _ weight: Float) -> Void
) {
  let (middleX, middleY) = (Double(size.inWidth - 1) / 2, Double(size.inHeight - 1) / 2)
  let fromMiddle = Double(row) - Double(size.outHeight - 1) / 2
  for column in 0..<size.outWidth {
    let place = map(Double(column) - Double(size.outWidth - 1) / 2, fromMiddle)
    let (sourceX, sourceY) = (place.x + middleX, place.y + middleY)
    // Also false where the position is not a number.
    guard sourceX > -1, sourceX < Double(size.inWidth), sourceY > -1, sourceY < Double(size.inHeight) else { continue }
    let (left, top) = (sourceX.rounded(.down), sourceY.rounded(.down))
    let (right, down) = (Float(sourceX - left), Float(sourceY - top))
    let (x, y) = (Int(left), Int(top))
    for step in 0..<2 {
      let (line, vertical) = (y &+ step, step == 0 ? 1 - down : down)
      guard line >= 0 && line < size.inHeight else { continue }
      if x >= 0 { body(column, line &* size.inWidth &+ x, vertical * (1 - right)) }
      if x &+ 1 < size.inWidth { body(column, line &* size.inWidth &+ x &+ 1, vertical * right) }
    }
  }
}
