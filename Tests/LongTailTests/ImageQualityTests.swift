import Engine
import Imaging
import XCTest

@testable import LongTail

final class ImageQualityTests: XCTestCase {
  private func pictures(_ values: [Float], guesses: [Int]? = nil) -> JudgedPictures {
    JudgedPictures(
      guesses: guesses ?? values.map { _ in 0 }, features: Tensor(values, shape: [values.count, 1]))
  }

  func testOneClassWorkedOutByHand() throws {
    // On a line: training pictures at 0 and 10, test pictures at 1, 8, 12 and 14, drawn ones at 0.5, 9, 10 and 20.
    let quality = try ImageQuality(
      label: 3, drawn: pictures([0.5, 9, 10, 20], guesses: [3, 3, 1, 0]), training: pictures([0, 10]),
      test: pictures([1, 8, 12, 14]))
    XCTAssertEqual(quality.consistency, 0.5)
    XCTAssertNil(quality.textConsistency)
    // Distances of drawn pairs: 8.5, 9.5, 19.5, 1, 11, 10; of test pairs: 7, 11, 13, 4, 6, 2.
    XCTAssertEqual(quality.diversity!, 59.5 / 6, accuracy: 1e-9)
    XCTAssertEqual(quality.spread!, 59.5 / 43, accuracy: 1e-9)
    // To the nearest training picture: drawn 0.5, 1, 0, 10; test 1, 2, 2, 4.
    XCTAssertEqual(quality.nearestDistance!, 11.5 / 4, accuracy: 1e-9)
    XCTAssertEqual(quality.novelty!, 11.5 / 9, accuracy: 1e-9)
    // Nearer than 1, the nearest of four test pictures: 0.5 and 0.
    XCTAssertEqual(quality.copies!, 0.5)
    // Of the test pictures' balls to the third neighbour, that of 1 reaches to 14, that of 14 down to 1.
    XCTAssertEqual(quality.precision!, 1)
    XCTAssertNil(quality.density, "four pictures have no fifth neighbour")
  }

  func testOfTooFewPicturesNothingIsMade() throws {
    let single = try ImageQuality(
      label: 0, drawn: pictures([1]), training: pictures([2]), test: JudgedPictures(guesses: []))
    XCTAssertEqual(single.consistency, 1)
    XCTAssertEqual(single.nearestDistance, 1)
    XCTAssertNil(single.diversity)
    XCTAssertNil(single.novelty)
    XCTAssertNil(single.recall)
    let none = JudgedPictures(guesses: [])
    var stream = RandomStream(seed: 1, name: "kernel")
    let empty = try ImageSetQuality(labels: [0], drawn: [none], training: [none], test: [none], stream: &stream)
    XCTAssertNil(empty.frechetDistance)
    XCTAssertEqual(empty.consistency, 0)
    XCTAssertNil(empty.mean(\.spread))
  }

  func testRepeatedRealPicturesAreCopiesAndAreMeasuredOnce() throws {
    var settings = PipelineSettings.profile(.smoke)
    settings.data.testPerClass = 8
    settings.judge.steps = 2
    settings.judgeImagesPerClass = 3
    let data = try PipelineData(scenes: settings.data, side: 32, judgeImagesPerClass: 3)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    var log: [String] = []
    func pipeline() throws -> Pipeline {
      Pipeline(
        settings: settings, data: data, store: try StageStore(directory: folder, log: { log.append($0) }), weights: nil)
    }
    let first = try pipeline()
    let quality = try first.quality(of: .oversampling)
    XCTAssertEqual(quality.classes.count, data.split.tailClasses.count)
    XCTAssertEqual(quality.mean(\.nearestDistance)!, 0, accuracy: 1e-5)
    XCTAssertEqual(quality.mean(\.copies), 1)
    XCTAssertNotNil(quality.mean(\.textConsistency))
    XCTAssertGreaterThan(quality.frechetDistance!, 0)
    XCTAssertNotNil(quality.kernelDistance)
    // The n-th picture added is the n-th training picture again, as often as there are.
    let label = data.split.tailClasses[0]
    XCTAssertEqual(
      quality.nearest[0].map(\.index),
      (0..<settings.generation.imagesPerClass).map { $0 % data.train.counts[label] })
    XCTAssertEqual(
      try first.quality(of: try first.addedImages(.oversampling), judge: try first.judge().model).map(\.consistency),
      quality.classes.map(\.consistency))
    log = []
    XCTAssertEqual(try pipeline().quality(of: .oversampling), quality)
    XCTAssertTrue(log.contains { $0.hasPrefix("reusing picture-quality") }, "\(log)")
    XCTAssertTrue(try first.quality(of: .none).classes.allSatisfy { $0.diversity == nil })
  }
}
