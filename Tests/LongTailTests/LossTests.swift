import Engine
import Models
import XCTest

@testable import LongTail

/// The losses of CDTG on cases worked out by hand, and the augmentation's properties.
final class LossTests: XCTestCase {
  func testLogisticLossesAtZero() {
    let zero = Tensor([0, 0], shape: [2, 1])
    XCTAssertEqual(discriminatorLoss(real: zero, fake: zero).item, 2 * log(2), accuracy: 1e-6)
    XCTAssertEqual(adversarialLoss(fake: zero).item, log(2), accuracy: 1e-6)
  }

  func testR1OfALinearJudgeIsItsSquaredNorm() {
    var stream = RandomStream(seed: 1, name: "r1")
    let weight = Tensor.normal([1, 4, 4, 3], from: &stream)
    let pictures = Tensor.normal([3, 4, 4, 3], from: &stream)
    let penalty = r1Penalty({ ($0 * weight).sum([1, 2, 3]).reshaped([3, 1]) }, pictures: pictures)
    XCTAssertEqual(penalty.item, weight.squared().sum().item, accuracy: 1e-4 * penalty.item)
  }

  func testR1OfAQuadraticJudgeHasTheRightGradient() {
    // D(x) = k·Σx²: the gradient is 2kx, the penalty 4k²·Σx² and its derivative by k is 8k·Σx².
    let factor = Tensor(0.5).tracked
    let pictures = Tensor([1, 2, 3], shape: [1, 1, 1, 3])
    let penalty = r1Penalty({ ($0.squared().sum([1, 2, 3]) * factor).reshaped([1, 1]) }, pictures: pictures)
    XCTAssertEqual(penalty.item, 14, accuracy: 1e-5)
    XCTAssertEqual(gradients(of: penalty, withRespectTo: [factor])[0].item, 56, accuracy: 1e-4)
  }

  func testPathLengthOfALinearMap() {
    // image = a·w₀ for each of two layers' sum: the gradient by each latent is a·direction/√(H·W).
    let latents = Tensor([1, 1], shape: [1, 2, 1]).tracked
    let image = latents.sum([1]).reshaped([1, 1, 1, 1]) * 3
    let (penalty, mean) = pathLengthPenalty(
      image: image, latents: latents, direction: Tensor([2], shape: [1, 1, 1, 1]), mean: 1)
    // Length √(mean over layers of 6²) = 6; the mean moves to 1 + 0.01·5.
    XCTAssertEqual(mean, 1.05, accuracy: 1e-6)
    XCTAssertEqual(penalty.item, (6 - 1.05) * (6 - 1.05), accuracy: 1e-4)
  }

  func testClassifierGuideLooksAtKnownClassesAlone() throws {
    var stream = RandomStream(seed: 1, name: "guide")
    let model = ResNet(
      .init(block: .basic, blocks: [1, 1, 1, 1], width: 4, classes: 2, stem: .smallHalving), stream: &stream)
    model.isTraining = false
    let guide = ClassifierGuide(model: model, modelLabels: [nil, 1, 0])
    let images = Tensor.uniform([3, 16, 16, 3], -1, 1, from: &stream)
    XCTAssertNil(guide(images, labels: [0, 0, 0]))
    let some = try XCTUnwrap(guide(images, labels: [0, 1, 2]))
    let expected = crossEntropy(model(images.slice(0, 1..<3)).logits, [1, 0])
    XCTAssertEqual(some.item, expected.item, accuracy: 1e-5)
  }

  func testTurnsAreTheEightSymmetriesOfTheSquare() {
    var seen: Set<[Float]> = []
    for index in 0..<UInt64(200) {
      var stream = RandomStream(seed: 5, name: "turn", index: index)
      let turn = Augmentation(turnsReal: true, shift: 0, brightness: 0, contrast: 0)
      let picture = Tensor((0..<9).map { Float($0) }, shape: [1, 3, 3, 1])
      let turned = turn(picture, isReal: true, stream: &stream).values
      XCTAssertEqual(turned.sorted(), picture.values)
      seen.insert(turned)
    }
    XCTAssertEqual(seen.count, 8)
  }

  func testNoAugmentationChangesNothing() {
    var stream = RandomStream(seed: 5, name: "none")
    let pictures = Tensor.normal([2, 8, 8, 3], from: &stream)
    XCTAssertEqual(Augmentation.none(pictures, isReal: true, stream: &stream).values, pictures.values)
  }

  func testShiftsLeaveZerosBehind() {
    var stream = RandomStream(seed: 6, name: "shift")
    let shift = Augmentation(turnsReal: false, shift: 0.25, brightness: 0, contrast: 0)
    let ones = Tensor.ones([64, 8, 8, 1])
    let sums = shift(ones, isReal: false, stream: &stream).sum([1, 2, 3]).values
    XCTAssertTrue(Set(sums).isSubset(of: [64, 56, 48, 49, 42, 36]), "\(Set(sums))")
    XCTAssertGreaterThan(Set(sums).count, 3)
  }
}
