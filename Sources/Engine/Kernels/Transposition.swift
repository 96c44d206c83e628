/// Matrices turned over, in blocks of 8×8 values that pass through registers.
enum Transposition {
  /// [rows, columns] → [columns, rows], on all threads.
  static func transpose(
    _ source: UnsafePointer<Float>, rows: Int, columns: Int, into target: UnsafeMutablePointer<Float>
  ) {
    Parallel.ranges((columns + 7) / 8, grain: max(1, 4096 / max(1, rows))) { start, end in
      transposePanel(
        source + start * 8, rows: rows, columns: min(columns, end * 8) - start * 8, stride: columns,
        into: target + start * 8 * rows)
    }
  }

  /// A part of a larger matrix: `rows` rows of `columns` values, `stride` apart → [columns, rows]. On one thread.
  static func transposePanel(
    _ source: UnsafePointer<Float>, rows: Int, columns: Int, stride: Int, into target: UnsafeMutablePointer<Float>
  ) {
    var first = 0
    while first < columns {
      var row = 0
      if first + 8 <= columns {
        while row + 8 <= rows {
          transposeBlock(source + row &* stride + first, stride, into: target + first &* rows + row, rows)
          row &+= 8
        }
      }
      while row < rows {
        for column in first..<min(columns, first + 8) {
          target[column &* rows &+ row] = source[row &* stride &+ column]
        }
        row &+= 1
      }
      first &+= 8
    }
  }

  /// Three rounds of interleaving rows four apart turn an 8×8 block over.
  @inline(__always)
  private static func transposeBlock(
    _ source: UnsafePointer<Float>, _ sourceStride: Int, into target: UnsafeMutablePointer<Float>, _ targetStride: Int
  ) {
    typealias Row = SIMD8<Float>
    func load(_ row: Int) -> Row { UnsafeRawPointer(source + row &* sourceStride).loadUnaligned(as: Row.self) }
    func interleave(_ a: Row, _ b: Row) -> (Row, Row) {
      (Row(a[0], b[0], a[1], b[1], a[2], b[2], a[3], b[3]), Row(a[4], b[4], a[5], b[5], a[6], b[6], a[7], b[7]))
    }
    var r = (load(0), load(1), load(2), load(3), load(4), load(5), load(6), load(7))
    for _ in 0..<3 {
      let (x, y, z, w) = (interleave(r.0, r.4), interleave(r.1, r.5), interleave(r.2, r.6), interleave(r.3, r.7))
      r = (x.0, x.1, y.0, y.1, z.0, z.1, w.0, w.1)
    }
    func store(_ value: Row, _ row: Int) {
      UnsafeMutableRawPointer(target + row &* targetStride).storeBytes(of: value, as: Row.self)
    }
    store(r.0, 0)
    store(r.1, 1)
    store(r.2, 2)
    store(r.3, 3)
    store(r.4, 4)
    store(r.5, 5)
    store(r.6, 6)
    store(r.7, 7)
  }
}
