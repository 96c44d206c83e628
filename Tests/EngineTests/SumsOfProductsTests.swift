import XCTest

@testable import Engine

/// Sums of products, of squares and the gradients of scaling, which store no product: against plain operations.
final class SumsOfProductsTests: XCTestCase {
  private let cases: [(shape: [Int], target: [Int])] = [
    ([2, 3, 4, 5], [2, 1, 1, 5]), ([3, 7, 20], [3, 1, 20]), ([1, 5, 6, 17], [1, 1, 1, 17]), ([2, 3, 4, 5], [1, 1, 1, 5]),
    ([2, 3, 4, 5], [2, 3, 1, 5]), ([2, 3, 4, 5], [2, 1, 4, 5]), ([1, 1, 1, 1], [1, 1, 1, 1]), ([4, 6], [1, 6]),
    // Axes that stand apart, whose sums end in one value, and a product itself: in the plain way.
    ([2, 3, 4, 5], [1, 3, 1, 5]), ([2, 3, 4], [2, 1, 1]), ([2, 3, 4], [2, 3, 4]),
    // Rows in several pieces, and several blocks of rows.
    ([1, 90, 70, 40], [1, 1, 1, 40]), ([6, 33, 65, 48], [6, 1, 1, 48]), ([2, 9, 11, 1100], [2, 1, 1, 1100]),
    ([0, 3, 4], [0, 1, 4]),
  ]

  func testRecordedSumsHaveTheBitsOfPlainOperations() {
    for (shape, target) in cases {
      let (x, y) = (formulaValues(shape, salt: 1).tracked, formulaValues(shape, salt: 2).tracked)
      let sum = sumOfProducts(x, y, to: target)
      XCTAssertEqual(sum.shape, target)
      XCTAssertTrue(bits(sum) == bits((x * y).sum(to: target)), "\(shape) to \(target)")
      let seed = formulaValues(target, salt: 3)
      let plain = gradients(of: (x * y).sum(to: target), withRespectTo: [x, y], seed: seed)
      for (a, b) in zip(gradients(of: sum, withRespectTo: [x, y], seed: seed), plain) {
        XCTAssertTrue(bits(a) == bits(b), "gradient of \(shape) to \(target)")
      }
      assertClose(
        withoutRecording { sumOfProducts(x, y, to: target) }, (x * y).sum(to: target), tolerance: 1e-5, "\(shape)")
    }
  }

  func testGradientsOfAnyOrder() {
    for (shape, target) in [([2, 2, 2, 2], [2, 1, 1, 2]), ([2, 3, 2], [1, 1, 2]), ([1, 3, 2], [1, 1, 2])] {
      assertGradients([formulaValues(shape, salt: 4), formulaValues(shape, salt: 5)], tolerance: 4e-3) {
        sumOfProducts($0[0], $0[1], to: target).squared()
      }
    }
    assertGradients([formulaValues([3, 1, 2, 2], salt: 6)], tolerance: 4e-3) {
      sumOfSquares($0[0], leadingAxes: 2).squared()
    }
    assertGradients([formulaValues([2, 2, 1, 3], salt: 7), formulaValues([2, 1, 1, 3], salt: 8)], tolerance: 4e-3) {
      ($0[0] * $0[1]).squared()
    }
  }

  func testRecordedSumsOfSquaresHaveTheBitsOfPlainOperations() {
    for (shape, axes) in [([3, 3, 64, 70], 2), ([5, 1], 1), ([1, 1, 9], 2), ([3, 3, 40, 300], 2)] {
      let x = formulaValues(shape, salt: 9).tracked
      let (fast, plain) = (sumOfSquares(x, leadingAxes: axes), x.squared().sum(Array(0..<axes)))
      XCTAssertTrue(bits(fast) == bits(plain), "\(shape)")
      let seed = formulaValues(plain.shape, salt: 10)
      XCTAssertTrue(
        bits(gradients(of: fast, withRespectTo: [x], seed: seed)[0])
          == bits(gradients(of: plain, withRespectTo: [x], seed: seed)[0]), "gradient of \(shape)")
    }
  }

  func testBothGradientsOfScalingInOnePass() {
    for (shape, factor) in [
      ([4, 9, 7, 24], [4, 1, 1, 24]), ([3, 5, 17], [3, 1, 17]), ([1, 1, 3, 1], [1, 1, 1, 1]),
      ([2, 40, 40, 65], [2, 1, 1, 65]),
    ] {
      let (x, s) = (formulaValues(shape, salt: 11), formulaValues(factor, salt: 12))
      let g = formulaValues(shape, salt: 13)
      withoutRecording {
        guard let (byX, byS) = gradientsOfScaling(g, x, by: s) else {
          return XCTAssertEqual(shape.last, 1, "\(shape) is not done in one pass")
        }
        XCTAssertTrue(bits(byX) == bits(g * s), "\(shape)")
        XCTAssertTrue(bits(byS) == bits(sumOfProducts(g, x, to: factor)), "\(shape)")
      }
      let (tx, ts) = (x.tracked, s.tracked)
      let found = gradients(of: tx * ts, withRespectTo: [tx, ts], seed: g)
      assertClose(found[0], g * s, tolerance: 1e-6)
      assertClose(found[1], (g * x).sum(to: factor), tolerance: 1e-5)
    }
    XCTAssertNil(gradientsOfScaling(Tensor.ones([2, 3]), Tensor.ones([2, 3]), by: Tensor.ones([2, 3])))
    XCTAssertNil(gradientsOfScaling(Tensor.ones([2, 3, 4]), Tensor.ones([2, 3, 4]), by: Tensor.ones([1, 1, 4])))
  }
}
