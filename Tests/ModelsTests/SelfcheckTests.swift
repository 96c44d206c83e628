import Engine
import Foundation
import Models
import XCTest

final class SelfcheckTests: XCTestCase {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("golden-\(UUID().uuidString)")

  override func setUpWithError() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  override func tearDownWithError() throws { try FileManager.default.removeItem(at: folder) }

  private func golden(_ text: String, name: String = "case") throws -> URL {
    let url = folder.appendingPathComponent("\(name).json")
    try Data(text.utf8).write(to: url)
    return url
  }

  private let sample = """
    {"x": {"shape": [2, 2], "mean": 2.5, "std": 1.118034, "absmax": 4, "index": [0, 3], "value": [1, 4]},
     "loss": 0.5, "other": 3, "labels": [1, 2], "salt": 3}
    """

  func testAMatchPassesAndADifferenceFails() throws {
    let golden = try GoldenCase(contentsOf: golden(sample))
    XCTAssertEqual(golden.salt, 3)
    XCTAssertEqual(try golden.integers("labels"), [1, 2])
    let good = GoldenComparison(golden)
    try good.check("x", Tensor([1, 2, 3, 4], shape: [2, 2]), tolerance: 1e-4)
    try good.check("loss", 0.50001, tolerance: 1e-4)
    XCTAssertTrue(good.passed)
    XCTAssertEqual(good.unchecked, ["other"])
    let bad = GoldenComparison(golden)
    try bad.check("x", Tensor([1, 2, 3, 4.01], shape: [2, 2]), tolerance: 1e-4)
    XCTAssertFalse(bad.passed)
    // A value that is not listed still moves the mean.
    let unlisted = GoldenComparison(golden)
    try unlisted.check("x", Tensor([1, 2.1, 3, 4], shape: [2, 2]), tolerance: 1e-4)
    XCTAssertFalse(unlisted.passed)
    let missing = GoldenComparison(golden)
    try missing.check("x", Tensor([1, .nan, 3, 4], shape: [2, 2]), tolerance: 1e-4)
    XCTAssertFalse(missing.passed)
  }

  func testListsOfNumbersMustBeTheSame() throws {
    let text = "{\"tokens\": [[1, 2], [3]], \"prompts\": [\"a b\", \"c\"], \"salt\": 0}"
    let golden = try GoldenCase(contentsOf: golden(text))
    XCTAssertEqual(try golden.texts("prompts"), ["a b", "c"])
    let same = GoldenComparison(golden)
    try same.check("tokens", rows: [[1, 2], [3]])
    XCTAssertTrue(same.passed)
    let other = GoldenComparison(golden)
    try other.check("tokens", rows: [[1, 2], [4]])
    XCTAssertFalse(other.passed)
    XCTAssertThrowsError(try other.check("tokens", rows: [[1, 2]]))
  }

  func testACaseWithoutItsMaterialIsSkipped() throws {
    let url = try golden("{\"tokens\": [], \"prompts\": [], \"salt\": 0}", name: "clip_tokens")
    var table = SelfcheckTable()
    let lines = table.lines(for: "clip_tokens", Selfcheck().run(url))
    XCTAssertTrue(lines.contains("skipped") && lines.contains("--tokenizer"), lines)
    XCTAssertTrue(table.summary.contains("1 skipped (clip_tokens)"), table.summary)
    XCTAssertEqual(table.failures + table.passes, 0)
  }

  func testNothingComparedIsNotAPass() throws {
    XCTAssertFalse(GoldenComparison(try GoldenCase(contentsOf: golden(sample))).passed)
  }

  func testMalformedFilesFailWithTheirPath() throws {
    for text in ["", "[]", "{\"x\": 1}", "{\"salt\": -1}", "{\"salt\": 1.5}"] {
      XCTAssertThrowsError(try GoldenCase(contentsOf: golden(text)), text) {
        XCTAssertTrue("\($0)".contains(folder.path), "\($0)")
      }
    }
    let outside = "{\"salt\":0,\"x\":{\"shape\":[2],\"mean\":0,\"std\":0,\"absmax\":1,\"index\":[2],\"value\":[1]}}"
    let golden = try GoldenCase(contentsOf: golden(outside))
    XCTAssertThrowsError(try golden.record("x"))
    XCTAssertThrowsError(try golden.record("y"))
  }

  func testTheTableTellsPassesFailuresAndGaps() throws {
    var selfcheck = Selfcheck()
    selfcheck.checks["case"] = { try $0.check("loss", 0.5, tolerance: 1e-4) }
    selfcheck.checks["wrong"] = { try $0.check("loss", 0.6, tolerance: 1e-4) }
    for name in ["case", "wrong", "unknown"] { _ = try golden(sample, name: name) }
    var table = SelfcheckTable()
    let lines = try Selfcheck.files(in: folder).map {
      table.lines(for: $0.deletingPathExtension().lastPathComponent, selfcheck.run($0))
    }
    XCTAssertTrue(lines[0].contains("passed"))
    XCTAssertTrue(lines[1].contains("not covered yet"))
    XCTAssertTrue(lines[2].contains("FAILED"))
    XCTAssertEqual(table.failures, 1)
    XCTAssertEqual(table.passes, 1)
    XCTAssertThrowsError(try Selfcheck.files(in: folder.appendingPathComponent("none")))
  }

  /// The quick cases of the shared golden values, where they are.
  func testGoldenCases() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let shared = root.deletingLastPathComponent().appendingPathComponent("shared/golden")
    guard FileManager.default.fileExists(atPath: shared.path) else { throw XCTSkip("no golden values at \(shared.path)") }
    for name in [
      "kmdn_resnet50_eval", "kmdn_distill_step", "tgn_generator_64", "tgn_discriminator_64", "tgn_path_length_64",
      "backbone_densenet121", "backbone_efficientnet-b0", "backbone_inceptionresnetv2", "backbone_resnet18",
      "backbone_resnet50_fc0", "backbone_se_resnet50", "backbone_vgg16",
    ] {
      switch Selfcheck().run(shared.appendingPathComponent("\(name).json")) {
      case .compared(let comparison):
        XCTAssertTrue(comparison.passed, "\(name): \(String(describing: comparison.worst))")
      case .notCovered: XCTFail("\(name) is not covered")
      case .skipped(let missing): XCTFail("\(name): \(missing)")
      case .failed(let error): XCTFail("\(name): \(error)")
      }
    }
  }
}
