import Engine
import Models
import XCTest

@testable import LongTail

/// Activations computed again give the gradients of those that were kept, to any order.
final class RecomputationTests: XCTestCase {
  func testAFunctionOfInputsAndParameters() {
    let x = Tensor([0.5, -0.25, 0.75], shape: [3]).tracked
    let w = Tensor([1.5, 2, -1], shape: [3]).tracked
    func value(_ again: Bool) -> [Tensor] {
      func f(_ x: Tensor) -> Tensor { (x * w).exp() * x }
      let y = again ? recomputed([x], parameters: [w]) { f($0[0]) } : f(x)
      let first = gradients(of: y.sum(), withRespectTo: [x, w], recording: true)
      let second = gradients(of: (first[0].squared() + first[1]).sum(), withRespectTo: [x, w])
      return [y] + gradients(of: y.sum(), withRespectTo: [x, w]) + first + second
    }
    for (a, b) in zip(value(true), value(false)) {
      for (p, q) in zip(a.values, b.values) { XCTAssertEqual(p, q, accuracy: 1e-5 * max(1, abs(q))) }
    }
  }

  func testGeneratorAndDiscriminator() {
    var settings = PipelineSettings.profile(.smoke).cdtg
    settings.side = 16
    func results(_ again: Bool) -> [Float] {
      var stream = RandomStream(seed: 3, name: "recomputation")
      let generator = Generator(settings.generatorConfiguration(classes: 3), stream: &stream)
      let discriminator = Discriminator(settings.discriminatorConfiguration(classes: 3), stream: &stream)
      generator.recomputesActivations = again
      discriminator.recomputesActivations = again
      let z = Tensor.normal([4, settings.latentWidth], from: &stream)
      let labels = [0, 1, 2, 0]
      let weights = (generator.parameters + discriminator.parameters).map(\.parameter.value)
      let (image, latents) = generator(latents: [z], labels: labels)
      let loss = adversarialLoss(fake: discriminator(image, labels: labels))
      let first = gradients(of: loss, withRespectTo: weights)
      let penalty = pathLengthPenalty(image: image, latents: latents, direction: image.detached, mean: 0.1).penalty
      let second = gradients(of: penalty, withRespectTo: generator.parameters.map(\.parameter.value))
      let r1 = gradients(
        of: r1Penalty({ discriminator($0, labels: labels) }, pictures: image.detached),
        withRespectTo: discriminator.parameters.map(\.parameter.value))
      return (first + second + r1).flatMap(\.values)
    }
    let (again, kept) = (results(true), results(false))
    XCTAssertEqual(again.count, kept.count)
    let largest = kept.map(abs).max() ?? 0
    for (a, b) in zip(again, kept) { XCTAssertEqual(a, b, accuracy: 1e-5 * largest) }
  }
}
