import Engine
import Foundation
import XCTest

@testable import LongTail

/// The measures of generated pictures against NumPy and SciPy, and on cases worked out by hand.
final class MetricsTests: XCTestCase {
  private struct Fixture: Decodable {
    struct Case: Decodable {
      let width: Int
      let real, fake: [Float]
      let frechet, kernel, precision, recall, density, coverage, pairs: Double
      let nearest: [Int]
      let distances: [Double]

      var realFeatures: Tensor { Tensor(real, shape: [real.count / width, width]) }
      var fakeFeatures: Tensor { Tensor(fake, shape: [fake.count / width, width]) }
    }
    let cases: [Case]
    let lengths: [Double]
    let path_length: Double
  }

  private func fixture() throws -> Fixture {
    let url = try XCTUnwrap(
      Bundle.module.url(forResource: "metrics", withExtension: "json", subdirectory: "Fixtures"))
    return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
  }

  private func noise(_ shape: [Int], _ name: String) -> Tensor {
    var stream = RandomStream(seed: 1, name: name)
    return Tensor.normal(shape, from: &stream)
  }

  // MARK: - Against SciPy

  func testMeasuresAgreeWithTheReference() throws {
    for (number, expected) in try fixture().cases.enumerated() {
      let (real, fake) = (expected.realFeatures, expected.fakeFeatures)
      let name = "case \(number)"
      // Features are stored with three digits, which float32 rounds.
      XCTAssertEqual(try frechetDistance(real, fake), expected.frechet, accuracy: 2e-6 * max(1, expected.frechet), name)
      let size = min(real.shape[0], fake.shape[0])
      var stream = RandomStream(seed: 1, name: "kernel")
      let kernel = try kernelDistance(
        real: real.slice(0, 0..<size), fake: fake.slice(0, 0..<size), subsets: 3, subsetSize: size, stream: &stream)
      XCTAssertEqual(kernel.mean, expected.kernel, accuracy: 1e-5 * max(1, abs(expected.kernel)), name)
      XCTAssertEqual(kernel.deviation, 0, accuracy: 1e-9, name)
      let manifold = try PrecisionRecall(real: real, fake: fake)
      XCTAssertEqual(manifold.precision, expected.precision, accuracy: 1e-9, name)
      XCTAssertEqual(manifold.recall, expected.recall, accuracy: 1e-9, name)
      let balls = try DensityCoverage(real: real, fake: fake)
      XCTAssertEqual(balls.density, expected.density, accuracy: 1e-9, name)
      XCTAssertEqual(balls.coverage, expected.coverage, accuracy: 1e-9, name)
      let nearest = try nearestPictures(to: fake, in: real)
      XCTAssertEqual(nearest.map(\.index), expected.nearest, name)
      for (ours, theirs) in zip(nearest, expected.distances) {
        XCTAssertEqual(ours.distance, theirs, accuracy: 1e-5, name)
      }
      XCTAssertEqual(meanPairDistance(fake), expected.pairs, accuracy: 1e-5, name)
    }
  }

  func testPathLengthLeavesTheExtremesOut() throws {
    let fixture = try fixture()
    XCTAssertEqual(
      meanWithoutExtremes(fixture.lengths, leftOutPercent: 1), fixture.path_length, accuracy: 1e-12)
    XCTAssertEqual(meanWithoutExtremes([3], leftOutPercent: 1), 3)
  }

  // MARK: - Fréchet distance

  func testFrechetDistanceOfNormalDistributionsInOneDimension() throws {
    // (μ₁ - μ₂)² + (σ₁ - σ₂)²: means 0 and 5, deviations √2 and 3√2.
    let (a, b) = (Tensor([-1, 1], shape: [2, 1]), Tensor([2, 8], shape: [2, 1]))
    XCTAssertEqual(try frechetDistance(a, b), 25 + 8, accuracy: 1e-9)
  }

  func testFrechetDistanceIsSymmetricAndZeroForTheSame() throws {
    let (a, b) = (noise([30, 12], "a"), noise([9, 12], "b"))
    XCTAssertEqual(try frechetDistance(a, a), 0, accuracy: 1e-8)
    XCTAssertEqual(try frechetDistance(a, b), try frechetDistance(b, a), accuracy: 1e-8)
  }

  func testASquareRootSquaredIsTheMatrix() throws {
    let covariance = DoubleRows(noise([20, 7], "root")).covariance
    let root = try XCTUnwrap(covariance.squareRoot())
    let squared = SymmetricMatrix(
      size: 7, elements: (0..<49).map { $0 % 8 == 0 ? 1 : 0 }
    ).between(root)
    for (ours, wanted) in zip(squared.elements, covariance.elements) { XCTAssertEqual(ours, wanted, accuracy: 1e-12) }
    XCTAssertEqual(try XCTUnwrap(covariance.eigenvalues).reduce(0, +), covariance.trace, accuracy: 1e-12)
    XCTAssertNil(SymmetricMatrix(size: 1, elements: [.nan]).squareRoot())
  }

  // MARK: - Kernel distance

  func testKernelDistanceOfSubsetsIsReproducibleAndNearThatOfAll() throws {
    let (real, fake) = (noise([80, 5], "real"), noise([70, 5], "fake") + 1)
    func distance(_ subsets: Int, _ size: Int) throws -> KernelDistance {
      var stream = RandomStream(seed: 2, name: "subsets")
      return try kernelDistance(real: real, fake: fake, subsets: subsets, subsetSize: size, stream: &stream)
    }
    let some = try distance(200, 30)
    XCTAssertEqual(some, try distance(200, 30))
    XCTAssertGreaterThan(some.deviation, 0)
    let all = try distance(1, 70)
    XCTAssertEqual(some.mean, all.mean, accuracy: 4 * some.deviation / 200.0.squareRoot() + 0.1 * all.mean)
  }

  // MARK: - Manifolds

  func testCopiesArePreciseAndFarPicturesAreNot() throws {
    let real = noise([20, 3], "manifold")
    let copies = try PrecisionRecall(real: real, fake: real)
    XCTAssertEqual(copies, try PrecisionRecall(real: real, fake: real + 0.0001))
    XCTAssertEqual(copies.precision, 1)
    XCTAssertEqual(copies.recall, 1)
    let far = try PrecisionRecall(real: real, fake: real + 100)
    XCTAssertEqual(far.precision, 0)
    XCTAssertEqual(far.recall, 0)
    let balls = try DensityCoverage(real: real, fake: real + 100)
    XCTAssertEqual(balls.density, 0)
    XCTAssertEqual(balls.coverage, 0)
    // One picture drawn again and again is precise, and covers little.
    let same = try DensityCoverage(real: real, fake: real.rows([0, 0, 0, 0]))
    XCTAssertGreaterThan(same.density, 0)
    XCTAssertLessThan(same.coverage, 0.9)
  }

  func testACopyIsAtDistanceZero() throws {
    let training = noise([50, 40], "training") + 100
    let found = try nearestPictures(to: training.rows([7, 3]), in: training)
    XCTAssertEqual(found, [NearestPicture(index: 7, distance: 0), NearestPicture(index: 3, distance: 0)])
    XCTAssertEqual(try nearestPictures(to: Tensor([], shape: [0, 40]), in: training), [])
  }

  func testTooFewPicturesAreAnErrorThatSaysSo() {
    let few = noise([3, 4], "few")
    var stream = RandomStream(seed: 1, name: "few")
    XCTAssertThrowsError(try PrecisionRecall(real: few, fake: few)) {
      XCTAssertEqual("\($0)", "precision and recall needs 4 pictures; there are 3: give it more")
    }
    XCTAssertThrowsError(try DensityCoverage(real: few, fake: few))
    XCTAssertThrowsError(try kernelDistance(real: few, fake: few, stream: &stream))
    XCTAssertThrowsError(try frechetDistance(few, few.slice(0, 0..<1)))
    XCTAssertThrowsError(try frechetDistance(few, noise([3, 5], "wide"))) {
      XCTAssertEqual($0 as? MetricError, .widthsDiffer(4, 5))
    }
    XCTAssertThrowsError(try nearestPictures(to: few, in: Tensor([], shape: [0, 4])))
    XCTAssertThrowsError(try frechetDistance(few, few * Float.nan)) {
      XCTAssertEqual($0 as? MetricError, .notFinite(measure: "the Fréchet distance"))
    }
  }

  // MARK: - Distances of pictures

  /// The mean absolute difference of two pictures.
  private func difference(_ a: Tensor, _ b: Tensor) -> [Float] { (a - b).absolute().mean([1, 2, 3]).values }

  func testDiversityIsTheMeanOverPairs() throws {
    let pictures = Tensor([0, 1, 3], shape: [3, 1, 1, 1])
    var stream = RandomStream(seed: 1, name: "diversity")
    let all = try diversity(of: pictures, batchSize: 2, stream: &stream, distance: difference)
    XCTAssertEqual(all, 2, accuracy: 1e-6)
    let many = Tensor((0..<40).map { Float($0 % 2) }, shape: [40, 1, 1, 1])
    let some = try diversity(of: many, pairs: 400, stream: &stream, distance: difference)
    // Of 780 pairs 400 differ.
    XCTAssertEqual(some, 400 / 780, accuracy: 0.1)
    XCTAssertThrowsError(
      try diversity(of: pictures.slice(0, 0..<1), stream: &stream, distance: difference))
  }

  func testPathLengthOfALinearGeneratorIsTheLengthOfTheWay() throws {
    // Pictures are w itself, and the distance is squared: |b - a|² for a step along a line.
    func settings(_ space: PerceptualPathLength.Settings.Space, batch: Int) -> PerceptualPathLength.Settings {
      var settings = PerceptualPathLength.Settings()
      (settings.space, settings.samples, settings.batchSize, settings.leftOutPercent) = (space, 40, batch, 0)
      (settings.epsilon, settings.coversWholePath) = (0x1p-6, true)
      return settings
    }
    func length(_ space: PerceptualPathLength.Settings.Space, batch: Int) throws -> PerceptualPathLength {
      try PerceptualPathLength(
        settings(space, batch: batch), latentWidth: 50, seed: 3, map: { z, _ in z },
        draw: { w, numbers in w.reshaped([numbers.count, 1, 50, 1]) },
        distance: { a, b in (a - b).squared().sum([1, 2, 3]).values })
    }
    // Two normal latents of 50 numbers are √100 apart; on the unit sphere about π/2.
    let line = try length(.w, batch: 16)
    XCTAssertEqual(line.mean, 100, accuracy: 15)
    XCTAssertEqual(line.lengths.count, 40)
    XCTAssertEqual(try length(.z, batch: 16).mean, .pi * .pi / 4, accuracy: 0.2)
    XCTAssertEqual(line, try length(.w, batch: 7), "a sample is the same in any batch")
  }

  func testAWayOnTheSphereStaysOnIt() {
    let (a, b) = (Tensor([2, 0], shape: [1, 2]), Tensor([0, 5], shape: [1, 2]))
    let half = mixedOnSphere(a, b, [0.5]).values
    XCTAssertEqual(half[0], Float(0.5).squareRoot(), accuracy: 1e-6)
    XCTAssertEqual(half[1], Float(0.5).squareRoot(), accuracy: 1e-6)
  }

  // MARK: - Names

  func testStandardNamesNeedStandardNetworks() {
    XCTAssertEqual(PictureMeasure.frechetDistance.name(with: .inception), "FID")
    XCTAssertEqual(PictureMeasure.frechetDistance.name(with: .own), "Fréchet distance (own features)")
    XCTAssertEqual(PictureMeasure.pathLength.name(with: .lpips), "PPL")
    for measure in PictureMeasure.allCases {
      let name = measure.name(with: .own)
      XCTAssertTrue(name.hasSuffix("(own features)"), name)
      for standard in ["FID", "KID", "LPIPS", "PPL"] { XCTAssertFalse(name.contains(standard), name) }
    }
  }
}
