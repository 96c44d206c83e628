import NumericalChecks
import XCTest

@testable import Engine

/// The gradient checker itself: deliberately wrong rules must not pass.
final class GradientCheckTests: XCTestCase {
  private let x = formulaValues([2, 3], salt: 1, scale: 0.5, shift: 1.25)
  private let y = formulaValues([2, 3], salt: 2, scale: 0.5, shift: -1.25)

  /// x² with a rule of one's own.
  private func square(_ x: Tensor, rule: @escaping Record.Rule) -> Tensor {
    recorded(x.detached.squared(), from: [x], rule: rule)
  }

  func testTheRightRulePasses() {
    XCTAssertNil(GradientCheck.mismatch([x]) { [self] x in square(x[0]) { g, _, _ in [g * x[0] * 2] } })
  }

  func testAMissingFactorIsCaught() {
    XCTAssertNotNil(GradientCheck.mismatch([x], order: 1) { [self] x in square(x[0]) { g, _, _ in [g * x[0]] } })
  }

  func testOnePercentIsCaught() {
    XCTAssertNotNil(GradientCheck.mismatch([x], order: 1) { [self] x in square(x[0]) { g, _, _ in [g * x[0] * 2.02] } })
  }

  func testAWrongSignIsCaught() {
    XCTAssertNotNil(GradientCheck.mismatch([x], order: 1) { [self] x in square(x[0]) { g, _, _ in [g * x[0] * -2] } })
  }

  func testAMissingTermIsCaught() {
    // x·(x + y) whose rule forgets that x occurs twice.
    let problem = GradientCheck.mismatch([x, y], order: 1) { x in
      recorded(x[0].detached * (x[0].detached + x[1].detached), from: x) { g, _, _ in [g * x[1], g * x[0]] }
    }
    XCTAssertNotNil(problem)
  }

  func testAGradientOfOneElementOnlyIsCaught() {
    // The right gradient but for one element of six.
    let hole = Tensor([1, 1, 1, 1, 0, 1], shape: [2, 3])
    let problem = GradientCheck.mismatch([x], order: 1) { [self] x in
      square(x[0]) { g, _, _ in [g * x[0] * 2 * hole] }
    }
    XCTAssertNotNil(problem)
  }

  func testARuleThatCutsTheSecondOrderIsCaughtThere() {
    let cut: ([Tensor]) -> Tensor = { [self] x in square(x[0]) { g, _, _ in [g * x[0].detached * 2] } }
    XCTAssertNil(GradientCheck.mismatch([x], order: 1, cut), "the first order is right")
    XCTAssertNotNil(GradientCheck.mismatch([x], order: 2, cut))
  }

  func testARuleThatCutsTheSeedIsCaughtAtTheSecondOrder() {
    let cut: ([Tensor]) -> Tensor = { [self] x in square(x[0]) { g, _, _ in [g.detached * x[0] * 2] } }
    XCTAssertNil(GradientCheck.mismatch([x], order: 1, cut), "the first order is right")
    XCTAssertNotNil(GradientCheck.mismatch([x], order: 2, cut))
  }

  func testAFusedGradientUnlikeItsReferenceIsCaught() {
    let problem = GradientCheck.mismatch([x]) { x in
      fused(
        x, output: x[0].detached.squared(), reference: { $0[0].squared() * 0.5 },
        fastGradient: { g, _, _ in [g * x[0].detached * 2] })
    }
    XCTAssertNotNil(problem)
  }

  func testAnUnsteadyFunctionIsNotJudged() {
    // A kink within reach of the step: the check must not call it right or wrong by chance.
    let problem = GradientCheck.mismatch([Tensor([0.0625], shape: [1])], order: 1) { $0[0].absolute() }
    XCTAssertNotNil(problem)
  }
}
