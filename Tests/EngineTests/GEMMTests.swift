import XCTest

@testable import Engine

/// `GEMM.parallel` and `matmul` against a naive triple loop, in every way the work is cut.
final class GEMMTests: XCTestCase {
  /// (m, n, k) by how `GEMM.parallel` cuts them.
  private let sizes = [
    "one piece": [(1, 1, 1), (3, 5, 7), (64, 63, 65), (1, 300, 2), (200, 1, 3)],
    "blocks of rows": [(128, 128, 16), (300, 40, 30), (1100, 20, 15), (1030, 17, 33), (5000, 1, 60)],
    "pieces of the sum": [(20, 30, 1100), (1, 1, 300_000), (127, 9, 1031), (12, 200, 1024)],
    "blocks of columns": [(60, 130, 50), (20, 600, 30), (1, 4097, 100), (127, 65, 33), (150, 151, 20)],
  ]

  private func naive(_ transposeA: Bool, _ transposeB: Bool, _ m: Int, _ n: Int, _ k: Int, _ a: [Float], _ b: [Float])
    -> [Double]
  {
    var c = [Double](repeating: 0, count: m * n)
    for i in 0..<m {
      for l in 0..<k {
        let left = Double(transposeA ? a[l * m + i] : a[i * k + l])
        for j in 0..<n { c[i * n + j] += left * Double(transposeB ? b[j * k + l] : b[l * n + j]) }
      }
    }
    return c
  }

  func testEveryCutAndTransposition() {
    for (cut, shapes) in sizes {
      for (m, n, k) in shapes {
        for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
          let a = formulaValues(transposeA ? [k, m] : [m, k], salt: 1)
          let b = formulaValues(transposeB ? [n, k] : [k, n], salt: 2)
          let c = Tensor(repeating: .nan, shape: [m, n])
          GEMM.parallel(
            transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, a.pointer, b.pointer, c.pointer)
          assertClose(
            c, shape: [m, n], naive(transposeA, transposeB, m, n, k, a.values, b.values), tolerance: 2e-5,
            "\(cut), \(m)×\(n)×\(k), transposed \(transposeA), \(transposeB)")
        }
      }
    }
  }

  /// Large products of a long sum: of few values, which are cut along the sum, and of many, some in one panel. Small
  /// integers, so that every sum is exact.
  func testLongSums() {
    for (m, n, k) in [(256, 64, 33_000), (129, 70, 60_001), (48, 321, 35_000), (1030, 521, 1010), (64, 1100, 7700)] {
      XCTAssertTrue(LongSum.pays(m: m, n: n, k: k))
      func integers(_ shape: [Int], salt: Int) -> Tensor {
        Tensor(formulaValues(shape, salt: salt, scale: 3.5).values.map { $0.rounded() }, shape: shape)
      }
      let (a, b) = (integers([k, m], salt: 1), integers([k, n], salt: 2))
      let c = Tensor(repeating: .nan, shape: [m, n])
      GEMM.parallel(transposeA: true, transposeB: false, m: m, n: n, k: k, a.pointer, b.pointer, c.pointer)
      let sum = Tensor.zeros([m, n])
      for start in stride(from: 0, to: k, by: 1000) {
        GEMM.singleCall(
          transposeA: true, transposeB: false, m: m, n: n, k: min(1000, k - start), a.pointer + start * m, strideA: m,
          b.pointer + start * n, strideB: n, sum.pointer, strideC: n, accumulating: true)
      }
      XCTAssertEqual(c.values, sum.values, "\(m)×\(n)×\(k)")
    }
  }

  func testAccumulatingAddsToWhatIsThere() {
    let (a, b) = (formulaValues([3, 4], salt: 1), formulaValues([4, 2], salt: 2))
    let c = Tensor(repeating: 10, shape: [3, 2])
    GEMM.call(
      transposeA: false, transposeB: false, m: 3, n: 2, k: 4, a.pointer, strideA: 4, b.pointer, strideB: 2, c.pointer,
      strideC: 2, accumulating: true)
    assertClose(c, matmul(a, b) + 10, tolerance: 1e-6)
  }

  func testBatchesAreIndependentProducts() {
    let shapes: [(batch: [Int], m: Int, n: Int, k: Int)] = [
      ([70], 9, 11, 13), ([2, 3], 40, 50, 60), ([1], 3, 4, 5), ([3, 1], 1, 1, 1),
    ]
    for (batch, m, n, k) in shapes {
      for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
        let a = formulaValues(batch + (transposeA ? [k, m] : [m, k]), salt: 3)
        let b = formulaValues(batch + (transposeB ? [n, k] : [k, n]), salt: 4)
        let c = matmul(a, b, transposeA: transposeA, transposeB: transposeB)
        var expected: [Double] = []
        for index in 0..<batch.elementCount {
          let left = Array(a.values[(index * m * k)..<((index + 1) * m * k)])
          let right = Array(b.values[(index * k * n)..<((index + 1) * k * n)])
          expected += naive(transposeA, transposeB, m, n, k, left, right)
        }
        assertClose(c, shape: batch + [m, n], expected, tolerance: 1e-5, "\(batch) \(m)×\(n)×\(k)")
      }
    }
  }
}
