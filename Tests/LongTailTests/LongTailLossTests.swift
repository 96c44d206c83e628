import Engine
import Models
import XCTest

@testable import LongTail

/// The losses of the methods for long tails, on cases worked out by hand and by finite differences.
final class LongTailLossTests: XCTestCase {
  private let zeros = Tensor.zeros([1, 2])

  func testEffectiveNumberWeights() {
    // β = ½: a class of 1 weighs 1, a class of 3 weighs ½ / (1 - ⅛) = 4/7; the sum 11/7 is scaled to 2.
    let weights = effectiveNumberWeights([1, 3], beta: 0.5)
    XCTAssertEqual(weights[0], 14.0 / 11, accuracy: 1e-6)
    XCTAssertEqual(weights[1], 8.0 / 11, accuracy: 1e-6)
    XCTAssertEqual(effectiveNumberWeights([5, 500], beta: 0), [1, 1])
    // Towards β = 1: one over the counts.
    let nearOne = effectiveNumberWeights([1, 4], beta: 0.99999)
    XCTAssertEqual(nearOne[0] / nearOne[1], 4, accuracy: 1e-3)
    XCTAssertTrue(effectiveNumberWeights([0, 4], beta: 0.9).allSatisfy(\.isFinite), "a class without images")
  }

  func testClassBalancedLossOfAnUndecidedClassifier() {
    let one = classBalancedLoss(zeros, [0], counts: [1, 3], beta: 0.5)
    XCTAssertEqual(one.item, 14 / 11 * log(2), accuracy: 1e-6)
    let both = classBalancedLoss(.zeros([2, 2]), [0, 1], counts: [1, 3], beta: 0.5)
    XCTAssertEqual(both.item, log(2), accuracy: 1e-6)
  }

  func testFocalLoss() {
    XCTAssertEqual(focalLoss(zeros, [0], gamma: 2).item, 0.25 * log(2), accuracy: 1e-6)
    // p = ¾ of the label: (¼)² · log(4/3).
    let logits = Tensor([log(3), 0], shape: [1, 2])
    XCTAssertEqual(focalLoss(logits, [0], gamma: 2).item, log(4.0 / 3) / 16, accuracy: 1e-6)
    XCTAssertEqual(focalLoss(logits, [1], gamma: 0).item, crossEntropy(logits, [1]).item, accuracy: 1e-6)
    // A certain sample neither overflows nor stops training.
    let certain = Tensor([200, -200], shape: [1, 2]).tracked
    let loss = focalLoss(certain, [0], gamma: 2)
    XCTAssertEqual(loss.item, 0)
    XCTAssertTrue(gradients(of: loss, withRespectTo: [certain])[0].isFinite)
  }

  func testBalancedSoftmaxAndLogitAdjustment() {
    // Counts 3 and 1: an undecided classifier should say ¾ and ¼.
    XCTAssertEqual(balancedSoftmaxLoss(zeros, [0], counts: [3, 1]).item, log(4.0 / 3), accuracy: 1e-6)
    XCTAssertEqual(balancedSoftmaxLoss(zeros, [1], counts: [3, 1]).item, log(4), accuracy: 1e-6)
    let adjusted = logitAdjusted(zeros, counts: [3, 1], tau: 2).values
    XCTAssertEqual(adjusted[0], -2 * log(0.75), accuracy: 1e-6)
    XCTAssertEqual(adjusted[1], -2 * log(0.25), accuracy: 1e-6)
    // As a loss, τ = 1 is balanced softmax.
    let logits = Tensor([0.3, -1, 2, 0.5, 0.1, -0.7], shape: [2, 3])
    XCTAssertEqual(
      crossEntropy(logitAdjusted(logits, counts: [90, 9, 1], tau: -1), [2, 0]).item,
      balancedSoftmaxLoss(logits, [2, 0], counts: [90, 9, 1]).item, accuracy: 1e-5)
  }

  func testLabelAwareMargins() {
    // 16^(-¼) = ½ and 1: half of the largest margin, and all of it.
    XCTAssertEqual(labelAwareMargins([16, 1], largest: 0.5), [0.25, 0.5])
    let logits = Tensor([1, 1, 1, 1], shape: [2, 2])
    func loss(_ labels: [Int], _ logits: Tensor, _ weights: [Float]? = nil) -> Float {
      labelAwareMarginLoss(logits, labels, counts: [16, 1], largestMargin: 0.5, scale: 2, weights: weights).item
    }
    let first = log(1 + exp(Float(0.5)))
    let second = log(1 + exp(Float(1)))
    XCTAssertEqual(loss([0], logits.slice(0, 0..<1)), first, accuracy: 1e-6)
    XCTAssertEqual(loss([1], logits.slice(0, 0..<1)), second, accuracy: 1e-6)
    XCTAssertEqual(loss([0, 1], logits), (first + second) / 2, accuracy: 1e-6)
    XCTAssertEqual(loss([0, 1], logits, [1, 3]), (first + 3 * second) / 4, accuracy: 1e-6)
  }

  func testReweightingIsDeferred() {
    let logits = Tensor([1, 0.2, 0, 1], shape: [2, 2])
    let loss = LongTailLoss.labelAwareMargin(largest: 0.5, scale: 2, beta: 0.9, weightedFrom: 0.8)
    func at(_ progress: Double) -> Float { loss(logits, [0, 1], counts: [16, 1], progress: progress).item }
    XCTAssertEqual(at(0), at(0.79))
    XCTAssertNotEqual(at(0), at(0.8))
    XCTAssertEqual(at(0.8), at(1))
  }

  func testGradientsAgreeWithFiniteDifferences() {
    let counts = [40, 7, 2]
    let labels = [0, 2, 1, 2]
    let losses: [LongTailLoss] = [
      .crossEntropy, .classBalanced(beta: 0.9), .focal(gamma: 2), .focal(gamma: 0.5), .balancedSoftmax,
      .labelAwareMargin(largest: 0.5, scale: 3, beta: 0.9, weightedFrom: 0),
      .labelAwareMargin(largest: 0.5, scale: 3, beta: 0.9, weightedFrom: 2),
    ]
    let point = Tensor((0..<12).map { sin(Float($0) * 1.7) }, shape: [4, 3])
    let direction = Tensor((0..<12).map { cos(Float($0) * 2.3) }, shape: [4, 3])
    for loss in losses {
      let value = { (x: Tensor) in loss(x, labels, counts: counts, progress: 0.5) }
      assertGradient(of: value, at: point, "\(loss)")
      // And of the gradient, along a direction.
      assertGradient(of: { x in
        let x = x.isTracked ? x : x.tracked
        return (gradients(of: value(x), withRespectTo: [x], recording: true)[0] * direction).sum()
      }, at: point, "gradient of \(loss)")
    }
    let rows = Tensor((0..<6).map { cos(Float($0)) }, shape: [3, 2])
    assertGradient(
      of: { (cosines($0, rows) * Tensor([1, 2, 3], shape: [3])).sum() }, at: point.reshaped([6, 2]), "cosines")
  }

  private func assertGradient(of value: (Tensor) -> Tensor, at point: Tensor, _ name: String) {
    let tracked = point.tracked
    let found = gradients(of: value(tracked), withRespectTo: [tracked])[0].values
    let largest = found.map(abs).max()!
    for element in 0..<point.count {
      func difference(_ step: Float) -> Float {
        func displaced(_ shift: Float) -> Float {
          let x = point.copy()
          x.withMutableElements { $0[element] += shift }
          return value(x).item
        }
        return (displaced(step) - displaced(-step)) / (2 * step)
      }
      let slope = (4 * difference(0x1p-5) - difference(0x1p-4)) / 3
      XCTAssertEqual(found[element], slope, accuracy: 2e-3 * max(0.01, largest), "\(name), element \(element)")
    }
  }
}
