import Checkpoints
import Engine
import Foundation
import Models
import XCTest

@testable import LongTail

/// The non-leaking augmentation: against PyTorch and the released code, its draws, R1 through it, and its strength.
final class AdaptiveAugmentationTests: XCTestCase {
  private struct Fixture: Decodable {
    let height, width: Int
    let inverse, colour: [[Double]]
    let input, output, seed, gradient: [Float]
  }

  private func assertClose(_ actual: [Float], _ expected: [Float], tolerance: Float, line: UInt = #line) {
    XCTAssertEqual(actual.count, expected.count, line: line)
    let worst = zip(actual, expected).map { abs($0 - $1) }.max() ?? 0
    XCTAssertLessThanOrEqual(worst, tolerance * (expected.map { abs($0) }.max() ?? 0), line: line)
  }

  // MARK: - Against PyTorch

  func testMovesAndColoursAgreeWithPyTorch() throws {
    let url = try XCTUnwrap(
      Bundle.module.url(forResource: "augmentation", withExtension: "json", subdirectory: "Fixtures"))
    for fixture in try JSONDecoder().decode([Fixture].self, from: Data(contentsOf: url)) {
      let shape = [fixture.inverse.count, fixture.height, fixture.width, 3]
      let inverses = fixture.inverse.map { m in
        AffineMap(xx: m[0], xy: m[1], x0: m[2], yx: m[3], yy: m[4], y0: m[5])
      }
      let colours = fixture.colour.map { m in
        ColourMatrix(
          rows: (0..<3).map { SIMD3(m[4 * $0], m[4 * $0 + 1], m[4 * $0 + 2]) }, offset: SIMD3(m[3], m[7], m[11]))
      }
      let input = Tensor(fixture.input, shape: shape).tracked
      let output = AdaptiveAugmentation.recoloured(AdaptiveAugmentation.moved(input, inverses: inverses), colours)
      XCTAssertEqual(output.shape, shape)
      assertClose(output.values, fixture.output, tolerance: 2e-6)
      let gradient = gradients(of: output, withRespectTo: [input], seed: Tensor(fixture.seed, shape: shape))[0]
      assertClose(gradient.values, fixture.gradient, tolerance: 2e-6)
    }
  }

  func testTheReleasedCodesAnswers() throws {
    let root = URL(fileURLWithPath: #filePath)
      .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
    let file = root.appendingPathComponent("shared/golden/ada_augment_64.json")
    guard FileManager.default.fileExists(atPath: file.path) else {
      throw XCTSkip("../shared/golden/ada_augment_64.json is not there")
    }
    let comparison = GoldenComparison(try GoldenCase(contentsOf: file))
    try checkAdaptiveAugmentation(comparison)
    XCTAssertTrue(comparison.passed, "\(comparison.entries)")
    XCTAssertEqual(comparison.unchecked, [])
  }

  // MARK: - Shapes

  func testPicturesOfAnyShape() {
    let augmentation = AdaptiveAugmentation(changes: .published)
    for shape in [[0, 4, 4, 3], [1, 1, 1, 3], [2, 1, 5, 3], [3, 7, 2, 3], [1, 16, 16, 3]] {
      var stream = RandomStream(seed: 4, name: "shapes")
      let x = Tensor.normal(shape, from: &stream).tracked
      let y = augmentation(x, strength: 1, stream: &stream)
      XCTAssertEqual(y.shape, shape)
      XCTAssertTrue(y.isFinite, "\(shape)")
      XCTAssertEqual(gradients(of: y.squared().sum(), withRespectTo: [x])[0].shape, shape)
    }
  }

  func testStrengthZeroChangesNothing() {
    var stream = RandomStream(seed: 4, name: "zero")
    let x = Tensor.normal([2, 8, 8, 3], from: &stream)
    XCTAssertEqual(Augmentation.adaptive(x, isReal: true, strength: 0, stream: &stream).values, x.values)
    // Resampled by the identity a picture stays as it is.
    let same = AdaptiveAugmentation.moved(x, inverses: [.identity, .identity])
    assertClose(same.values, x.values, tolerance: 1e-6)
  }

  // MARK: - Draws

  func testEachChangeHasItsProbability() {
    let augmentation = AdaptiveAugmentation()
    let (strength, draws): (Float, Int) = (0.1, 4000)
    var (unmoved, uncoloured) = (0, 0)
    for index in 0..<UInt64(draws) {
      var stream = RandomStream(seed: 1, name: "draws", index: index)
      if augmentation.affineMap(strength: strength, height: 4096, width: 4096, stream: &stream) == .identity {
        unmoved += 1
      }
      if AdaptiveAugmentation.colourMatrix(strength: strength, stream: &stream) == .identity { uncoloured += 1 }
    }
    // Half of the mirrorings and turns leave a picture as it is; the two rotations count as one change.
    let p = Double(strength)
    let expected = [(unmoved, pow(1 - p / 2, 2) * pow(1 - p, 5)), (uncoloured, (1 - p / 2) * pow(1 - p, 4))]
    for (count, share) in expected {
      XCTAssertEqual(
        Double(count) / Double(draws), share, accuracy: 4 * (share * (1 - share) / Double(draws)).squareRoot())
    }
  }

  /// The mean and the deviation of the logarithm to base 2 of how much a map enlarges areas.
  private func areas(_ augmentation: AdaptiveAugmentation) -> (mean: Double, deviation: Double, mirrored: Double) {
    var (sum, squares, mirrored) = (0.0, 0.0, 0.0)
    for index in 0..<UInt64(2000) {
      var stream = RandomStream(seed: 2, name: "areas", index: index)
      let map = augmentation.affineMap(strength: 1, height: 64, width: 64, stream: &stream)
      let area = map.xx * map.yy - map.xy * map.yx
      sum += log2(abs(area))
      squares += log2(abs(area)) * log2(abs(area))
      mirrored += area < 0 ? 1 : 0
    }
    return (sum / 2000, (squares / 2000).squareRoot(), mirrored / 2000)
  }

  func testScalesAreLogNormalAndHalfIsMirrored() {
    // Scaling by 2^(0.2 n) along both axes: areas by 2^(0.4 n).
    let found = areas(AdaptiveAugmentation())
    XCTAssertEqual(found.mean, 0, accuracy: 0.04)
    XCTAssertEqual(found.deviation, 0.4, accuracy: 0.03)
    XCTAssertEqual(found.mirrored, 0.5, accuracy: 0.05)
  }

  func testReleasedShiftsStayWithinAPixel() {
    func shift(_ changes: AdaptiveAugmentation.Changes) -> Double {
      (0..<UInt64(200)).map { index -> Double in
        var stream = RandomStream(seed: 3, name: "shifts", index: index)
        let map = AdaptiveAugmentation(changes: changes).affineMap(
          strength: 0.5, height: 64, width: 64, stream: &stream)
        return max(abs(map.x0), abs(map.y0))
      }.max()!
    }
    XCTAssertLessThan(shift(.released), 1.5)
    XCTAssertGreaterThan(shift(.published), 8)
  }

  func testChangesComeInTheirOrder() {
    // The last shift is the same along x and y; what comes before it is turned and has no direction.
    // Variances 0.125² and about 0.25² / 12: a correlation of 0.75.
    let augmentation = AdaptiveAugmentation()
    let draws = 4000
    var (products, squares, offsets) = (0.0, 0.0, 0.0)
    for index in 0..<UInt64(draws) {
      var stream = RandomStream(seed: 5, name: "order", index: index)
      let map = augmentation.affineMap(strength: 1, height: 4096, width: 4096, stream: &stream)
      products += map.x0 * map.y0
      squares += (map.x0 * map.x0 + map.y0 * map.y0) / 2
      let colour = AdaptiveAugmentation.colourMatrix(strength: 1, stream: &stream)
      XCTAssertEqual(colour.offset[0], colour.offset[2], accuracy: 1e-12)
      offsets += colour.offset[0] * colour.offset[0] / Double(draws)
    }
    XCTAssertEqual(products / squares, 0.75, accuracy: 0.05)
    // Brightness of deviation 0.2 is then multiplied by the contrast: 0.04 · exp((ln 2)² / 2).
    XCTAssertEqual(offsets, 0.0509, accuracy: 0.006)
  }

  func testColourChangesAroundGrey() {
    let grey = SIMD3<Double>(repeating: 1)
    func apply(_ matrix: ColourMatrix, _ colour: SIMD3<Double>) -> SIMD3<Double> {
      SIMD3(matrix.rows.map { ($0 * colour).sum() }) + matrix.offset
    }
    func assertEqual(_ a: SIMD3<Double>, _ b: SIMD3<Double>, line: UInt = #line) {
      for k in 0..<3 { XCTAssertEqual(a[k], b[k], accuracy: 1e-12, line: line) }
    }
    assertEqual(apply(.scaling(luma: 1, chroma: 0), SIMD3(3, 0, 0)), grey)
    assertEqual(apply(.scaling(luma: -1, chroma: 1), grey), -grey)
    assertEqual(apply(.hueRotation(0.7), grey), grey)
    assertEqual(apply(.hueRotation(2 * .pi / 3), SIMD3(1, 0, 0)), SIMD3(0, 1, 0))
    assertEqual(apply(.brighter(by: 0.5) * .scaling(luma: 2, chroma: 2), grey), SIMD3(repeating: 2.5))
    assertEqual(apply(.scaling(luma: 2, chroma: 2) * .brighter(by: 0.5), grey), SIMD3(repeating: 3))
  }

  // MARK: - R1

  func testR1GoesThroughTheAugmentation() {
    // A linear judge w of augmented pictures, and the augmentation's matrix A column by column, without any gradient:
    // the penalty is |Aᵀw|², its gradient by w is 2AAᵀw.
    let augmentation = AdaptiveAugmentation(changes: .published)
    func augmented(_ x: Tensor) -> Tensor {
      var stream = RandomStream(seed: 9, name: "penalty", index: 3)
      return augmentation(x, strength: 0.8, stream: &stream)
    }
    let shape = [1, 5, 4, 3]
    var stream = RandomStream(seed: 1, name: "judge")
    let weight = Tensor.normal(shape, from: &stream).tracked
    let pictures = Tensor.normal(shape, from: &stream)
    let penalty = r1Penalty({ (augmented($0) * weight).sum([1, 2, 3]).reshaped([1, 1]) }, pictures: pictures)

    let zero = augmented(.zeros(shape))
    XCTAssertNotEqual(augmented(pictures).values, pictures.values)
    var expected = 0.0
    var byWeight = [Double](repeating: 0, count: weight.count)
    for element in 0..<weight.count {
      var basis = [Float](repeating: 0, count: weight.count)
      basis[element] = 1
      let column = (augmented(Tensor(basis, shape: shape)) - zero).values.map(Double.init)
      let product = zip(column, weight.values).reduce(0) { $0 + $1.0 * Double($1.1) }
      expected += product * product
      for (index, value) in column.enumerated() { byWeight[index] += 2 * product * value }
    }
    XCTAssertEqual(Double(penalty.item), expected, accuracy: 1e-4 * expected)
    let gradient = gradients(of: penalty, withRespectTo: [weight])[0].values
    assertClose(gradient, byWeight.map { Float($0) }, tolerance: 1e-4)
  }

  // MARK: - Strength

  private func logits(_ values: [Float]) -> Tensor { Tensor(values, shape: [values.count, 1]) }

  func testStrengthGrowsWhileRealPicturesAreKnownByHeart() {
    var strength = AdaptiveAugmentStrength(AdaptiveAugmentation())
    for _ in 0..<7 { strength.observe(realLogits: logits([1, 2, 0.1, 3])) }
    XCTAssertEqual(strength.value, 0)
    strength.observe(realLogits: logits([1, 2, 0.1, 3]))
    XCTAssertEqual(strength.value, 32 / 500_000)
    XCTAssertEqual(strength.overfitting, 1)
    // Three quarters positive: the mean sign 0.5 is below the target.
    for _ in 0..<8 { strength.observe(realLogits: logits([1, 2, -0.1, 3])) }
    XCTAssertEqual(strength.overfitting, 0.5)
    XCTAssertEqual(strength.value, 0)
  }

  func testStrengthStaysBetweenZeroAndOne() {
    var strength = AdaptiveAugmentStrength(AdaptiveAugmentation(length: 10, interval: 1))
    for _ in 0..<20 { strength.observe(realLogits: logits([1])) }
    XCTAssertEqual(strength.value, 1)
    for _ in 0..<20 { strength.observe(realLogits: logits([-1])) }
    XCTAssertEqual(strength.value, 0)
    var fixed = AdaptiveAugmentStrength(AdaptiveAugmentation(interval: 1, fixedStrength: 0.3))
    fixed.observe(realLogits: logits([1]))
    XCTAssertEqual(fixed.value, 0.3)
  }

  func testStrengthSurvivesAStop() {
    let settings = AdaptiveAugmentation(length: 100, interval: 3)
    var whole = AdaptiveAugmentStrength(settings)
    var resumed = AdaptiveAugmentStrength(settings)
    for step in 0..<10 {
      let values = logits([step % 3 == 0 ? 1 : -1, 1, 1, 1, 1, 1, 1])
      whole.observe(realLogits: values)
      var next = AdaptiveAugmentStrength(settings)
      next.restore(resumed.state)
      next.observe(realLogits: values)
      resumed = next
    }
    XCTAssertEqual(whole, resumed)
    XCTAssertGreaterThan(whole.value, 0)
    resumed.restore([1, 2])
    XCTAssertEqual(whole, resumed, "a state of another length is left aside")
  }

  // MARK: - Training

  private func makeTraining(_ change: (inout CDTGSettings) -> Void = { _ in }) -> GeneratorTraining {
    var settings = CDTGSettings.paper
    (settings.side, settings.latentWidth, settings.mappingLayers, settings.labelWidth) = (16, 12, 2, 6)
    settings.channels = .narrow(maximum: 8, product: 128)
    (settings.batchSize, settings.iterations, settings.r1Every, settings.pathEvery) = (4, 6, 2, 3)
    settings.augmentation = .adaptive
    // Every picture moves the strength by a twentieth, up or down.
    settings.augmentation.adaptive = AdaptiveAugmentation(target: -2, length: 20, interval: 1)
    change(&settings)
    func build() -> ConditionalGenerator {
      var stream = RandomStream(seed: 8, name: "test")
      return ConditionalGenerator(settings.generatorConfiguration(classes: 3), featureCount: nil, stream: &stream)
    }
    var stream = RandomStream(seed: 9, name: "test")
    return GeneratorTraining(
      settings: settings, networks: build(), average: build(),
      discriminator: Discriminator(settings.discriminatorConfiguration(classes: 3), stream: &stream),
      guides: GeneratorGuides(), seed: 3)
  }

  private func pictures(_ number: Int) -> Tensor {
    var stream = RandomStream(seed: 1, name: "pictures", index: UInt64(number))
    return Tensor.uniform([4, 16, 16, 3], -1, 1, from: &stream)
  }

  private func step(_ training: GeneratorTraining, _ number: Int) throws {
    try training.step(number, pictures: pictures(number), labels: [0, 1, 2, 0])
  }

  func testTrainingTakesR1ThroughTheAugmentation() throws {
    let adaptive = AdaptiveAugmentation(fixedStrength: 1)
    let training = makeTraining { settings in
      settings.augmentation.adaptive = adaptive
      // So that the discriminator is the same before and after the penalty: Adam without momentum stands still.
      settings.r1Weight = 0
    }
    try step(training, 0)
    let found = try XCTUnwrap(GeneratorLossRecord.points(.r1, inCSV: training.losses.csv).first).y
    func penalty(_ augment: (Tensor) -> Tensor) -> Double {
      Double(r1Penalty({ training.discriminator(augment($0), labels: [0, 1, 2, 0]) }, pictures: pictures(0)).item)
    }
    let expected = penalty { pictures in
      var stream = RandomStream(seed: 3, name: "cdtg.penalty.augmentation")
      return adaptive(pictures, strength: 1, stream: &stream)
    }
    XCTAssertEqual(found, expected, accuracy: 1e-4 * expected)
    XCTAssertGreaterThan(abs(found - penalty { $0 }), 0.01 * expected)
  }

  func testTrainingGoesOnAfterAStopToTheSameBits() throws {
    func bits(_ training: GeneratorTraining) -> [UInt32] {
      (training.networks.states + training.discriminator.states)
        .flatMap { $0.state.value.values.map(\.bitPattern) }
    }
    let whole = makeTraining()
    for number in 0..<4 { try step(whole, number) }
    XCTAssertEqual(try XCTUnwrap(whole.augmentStrength).value, 0.8, accuracy: 1e-6)

    let file = FileManager.default.temporaryDirectory.appendingPathComponent("resume-\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: file) }
    let first = makeTraining()
    for number in 0..<2 { try step(first, number) }
    try first.state.write(to: file, steps: 2)
    let second = makeTraining()
    XCTAssertEqual(try second.state.read(from: file), 2)
    XCTAssertEqual(second.augmentStrength, first.augmentStrength)
    for number in 2..<4 { try step(second, number) }
    XCTAssertEqual(bits(whole), bits(second))
    XCTAssertEqual(whole.losses.csv, second.losses.csv)
    XCTAssertFalse(GeneratorLossRecord.points(.augmentation, inCSV: whole.losses.csv).isEmpty)
  }

  // MARK: - Settings

  func testAugmentationIsChosenByName() throws {
    var settings = PipelineSettings.profile(.smoke)
    for (name, wanted) in [("none", Augmentation.none), ("adaptive", .adaptive), ("aerial", .aerial)] {
      try settings.override("cdtg.augmentation=\(name)")
      XCTAssertEqual(settings.cdtg.augmentation, wanted)
    }
    XCTAssertThrowsError(try settings.override("cdtg.augmentation=areal"))
    try settings.override("cdtg.augmentation=adaptive")
    try settings.override("cdtg.augmentation.adaptive.changes=published")
    try settings.override("cdtg.augmentation.adaptive.target=0.5")
    XCTAssertEqual(settings.cdtg.augmentation.adaptive, AdaptiveAugmentation(changes: .published, target: 0.5))
    // Read back as written, and without it nothing of it is written: finished stages keep their names.
    let data = try JSONEncoder().encode(settings.cdtg.augmentation)
    XCTAssertEqual(try JSONDecoder().decode(Augmentation.self, from: data), settings.cdtg.augmentation)
    let aerial = String(decoding: try JSONEncoder().encode(Augmentation.aerial), as: UTF8.self)
    XCTAssertFalse(aerial.contains("adaptive"), aerial)
  }
}
