import XCTest

@testable import Notebook

/// A small report, and what a verification says once something in it was changed.
final class VerificationTests: XCTestCase {
  private var folder = URL(fileURLWithPath: "/")
  private let files = FileManager.default
  private var report: URL { folder.appendingPathComponent("report") }
  private var source: URL { folder.appendingPathComponent("Experiments/Trial/main.swift") }

  override func setUpWithError() throws {
    folder = files.temporaryDirectory.appendingPathComponent("verification-\(UUID().uuidString)")
    try files.createDirectory(at: source.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data("//: # Trial\nlet first = 1\n//: ## Result\nlet second = 2\n".utf8).write(to: source)
    let notebook = try Notebook(
      name: "trial", output: report,
      provenance: Provenance(arguments: [], profile: "smoke", seeds: [1, 2, 3], dataSets: [.init("a, training", "ab")]),
      drawsFigures: (try? Gnuplot()) != nil, source: source.path)
    let (mine, theirs) = ([0.51, 0.53, 0.58], [0.41, 0.44, 0.46])
    let difference = PairedDifference(mine, minus: theirs)
    notebook.settings = ["steps": 1200]
    notebook.value("mine", mine)
    notebook.value("theirs", theirs)
    notebook.table(
      Table(["Row", "accuracy", "Δ", "images"], rows: [
        ["mine", .meanAndDeviation(mine, scale: 100), .difference(difference, scale: 100), .count(1200)],
        ["theirs", .meanAndDeviation(theirs, scale: 100), .text("–"), .missing()],
      ]), caption: "Means over 3 seeds.", line: 2)
    notebook.text("The generator took 1\u{202f}200 steps.", line: 2)
    if (try? Gnuplot()) != nil {
      notebook.plot(
        BarChart("Bars", yLabel: "accuracy, %", groups: ["a"], series: [.init("mine", samples: [mine])]), line: 4)
    }
    notebook.claim("Mine is ahead.", difference: difference, scale: 100, line: 4)
    notebook.claim("Half of it.", holds: true, evidence: "0.51 at least", line: 4)
    try notebook.finish()
  }

  override func tearDown() { try? files.removeItem(at: folder) }

  private func errors() throws -> [String] {
    try ReportVerification(folder: report, experiments: folder.appendingPathComponent("Experiments"))
      .findings.filter { $0.kind == .wrong }.map(\.description)
  }

  /// Replaces a text that must be there, in one file of the report or in the source.
  private func change(_ old: String, _ new: String, in name: String, line: UInt = #line) throws {
    let file = name == "main.swift" ? source : report.appendingPathComponent(name)
    let text = try String(contentsOf: file, encoding: .utf8)
    XCTAssertTrue(text.contains(old), "“\(old)” is not in \(name)", line: line)
    let range = try XCTUnwrap(text.range(of: old))
    try Data(text.replacingCharacters(in: range, with: new).utf8).write(to: file)
  }

  private func assertFound(_ parts: String..., line: UInt = #line) throws {
    let found = try errors()
    XCTAssertTrue(
      found.contains { error in parts.allSatisfy(error.contains) },
      "no error names \(parts); found:\n\(found.joined(separator: "\n"))", line: line)
  }

  func testAnUntouchedReportIsRight() throws {
    let verification = try ReportVerification(
      folder: report, experiments: folder.appendingPathComponent("Experiments"))
    XCTAssertEqual(verification.findings.map(\.description), [])
    XCTAssertTrue(verification.isRight)
    XCTAssertEqual(verification.checked.first { $0.what == "claims" }?.count, 2)
    XCTAssertEqual(verification.checked.first { $0.what == "cells" }?.count, 8)
  }

  func testADigitOfTheTableIsFoundWithItsLine() throws {
    try change("54.00 ± 3.61", "55.00 ± 3.61", in: "README.md")
    let lines = try String(contentsOf: report.appendingPathComponent("README.md"), encoding: .utf8)
      .split(separator: "\n", omittingEmptySubsequences: false)
    let line = try XCTUnwrap(lines.firstIndex { $0.contains("55.00 ± 3.61") }) + 1
    try assertFound("README.md, line \(line):", "54.00 ± 3.61")
  }

  func testADigitOfTheTableInBothFilesIsFound() throws {
    try change("54.00 ± 3.61", "55.00 ± 3.61", in: "README.md")
    try change("54.00 ± 3.61", "55.00 ± 3.61", in: "results.json")
    try assertFound("table 1, row “mine”, column “accuracy”", "“55.00 ± 3.61”", "“54.00 ± 3.61”")
  }

  func testARawValueOfASeedIsFound() throws {
    try change("\"mine\": [0.51, 0.53, 0.58]", "\"mine\": [0.51, 0.53, 0.68]", in: "results.json")
    try assertFound("table 1, row “mine”, column “accuracy”", "[0.51, 0.53, 0.58]", "nowhere among the raw values")
    try assertFound("README.md", "SHA-256")
  }

  func testAnIntervalIsComputedAnew() throws {
    let text = try String(contentsOf: report.appendingPathComponent("results.json"), encoding: .utf8)
    let upper = try XCTUnwrap(text.range(of: "\"upper\": [0-9.]+", options: .regularExpression))
    try change(String(text[upper]), "\"upper\": 0.5", in: "results.json")
    try assertFound("claim 1, “Mine is ahead.”", "upper is 0.5, but")
  }

  func testAVerdictIsFound() throws {
    try change("**holds**", "**does not hold**", in: "README.md")
    try assertFound("README.md, line", "**does not hold**")
    try change("\"verdict\": \"holds\"", "\"verdict\": \"does not hold\"", in: "results.json")
    try assertFound("claim 1, “Mine is ahead.”", "the verdict is “does not hold”", "“holds”")
  }

  func testTheSourceIsFound() throws {
    try change("let second = 2", "let second = 3", in: "main.swift")
    try assertFound("Trial/main.swift", "SHA-256")
  }

  func testANumberOfATextThatNothingRecordedIsFound() throws {
    try change("1\u{202f}200 steps", "7\u{202f}200 steps", in: "README.md")
    try change("1\u{202f}200 steps", "7\u{202f}200 steps", in: "results.json")
    try assertFound("README.md, line", "the number 7\u{202f}200")
  }

  func testANumberOfAFreeClaimIsFound() throws {
    for _ in 0..<2 { try change("0.51 at least", "0.87 at least", in: "README.md") }
    try change("0.51 at least", "0.87 at least", in: "results.json")
    try assertFound("README.md, line", "the number 0.87")
  }

  func testAnotherFigureIsFound() throws {
    try XCTSkipIf((try? Gnuplot()) == nil, "gnuplot is not installed")
    try change("accuracy, %", "accuracy in %", in: "figures/01-bars.svg")
    try assertFound("figures/01-bars.svg", "SHA-256")
    try Data("<svg/>".utf8).write(to: report.appendingPathComponent("figures/02-more.svg"))
    try assertFound("figures/02-more.svg", "no experiment drew it")
  }

  func testALineOfAnotherHandIsFound() throws {
    try change("## Claims", "Everything here is 99 % certain.\n\n## Claims", in: "README.md")
    try assertFound("README.md, line", "Everything here is 99 % certain.")
  }

  func testAnOlderReportSaysWhatCannotBeChecked() throws {
    let file = report.appendingPathComponent("results.json")
    var json = try XCTUnwrap(try JSONValue(parsing: try Data(contentsOf: file)).object)
    for key in ["format", "outputs", "settings", "data"] { json[key] = nil }
    try Data(JSONValue.object(json).prettyPrinted().utf8).write(to: file)
    let verification = try ReportVerification(
      folder: report, experiments: folder.appendingPathComponent("Experiments"))
    XCTAssertTrue(verification.isRight)
    XCTAssertTrue(verification.findings.contains { $0.message.contains("made by an older version") })
    try change("54.00 ± 3.61", "55.00 ± 3.61", in: "README.md")
    try assertFound("README.md", "54.00 ± 3.61", "missing or was changed")
  }

  func testWhatIsNoReportIsSaidInOneLine() throws {
    let cases = [("{", "line 1"), ("{\"name\": 3}", "name"), ("[1,", "line 1"), ("{\"a\": 1, \"a\": 2}", "twice")]
    for (content, part) in cases {
      try Data(content.utf8).write(to: report.appendingPathComponent("results.json"))
      XCTAssertThrowsError(try errors()) { error in
        XCTAssertTrue("\(error)".contains(part), "\(error)")
        XCTAssertFalse("\(error)".contains("\n"))
      }
    }
  }

  func testARerunIsComparedToTheBit() throws {
    let again = folder.appendingPathComponent("again")
    try files.copyItem(at: report, to: again)
    XCTAssertEqual(ReportComparison.findings(of: report, against: again), [])
    try change("0.58", "0.59", in: "results.json")
    let found = ReportComparison.findings(of: report, against: again)
    XCTAssertEqual(found.map(\.kind), [.wrong])
    XCTAssertTrue(found[0].place.hasPrefix("results.json, line "), found[0].place)
  }

  // MARK: - Parts

  func testJSONComesBackAsItWasWritten() throws {
    let value: JSONValue = [
      "a": [1, 2.5, .number(3), .number(1e300), .number(.leastNonzeroMagnitude), -7],
      "b": ["x\n\"\\\t–é", "\u{1}"], "c": .null,
      "d": [true, false], "e": [["f": []], [:]], "nan": .string("nan"),
    ]
    XCTAssertEqual(try JSONValue(parsing: Data(value.prettyPrinted().utf8)), value)
    for bad in ["", "{\"a\" 1}", "[1 2]", "nul", "\"open", "[1]x", "1e999", String(repeating: "[", count: 500)] {
      XCTAssertThrowsError(try JSONValue(parsing: Data(bad.utf8)), bad)
    }
  }

  func testRulesComeBackAsTheyWereWritten() {
    let rules: [CellRule] = [
      .text, .free, .missing, .count, .fixed(digits: 2), .percent(digits: 1), .mean(digits: 2, scale: 100),
      .difference(digits: 3, scale: 0.5), .bootstrap(digits: 2, scale: 100), .pValue, .verdict,
    ]
    for rule in rules { XCTAssertEqual(CellRule(words: rule.words), rule) }
    for words in ["", "mean", "fixed x", "fixed 99", "count 2", "other"] { XCTAssertNil(CellRule(words: words), words) }
  }

  func testNumbersOfATextAreThoseThatAReaderSees() {
    func texts(_ text: String) -> [String] { NumberToken.all(in: text).map(\.text) }
    XCTAssertEqual(texts("+4.07 [−2.21, 5.92], 95 % over 5 pairs."), ["4.07", "−2.21", "5.92", "95", "5"])
    XCTAssertEqual(texts("1\u{202f}492 images, 32 px (a-b 3)"), ["1\u{202f}492", "32", "3"])
    XCTAssertEqual(texts("ResNet-50, T2FTS, F1, `--seeds 5`, 10⁹, conv2d, 000067.png, PyTorch 2.15.0+cu132."), [])
    XCTAssertEqual(NumberToken.all(in: "86.50").map(\.digits), [2])
  }

  func testEveryFigureIsReadBack() throws {
    let figures: [any Figure] = [
      LinePlot(
        "l", xLabel: "x", yLabel: "y", series: [.init("a", samples: [(1, [1, 2]), (2, [3, .nan])], asBand: true)],
        yRange: 0...2, logarithmicX: true),
      BarChart("b", yLabel: "y", groups: ["g"], series: [.init("a", samples: [[1, 2]])], reference: ("r", 1)),
      HeatMap("h", confusion: [[3, 1], [0, 0]], classes: ["a", "b"]),
      Histogram("v", xLabel: "x", series: [.init("a", values: [1, 2, 2])], bins: 4),
      ClassDistribution(
        "c", classes: [.init("a", isHead: true, count: 3, added: 1)], accuracies: [.init("b", values: [0.5])],
        logarithmic: true),
      Roofline(
        "r", groups: [.init("g", [.init("p", intensity: 2, rate: 1e9)])], peakOperations: 2e9, peakBytes: 1e9),
    ]
    for figure in figures {
      guard case .object(var fields) = figure.json else { return XCTFail("no object") }
      fields["title"] = .string(figure.title)
      let json = try JSONValue(parsing: Data(JSONValue.object(fields).prettyPrinted().utf8))
      let again = try XCTUnwrap(FigureReading.figure(json), figure.title)
      XCTAssertEqual(again.script, figure.script)
    }
  }
}
