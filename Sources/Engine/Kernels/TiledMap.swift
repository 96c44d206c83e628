/// Eight channels at once: Winograd's transforms never mix channels, and hold many values at a time.
typealias Eight = SIMD8<Float>

/// What a one-dimensional transform reads or writes: values of eight channels that lie `step` floats apart.
struct Strip {
  let start: UnsafeMutablePointer<Float>
  let step: Int

  @inline(__always)
  init(_ start: UnsafeMutablePointer<Float>, step: Int) { (self.start, self.step) = (start, step) }

  @inline(__always)
  init(_ start: UnsafePointer<Float>, step: Int) { self.init(UnsafeMutablePointer(mutating: start), step: step) }

  @inline(__always)
  subscript(index: Int) -> Eight {
    get { UnsafeRawPointer(start + index &* step).loadUnaligned(as: Eight.self) }
    nonmutating set { UnsafeMutableRawPointer(start + index &* step).storeBytes(of: newValue, as: Eight.self) }
  }

  /// Writes even ± point·odd: a polynomial's values at a point and at its opposite.
  @inline(__always)
  func putPair(_ index: Int, _ even: Eight, _ odd: Eight, _ point: Float = 1) {
    self[index] = fused(odd, point, even)
    self[index &+ 1] = fused(odd, -point, even)
  }

  /// Every second value.
  var even: Strip {
    @inline(__always) get { Strip(start, step: 2 &* step) }
  }
}

/// A map [N, height, width, channels] as square tiles of a Winograd convolution, which may overlap or hang over its
/// edges: what hangs over is read as zero and not written.
struct TiledMap {
  private let height, width, channels: Int
  /// Tiles of a picture, by rows and columns.
  private let high, wide: Int
  /// The distance of neighbouring tiles, and where the first one starts.
  private let step, origin: Int

  init(_ shape: [Int], step: Int, origin: Int = 0, high: Int, wide: Int) {
    (height, width, channels) = (shape[1], shape[2], shape[3])
    (self.step, self.origin, self.high, self.wide) = (step, origin, high, wide)
  }

  /// A tile's first pixel in the whole map, were it as large as it had to be, and the rows and columns of the tile
  /// that lie inside.
  @inline(__always)
  private func place(_ tile: Int, side: Int) -> (pixel: Int, rows: Range<Int>, columns: Range<Int>) {
    let (line, column) = tile.quotientAndRemainder(dividingBy: wide)
    let (picture, row) = line.quotientAndRemainder(dividingBy: high)
    let (top, left) = (row * step + origin, column * step + origin)
    func inside(_ first: Int, _ length: Int) -> Range<Int> {
      let start = min(side, max(0, -first))
      return start..<max(start, min(side, length - first))
    }
    return ((picture * height + top) * width + left, inside(top, height), inside(left, width))
  }

  /// Calls `body` with the start of each run of eight channels; the last run may overlap the one before.
  @inline(__always)
  private func forEachRun(_ body: (Int) -> Void) {
    var c = 0
    while c < channels {
      body(min(c, channels &- 8))
      c &+= 8
    }
  }

  /// Transforms the columns and then the rows of tiles, `side` values to `points` each, into planes from row `first` on.
  @inline(__always)
  func spread(
    _ x: UnsafePointer<Float>, side: Int, points: Int, _ tiles: Range<Int>, into planes: TilePlanes, row first: Int,
    _ transform: (Strip, Strip) -> Void
  ) {
    let patch = Storage(count: side * side * channels)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 8 * side * points) { half in
      let half = half.baseAddress!
      for (index, tile) in tiles.enumerated() {
        let (pixel, rows, columns) = place(tile, side: side)
        var (source, line) = (x + pixel &* channels, width &* channels)
        if rows.count < side || columns.count < side {
          copy(source, to: patch.pointer, side: side, rows: rows, columns: columns)
          (source, line) = (UnsafePointer(patch.pointer), side &* channels)
        }
        forEachRun { c in
          for column in 0..<side {
            transform(
              Strip(source + column &* channels + c, step: line), Strip(half + 8 &* column, step: 8 &* side))
          }
          let point = planes.place(first &+ index, c)
          for row in 0..<points {
            transform(
              Strip(half + 8 &* side &* row, step: 8), Strip(point + row &* points &* planes.stride, step: planes.stride))
          }
        }
      }
    }
  }

  /// Transforms the rows and then the columns of planes, `points` values to `side` each, from row `first` on to tiles of
  /// the map.
  ///
  /// - Parameter finish: What follows for each output, of tiles that do not overlap; written past the caches where
  ///   `streaming`.
  @inline(__always)
  func gather(
    _ planes: TilePlanes, row first: Int, points: Int, side: Int, _ tiles: Range<Int>,
    into y: UnsafeMutablePointer<Float>, _ transform: (Strip, Strip) -> Void, finish: (any OutputFinish)? = nil,
    streaming: Bool = false
  ) {
    let patch = Storage(count: side * side * channels)
    withUnsafeTemporaryAllocation(of: Float.self, capacity: 8 * side * points) { half in
      let half = half.baseAddress!
      for (index, tile) in tiles.enumerated() {
        let (pixel, rows, columns) = place(tile, side: side)
        let isWhole = finish == nil && rows.count == side && columns.count == side
        let (target, line) = isWhole ? (y + pixel &* channels, width &* channels) : (patch.pointer, side &* channels)
        forEachRun { c in
          let point = planes.place(first &+ index, c)
          for row in 0..<points {
            transform(
              Strip(point + row &* points &* planes.stride, step: planes.stride),
              Strip(half + 8 &* row, step: 8 &* points))
          }
          for column in 0..<side {
            transform(
              Strip(half + 8 &* points &* column, step: 8), Strip(target + column &* channels + c, step: line))
          }
        }
        if !isWhole {
          for row in rows {
            let source = patch.pointer + (row * side + columns.lowerBound) * channels
            let first = pixel + row * width + columns.lowerBound
            if let finish {
              finish.apply(
                from: source, to: y, rows: first..<first + columns.count, channels: 0..<channels, streaming: streaming)
            } else {
              (y + first * channels).update(from: source, count: columns.count * channels)
            }
          }
        }
      }
    }
  }

  /// Copies a tile that hangs over, with zeros outside.
  private func copy(
    _ source: UnsafePointer<Float>, to patch: UnsafeMutablePointer<Float>, side: Int, rows: Range<Int>,
    columns: Range<Int>
  ) {
    for row in 0..<side {
      let out = patch + row * side * channels
      let inside = rows.contains(row) ? columns : 0..<0
      out.update(repeating: 0, count: inside.lowerBound * channels)
      (out + inside.lowerBound * channels).update(
        from: source + (row * width + inside.lowerBound) * channels, count: inside.count * channels)
      (out + inside.upperBound * channels).update(repeating: 0, count: (side - inside.upperBound) * channels)
    }
  }
}
