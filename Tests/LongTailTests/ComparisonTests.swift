import Engine
import Notebook
import XCTest

@testable import LongTail

/// Scores picture by picture, and what comparisons make of them.
final class ComparisonTests: XCTestCase {
  func testCalibrationErrorWorkedOutByHand() {
    // Two pictures at 0.9, one right: |1 - 1.8|; one at 0.5, right: |1 - 0.5|; over three pictures.
    let outcomes = TestOutcomes(truth: [0, 1, 1], predicted: [0, 0, 1], confidence: [0.9, 0.9, 0.5])
    XCTAssertEqual(outcomes.expectedCalibrationError(), 1.3 / 3, accuracy: 1e-6)
    // In one bin over and under meet: |2 - 2.3| / 3.
    XCTAssertEqual(outcomes.expectedCalibrationError(bins: 1), 0.3 / 3, accuracy: 1e-6)
    let sure = TestOutcomes(truth: [0, 1], predicted: [0, 1], confidence: [1, 1])
    XCTAssertEqual(sure.expectedCalibrationError(), 0)
  }

  func testScoresWithAndWithoutOutcomesSurviveJSON() throws {
    let outcomes = TestOutcomes(truth: [0, 1, 1], predicted: [0, 0, 1], confidence: [0.9, 0.9, 0.5])
    let scores = Scores(outcomes: outcomes, classes: 2, headClasses: [0])
    XCTAssertEqual(scores.confusion, [[1, 0], [1, 1]])
    XCTAssertEqual(try JSONDecoder().decode(Scores.self, from: JSONEncoder().encode(scores)), scores)
    let plain = Scores(truth: [0, 1], predicted: [0, 0], classes: 2, headClasses: [0])
    let text = String(decoding: try JSONEncoder().encode(plain), as: UTF8.self)
    XCTAssertFalse(text.contains("outcomes"), text)
    XCTAssertEqual(try JSONDecoder().decode(Scores.self, from: Data(text.utf8)), plain)
    XCTAssertTrue(plain.calibrationError.isNaN)
  }

  func testBootstrapLooksAtTheWantedClassesAlone() throws {
    func row(_ name: String, _ predicted: [Int]) -> ScoredRow {
      ScoredRow(name, seeds: [1, 2]) { _ in
        Scores(
          outcomes: TestOutcomes(truth: [0, 0, 1, 1], predicted: predicted, confidence: [1, 1, 1, 1]), classes: 2,
          headClasses: [0])
      }
    }
    var stream = RandomStream(seed: 1, name: "test")
    let tail = try XCTUnwrap(
      row("a", [0, 1, 1, 1]).bootstrap(minus: row("b", [0, 0, 0, 0]), classes: [1], stream: &stream))
    XCTAssertEqual(tail.mean, 1)
    XCTAssertEqual(tail.images, 2)
    XCTAssertEqual(tail.isPositive, true)
    let all = try XCTUnwrap(
      row("a", [0, 1, 1, 1]).bootstrap(minus: row("b", [0, 0, 0, 0]), classes: [0, 1], stream: &stream))
    XCTAssertEqual(all.mean, 0.25)
    XCTAssertNil(all.isPositive)
  }

  func testShotGroups() {
    let groups = ShotGroups(counts: [101, 100, 20, 19, 500])
    XCTAssertEqual(groups.many, [0, 4])
    XCTAssertEqual(groups.medium, [1, 2])
    XCTAssertEqual(groups.few, [3])
  }

  func testAClaimToBeAheadOfAll() {
    func comparisons(_ means: [Double]) -> [CorrectedComparison] {
      var stream = RandomStream(seed: 1, name: "claims")
      return CorrectedComparison.corrected(means.map { mean in
        PairedBootstrap((0..<5).map { _ in (0..<200).map { _ in mean + Double(stream.uniform(-1, 1)) } }) {
          Double(stream.uniform())
        }
      })
    }
    func holds(_ means: [Double]) -> Bool? {
      MethodComparison.claim("", names: means.map { "\($0)" }, comparisons(means)).holds
    }
    XCTAssertEqual(holds([1, 2]), true)
    XCTAssertEqual(holds([1, -1]), false)
    XCTAssertNil(holds([1, 0]))
  }

  func testPartsOfAComparisonCoverEveryStage() {
    let settings = PipelineSettings.profile(.smoke)
    let names = settings.parts(ComparedMethod.all, seeds: [1]).map(\.name)
    XCTAssertEqual(Set(names).count, names.count)
    XCTAssertFalse(names.contains("judge"))
    let wanted = ["tail-model", "generator full", "images full", "classifier long-tailed 1"]
    for name in wanted + ["classifier long-tailed crt 1"] {
      XCTAssertTrue(names.contains(name), name)
    }
  }
}
