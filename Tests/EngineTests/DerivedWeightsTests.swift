import XCTest

@testable import Engine

/// What is kept of a weight between batches is what would be made anew, and is gone when the weight changes.
final class DerivedWeightsTests: XCTestCase {
  /// Operations that derive something from their weight [K,K,32,40], each of its own kind.
  private let uses: [(name: String, kernel: Int, f: (Tensor) -> Tensor)] = {
    let small = formulaValues([3, 5, 6, 32], salt: 1)
    let large = formulaValues([16, 12, 12, 32], salt: 2)
    return [
      ("Winograd", 3, { conv2d(large, $0, Window(padding: 1)) }),
      ("upright transposed", 3, { convTranspose2d(small, upright: $0, Window(stride: 2)) }),
      ("sums of squares", 3, { sumOfSquares($0, leadingAxes: 2) }),
      (
        "turned", 5,
        { conv2dInputGradient(formulaValues([2, 7, 9, 40], salt: 3), $0, Window(padding: 2), inputSize: (7, 9)) }
      ),
      (
        "windows", 3,
        { conv2dInputGradient(formulaValues([3, 4, 5, 40], salt: 4), $0, Window(stride: 2), inputSize: (9, 11)) }
      ),
      (
        "positions", 3,
        { conv2dInputGradient(formulaValues([16, 4, 4, 40], salt: 5), $0, Window(stride: 2), inputSize: (9, 9)) }
      ),
    ]
  }()

  private func weight(_ kernel: Int, salt: Int = 6) -> Tensor { formulaValues([kernel, kernel, 32, 40], salt: salt) }

  func testWhatIsKeptHasTheBitsOfWhatIsMade() {
    for use in uses {
      let w = weight(use.kernel)
      let expected = bits(use.f(w))
      XCTAssertNil(w.storage.derived, "\(use.name): outside drawing nothing is kept")
      withoutRecording {
        for _ in 0..<3 { XCTAssertTrue(bits(use.f(w)) == expected, use.name) }
      }
      XCTAssertNotNil(w.storage.derived, "\(use.name): the case derives nothing")
      XCTAssertTrue(bits(use.f(w)) == expected, "\(use.name), recorded afterwards")
    }
  }

  func testAChangedWeightIsSeen() {
    let stepped = Parameter(weight(3))
    let adam = Adam([stepped], learningRate: 0.1)
    let descent = SGD([stepped], learningRate: 0.1)
    final class Holder: Module {
      let weight: Parameter
      init(_ weight: Tensor) { self.weight = Parameter(weight) }
    }
    let (average, model) = (Holder(weight(3)), Holder(weight(3, salt: 8)))
    let moving = MovingAverage(average, of: model)
    let changes: [(String, Parameter, () -> Void)] = [
      ("Adam", stepped, { adam.step([formulaValues([3, 3, 32, 40], salt: 9)]) }),
      ("SGD", stepped, { descent.step([formulaValues([3, 3, 32, 40], salt: 9)]) }),
      ("moving average", average.weight, { moving.update(decay: 0.5) }),
      ("written in place", stepped, { stepped.value.withMutableElements { $0[17] += 1 } }),
      ("replaced", stepped, { stepped.set(self.weight(3, salt: 10)) }),
    ]
    for use in uses where use.kernel == 3 {
      for (name, parameter, change) in changes {
        withoutRecording {
          for _ in 0..<3 { _ = use.f(parameter.value) }
          let before = bits(use.f(parameter.value))
          change()
          let after = bits(use.f(parameter.value))
          XCTAssertFalse(after == before, "\(name): \(use.name) does not depend on the weight")
          XCTAssertTrue(after == bits(use.f(parameter.value.copy())), "\(name): \(use.name) saw the weight before")
        }
      }
    }
  }

  func testABackwardPassKeepsNothing() {
    let (x, w) = (formulaValues([16, 12, 12, 32], salt: 2).tracked, weight(3).tracked)
    for _ in 0..<3 {
      let y = conv2d(x, w, Window(padding: 1))
      _ = withoutRecording { gradients(of: y, withRespectTo: [x, w], seed: formulaValues(y.shape, salt: 11)) }
    }
    XCTAssertNil(w.storage.derived)
  }
}
