/// C = Aᵀ·B for A [k, m] and B [k, n] with a long k: the weight gradient of a 1×1 convolution over many pixels.
///
/// Read in place, neighbouring rows of A and B lie a whole row apart, and both come from memory. So chunk after chunk of
/// rows is copied into panels of 64 columns that stay in cache, and every product of two panels is added to its block of
/// C. The order of the sum depends on the shape alone.
enum LongSum {
  private static let width = 64
  /// Rows of a chunk: two panels of so many stay in a core's cache.
  private static let depth = 192

  /// Smaller products are cut otherwise (`GEMM.parallel`), and shorter sums would be little but copying.
  static func pays(m: Int, n: Int, k: Int) -> Bool { m * n * k >= 1 << 29 && k >= 512 && m >= 32 && n >= 32 }

  static func multiply(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, into c: UnsafeMutablePointer<Float>, m: Int, n: Int, k: Int
  ) {
    // A large result shares its blocks out among the threads; of a small one each of eight pieces of the sum has its own.
    let pieces = m * n > 1 << 16 ? 1 : 8
    if pieces == 1 { return add(a, b, to: c, m: m, n: n, rows: 0..<k) }
    let size = (k + pieces - 1) / pieces
    let partial = Storage(count: pieces * m * n)
    Parallel.pieces(pieces) { piece in
      add(
        a, b, to: partial.pointer + piece * m * n, m: m, n: n, rows: min(k, piece * size)..<min(k, (piece + 1) * size))
    }
    GEMM.addInOrder(partial.pointer, pieces: pieces, count: m * n, into: c)
  }

  /// The sum over some rows, on all threads that are free.
  private static func add(
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, to c: UnsafeMutablePointer<Float>, m: Int, n: Int,
    rows: Range<Int>
  ) {
    let depth = GEMM.evenShare(rows.count, atMost: depth)
    let (left, right) = (Storage(count: depth * m), Storage(count: depth * n))
    let (high, wide) = ((m + width - 1) / width, (n + width - 1) / width)
    for start in stride(from: rows.lowerBound, to: rows.upperBound, by: depth) {
      let height = min(depth, rows.upperBound - start)
      // What is one panel wide lies as it should.
      let (leftPanels, rightPanels) = (
        high == 1 ? a + start * m : UnsafePointer(left.pointer), wide == 1 ? b + start * n : UnsafePointer(right.pointer)
      )
      Parallel.ranges(height, grain: max(8, 16384 / (m + n))) { first, last in
        let chunk = first..<last
        if high > 1 {
          GEMM.pack(a + start * m, stride: m, rows: chunk, of: height, columns: m, width: width, into: left.pointer)
        }
        if wide > 1 {
          GEMM.pack(b + start * n, stride: n, rows: chunk, of: height, columns: n, width: width, into: right.pointer)
        }
      }
      Parallel.pieces(high * wide) { block in
        let (row, column) = (block % high * width, block / high * width)
        let (tall, span) = (min(width, m - row), min(width, n - column))
        GEMM.singleCall(
          transposeA: true, transposeB: false, m: tall, n: span, k: height,
          leftPanels + row * height, strideA: tall, rightPanels + column * height, strideB: span,
          c + row * n + column, strideC: n, accumulating: start > rows.lowerBound)
      }
    }
  }
}
