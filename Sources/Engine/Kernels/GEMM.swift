import COpenBLAS

/// Single-precision matrix products of OpenBLAS, one thread a call: the cutting into pieces is ours, so that it does
/// not depend on the number of threads.
enum GEMM {
  private static let singleThreaded: Void = openblas_set_num_threads(1)

  /// C = A·B (+ C where `accumulating`), row-major; A is [m, k] or, transposed, [k, m]; B is [k, n] or [n, k].
  /// `strideA` and so on are the distances between rows as stored.
  ///
  /// OpenBLAS repacks the operands of each call, which costs a fifth of the time at our sizes; calls of up to a million
  /// multiplications it computes in place, on AVX-512 machines at 99 % of their peak. So larger products are cut into
  /// such calls: 64 columns of B stay in cache while rows of A pass by. (With B transposed it has no such kernel.)
  ///
  /// - Parameter panelWidth: B is stored in panels of so many columns, each [k, columns] in one piece, one after the
  ///   other; nil: row by row.
  static func call(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Float>, strideA: Int, _ b: UnsafePointer<Float>, strideB: Int,
    _ c: UnsafeMutablePointer<Float>, strideC: Int, accumulating: Bool = false, panelWidth: Int? = nil
  ) {
    guard m > 0 && n > 0 else { return }
    if panelWidth == nil && (transposeB || m * n * k <= smallProduct) {
      return singleCall(
        transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, a, strideA: strideA, b, strideB: strideB,
        c, strideC: strideC, accumulating: accumulating)
    }
    // Rows of a transposed A lie far apart: fewer of them, and longer pieces of each.
    let depth = evenShare(k, atMost: transposeA ? 384 : 768)
    let columns = panelWidth ?? evenShare(n, atMost: 64)
    let rows = max(8, smallProduct / (depth * columns) / 8 * 8)
    let cachedRows = max(rows, (1 << 20) / depth / rows * rows)
    // Panels that stay in cache are packed together, so that rows of B are read in long pieces.
    let panels = panelWidth == nil ? max(1, min((n + columns - 1) / columns, packedValues / (depth * columns))) : 1
    let packed = m >= 64 && panelWidth == nil && strideB > columns ? Storage(count: depth * panels * columns) : nil
    for row0 in stride(from: 0, to: m, by: cachedRows) {
      for k0 in stride(from: 0, to: k, by: depth) {
        let height = min(depth, k - k0)
        for column in stride(from: 0, to: n, by: columns) {
          let width = min(columns, n - column)
          var (panel, panelStride) = (b + k0 * strideB + column, strideB)
          if panelWidth != nil {
            (panel, panelStride) = (b + column * k + k0 * width, width)
          } else if let packed {
            let index = column / columns % panels
            if index == 0 {
              pack(
                panel, stride: strideB, rows: 0..<height, of: height, columns: min(panels * columns, n - column),
                width: columns, into: packed.pointer)
            }
            (panel, panelStride) = (UnsafePointer(packed.pointer + index * columns * height), width)
          }
          for row in stride(from: row0, to: min(m, row0 + cachedRows), by: rows) {
            singleCall(
              transposeA: transposeA, transposeB: false, m: min(rows, m - row), n: width,
              k: height, transposeA ? a + k0 * strideA + row : a + row * strideA + k0, strideA: strideA,
              panel, strideB: panelStride, c + row * strideC + column, strideC: strideC,
              accumulating: accumulating || k0 > 0)
          }
        }
      }
    }
  }

  /// Values of B that are packed at once: half a megabyte.
  private static let packedValues = 1 << 17

  /// Copies some rows of a matrix of `height` rows into panels of `width` columns, each in one piece; the last may be
  /// narrower.
  static func pack(
    _ b: UnsafePointer<Float>, stride: Int, rows: Range<Int>, of height: Int, columns: Int, width: Int,
    into out: UnsafeMutablePointer<Float>
  ) {
    for row in rows {
      var column = 0
      while column < columns {
        let span = min(width, columns &- column)
        (out + column &* height + row &* span).update(from: b + row &* stride + column, count: span)
        column &+= width
      }
    }
  }

  /// The most multiplications of a product that OpenBLAS computes without packing.
  static let smallProduct = 1_000_000

  /// The length of equal parts of `count`, a multiple of 16 (where there are several) and about `atMost`.
  static func evenShare(_ count: Int, atMost: Int) -> Int {
    let parts = max(1, (count + atMost / 4) / atMost)
    return parts == 1 ? count : ((count + parts - 1) / parts + 15) / 16 * 16
  }

  @inline(__always)
  static func singleCall(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Float>, strideA: Int, _ b: UnsafePointer<Float>, strideB: Int,
    _ c: UnsafeMutablePointer<Float>, strideC: Int, accumulating: Bool
  ) {
    _ = singleThreaded
    OperationCounter.add(2 * m * n * k)
    cblas_sgemm(
      CblasRowMajor, transposeA ? CblasTrans : CblasNoTrans, transposeB ? CblasTrans : CblasNoTrans,
      blasint(m), blasint(n), blasint(k), 1, a, blasint(max(strideA, 1)), b, blasint(max(strideB, 1)),
      accumulating ? 1 : 0, c, blasint(max(strideC, 1)))
  }

  /// A whole product on all threads, cut by its shape alone: into blocks of rows, of columns where rows are few, or
  /// of the summed dimension where both are few and it is long (weight gradients).
  static func parallel(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>,
    finish: (any OutputFinish)? = nil
  ) {
    if !transposeA && m >= 64 && n >= 16 && m * n * k >= 1 << 19 {
      let panels = PackedPanels(b, rows: k, columns: n, isTransposed: transposeB)
      return panels.multiply(a, rows: m, into: c, finish: finish)
    }
    defer { finish?.apply(to: c, rows: 0..<m, channels: 0..<n) }
    if transposeA && !transposeB && LongSum.pays(m: m, n: n, k: k) {
      return LongSum.multiply(a, b, into: c, m: m, n: n, k: k)
    }
    let strideA = transposeA ? m : k
    let strideB = transposeB ? k : n
    func block(_ m0: Int, _ m1: Int, _ n0: Int, _ n1: Int, _ k0: Int, _ k1: Int, _ out: UnsafeMutablePointer<Float>) {
      call(
        transposeA: transposeA, transposeB: transposeB, m: m1 - m0, n: n1 - n0, k: k1 - k0,
        transposeA ? a + k0 * m + m0 : a + m0 * k + k0, strideA: strideA,
        transposeB ? b + n0 * k + k0 : b + k0 * n + n0, strideB: strideB, out + m0 * n + n0, strideC: n)
    }
    let work = m * n * k
    if work < 1 << 19 {
      block(0, m, 0, n, 0, k, c)
    } else if m >= 128 && m >= n {
      let size = max(64, (m + 15) / 16)
      Parallel.pieces((m + size - 1) / size) { block($0 * size, min(m, ($0 + 1) * size), 0, n, 0, k, c) }
    } else if k >= 1024 && m * n <= 1 << 18 {
      let pieces = 8
      let size = (k + pieces - 1) / pieces
      let partial = Storage(count: pieces * m * n)
      Parallel.pieces(pieces) { piece in
        block(0, m, 0, n, min(k, piece * size), min(k, (piece + 1) * size), partial.pointer + piece * m * n)
      }
      addInOrder(partial.pointer, pieces: pieces, count: m * n, into: c)
    } else {
      let size = max(32, (n + 15) / 16)
      Parallel.pieces((n + size - 1) / size) { block(0, m, $0 * size, min(n, ($0 + 1) * size), 0, k, c) }
    }
  }

  /// Adds the pieces' results in their order: the same bits whoever finished first.
  static func addInOrder(
    _ partial: UnsafePointer<Float>, pieces: Int, count: Int, into result: UnsafeMutablePointer<Float>
  ) {
    Parallel.ranges(count) { start, end in
      (result + start).update(from: partial + start, count: end - start)
      for piece in 1..<max(1, pieces) {
        let source = partial + piece * count
        var i = start
        while i < end {
          result[i] += source[i]
          i &+= 1
        }
      }
    }
  }
}
