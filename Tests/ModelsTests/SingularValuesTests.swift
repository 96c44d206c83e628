import Engine
import XCTest

final class SingularValuesTests: XCTestCase {
  func testADiagonalMatrix() {
    let (values, vectors) = singularValues(Tensor([2, 0, 0, -5, 0, 0], shape: [3, 2]))!
    XCTAssertEqual(values, [5, 2])
    XCTAssertEqual(vectors.values.map(abs), [0, 1, 1, 0])
  }

  func testValuesAndVectorsRebuildTheGramMatrix() {
    var stream = RandomStream(seed: 1, name: "test")
    let x = Tensor.normal([40, 17], from: &stream)
    let (values, vectors) = singularValues(x)!
    XCTAssertEqual(values, values.sorted(by: >))
    let scaled = vectors * Tensor(values, shape: [17, 1])
    let difference = matmul(scaled, scaled, transposeA: true) - matmul(x, x, transposeA: true)
    XCTAssertLessThan(largest(difference), 1e-4)
  }

  func testWhatIsNotFiniteGivesNothing() {
    XCTAssertNil(singularValues(Tensor([1, .nan], shape: [2, 1])))
  }
}
