import XCTest

@testable import Engine

/// Tensors as values, and the memory behind them.
final class TensorTests: XCTestCase {
  func testMakingAndReading() {
    XCTAssertEqual(Tensor(2.5).shape, [])
    XCTAssertEqual(Tensor(2.5).item, 2.5)
    XCTAssertEqual(Tensor.ones([2, 2]).values, [1, 1, 1, 1])
    XCTAssertEqual(Tensor(repeating: 3, shape: [0]).values, [])
    XCTAssertEqual(Tensor.oneHot([2, 0], classes: 3).values, [0, 0, 1, 1, 0, 0])
    XCTAssertEqual(Tensor.oneHot([], classes: 3).shape, [0, 3])
    XCTAssertEqual([2, 3, 4].elementCount, 24)
    XCTAssertEqual([Int]().elementCount, 1)
    XCTAssertEqual(Tensor([1, 2], shape: [2]).withElements { $0.reduce(0, +) }, 3)
  }

  func testACopyHasMemoryOfItsOwn() {
    let x = Tensor([1, 2], shape: [2]).tracked
    let (copy, view) = (x.copy(), x.detached)
    XCTAssertFalse(copy.isTracked)
    x.withMutableElements { $0[0] = 7 }
    XCTAssertEqual(copy.values, [1, 2])
    XCTAssertEqual(view.values, [7, 2], "detached shares memory")
  }

  func testOperationsLeaveTheirInputsAlone() {
    let x = formulaValues([1, 4, 4, 2], salt: 1)
    let before = bits(x)
    _ = [x + x, x.exp(), x.sum([]), x.reshaped([-1]), x.slice(0, 0..<1), x.transposed([0, 1, 2, 3]), haarTransform(x)]
    _ = batchNormTraining(x, scale: .ones([2]), offset: .zeros([2]), epsilon: 1)
    XCTAssertEqual(bits(x), before)
  }

  /// Buffers come from a pool and hold whatever was in them: no kernel may leave an element unwritten.
  func testResultsDoNotDependOnWhatABufferHeldBefore() {
    func results() -> [[UInt32]] {
      let x = formulaValues([2, 6, 6, 4], salt: 2).tracked
      let weight = formulaValues([3, 3, 4, 5], salt: 3).tracked
      let outputs = [
        conv2d(x, weight, Window(stride: 2, padding: 1)),
        convTranspose2d(x, weight.transposed([0, 1, 3, 2]), Window(stride: 2)),
        upFIRDown(x, .blur(up: 2, padding: (2, 1))), upFIRDown(x, UpFIRDown(taps: [1], padding: (3, 3))),
        maxPool2d(x, kernel: 3, Window(stride: 2, padding: 1)), x.padded(1, before: 2, after: 1), x.rows([1, 1]),
        x.sum([1, 2]), haarTransform(x), x.transposed([3, 0, 2, 1]), x.broadcast(to: [3, 2, 6, 6, 4]),
        matmul(x.reshaped([2, 36, 4]), x.reshaped([2, 36, 4]), transposeB: true),
      ]
      return outputs.flatMap { [bits($0)] + gradients(of: $0.squared().sum(), withRespectTo: [x, weight]).map(bits) }
    }
    func poison(_ value: Float) {
      var held: [Tensor] = []
      for count in [1, 64, 100, 128, 180, 200, 288, 320, 500, 640, 900, 1200, 1500, 2000, 2600, 3000, 4000, 9000] {
        for _ in 0..<12 { held.append(Tensor(repeating: value, shape: [count])) }
      }
    }
    poison(.nan)
    let first = results()
    poison(1e30)
    XCTAssertTrue(results() == first)
    XCTAssertTrue(first.joined().allSatisfy { Float(bitPattern: $0).isFinite })
  }

  func testPeakMemoryCountsWhatIsHeld() {
    _ = BufferPool.takePeakBytes()
    let before = BufferPool.takePeakBytes()
    do { _ = Tensor(repeating: 1, shape: [1 << 20]).values.count }
    let peak = BufferPool.takePeakBytes()
    XCTAssertGreaterThanOrEqual(peak - before, 4 << 20)
    XCTAssertLessThan(peak - before, 6 << 20)
    XCTAssertEqual(BufferPool.takePeakBytes(), before, "given back")
    BufferPool.trim()
    XCTAssertEqual(Tensor.zeros([1 << 20]).sum().item, 0)
  }
}
