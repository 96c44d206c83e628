import COpenBLAS

/// Single-precision matrix products of OpenBLAS, one thread a call: the cutting into pieces is ours, so that it does
/// not depend on the number of threads.
enum GEMM {
  private static let singleThreaded: Void = openblas_set_num_threads(1)

  /// C = A·B (+ C where `accumulating`), row-major; A is [m, k] or, transposed, [k, m]; B is [k, n] or [n, k].
  /// `strideA` and so on are the distances between rows as stored.
  @inline(__always)
  static func call(
    transposeA: Bool, transposeB: Bool, m: Int, n: Int, k: Int,
    _ a: UnsafePointer<Float>, strideA: Int, _ b: UnsafePointer<Float>, strideB: Int,
    _ c: UnsafeMutablePointer<Float>, strideC: Int, accumulating: Bool = false
  ) {
    _ = singleThreaded
    guard m > 0 && n > 0 else { return }
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
    _ a: UnsafePointer<Float>, _ b: UnsafePointer<Float>, _ c: UnsafeMutablePointer<Float>
  ) {
    let strideA = transposeA ? m : k
    let strideB = transposeB ? k : n
    func block(_ m0: Int, _ m1: Int, _ n0: Int, _ n1: Int, _ k0: Int, _ k1: Int, _ out: UnsafeMutablePointer<Float>) {
      call(
        transposeA: transposeA, transposeB: transposeB, m: m1 - m0, n: n1 - n0, k: k1 - k0,
        transposeA ? a + k0 * m + m0 : a + m0 * k + k0, strideA: strideA,
        transposeB ? b + n0 * k + k0 : b + k0 * n + n0, strideB: strideB, out + m0 * n + n0, strideC: n)
    }
    let work = m * n * k
    if work < 1 << 18 {
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
