import Engine
import NumericalChecks
import XCTest

/// Gradients of every operation at random shapes, and operations at the edges of float32.
final class GradientPropertyTests: XCTestCase {
  /// Other cases each day would find more and could not be run again: the seed is printed, and set by hand.
  private let seed = UInt64(ProcessInfo.processInfo.environment["TGN_PROPERTY_SEED"] ?? "") ?? 20_260_101

  func testEveryOperationAtRandomShapes() {
    print("gradient properties: seed \(seed); TGN_PROPERTY_SEED sets another")
    let outcomes = GradientProperty.check(GradientProperty.operations, cases: 1000, seed: seed)
    XCTAssertEqual(outcomes.reduce(0) { $0 + $1.cases }, 1000)
    for outcome in outcomes {
      XCTAssertGreaterThan(outcome.derivatives, 0, outcome.name)
      for problem in outcome.problems { XCTFail(problem) }
    }
  }

  func testNamesAreDifferent() {
    let names = GradientProperty.operations.map(\.name)
    XCTAssertEqual(Set(names).count, names.count)
  }

  func testAWrongRuleIsFoundAtRandomShapes() {
    let wrong = GradientProperty("wrong") { draw in
      GradientCase([draw.values(draw.shape(rank: 1...3))]) { $0[0].detached * $0[0] }
    }
    let outcome = GradientProperty.check([wrong], cases: 5, seed: 1)[0]
    XCTAssertEqual(outcome.problems.count, 5)
    XCTAssertTrue(outcome.problems.allSatisfy { $0.hasPrefix("wrong, seed 1, case ") }, "\(outcome.problems)")
  }

  func testACaseIsTheSameWhenDrawnAgain() {
    let property = GradientProperty.operations[3]
    XCTAssertEqual(property.check(seed: 3, number: 8), property.check(seed: 3, number: 8))
  }

  func testExtremeValues() {
    for check in ExtremeCheck.all(seed: seed) { XCTAssertTrue(check.holds, "\(check.name): \(check.finding)") }
  }
}
