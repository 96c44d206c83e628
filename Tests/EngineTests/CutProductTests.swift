import XCTest

@testable import Engine

/// Products large enough to be cut into many calls, against sums in double precision.
final class CutProductTests: XCTestCase {
  func testCutProductsAgreeWithDoublePrecision() {
    for (m, n, k) in [(70, 90, 800), (129, 200, 65), (300, 33, 120), (9, 700, 333), (1, 5, 1), (64, 24, 16)] {
      for (transposeA, transposeB) in [(false, false), (true, false), (false, true), (true, true)] {
        let a = formulaValues(transposeA ? [k, m] : [m, k], salt: 1)
        let b = formulaValues(transposeB ? [n, k] : [k, n], salt: 2)
        let (left, right) = (a.values.map(Double.init), b.values.map(Double.init))
        var expected = [Double](repeating: 0, count: m * n)
        for row in 0..<m {
          for column in 0..<n {
            for i in 0..<k {
              expected[row * n + column] +=
                left[transposeA ? i * m + row : row * k + i] * right[transposeB ? column * k + i : i * n + column]
            }
          }
        }
        let what = "\(m)×\(n)×\(k), transposed \(transposeA), \(transposeB)"
        let product = matmul(a, b, transposeA: transposeA, transposeB: transposeB)
        assertClose(product, shape: [m, n], expected, tolerance: 2e-6, what)

        let accumulated = formulaValues([m, n], salt: 3).copy()
        let start = accumulated.values.map(Double.init)
        GEMM.call(
          transposeA: transposeA, transposeB: transposeB, m: m, n: n, k: k, a.pointer, strideA: a.shape[1],
          b.pointer, strideB: b.shape[1], accumulated.pointer, strideC: n, accumulating: true)
        assertClose(accumulated, shape: [m, n], zip(start, expected).map(+), tolerance: 2e-6, "added, \(what)")
      }
    }
  }

  func testTransposition() {
    for (rows, columns) in [(1, 1), (8, 8), (17, 9), (7, 40), (64, 33)] {
      let x = formulaValues([rows, columns], salt: 1)
      let y = Tensor(uninitialized: [columns, rows])
      Transposition.transpose(x.pointer, rows: rows, columns: columns, into: y.pointer)
      XCTAssertEqual(y.values, x.transposed([1, 0]).values, "\(rows)×\(columns)")
    }
  }
}
