/// The tiles of a Winograd convolution: each makes 4×4 outputs from 6×6 inputs, which overlap their neighbours' by two.
///
/// Transformed tiles stand in 36 planes, one per point: plane [tiles, channels], so that the products over all tiles
/// are 36 matrix products. Where a map is not a multiple of four the last tiles hang over its edge; what hangs over is
/// read as zero and not written.
struct WinogradTiles {
  typealias Lanes = WinogradTransforms.Lanes

  let size: ConvolutionSize
  let high, wide: Int
  /// The number of tiles over the whole batch.
  var count: Int { size.batch * high * wide }

  init(_ size: ConvolutionSize) {
    self.size = size
    high = (size.outHeight + 3) / 4
    wide = (size.outWidth + 3) / 4
  }

  /// The distance of two planes of `tiles` tiles. One cache line more than needed: at a power of two all planes
  /// would fall into the same lines of the cache.
  static func planeStride(_ tiles: Int, _ channels: Int) -> Int { (tiles * channels + 15) / 16 * 16 + 16 }

  /// The first output row and column of a tile, and its picture.
  private func place(_ tile: Int) -> (picture: Int, top: Int, left: Int) {
    let (row, column) = tile.quotientAndRemainder(dividingBy: wide)
    return (row / high, row % high * 4, column * 4)
  }

  /// Calls `body` with the start of each run of eight channels; the last run may overlap the one before.
  @inline(__always)
  static func forEachRun(_ channels: Int, _ body: (Int) -> Void) {
    var c = 0
    while c < channels {
      body(min(c, channels &- 8))
      c &+= 8
    }
  }

  @inline(__always)
  static func load(_ p: UnsafePointer<Float>) -> Lanes {
    UnsafeRawPointer(p).loadUnaligned(as: Lanes.self)
  }

  @inline(__always)
  static func store(_ value: Lanes, _ p: UnsafeMutablePointer<Float>) {
    UnsafeMutableRawPointer(p).storeBytes(of: value, as: Lanes.self)
  }

  /// Bᵀ d B of tiles `tiles` of x [N,H,W,I] into planes whose first row is the first of them.
  func transformInput(_ x: UnsafePointer<Float>, _ tiles: Range<Int>, into planes: UnsafeMutablePointer<Float>, stride: Int) {
    let channels = size.inChannels
    let zeros = Storage(count: channels)
    zeros.pointer.update(repeating: 0, count: channels)
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 36) { sources in
      withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 36) { half in
        for (index, tile) in tiles.enumerated() {
          let (picture, top, left) = place(tile)
          for row in 0..<6 {
            let y = top + row - size.window.padding
            for column in 0..<6 {
              let at = left + column - size.window.padding
              let isInside = y >= 0 && y < size.height && at >= 0 && at < size.width
              sources[row &* 6 &+ column] =
                isInside ? x + ((picture * size.height + y) * size.width + at) * channels : UnsafePointer(zeros.pointer)
            }
          }
          let out = planes + index &* channels
          Self.forEachRun(channels) { c in
            for column in 0..<6 {
              let v = WinogradTransforms.input(
                (
                  Self.load(sources[column] + c), Self.load(sources[column &+ 6] + c),
                  Self.load(sources[column &+ 12] + c), Self.load(sources[column &+ 18] + c),
                  Self.load(sources[column &+ 24] + c), Self.load(sources[column &+ 30] + c)
                ))
              (half[column], half[column &+ 6], half[column &+ 12]) = (v.0, v.1, v.2)
              (half[column &+ 18], half[column &+ 24], half[column &+ 30]) = (v.3, v.4, v.5)
            }
            var point = out + c
            for row in 0..<6 {
              let v = WinogradTransforms.input(Self.six(half, row &* 6))
              point = Self.storeSix(v, point, stride)
            }
          }
        }
      }
    }
  }

  /// A g Aᵀ of tiles of g [N,H',W',O]: what the weight gradient multiplies the transformed input by.
  func transformOutputGradient(
    _ g: UnsafePointer<Float>, _ tiles: Range<Int>, into planes: UnsafeMutablePointer<Float>, stride: Int
  ) {
    let channels = size.outChannels
    let zeros = Storage(count: channels)
    zeros.pointer.update(repeating: 0, count: channels)
    withUnsafeTemporaryAllocation(of: UnsafePointer<Float>.self, capacity: 16) { sources in
      withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 24) { half in
        for (index, tile) in tiles.enumerated() {
          let (picture, top, left) = place(tile)
          for row in 0..<4 {
            for column in 0..<4 {
              let (y, at) = (top + row, left + column)
              sources[row &* 4 &+ column] =
                y < size.outHeight && at < size.outWidth
                ? g + ((picture * size.outHeight + y) * size.outWidth + at) * channels : UnsafePointer(zeros.pointer)
            }
          }
          let out = planes + index &* channels
          Self.forEachRun(channels) { c in
            for column in 0..<4 {
              let v = WinogradTransforms.outputGradient(
                (
                  Self.load(sources[column] + c), Self.load(sources[column &+ 4] + c),
                  Self.load(sources[column &+ 8] + c), Self.load(sources[column &+ 12] + c)
                ))
              (half[column], half[column &+ 4], half[column &+ 8]) = (v.0, v.1, v.2)
              (half[column &+ 12], half[column &+ 16], half[column &+ 20]) = (v.3, v.4, v.5)
            }
            var point = out + c
            for row in 0..<6 {
              let at = row &* 4
              let v = WinogradTransforms.outputGradient((half[at], half[at &+ 1], half[at &+ 2], half[at &+ 3]))
              point = Self.storeSix(v, point, stride)
            }
          }
        }
      }
    }
  }

  /// Aᵀ m A of planes [tiles, O], written to the outputs y [N,H',W',O].
  func transformOutput(
    _ planes: UnsafePointer<Float>, stride: Int, _ tiles: Range<Int>, into y: UnsafeMutablePointer<Float>
  ) {
    let channels = size.outChannels
    withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 24) { half in
      for (index, tile) in tiles.enumerated() {
        let (picture, top, left) = place(tile)
        let (rows, columns) = (min(4, size.outHeight - top), min(4, size.outWidth - left))
        let out = y + ((picture * size.outHeight + top) * size.outWidth + left) * channels
        let source = planes + index &* channels
        Self.forEachRun(channels) { c in
          var point = source + c
          for row in 0..<6 {
            let v = WinogradTransforms.output(
              (
                Self.load(point), Self.load(point + stride), Self.load(point + 2 &* stride),
                Self.load(point + 3 &* stride), Self.load(point + 4 &* stride), Self.load(point + 5 &* stride)
              ))
            point += 6 &* stride
            let at = row &* 4
            (half[at], half[at &+ 1], half[at &+ 2], half[at &+ 3]) = (v.0, v.1, v.2, v.3)
          }
          var target = out + c
          let step = size.outWidth &* channels
          for column in 0..<columns {
            let v = WinogradTransforms.output(
              (
                half[column], half[column &+ 4], half[column &+ 8], half[column &+ 12], half[column &+ 16],
                half[column &+ 20]
              ))
            Self.store(v.0, target)
            if rows > 1 { Self.store(v.1, target + step) }
            if rows > 2 { Self.store(v.2, target + 2 &* step) }
            if rows > 3 { Self.store(v.3, target + 3 &* step) }
            target += channels
          }
        }
      }
    }
  }

  /// What follows the convolution, for the outputs of some tiles.
  func finish(_ tiles: Range<Int>, of y: UnsafeMutablePointer<Float>, _ finish: ChannelFinish) {
    for tile in tiles {
      let (picture, top, left) = place(tile)
      for row in top..<min(top + 4, size.outHeight) {
        let first = (picture * size.outHeight + row) * size.outWidth + left
        finish.apply(to: y, rows: first..<first + min(4, size.outWidth - left), channels: 0..<size.outChannels)
      }
    }
  }

  /// G w Gᵀ of a weight [3,3,I,O] into 36 planes [I,O] that lie in panels.
  static func transformWeight(
    _ weight: UnsafePointer<Float>, _ panels: WeightPanels, into planes: UnsafeMutablePointer<Float>
  ) {
    let (inputs, outputs) = (panels.inputs, panels.outputs)
    let count = inputs * outputs
    let stride = planeStride(inputs, outputs)
    Parallel.ranges((count + 7) / 8, grain: 256) { start, end in
      withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 18) { half in
        for run in start..<end {
          let c = min(run &* 8, count &- 8)
          for column in 0..<3 {
            let tap = weight + c + column &* count
            let v = WinogradTransforms.weight((load(tap), load(tap + 3 &* count), load(tap + 6 &* count)))
            (half[column], half[column &+ 3], half[column &+ 6]) = (v.0, v.1, v.2)
            (half[column &+ 9], half[column &+ 12], half[column &+ 15]) = (v.3, v.4, v.5)
          }
          var point = planes + panels.place(c)
          for row in 0..<6 {
            let at = row &* 3
            point = storeSix(WinogradTransforms.weight((half[at], half[at &+ 1], half[at &+ 2])), point, stride)
          }
        }
      }
    }
  }

  /// Gᵀ u G of 36 planes [I,O] into a weight gradient [3,3,I,O].
  static func transformWeightGradient(
    _ planes: UnsafePointer<Float>, inputs: Int, outputs: Int, into weight: UnsafeMutablePointer<Float>
  ) {
    let count = inputs * outputs
    let stride = planeStride(inputs, outputs)
    Parallel.ranges((count + 7) / 8, grain: 256) { start, end in
      withUnsafeTemporaryAllocation(of: Lanes.self, capacity: 18) { half in
        for run in start..<end {
          let c = min(run &* 8, count &- 8)
          var point = planes + c
          for row in 0..<6 {
            let v = WinogradTransforms.weightGradient(
              (
                load(point), load(point + stride), load(point + 2 &* stride), load(point + 3 &* stride),
                load(point + 4 &* stride), load(point + 5 &* stride)
              ))
            point += 6 &* stride
            (half[row], half[row &+ 6], half[row &+ 12]) = (v.0, v.1, v.2)
          }
          for column in 0..<3 {
            let v = WinogradTransforms.weightGradient(six(half, column &* 6))
            store(v.0, weight + c + column &* count)
            store(v.1, weight + c + (column &+ 3) &* count)
            store(v.2, weight + c + (column &+ 6) &* count)
          }
        }
      }
    }
  }

  @inline(__always)
  private static func six(_ lanes: UnsafeMutableBufferPointer<Lanes>, _ at: Int) -> WinogradTransforms.Six {
    (lanes[at], lanes[at &+ 1], lanes[at &+ 2], lanes[at &+ 3], lanes[at &+ 4], lanes[at &+ 5])
  }

  /// Writes six neighbouring points' values and returns where the next six belong.
  @inline(__always)
  private static func storeSix(_ v: WinogradTransforms.Six, _ point: UnsafeMutablePointer<Float>, _ stride: Int)
    -> UnsafeMutablePointer<Float>
  {
    store(v.0, point)
    store(v.1, point + stride)
    store(v.2, point + 2 &* stride)
    store(v.3, point + 3 &* stride)
    store(v.4, point + 4 &* stride)
    store(v.5, point + 5 &* stride)
    return point + 6 &* stride
  }
}
