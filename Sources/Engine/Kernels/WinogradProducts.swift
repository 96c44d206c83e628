/// The matrix products of a Winograd convolution, whatever its tiles: a block of tiles is transformed into planes that
/// stay in cache, one for each point; each plane is multiplied by a plane of the transformed weight, and the products
/// are transformed into the outputs. Blocks are cut by shape alone.
struct WinogradProducts {
  let tiles, inputs, outputs: Int
  /// The plane of the transformed weight that each point is multiplied by.
  let weightPlanes: [Int]

  private var points: Int { weightPlanes.count }
  private var weightPlaneCount: Int { weightPlanes.max()! + 1 }
  var weightStride: Int { Self.planeStride(inputs, outputs) }
  /// The distance of two planes of so many values. One cache line more than needed: at a power of two all planes would
  /// fall into the same lines of the cache.
  static func planeStride(_ rows: Int, _ columns: Int) -> Int { (rows * columns).roundedUp(to: 16) + 16 }

  /// Room for the transformed weight, or its gradient.
  func weightStorage() -> Storage { Storage(count: weightPlaneCount * weightStride) }

  /// How the planes of the transformed weight lie.
  var weightPanels: WeightPanels {
    // A large weight is multiplied by block after block; it is laid out once as OpenBLAS reads it fastest.
    let isCut = isHeavy && outputs % 8 == 0
    return WeightPanels(inputs: inputs, outputs: outputs, width: isCut ? GEMM.evenShare(outputs, atMost: 64) : outputs)
  }

  /// Tiles in a range, of which the first is the planes' given row.
  typealias FromPlanes = (TilePlanes, _ row: Int, Range<Int>) -> Void
  typealias IntoPlanes = (Range<Int>, TilePlanes, _ row: Int) -> Void

  /// Whether the transformed weight is too large for a core's cache. Then blocks are long, so that it is read seldom.
  private var isHeavy: Bool { inputs * outputs >= 1 << 16 }

  /// Tiles of a block: about 128, fewer where they have many points, or about 32, which stay in cache; few blocks are
  /// shared out evenly among two or four threads.
  private var blockLength: Int {
    if isHeavy { return min(tiles, 128 * 49 / max(49, points) / 8 * 8) }
    let blocks = (tiles + 31) / 32
    return max(min(tiles, 8), (tiles + blocks.roundedUp(to: 4) - 1) / blocks.roundedUp(to: 4))
  }

  /// The outputs of all tiles.
  func forward(weights: Storage, input: IntoPlanes, output: FromPlanes) {
    let weightStride = weightStride
    let panelWidth = weightPanels.width < outputs ? weightPanels.width : nil
    let length = blockLength
    func multiply(_ point: Int, _ rows: Int, _ v: TilePlanes, _ m: TilePlanes) {
      GEMM.call(
        transposeA: false, transposeB: false, m: rows, n: outputs, k: inputs, v.plane(point), strideA: inputs,
        weights.pointer + weightPlanes[point] * weightStride, strideB: outputs, m.plane(point), strideC: outputs,
        panelWidth: panelWidth)
    }
    let blocks = (tiles + length - 1) / length
    if isHeavy && blocks < 8 {
      // Too few blocks to share out evenly, and each thread would read the whole weight: all threads work on one block
      // after the other, step by step.
      let v = TilePlanes(points: points, rows: length, channels: inputs)
      let m = TilePlanes(points: points, rows: length, channels: outputs)
      for block in 0..<blocks {
        let start = block * length
        let rows = min(tiles, start + length) - start
        Parallel.ranges(rows, grain: max(1, 4096 / inputs)) { first, last in
          input(start + first..<start + last, v, first)
        }
        Parallel.pieces(points) { multiply($0, rows, v, m) }
        Parallel.ranges(rows, grain: max(1, 4096 / outputs)) { first, last in
          output(m, first, start + first..<start + last)
        }
      }
      return
    }
    Parallel.pieces(blocks) { block in
      let range = block * length..<min(tiles, (block + 1) * length)
      let (v, m) = TilePlanes.following(points: points, rows: length, channels: inputs, outputs)
      input(range, v, 0)
      for point in 0..<points { multiply(point, range.count, v, m) }
      output(m, 0, range)
    }
  }

  /// The gradient of the transformed weight: products [I, tiles]·[tiles, O], each plane's summed over its points and all
  /// tiles by one thread, chunk after chunk.
  func weightGradient(input: IntoPlanes, outputGradient: IntoPlanes) -> Storage {
    let length = max(1, min(tiles, 128))
    // Columns of large planes are multiplied panel by panel, and written as such.
    let isCut = isHeavy && inputs % 8 == 0 && outputs % 8 == 0
    let v = TilePlanes(points: points, rows: length, channels: inputs, isCut: isCut)
    let z = TilePlanes(points: points, rows: length, channels: outputs, isCut: isCut)
    let weightStride = weightStride
    let sums = weightStorage()
    // Those with the most points first, so that no thread is left with one of them at the end.
    let planes = (0..<weightPlaneCount).map { plane in
      (plane: plane, points: weightPlanes.indices.filter { weightPlanes[$0] == plane })
    }.sorted { ($1.points.count, $0.plane) < ($0.points.count, $1.plane) }
    let (rows, columns) = (v.panels, z.panels)
    for start in stride(from: 0, to: tiles, by: length) {
      let end = min(tiles, start + length)
      Parallel.ranges(end - start, grain: max(1, 1024 / (inputs + outputs))) { first, last in
        let range = start + first..<start + last
        input(range, v, first)
        outputGradient(range, z, first)
      }
      Parallel.pieces(planes.count) { piece in
        for (index, point) in planes[piece].points.enumerated() {
          let sum = sums.pointer + planes[piece].plane * weightStride
          for (left, height) in rows {
            for (right, width) in columns {
              GEMM.call(
                transposeA: true, transposeB: false, m: height, n: width, k: end - start,
                v.panel(point, left), strideA: v.rowStride, z.panel(point, right), strideB: z.rowStride,
                sum + left * outputs + right, strideC: outputs, accumulating: start > 0 || index > 0)
            }
          }
        }
      }
    }
    return sums
  }
}

/// Transformed tiles: plane after plane [tiles, channels], one for each point, row by row or in panels of 64
/// neighbouring channels, each in one piece.
struct TilePlanes {
  private let storage: Storage
  private let first: UnsafeMutablePointer<Float>
  private let channels: Int
  /// A channel's panel and its place therein are these bits of it.
  private let shift, mask, panelStride: Int
  let rowStride: Int
  /// The distance of two planes.
  let stride: Int

  /// - Parameter isCut: Whether the planes lie in panels; `channels` must be a multiple of eight then.
  init(points: Int, rows: Int, channels: Int, isCut: Bool = false) {
    let stride = WinogradProducts.planeStride(rows, isCut ? channels.roundedUp(to: 64) : channels)
    self.init(Storage(count: points * stride), from: 0, stride: stride, rows: rows, channels: channels, isCut: isCut)
  }

  private init(_ storage: Storage, from start: Int, stride: Int, rows: Int, channels: Int, isCut: Bool = false) {
    (self.storage, self.channels, self.stride) = (storage, channels, stride)
    first = storage.pointer + start
    shift = isCut ? 6 : Int.bitWidth - 2
    mask = (1 << shift) - 1
    rowStride = isCut ? 64 : channels
    panelStride = rows * rowStride
  }

  /// Planes of operands and of their products, each of which lies where the operand before it was: for products that
  /// are made one after the other, and then the operands are needed no more. So products are written to lines that are
  /// still in cache.
  static func following(
    points: Int, rows: Int, channels: Int, _ outputs: Int
  ) -> (operands: TilePlanes, products: TilePlanes) {
    let stride = WinogradProducts.planeStride(rows, max(channels, outputs))
    let storage = Storage(count: (points + 1) * stride)
    return (
      TilePlanes(storage, from: stride, stride: stride, rows: rows, channels: channels),
      TilePlanes(storage, from: 0, stride: stride, rows: rows, channels: outputs)
    )
  }

  func plane(_ point: Int) -> UnsafeMutablePointer<Float> { first + point * stride }

  /// Where a tile's value of a channel stands in the first plane, and seven more of its channels after it.
  @inline(__always)
  func place(_ row: Int, _ channel: Int) -> UnsafeMutablePointer<Float> {
    first + (channel &>> shift) &* panelStride + row &* rowStride + channel & mask
  }

  /// The first channel and the width of each panel.
  var panels: [(first: Int, width: Int)] {
    Swift.stride(from: 0, to: channels, by: rowStride).map { ($0, min(rowStride, channels - $0)) }
  }

  /// The panel [tiles, width] of a plane that starts at a channel.
  func panel(_ point: Int, _ first: Int) -> UnsafeMutablePointer<Float> { plane(point) + (first &>> shift) * panelStride }
}

/// The layout of a matrix [I, O] in panels of neighbouring columns, each [I, width] in one piece; the last may be
/// narrower. One panel is the matrix row by row.
struct WeightPanels {
  let inputs, outputs, width: Int

  /// Where the value stands that row by row would be the `index`th. Eight neighbours stay together where `outputs` is a
  /// multiple of eight, or the panel the only one.
  @inline(__always)
  func place(_ index: Int) -> Int {
    if width >= outputs { return index }
    let (row, column) = index.quotientAndRemainder(dividingBy: outputs)
    let first = column / width &* width
    return first &* inputs &+ row &* min(width, outputs &- first) &+ column &- first
  }
}
