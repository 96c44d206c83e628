/// The tiles of a 3×3 convolution of stride 2: three by three values of the small map, y of y = x ∗ w, and what they
/// have to do with in the large one.
///
/// Transformed tiles stand in 49 planes [tiles, channels], as `WinogradTiles`' in 36.
struct StridedWinogradTiles {
  typealias Lanes = WinogradTransforms.Lanes
  typealias Transforms = StridedWinogradTransforms

  /// Of the convolution from the large map to the small one.
  let size: ConvolutionSize
  /// Whether the tiles are to make the large map from the small one.
  let isTransposed: Bool
  let high, wide: Int
  var count: Int { size.batch * high * wide }

  init(_ size: ConvolutionSize, isTransposed: Bool) {
    (self.size, self.isTransposed) = (size, isTransposed)
    if isTransposed {
      high = (size.height + size.window.padding + 5) / 6
      wide = (size.width + size.window.padding + 5) / 6
    } else {
      high = (size.outHeight + 2) / 3
      wide = (size.outWidth + 2) / 3
    }
  }

  /// One of the two maps [N, height, width, channels].
  private struct Map {
    let height, width, channels: Int
  }
  private var large: Map { Map(height: size.height, width: size.width, channels: size.inChannels) }
  private var small: Map { Map(height: size.outHeight, width: size.outWidth, channels: size.outChannels) }

  /// The picture of a tile and its place among the picture's.
  private func place(_ tile: Int) -> (picture: Int, row: Int, column: Int) {
    let (row, column) = tile.quotientAndRemainder(dividingBy: wide)
    return (row / high, row % high, column)
  }

  // MARK: - Into planes

  /// x [N,H,W,I], the large map.
  func transformLarge(_ x: UnsafePointer<Float>, _ tiles: Range<Int>, into planes: UnsafeMutablePointer<Float>, stride: Int) {
    spread(
      x, large, side: 7, step: 6, origin: -size.window.padding, tiles, into: planes, stride: stride
    ) { Transforms.largeInput(($0[0], $0[1], $0[2], $0[3], $0[4], $0[5], $0[6])) }
  }

  /// g [N,H',W',O], the small map, to make the large one from.
  func transformSmall(_ g: UnsafePointer<Float>, _ tiles: Range<Int>, into planes: UnsafeMutablePointer<Float>, stride: Int) {
    spread(g, small, side: 4, step: 3, origin: -1, tiles, into: planes, stride: stride) {
      Transforms.smallInput(($0[0], $0[1], $0[2], $0[3]))
    }
  }

  /// g [N,H',W',O], the small map: what the weight gradient multiplies the transformed large map by.
  func transformOutputGradient(
    _ g: UnsafePointer<Float>, _ tiles: Range<Int>, into planes: UnsafeMutablePointer<Float>, stride: Int
  ) {
    spread(g, small, side: 3, step: 3, origin: 0, tiles, into: planes, stride: stride) {
      Transforms.outputGradient(($0[0], $0[1], $0[2]))
    }
  }

  /// Transforms the columns and then the rows of square pieces of a map; what hangs over its edges is zero.
  @inline(__always)
  private func spread(
    _ x: UnsafePointer<Float>, _ map: Map, side: Int, step: Int, origin: Int, _ tiles: Range<Int>,
    into planes: UnsafeMutablePointer<Float>, stride: Int, _ transform: (UnsafeMutablePointer<Lanes>) -> Transforms.Seven
  ) {
    let channels = map.channels
    let zeros = Storage(count: channels)
    zeros.pointer.update(repeating: 0, count: channels)
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 49) { sources in
      withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 56) { lanes in
        let (half, line) = (lanes.baseAddress!, lanes.baseAddress! + 49)
        for (index, tile) in tiles.enumerated() {
          let (picture, tileRow, tileColumn) = place(tile)
          for row in 0..<side {
            let y = tileRow * step + origin + row
            for column in 0..<side {
              let at = tileColumn * step + origin + column
              let isInside = y >= 0 && y < map.height && at >= 0 && at < map.width
              sources[row &* side &+ column] =
                isInside ? x + ((picture * map.height + y) * map.width + at) * channels : UnsafePointer(zeros.pointer)
            }
          }
          let out = planes + index &* channels
          WinogradTiles.forEachRun(channels) { c in
            for column in 0..<side {
              for row in 0..<side { line[row] = WinogradTiles.load(sources[row &* side &+ column] + c) }
              let v = transform(line)
              (half[column], half[column &+ side], half[column &+ 2 &* side]) = (v.0, v.1, v.2)
              (half[column &+ 3 &* side], half[column &+ 4 &* side]) = (v.3, v.4)
              (half[column &+ 5 &* side], half[column &+ 6 &* side]) = (v.5, v.6)
            }
            var point = out + c
            for row in 0..<7 {
              let v = transform(half + row &* side)
              WinogradTiles.store(v.0, point)
              WinogradTiles.store(v.1, point + stride)
              WinogradTiles.store(v.2, point + 2 &* stride)
              WinogradTiles.store(v.3, point + 3 &* stride)
              WinogradTiles.store(v.4, point + 4 &* stride)
              WinogradTiles.store(v.5, point + 5 &* stride)
              WinogradTiles.store(v.6, point + 6 &* stride)
              point += 7 &* stride
            }
          }
        }
      }
    }
  }

  // MARK: - Out of planes

  /// Planes [tiles, O] to the small map y [N,H',W',O].
  func transformToSmall(
    _ planes: UnsafePointer<Float>, stride: Int, _ tiles: Range<Int>, into y: UnsafeMutablePointer<Float>
  ) {
    gather(planes, stride: stride, tiles, into: y, small, side: 3, origin: 0) { m, out in
      (out[0], out[1], out[2]) = Transforms.smallOutput(m)
    }
  }

  /// Planes [tiles, I] to the large map x [N,H,W,I].
  func transformToLarge(
    _ planes: UnsafePointer<Float>, stride: Int, _ tiles: Range<Int>, into x: UnsafeMutablePointer<Float>
  ) {
    gather(planes, stride: stride, tiles, into: x, large, side: 6, origin: -size.window.padding) { m, out in
      (out[0], out[1], out[2], out[3], out[4], out[5]) = Transforms.largeOutput(m)
    }
  }

  /// Transforms the rows and then the columns of planes to square pieces of a map; what hangs over is not written.
  @inline(__always)
  private func gather(
    _ planes: UnsafePointer<Float>, stride: Int, _ tiles: Range<Int>, into y: UnsafeMutablePointer<Float>, _ map: Map,
    side: Int, origin: Int, _ transform: (Transforms.Seven, UnsafeMutablePointer<Lanes>) -> Void
  ) {
    let channels = map.channels
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 56) { lanes in
      let (half, line) = (lanes.baseAddress!, lanes.baseAddress! + 48)
      for (index, tile) in tiles.enumerated() {
        let (picture, tileRow, tileColumn) = place(tile)
        let (top, left) = (tileRow * side + origin, tileColumn * side + origin)
        let rows = max(0, -top)..<max(0, -top, min(side, map.height - top))
        let columns = max(0, -left)..<max(0, -left, min(side, map.width - left))
        let source = planes + index &* channels
        let out = y + (picture * map.height * map.width + top * map.width + left) * channels
        WinogradTiles.forEachRun(channels) { c in
          var point = source + c
          for row in 0..<7 {
            transform(
              (
                WinogradTiles.load(point), WinogradTiles.load(point + stride), WinogradTiles.load(point + 2 &* stride),
                WinogradTiles.load(point + 3 &* stride), WinogradTiles.load(point + 4 &* stride),
                WinogradTiles.load(point + 5 &* stride), WinogradTiles.load(point + 6 &* stride)
              ), line)
            point += 7 &* stride
            for column in 0..<side { half[column &* 7 &+ row] = line[column] }
          }
          for column in columns {
            let at = half + column &* 7
            transform((at[0], at[1], at[2], at[3], at[4], at[5], at[6]), line)
            let target = out + column &* channels + c
            for row in rows { WinogradTiles.store(line[row], target + row &* map.width &* channels) }
          }
        }
      }
    }
  }

  // MARK: - Weights

  /// G w Gᵀ of a weight [3,3,I,O] into 25 planes [I,O] that lie in panels.
  static func transformWeight(
    _ weight: UnsafePointer<Float>, _ panels: WeightPanels, into planes: UnsafeMutablePointer<Float>
  ) {
    let (inputs, outputs) = (panels.inputs, panels.outputs)
    let count = inputs * outputs
    let stride = WinogradTiles.planeStride(inputs, outputs)
    Parallel.ranges((count + 7) / 8, grain: 256) { start, end in
      withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 15) { half in
        for run in start..<end {
          let c = min(run &* 8, count &- 8)
          for column in 0..<3 {
            let tap = weight + c + column &* count
            let v = Transforms.weight(
              (
                WinogradTiles.load(tap), WinogradTiles.load(tap + 3 &* count), WinogradTiles.load(tap + 6 &* count)
              ))
            (half[column], half[column &+ 3], half[column &+ 6]) = (v.0, v.1, v.2)
            (half[column &+ 9], half[column &+ 12]) = (v.3, v.4)
          }
          var point = planes + panels.place(c)
          for row in 0..<5 {
            let at = row &* 3
            let v = Transforms.weight((half[at], half[at &+ 1], half[at &+ 2]))
            WinogradTiles.store(v.0, point)
            WinogradTiles.store(v.1, point + stride)
            WinogradTiles.store(v.2, point + 2 &* stride)
            WinogradTiles.store(v.3, point + 3 &* stride)
            WinogradTiles.store(v.4, point + 4 &* stride)
            point += 5 &* stride
          }
        }
      }
    }
  }

  /// Gᵀ u G of 25 planes [I,O], each the sum over its points, into a weight gradient [3,3,I,O].
  static func transformWeightGradient(
    _ planes: UnsafePointer<Float>, inputs: Int, outputs: Int, into weight: UnsafeMutablePointer<Float>
  ) {
    let count = inputs * outputs
    let stride = WinogradTiles.planeStride(inputs, outputs)
    Parallel.ranges((count + 7) / 8, grain: 256) { start, end in
      withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 15) { half in
        for run in start..<end {
          let c = min(run &* 8, count &- 8)
          var point = planes + c
          for row in 0..<5 {
            let v = Transforms.weightGradient(
              (
                WinogradTiles.load(point), WinogradTiles.load(point + stride), WinogradTiles.load(point + 2 &* stride),
                WinogradTiles.load(point + 3 &* stride), WinogradTiles.load(point + 4 &* stride)
              ))
            point += 5 &* stride
            (half[row], half[row &+ 5], half[row &+ 10]) = (v.0, v.1, v.2)
          }
          for column in 0..<3 {
            let at = column &* 5
            let v = Transforms.weightGradient(
              (half[at], half[at &+ 1], half[at &+ 2], half[at &+ 3], half[at &+ 4]))
            WinogradTiles.store(v.0, weight + c + column &* count)
            WinogradTiles.store(v.1, weight + c + (column &+ 3) &* count)
            WinogradTiles.store(v.2, weight + c + (column &+ 6) &* count)
          }
        }
      }
    }
  }
}
