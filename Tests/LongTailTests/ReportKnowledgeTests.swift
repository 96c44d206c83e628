import Engine
import Notebook
import XCTest

@testable import LongTail

final class ReportKnowledgeTests: XCTestCase {
  /// Two classifiers on ten images of two classes, class 0 head.
  private func report(_ change: (inout [String: JSONValue]) -> Void = { _ in }) throws -> JSONValue {
    let truth = [0, 0, 0, 0, 0, 1, 1, 1, 1, 1]
    let scores = [[0, 0, 0, 1, 0, 1, 1, 0, 1, 0], [0, 0, 0, 0, 0, 1, 0, 0, 1, 0]].map { predicted in
      Scores(
        outcomes: TestOutcomes(truth: truth, predicted: predicted, confidence: .init(repeating: 0.9, count: 10)),
        classes: 2, headClasses: [0])
    }
    guard case .array(let seeds) = ScoredRow("row", seeds: [1, 2], score: { scores[Int($0) - 1] }).json,
      case .object(var first) = seeds[0]
    else { throw XCTSkip("no list of objects") }
    change(&first)
    return [
      "values": ["row": .array([.object(first), seeds[1]])],
      "data": ["testCounts": [5, 5], "testLabelRuns": [0, 5, 1, 5], "groups": ["head": [0], "tail": [1]]],
    ]
  }

  private func findings(_ report: JSONValue) -> [String] {
    PackageKnowledge.of(report, data: nil).findings.map(\.description)
  }

  func testScoresFollowFromTheirConfusionMatrix() throws {
    let knowledge = PackageKnowledge.of(try report(), data: nil)
    XCTAssertEqual(knowledge.findings, [])
    XCTAssertTrue(knowledge.lists.contains([0.6, 0.4]), "the tail's accuracy of both seeds")
  }

  func testAChangedScoreIsNamed() throws {
    for (name, value) in [("tail", JSONValue.number(0.61)), ("macroF1", 0.5), ("perClass", [0.8, 0.7])] {
      let found = findings(try report { $0[name] = value })
      XCTAssertEqual(found.count, 1, "\(found)")
      XCTAssertTrue(found[0].contains("value “row”, seed 1: \(name)"), found[0])
    }
  }

  func testAChangedCountIsNamed() throws {
    let found = findings(try report { $0["confusion"] = [[4, 1], [2, 4]] })
    XCTAssertTrue(found.contains { $0.contains("6 test images of class 1, the test set 5") }, "\(found)")
    XCTAssertFalse(findings(try report { $0["confusion"] = [[4], [2]] }).isEmpty)
  }

  func testAChangedOutcomeIsNamed() throws {
    let found = findings(try report { $0["right"] = "ff0" })
    XCTAssertTrue(found.contains { $0.contains("8 single images are right") }, "\(found)")
  }

  func testSettingsAreReadAndComparedWithTheArguments() throws {
    var settings = PipelineSettings.profile(.smoke)
    func findings(_ arguments: [String]) throws -> [String] {
      PackageKnowledge.of(
        [
          "settings": try settings.json(), "values": [:],
          "provenance": ["arguments": .strings(arguments), "startingWeights": [], "versions": []],
        ], data: nil, skipsData: true
      ).findings.map(\.description)
    }
    XCTAssertEqual(try findings(["--profile", "smoke"]), [])
    settings.cdtg.iterations = 7
    XCTAssertEqual(try findings(["--profile", "smoke", "--set", "cdtg.iterations=7"]), [])
    let found = try findings(["--profile", "smoke"])
    XCTAssertTrue(found.count == 1 && found[0].contains("cdtg.iterations 7"), "\(found)")
  }

  func testChecksumsOfTheDataAndWeightsAreComputedAnew() throws {
    let settings = PipelineSettings.profile(.smoke)
    let data = try PipelineData(scenes: settings.data, side: settings.cdtg.side, judgeImagesPerClass: 1)
    let weights = StartingWeights()
    func findings(train: String, weight: String) throws -> [String] {
      PackageKnowledge.of(
        [
          "settings": try settings.json(), "values": [:], "data": data.json,
          "provenance": [
            "arguments": ["--profile", "smoke"], "versions": [],
            "dataSets": [
              ["name": "dior, training", "value": .string(train)],
              ["name": "dior, test", "value": .string(data.testHash)],
            ],
            "startingWeights": [["name": "small-clip.safetensors", "value": .string(weight)]],
          ],
        ], data: nil
      ).findings.map(\.description)
    }
    let checksum = try weights.checksum(.clip)
    XCTAssertEqual(try findings(train: data.trainHash, weight: checksum), [])
    XCTAssertTrue(try findings(train: "ab", weight: checksum)[0].contains("data, training"))
    XCTAssertTrue(try findings(train: data.trainHash, weight: "cd")[0].contains("small-clip.safetensors"))
  }

  func testABootstrapIsDrawnAgainFromOutcomes() throws {
    let json = try report()
    let uniform = try XCTUnwrap(PackageKnowledge.of(json, data: nil).uniform)
    var stream = RandomStream(seed: 3, name: "x", index: 7)
    let draw = try XCTUnwrap(uniform(stream.origin))
    for _ in 0..<5 { XCTAssertEqual(draw(), Double(stream.uniform())) }
    for text in ["", "x", "1", "1.2.3", "-1.0"] { XCTAssertNil(uniform(text), text) }
  }
}
