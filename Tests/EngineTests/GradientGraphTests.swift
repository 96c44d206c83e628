import XCTest

@testable import Engine

/// What `gradients(of:withRespectTo:)` promises, whatever the operations are.
final class GradientGraphTests: XCTestCase {
  private let x = Tensor([1, 2, 3], shape: [3]).tracked

  func testOnlyTrackedTensorsAreRecorded() {
    XCTAssertFalse((Tensor(1) + Tensor(2)).isTracked)
    XCTAssertTrue((x + Tensor(2)).isTracked)
    XCTAssertNil(x.record)
    XCTAssertNotNil((x + 1).record)
  }

  func testDetachedStopsTheGradient() {
    let y = (x * x.detached).sum()
    XCTAssertEqual(gradients(of: y, withRespectTo: [x])[0].values, [1, 2, 3])
    XCTAssertFalse(x.squared().detached.isTracked)
    XCTAssertEqual(x.squared().detached.values, [1, 4, 9])
  }

  func testTrackedStartsANewLeaf() {
    let leaf = x.squared().tracked
    let found = gradients(of: (leaf * 3).sum(), withRespectTo: [leaf, x])
    XCTAssertEqual(found[0].values, [3, 3, 3])
    XCTAssertEqual(found[1].values, [0, 0, 0], "nothing flows past a leaf")
  }

  func testWithoutRecordingRecordsNothing() {
    let y = withoutRecording { x.squared() + withoutRecording { x } }
    XCTAssertFalse(y.isTracked)
    XCTAssertTrue((x * 2).isTracked, "recording is on again")
    struct Stop: Error {}
    XCTAssertThrowsError(try withoutRecording { throw Stop() })
    XCTAssertTrue((x * 2).isTracked, "also after an error")
  }

  func testGradientsAreRecordedOnlyWhenAsked() {
    let y = x.squared().sum()
    XCTAssertFalse(gradients(of: y, withRespectTo: [x])[0].isTracked)
    XCTAssertTrue(gradients(of: y, withRespectTo: [x], recording: true)[0].isTracked)
    XCTAssertTrue((x * 2).isTracked, "recording is on again")
    withoutRecording {
      XCTAssertTrue(gradients(of: y, withRespectTo: [x], recording: true)[0].isTracked)
      XCTAssertFalse((x * 2).isTracked, "recording is off again")
    }
  }

  func testIntermediateTensors() {
    let middle = x.squared()
    let y = (middle * x).sum()
    let found = gradients(of: y, withRespectTo: [middle, x])
    XCTAssertEqual(found[0].values, [1, 2, 3])
    XCTAssertEqual(found[1].values, [3, 12, 27], "the gradient of x³ through both paths")
  }

  func testTheOutputItselfAndRepeatedInputs() {
    let y = x.sum()
    let found = gradients(of: y, withRespectTo: [y, x, x])
    XCTAssertEqual(found[0].item, 1)
    XCTAssertEqual(found[1].values, [1, 1, 1])
    XCTAssertEqual(found[2].values, [1, 1, 1])
    XCTAssertEqual(gradients(of: x, withRespectTo: [x], seed: Tensor([4, 5, 6], shape: [3]))[0].values, [4, 5, 6])
  }

  func testUnusedInputsGetZeros() {
    let unused = Tensor([7, 8], shape: [1, 2]).tracked
    let found = gradients(of: x.sum(), withRespectTo: [unused, x])
    XCTAssertEqual(found[0].shape, [1, 2])
    XCTAssertEqual(found[0].values, [0, 0])
    XCTAssertEqual(gradients(of: Tensor(5), withRespectTo: [unused])[0].values, [0, 0], "an untracked output")
  }

  func testSeedsScaleAndSelect() {
    let y = x.squared()
    XCTAssertEqual(gradients(of: y, withRespectTo: [x], seed: Tensor([0, 1, 10], shape: [3]))[0].values, [0, 4, 60])
  }

  func testSharedSubexpressionsAccumulate() {
    let shared = x * 2
    let y = (shared + shared * shared + shared).sum()
    XCTAssertEqual(gradients(of: y, withRespectTo: [x])[0].values, [12, 20, 28], "d(4x + 4x²) = 4 + 8x")
    // Two to the tenth paths, walked once each node.
    var doubled = x
    for _ in 0..<10 { doubled = doubled + doubled }
    XCTAssertEqual(gradients(of: doubled.sum(), withRespectTo: [x])[0].values, [1024, 1024, 1024])
  }

  func testOnlyWantedPathsAreWalked() {
    let other = Tensor([1, 1, 1], shape: [3]).tracked
    var calls = 0
    let counted = recorded(other.detached * 2, from: [other]) { g, _, _ in
      calls += 1
      return [g * 2]
    }
    let y = (x * counted).sum()
    _ = gradients(of: y, withRespectTo: [x])
    XCTAssertEqual(calls, 0)
    XCTAssertEqual(gradients(of: y, withRespectTo: [other])[0].values, [2, 4, 6])
    XCTAssertEqual(calls, 1)
  }

  func testRulesLearnWhichGradientsAreNeeded() {
    let constant = Tensor([1, 1, 1], shape: [3])
    var seen: [[Bool]] = []
    let y = recorded(x.detached, from: [x, constant, x.tracked]) { g, _, needed in
      seen.append(needed)
      return [g, nil, nil]
    }
    _ = gradients(of: y.sum(), withRespectTo: [x])
    XCTAssertEqual(seen, [[true, false, false]])
  }

  func testHigherOrders() {
    let t = Tensor(2).tracked
    var derivative = t.squared() * t.squared() * t  // t⁵
    for expected in [80, 160, 240, 240, 120, 0] as [Float] {
      derivative = gradients(of: derivative, withRespectTo: [t], recording: true)[0]
      XCTAssertEqual(derivative.item, expected, accuracy: 1e-3)
    }
    // d³/dt³ sin-like: exp(-t²) at 0.5, from its Hermite polynomial.
    let s = Tensor(0.5).tracked
    var value = (-(s.squared())).exp()
    for _ in 0..<3 { value = gradients(of: value, withRespectTo: [s], recording: true)[0] }
    XCTAssertEqual(value.item, Float((12 * 0.5 - 8 * 0.125) * exp(-0.25)), accuracy: 1e-5)
  }

  func testTheGradientPenaltyOfALinearMap() {
    // R1 of f(x) = <w, x>: |w|², whose gradient by w is 2w.
    let w = Tensor([0.5, -1, 2], shape: [3]).tracked
    let slope = gradients(of: (w * x).sum(), withRespectTo: [x], recording: true)[0]
    let penalty = slope.squared().sum()
    XCTAssertEqual(penalty.item, 5.25)
    XCTAssertEqual(gradients(of: penalty, withRespectTo: [w])[0].values, [1, -2, 4])
  }

  func testAGraphIsFreedWithItsOutput() {
    weak var middle: Tensor?
    do {
      let held = x.sigmoid()
      middle = held
      let y = batchNormTraining(held.reshaped([3, 1]), scale: .ones([1]), offset: .zeros([1]), epsilon: 1).output.sum()
      let gradient = gradients(of: y, withRespectTo: [x], recording: true)[0]
      _ = gradients(of: gradient.sum(), withRespectTo: [x])
    }
    XCTAssertNil(middle, "a cycle keeps the graph alive")
  }

  func testALongChainCanBeWalkedAndFreed() {
    var y = x
    for _ in 0..<100_000 { y = y + 1 }
    XCTAssertEqual(gradients(of: y.sum(), withRespectTo: [x])[0].values, [1, 1, 1])
    y = x
  }
}
