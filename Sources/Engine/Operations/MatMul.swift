/// Matrix products over leading batch axes, which must agree or be absent from `b`:
/// [.., M, K] · [.., K, N] → [.., M, N]. Either operand may be read transposed in its last two axes.
///
/// The three products (forward and both gradients) are each other's derivatives, so gradients of any order close.
public func matmul(_ a: Tensor, _ b: Tensor, transposeA: Bool = false, transposeB: Bool = false) -> Tensor {
  precondition(a.rank >= 2 && b.rank >= 2, "matmul takes matrices; the shapes are \(a.shape) and \(b.shape)")
  if b.rank == 2 && a.rank > 2 && !transposeA {
    // One weight for the whole batch: one tall product.
    let flat = matmul(a.reshaped([-1, a.shape[a.rank - 1]]), b, transposeB: transposeB)
    return flat.reshaped(a.shape.dropLast() + [flat.shape[1]])
  }
  let batch = Array(a.shape.dropLast(2))
  precondition(batch == Array(b.shape.dropLast(2)), "batches differ: \(a.shape) and \(b.shape)")
  let (m, k) = transposeA ? (a.shape[a.rank - 1], a.shape[a.rank - 2]) : (a.shape[a.rank - 2], a.shape[a.rank - 1])
  let (kb, n) = transposeB ? (b.shape[b.rank - 1], b.shape[b.rank - 2]) : (b.shape[b.rank - 2], b.shape[b.rank - 1])
  precondition(k == kb, "inner sizes differ: \(a.shape) and \(b.shape), transposed \(transposeA), \(transposeB)")

  let result = Tensor(uninitialized: batch + [m, n])
  let products = batch.reduce(1, *)
  let span = Trace.open(
    "matmul", "\(a.shape) \(b.shape)", operations: 2 * products * m * n * k,
    bytes: 4 * (a.count + b.count + result.count))
  if k == 0 {
    result.pointer.update(repeating: 0, count: result.count)
  } else if products == 1 {
    GEMM.parallel(
      transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, a.pointer, b.pointer, result.pointer)
  } else {
    Parallel.ranges(products, grain: max(1, (1 << 17) / max(1, m * n * k))) { start, end in
      for index in start..<end {
        GEMM.call(
          transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k,
          a.pointer + index * m * k, strideA: transposeA ? m : k,
          b.pointer + index * k * n, strideB: transposeB ? k : n, result.pointer + index * m * n, strideC: n)
      }
    }
  }
  Trace.close(span)
  return recorded(result, from: [a, b]) { g, _, needed in
    let byA = !needed[0] ? nil
      : transposeA
        ? matmul(b, g, transposeA: transposeB, transposeB: true) : matmul(g, b, transposeB: !transposeB)
    let byB = !needed[1] ? nil
      : transposeB
        ? matmul(g, a, transposeA: true, transposeB: transposeA) : matmul(a, g, transposeA: !transposeA)
    return [byA, byB]
  }
}
