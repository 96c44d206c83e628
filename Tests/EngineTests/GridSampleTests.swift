import XCTest

@testable import Engine

/// Affine maps and bilinear sampling along them: values known without computing, both orders of gradients, the adjoint.
final class GridSampleTests: XCTestCase {
  private let turned = AffineMap.translation(0.3, -0.2) * .rotation(0.6) * .scaling(1.3, 0.8)

  func testAMapAndItsInverseCancel() {
    let both = turned * turned.inverse
    let (x, y) = both(2, -3)
    XCTAssertEqual(x, 2, accuracy: 1e-14)
    XCTAssertEqual(y, -3, accuracy: 1e-14)
    XCTAssertFalse(AffineMap.scaling(0, 1).inverse.xx.isFinite)
  }

  func testTheIdentityAndWholeStepsCopyPixels() {
    let x = formulaValues([2, 4, 5, 3], salt: 1)
    let maps = [AffineMap.identity, .translation(1, -2)]
    let y = sampleGrid(x, AffineSampling(maps: maps, to: (4, 5)))
    XCTAssertEqual(bits(y.slice(0, 0..<1)), bits(x.slice(0, 0..<1)))
    let moved = x.slice(0, 1..<2).slice(1, 0..<2).slice(2, 1..<5).padded(1, before: 2, after: 0)
      .padded(2, before: 0, after: 1)
    XCTAssertEqual(y.slice(0, 1..<2).values, moved.values)
  }

  func testAQuarterTurnIsClockwise() {
    let x = Tensor([1, 2, 3, 4], shape: [1, 2, 2, 1])
    let turn = AffineSampling(maps: [AffineMap.rotation(.pi / 2).inverse], to: (2, 2))
    assertClose(sampleGrid(x, turn), shape: [1, 2, 2, 1], [3, 1, 4, 2], tolerance: 1e-6)
  }

  func testHalfAStepIsTheMeanOfTwoPixels() {
    let x = Tensor([1, 2, 4], shape: [1, 1, 3, 1])
    let step = AffineSampling(maps: [.translation(0.5, 0)], to: (1, 3))
    XCTAssertEqual(sampleGrid(x, step).values, [1.5, 3, 2])
  }

  func testGradients() {
    let sampling = AffineSampling(maps: [turned, .scaling(-0.7, 1.9)], to: (3, 5))
    assertGradients([formulaValues([2, 4, 3, 2], salt: 1)]) { sampleGrid($0[0], sampling).squared() }
  }

  func testSpreadingIsTheAdjoint() {
    let sampling = AffineSampling(maps: [turned, turned.inverse], to: (7, 6))
    let x = formulaValues([2, 5, 8, 3], salt: 2).tracked
    let y = formulaValues([2, 7, 6, 3], salt: 3)
    let sampled = sampleGrid(x, sampling)
    let back = gradients(of: sampled, withRespectTo: [x], seed: y)[0]
    XCTAssertEqual((sampled.detached * y).sum().item, (x.detached * back).sum().item, accuracy: 1e-4)
  }

  func testAwkwardShapes() {
    func sampled(_ shape: [Int], _ maps: [AffineMap], _ size: (Int, Int)) -> [Int] {
      let x = Tensor.ones(shape).tracked
      let y = sampleGrid(x, AffineSampling(maps: maps, to: size))
      XCTAssertEqual(gradients(of: y.sum(), withRespectTo: [x])[0].shape, shape)
      return y.shape
    }
    XCTAssertEqual(sampled([0, 3, 3, 2], [], (2, 2)), [0, 2, 2, 2])
    XCTAssertEqual(sampled([1, 0, 3, 2], [turned], (2, 2)), [1, 2, 2, 2])
    XCTAssertEqual(sampled([1, 3, 3, 0], [turned], (2, 2)), [1, 2, 2, 0])
    XCTAssertEqual(sampled([1, 3, 3, 2], [turned], (0, 2)), [1, 0, 2, 2])
    // A map that is not finite reads nothing.
    let nowhere = AffineSampling(maps: [.translation(.nan, .infinity)], to: (2, 2))
    XCTAssertEqual(sampleGrid(Tensor.ones([1, 2, 2, 1]), nowhere).values, [0, 0, 0, 0])
  }

  func testTheBitsDoNotDependOnThreads() {
    defer { Parallel.threadCount = 2 }
    let sampling = AffineSampling(maps: Array(repeating: turned, count: 3), to: (90, 70))
    let results = [1, 2, 3].map { threads in
      Parallel.threadCount = threads
      let x = formulaValues([3, 64, 80, 3], salt: 5).tracked
      let y = sampleGrid(x, sampling)
      return bits(y) + bits(gradients(of: y.squared().sum(), withRespectTo: [x])[0])
    }
    XCTAssertEqual(results[0], results[1])
    XCTAssertEqual(results[0], results[2])
  }
}
