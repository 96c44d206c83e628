import Engine
import Imaging
import Notebook
import XCTest

@testable import LongTail

final class PipelineTests: XCTestCase {
  func testScoresOfAConfusionWorkedOutByHand() {
    // Class 0 (head): 3 of 4 right; class 1: 1 of 2; class 2: 0 of 1, and nothing was called 2.
    let scores = Scores(
      truth: [0, 0, 0, 0, 1, 1, 2], predicted: [0, 0, 0, 1, 1, 0, 1], classes: 3, headClasses: [0])
    XCTAssertEqual(scores.confusion, [[3, 1, 0], [1, 1, 0], [0, 1, 0]])
    XCTAssertEqual(scores.overall, 4.0 / 7, accuracy: 1e-12)
    XCTAssertEqual(scores.head, 0.75, accuracy: 1e-12)
    XCTAssertEqual(scores.tail, 1.0 / 3, accuracy: 1e-12)
    XCTAssertEqual(scores.perClass, [0.75, 0.5, 0])
    XCTAssertEqual(scores.perClassF1[0], 2 * 3.0 / 8, accuracy: 1e-12)
    XCTAssertEqual(scores.perClassF1[1], 2 * 1.0 / 5, accuracy: 1e-12)
    XCTAssertEqual(scores.macroF1, (0.75 + 0.4 + 0) / 3, accuracy: 1e-12)
  }

  func testSettingsAreOverriddenByPath() throws {
    var settings = PipelineSettings.profile(.smoke)
    try settings.override("cdtg.iterations=77")
    try settings.override("data.catalogue=fgsc")
    try settings.override("cdtg.trainingNoiseRatio=[0.1,0.2]")
    XCTAssertEqual(settings.cdtg.iterations, 77)
    XCTAssertEqual(settings.data.catalogue, "fgsc")
    XCTAssertEqual(settings.cdtg.trainingNoiseRatio, [0.1, 0.2])
    XCTAssertThrowsError(try settings.override("cdtg.iteratoins=1")) {
      XCTAssertTrue("\($0)".contains("iterations"), "\($0)")
    }
    XCTAssertThrowsError(try settings.override("cdtg.iterations=many"))
    XCTAssertThrowsError(try settings.override("cdtg.iterations"))
  }

  func testTheLearningRateFallsAtTheSameSharesOfAnyBudget() {
    var training = ClassifierSettings.released(epochs: 100)
    XCTAssertEqual(training.learningRate(step: 299, total: 1000), 1e-3, accuracy: 1e-9)
    XCTAssertEqual(training.learningRate(step: 300, total: 1000), 1e-4, accuracy: 1e-9)
    XCTAssertEqual(training.learningRate(step: 999, total: 1000), 1e-6, accuracy: 1e-10)
    training.steps = 10
    XCTAssertEqual(training.totalSteps(perEpoch: 500), 10)
  }

  func testGeneratedPicturesSurviveTheirStrip() throws {
    var stream = RandomStream(seed: 1, name: "strip")
    let images = (0..<27).map { _ in
      Image(width: 4, height: 4, pixels: (0..<48).map { _ in UInt8(stream.integer(below: 256)) })
    }
    let sheet = try Image(data: try ImageStrip.join(images).pngData())
    XCTAssertEqual(ImageStrip.cut(sheet, count: 27, side: 4), images)
  }

  func testPicturesOfATensor() {
    let image = pictures(Tensor([-1, 0, 1, -3, 3, 0.5], shape: [1, 1, 2, 3]))[0]
    XCTAssertEqual(image.pixels, [0, 128, 255, 0, 255, 191])
  }

  func testExpansionsAddTheSameCountToEveryTailClass() throws {
    var settings = PipelineSettings.profile(.smoke)
    settings.judgeImagesPerClass = 2
    let data = try PipelineData(scenes: settings.data, side: 16, judgeImagesPerClass: 2)
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID())")
    defer { try? FileManager.default.removeItem(at: folder) }
    let pipeline = Pipeline(
      settings: settings, data: data, store: try StageStore(directory: folder, log: { _ in }), weights: nil)
    let expanded = try pipeline.expanded(by: .oversampling, images: nil)
    for label in 0..<20 {
      let added = data.split.tailClasses.contains(label) ? settings.generation.imagesPerClass : 0
      XCTAssertEqual(expanded.counts[label], data.train.counts[label] + added)
    }
    XCTAssertEqual(data.split.headClasses, [13, 18, 16, 15, 2, 11, 19, 0])
  }

  func testLossCourseSurvivesAStop() {
    var record = GeneratorLossRecord()
    for step in 0..<5 {
      record.note(.generator, Float(step))
      record.keep(step: step, of: 5)
    }
    var copy = GeneratorLossRecord()
    copy.restore(record.state)
    XCTAssertEqual(copy.csv, record.csv)
    XCTAssertEqual(GeneratorLossRecord.points(.generator, inCSV: record.csv).count, 5)
    XCTAssertEqual(GeneratorLossRecord.points(.text, inCSV: record.csv).count, 0)
  }
}
