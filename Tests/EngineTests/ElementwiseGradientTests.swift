import XCTest

@testable import Engine

/// Elementwise operations, reductions and movement: gradients of first and second order against finite differences.
final class ElementwiseGradientTests: XCTestCase {
  private let a = formulaValues([2, 3], salt: 1)
  private let positive = formulaValues([2, 3], salt: 2, scale: 0.5, shift: 1.5)

  func testArithmeticWithBroadcasting() {
    let shapes: [([Int], [Int])] = [
      ([2, 3], [2, 3]), ([2, 3], [3]), ([2, 1], [1, 3]), ([], [2]), ([1], [2, 2]), ([2, 2, 2], [2, 1, 2]),
      ([1, 1], [3, 1]),
    ]
    for (left, right) in shapes {
      let inputs = [formulaValues(left, salt: 3), formulaValues(right, salt: 4, scale: 0.5, shift: -1.5)]
      assertGradients(inputs) { $0[0] + $0[1] }
      assertGradients(inputs) { $0[0] - $0[1] }
      assertGradients(inputs) { $0[0] * $0[1] }
      assertGradients(inputs) { $0[0] / $0[1] }
      assertGradients(inputs.reversed()) { $0[1] * $0[0].squared() - $0[1] / $0[0] }
    }
  }

  func testConstants() {
    assertGradients([a]) { 3 * $0[0] + 0.5 }
    assertGradients([a]) { (1.5 - $0[0]) / -0.5 - 2 }
    assertGradients([a]) { -(0.25 + $0[0]) * 1.5 }
  }

  func testSmoothFunctions() {
    assertGradients([a], order: 3) { $0[0].squared() }
    assertGradients([positive], order: 3) { $0[0].squareRoot() }
    assertGradients([positive], order: 3) { $0[0].reciprocalSquareRoot() }
    assertGradients([positive], order: 3) { $0[0].log() }
    assertGradients([a], order: 3) { $0[0].exp() }
    assertGradients([a], order: 3) { $0[0].sigmoid() }
    assertGradients([a], order: 3) { $0[0].tanh() }
    assertGradients([a], order: 3) { $0[0].softplus() }
    assertGradients([a], order: 3) { $0[0].quickGELU() }
  }

  func testFunctionsWithKinks() {
    // At least 3/8 from a kink, the largest step being 1/8.
    let kinked = valuesAwayFromZero([3, 3], salt: 5)
    assertGradients([kinked]) { $0[0].absolute() * $0[0] }
    assertGradients([kinked]) { $0[0].relu().squared() }
    assertGradients([kinked]) { $0[0].leakyReLU(slope: 0.2, gain: 1.5).squared() }
    assertGradients([Tensor([-1, -0.25, 0.5, 1.25, 0.125], shape: [5])]) { $0[0].clamped(-0.5, 0.75).squared() }
  }

  func testReductions() {
    let x = formulaValues([2, 3, 2], salt: 6)
    for axes in [nil, [0], [1], [-1], [0, 1], [0, 2], [1, 2], []] as [[Int]?] {
      for keeping in [false, true] {
        assertGradients([x]) { $0[0].sum(axes, keepingAxes: keeping).squared() }
        assertGradients([x]) { $0[0].mean(axes, keepingAxes: keeping).squared() }
      }
    }
    assertGradients([formulaValues([2, 1, 2], salt: 7)]) { $0[0].broadcast(to: [2, 2, 3, 2]).squared() }
    assertGradients([formulaValues([2, 2, 2], salt: 8)]) { $0[0].sum(to: [2, 1]).squared() }
  }

  /// The gradient of a style [N,1,1,C] by a picture takes a path of its own.
  func testProductsSummedByChannel() {
    let inputs = [formulaValues([2, 2, 2, 3], salt: 9), formulaValues([2, 1, 1, 3], salt: 10)]
    assertGradients(inputs) { $0[0] * $0[1] }
    assertGradients(inputs) { $0[0] * $0[1].squared() }
    assertGradients([formulaValues([1, 3, 2], salt: 9), formulaValues([1, 1, 2], salt: 10)]) { $0[0] * $0[1] }
    let (x, y) = (formulaValues([3, 5, 4], salt: 11), formulaValues([3, 5, 4], salt: 12))
    assertClose(sumOfProducts(x, y, to: [3, 1, 4]), (x * y).sum([1], keepingAxes: true), tolerance: 1e-6)
    assertClose(sumOfProducts(x, y, to: [4]), (x * y).sum([0, 1]), tolerance: 1e-6)
    assertClose(sumOfProducts(x, y, to: [1, 5, 1]), (x * y).sum([0, 2], keepingAxes: true), tolerance: 1e-6)
  }

  func testSoftmax() {
    let x = formulaValues([2, 3], salt: 13, scale: 2)
    assertGradients([x], order: 3) { $0[0].softmax() }
    assertGradients([x], order: 3) { $0[0].logSoftmax() }
    assertGradients([x]) { crossEntropy($0[0], [2, 0]) }
    assertGradients([x]) { crossEntropy($0[0], [2, 0], labelSmoothing: 0.2) }
    assertGradients([x, a]) { meanSquaredError($0[0], $0[1]) }
  }

  func testMovement() {
    let x = formulaValues([2, 3, 2], salt: 14)
    assertGradients([x]) { $0[0].reshaped([3, -1]).squared() }
    assertGradients([x]) { $0[0].transposed([2, 0, 1]).squared() }
    assertGradients([x]) { $0[0].slice(1, 1..<3).squared() }
    assertGradients([x]) { ($0[0].padded(-1, before: 1, after: 2) + 0.5).squared() }
    assertGradients([x]) { $0[0].rows([1, 0, 1, 1]).squared() }
    assertGradients([x]) { $0[0].addedIntoRows([2, 2], of: 4).squared() }
    assertGradients([x, formulaValues([2, 1, 2], salt: 15)]) {
      concatenated([$0[0], $0[1], $0[0]], axis: 1).squared()
    }
  }
}
