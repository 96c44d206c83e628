import XCTest

@testable import Engine

/// Shapes that networks rarely have and programs still meet: empty, 1×1, odd, negative axes.
final class AwkwardShapeTests: XCTestCase {
  private let empty = Tensor([], shape: [0, 3])

  func testEmptyTensorsPassThroughElementwiseOperations() {
    let x = empty.tracked
    let operations: [(Tensor) -> Tensor] = [
      { $0 + $0 }, { $0 * Tensor([1, 2, 3], shape: [3]) }, { $0 / Tensor(2) }, { -$0 }, { $0.exp() }, { $0.tanh() },
      { $0.relu() }, { $0.clamped(0, 1) }, { $0.softmax() }, { $0.logSoftmax() }, { $0.squared() },
      { biasActivation($0, bias: Tensor([1, 2, 3], shape: [3])) },
    ]
    for operation in operations {
      let y = operation(x)
      XCTAssertEqual(y.shape, [0, 3])
      XCTAssertEqual(gradients(of: y.sum(), withRespectTo: [x])[0].shape, [0, 3])
    }
    // An axis of size 0 against one of size 1 gives size 0, and a gradient of zeros.
    let row = Tensor([1, 2, 3], shape: [1, 3]).tracked
    XCTAssertEqual(gradients(of: (row * x).sum(), withRespectTo: [row])[0].values, [0, 0, 0])
  }

  func testEmptyReductions() {
    XCTAssertEqual(empty.sum().item, 0)
    XCTAssertEqual(empty.sum([0]).values, [0, 0, 0])
    XCTAssertEqual(empty.sum([1]).shape, [0])
    XCTAssertEqual(empty.sum([0], keepingAxes: true).shape, [1, 3])
    XCTAssertEqual(Tensor([], shape: [2, 0, 3]).sum([1]).values, [Float](repeating: 0, count: 6))
    XCTAssertEqual(Tensor([], shape: [2, 0]).sum([-1]).values, [0, 0])
    XCTAssertEqual(empty.argmax(), [])
  }

  func testEmptyMovement() {
    let two = formulaValues([2, 3], salt: 1)
    XCTAssertEqual(bits(concatenated([empty, two, empty], axis: 0)), bits(two))
    XCTAssertEqual(concatenated([empty, empty], axis: 1).shape, [0, 6])
    XCTAssertEqual(empty.transposed([1, 0]).shape, [3, 0])
    XCTAssertEqual(empty.reshaped([3, 0]).shape, [3, 0])
    XCTAssertEqual(empty.padded(0, before: 1, after: 1).values, [Float](repeating: 0, count: 6))
    XCTAssertEqual(two.slice(0, 1..<1).shape, [0, 3])
    XCTAssertEqual(two.rows([]).shape, [0, 3])
    let x = two.tracked
    XCTAssertEqual(gradients(of: x.rows([]).sum(), withRespectTo: [x])[0].values, [Float](repeating: 0, count: 6))
    let bySlice = gradients(of: x.slice(0, 2..<2).sum(), withRespectTo: [x])[0]
    XCTAssertEqual(bySlice.values, [Float](repeating: 0, count: 6))
  }

  func testEmptyProducts() {
    XCTAssertEqual(matmul(empty, formulaValues([3, 2], salt: 1)).shape, [0, 2])
    XCTAssertEqual(matmul(Tensor([], shape: [2, 0]), Tensor([], shape: [0, 3])).values, [Float](repeating: 0, count: 6))
    XCTAssertEqual(matmul(Tensor([], shape: [0, 2, 3]), formulaValues([3, 4], salt: 1)).shape, [0, 2, 4])
    XCTAssertEqual(matmul(Tensor([], shape: [0, 2, 3]), Tensor([], shape: [0, 3, 4])).shape, [0, 2, 4])
  }

  func testABatchOfNoPictures() {
    let x = Tensor([], shape: [0, 4, 4, 2]).tracked
    for kernel in [1, 3] {
      let weight = formulaValues([kernel, kernel, 2, 3], salt: 1).tracked
      let y = conv2d(x, weight, Window(padding: kernel / 2))
      XCTAssertEqual(y.shape, [0, 4, 4, 3])
      let found = gradients(of: y.sum(), withRespectTo: [x, weight])
      XCTAssertEqual(found[0].shape, x.shape)
      XCTAssertEqual(found[1].values, [Float](repeating: 0, count: weight.count))
    }
    XCTAssertEqual(upFIRDown(x, .blur(up: 2, padding: (2, 1))).shape, [0, 8, 8, 2])
    XCTAssertEqual(haarTransform(x).shape, [0, 2, 2, 8])
    XCTAssertEqual(maxPool2d(x, kernel: 2, Window(stride: 2)).shape, [0, 2, 2, 2])
  }

  func testScalars() {
    let x = Tensor(3).tracked
    XCTAssertEqual(x.sum().item, 3)
    XCTAssertEqual(x.mean().item, 3)
    XCTAssertEqual(x.reshaped([1, 1]).shape, [1, 1])
    XCTAssertEqual(x.reshaped([-1]).shape, [1])
    XCTAssertEqual(gradients(of: x * x, withRespectTo: [x])[0].shape, [])
    XCTAssertEqual(Tensor([5], shape: [1]).broadcast(to: [2, 2]).values, [5, 5, 5, 5])
  }

  func testNegativeAxesCountFromTheEnd() {
    let x = formulaValues([2, 3, 4], salt: 2)
    XCTAssertEqual(bits(x.sum([-1])), bits(x.sum([2])))
    XCTAssertEqual(bits(x.sum([-3, -2])), bits(x.sum([0, 1])))
    XCTAssertEqual(bits(x.mean([-2], keepingAxes: true)), bits(x.mean([1], keepingAxes: true)))
    XCTAssertEqual(bits(x.slice(-2, 1..<3)), bits(x.slice(1, 1..<3)))
    XCTAssertEqual(bits(x.padded(-3, before: 1, after: 0)), bits(x.padded(0, before: 1, after: 0)))
    XCTAssertEqual(bits(concatenated([x, x], axis: -2)), bits(concatenated([x, x], axis: 1)))
    XCTAssertEqual(x.sum([1, -2]).shape, [2, 4], "an axis named twice counts once")
  }

  func testAWindowThatDoesNotFitHasNoOutput() {
    // PyTorch refuses these; rounding towards zero would give one output of a window beyond the picture.
    XCTAssertLessThanOrEqual(Window(stride: 2).outputSize(2, kernel: 3), 0)
    XCTAssertLessThanOrEqual(Window(stride: 4).outputSize(1, kernel: 4), 0)
    XCTAssertEqual(Window(stride: 2).outputSize(3, kernel: 3), 1)
    XCTAssertLessThanOrEqual(UpFIRDown(taps: [1, 1, 1], down: 2).outputSize(2), 0)
  }

  func testExtremeValuesStayFinite() {
    let x = Tensor([-1e4, -100, 0, 100, 1e4], shape: [1, 5]).tracked
    for operation in [{ $0.sigmoid() }, { $0.tanh() }, { $0.softplus() }, { $0.softmax() }, { $0.logSoftmax() }]
      as [(Tensor) -> Tensor]
    {
      let y = operation(x)
      XCTAssertTrue(y.isFinite)
      XCTAssertTrue(gradients(of: y.sum(), withRespectTo: [x])[0].isFinite)
    }
    XCTAssertFalse(Tensor([1, .nan], shape: [2]).isFinite)
    XCTAssertFalse(Tensor([1, .infinity], shape: [2]).isFinite)
    XCTAssertTrue(empty.isFinite)
  }

  func testNotANumberIsNotHidden() {
    // A diverged network must show: no operation may turn NaN into a number.
    let x = Tensor([.nan, 1, 2, 3], shape: [1, 2, 2, 1])
    XCTAssertTrue(x.relu().values[0].isNaN)
    XCTAssertTrue(x.clamped(0, 1).values[0].isNaN)
    XCTAssertTrue(maxPool2d(x, kernel: 2, Window(stride: 2)).values[0].isNaN)
    XCTAssertTrue(biasActivation(x, bias: Tensor([0], shape: [1])).values[0].isNaN)
    XCTAssertTrue(x.reshaped([1, 4]).softmax().values.allSatisfy(\.isNaN))
  }

  func testArgmaxTakesTheFirstOfEquals() {
    XCTAssertEqual(Tensor([1, 3, 3, -1, -2, -1], shape: [2, 3]).argmax(), [1, 0])
  }
}
