import Engine
import XCTest

@testable import LongTail

/// What a profile will cost, from a few steps.
final class EstimateTests: XCTestCase {
  private let settings: PipelineSettings = {
    var settings = PipelineSettings.profile(.smoke)
    settings.classifier.steps = 7
    settings.judgeImagesPerClass = 5
    settings.data.testPerClass = 3
    settings.generation.imagesPerClass = 4
    (settings.cdtg.batchSize, settings.cdtg.iterations) = (4, 9)
    for path in [\PipelineSettings.classifier, \.judge, \.headModel, \.tailModel] {
      settings[keyPath: path].batchSize = 8
    }
    settings.distillation.schedule.batchSize = 8
    return settings
  }()

  func testALineThroughTwoBatches() {
    let two = StepCost(seconds: 3, operations: 20, bytes: 100)
    let four = StepCost(seconds: 5, operations: 40, bytes: 160)
    XCTAssertEqual(
      StepCost.line((2, two), (4, four), at: 32), StepCost(seconds: 33, operations: 320, bytes: 1000))
    // A noisy clock makes larger batches no cheaper than in proportion.
    XCTAssertEqual(StepCost.line((2, four), (4, two), at: 8).seconds, 6)
    XCTAssertEqual(StepCost.measured(batch: 64, side: 32) { StepCost(seconds: Double($0)) }.seconds, 64)
    XCTAssertEqual(StepCost.measured(batch: 32, side: 224) { StepCost(seconds: 1 + Double($0)) }.seconds, 33)
  }

  func testMemoryOfAPieceOfWorkIsSeen() {
    let bytes = CostMeter.bytes { _ in
      let tensor = Tensor(repeating: 1, shape: [16 << 20])
      XCTAssertEqual(tensor.count, 16 << 20)
    }
    XCTAssertEqual(bytes, Double(64 << 20), accuracy: Double(8 << 20))
  }

  func testEveryStageOfAProfileIsEstimated() throws {
    let data = try PipelineData(scenes: settings.data, side: 32, judgeImagesPerClass: 5, isSketch: true)
    let whole = try PipelineData(scenes: settings.data, side: 32, judgeImagesPerClass: 5)
    XCTAssertEqual(data.train.counts, whole.train.counts, "a sketch has the counts of the whole")
    XCTAssertGreaterThan(data.undrawnBytes, 0)
    XCTAssertEqual(whole.undrawnBytes, 0)

    let parts = settings.parts(expansions: [.none, .generated(.full, noiseRatio: 0.2)], seeds: [1]).map(\.name)
    let estimate = try Estimate(of: parts, settings: settings, data: data)
    XCTAssertEqual(estimate.rows.map(\.part), parts)
    let steps = Dictionary(uniqueKeysWithValues: estimate.rows.map { ($0.part, $0.steps) })
    XCTAssertEqual(steps["classifier long-tailed 1"], 7)
    XCTAssertEqual(steps["generator full"], 9)
    XCTAssertEqual(steps["images full"], Double(4 * data.split.tailClasses.count))
    for row in estimate.rows {
      XCTAssertGreaterThan(row.seconds, 0, row.part)
      XCTAssertGreaterThan(row.operations, 0, row.part)
      XCTAssertGreaterThan(row.bytes, Double(10 << 20), row.part)
    }
    let lines = estimate.text.split(separator: "\n")
    XCTAssertEqual(lines.count, parts.count + 2)
    XCTAssertEqual(Set(lines.map(\.count)).count, 1, "columns are of one width")
  }
}
