import XCTest

@testable import Engine

/// Moving pixels: values, both orders of gradients, and the adjoint.
final class PixelGatherTests: XCTestCase {
  /// Turns each picture a quarter and shifts it; one source falls outside.
  private let map = PixelMap(batch: 2, from: (2, 3), to: (3, 2)) { picture, y, x in (x, 2 - y + picture) }

  func testPixelsComeFromWhereTheMapSays() {
    let x = Tensor((0..<12).map { Float($0) }, shape: [2, 2, 3, 1])
    // First picture [[0,1,2],[3,4,5]]: row y of the result is column 2 - y. The second is shifted by one column.
    XCTAssertEqual(gatherPixels(x, map).values, [2, 5, 1, 4, 0, 3, 0, 0, 8, 11, 7, 10])
  }

  func testGradients() {
    assertGradients([formulaValues([2, 2, 3, 2], salt: 1)]) { gatherPixels($0[0], self.map).squared() }
  }

  func testScatteringIsTheAdjoint() {
    let x = formulaValues([2, 2, 3, 1], salt: 2).tracked
    let y = formulaValues([2, 3, 2, 1], salt: 3)
    let gathered = gatherPixels(x, map)
    let back = gradients(of: gathered, withRespectTo: [x], seed: y)[0]
    XCTAssertEqual((gathered.detached * y).sum().item, (x.detached * back).sum().item, accuracy: 1e-5)
  }

  func testRepeatedSourcesAddUp() {
    let all = PixelMap(batch: 1, from: (1, 1), to: (2, 2)) { _, _, _ in (0, 0) }
    let x = Tensor([3], shape: [1, 1, 1, 1]).tracked
    XCTAssertEqual(gradients(of: gatherPixels(x, all).sum(), withRespectTo: [x])[0].item, 4)
  }

  func testEmptyBatch() {
    let none = PixelMap(batch: 0, from: (2, 2), to: (2, 2)) { _, y, x in (y, x) }
    XCTAssertEqual(gatherPixels(Tensor.zeros([0, 2, 2, 3]), none).shape, [0, 2, 2, 3])
  }
}
