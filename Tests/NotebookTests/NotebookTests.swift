import Imaging
import XCTest

@testable import Notebook

final class NotebookTests: XCTestCase {
  private var folder = URL(fileURLWithPath: "/")
  private let files = FileManager.default

  private let experiment = """
    //: # An experiment
    let first = 1
    //: ## Middle
    let second = 2

    let third = 3
    //: ## End
    let fourth = 4
    """

  override func setUpWithError() throws {
    folder = files.temporaryDirectory.appendingPathComponent("notebook-\(UUID().uuidString)")
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    try Data(experiment.utf8).write(to: folder.appendingPathComponent("main.swift"))
  }

  override func tearDown() { try? files.removeItem(at: folder) }

  private func notebook(
    _ output: String = "report", figures: Bool = false, arguments: [String] = []
  ) throws -> Notebook {
    try Notebook(
      name: "trial", output: folder.appendingPathComponent(output),
      provenance: Provenance(arguments: arguments, profile: "smoke", seeds: [1, 2]), drawsFigures: figures,
      source: folder.appendingPathComponent("main.swift").path)
  }

  private func text(_ path: String) throws -> String {
    try String(contentsOf: folder.appendingPathComponent(path), encoding: .utf8)
  }

  private func assertOrder(_ parts: [String], in text: String, line: UInt = #line) {
    var rest = text[...]
    for part in parts {
      guard let range = rest.range(of: part) else {
        return XCTFail("“\(part)” is missing or too early", line: line)
      }
      rest = rest[range.upperBound...]
    }
  }

  func testOutputStandsAfterItsCell() throws {
    let notebook = try notebook()
    notebook.text("output of the end", line: 8)
    notebook.table(Table(["Method", "A|B"], rows: [["x", .number(1.5)]]), caption: "A table", line: 4)
    notebook.text("second of the middle", line: 6)
    notebook.note("first", line: 2)
    try notebook.finish()
    assertOrder(
      [
        "# An experiment", "let first = 1", "</details>", "> **Note.** first", "## Middle", "let third = 3",
        "| Method | A\\|B |", "| x | 1.50 |", "*Table 1. A table*", "second of the middle", "## End",
        "let fourth = 4", "output of the end", "## Provenance",
      ], in: try text("report/README.md"))
  }

  func testTwoRunsAreByteIdentical() throws {
    func run(_ output: String, threads: String) throws {
      let notebook = try notebook(
        output, arguments: ["--threads", threads, "--out", folder.path + output, "--data=/somewhere/\(output)/dior"])
      notebook.value("numbers", [0.1, 1e-9, .nan, 3])
      notebook.value("count", 3)
      notebook.claim("A claim.", holds: true, line: 2)
      try notebook.finish()
    }
    try run("one", threads: "1")
    try run("two", threads: "2")
    for file in ["README.md", "results.json"] {
      XCTAssertEqual(try text("one/" + file), try text("two/" + file))
      XCTAssertFalse(try text("one/" + file).contains(folder.path), "\(file) names a path of this machine")
    }
    XCTAssertTrue(try text("one/README.md").contains("`swift run exp-trial --data=dior`"))
  }

  func testFiguresAreByteIdenticalAndStaleOnesGo() throws {
    try XCTSkipIf((try? Gnuplot()) == nil, "gnuplot is not installed")
    func run(_ title: String) throws -> [String] {
      let notebook = try notebook(figures: true)
      let series = LinePlot.Series("a “b” 'c' $d", points: [(0, 1), (1, .nan), (2, 3)], errors: [1, 0, 0.5])
      notebook.plot(LinePlot(title, xLabel: "x_1", yLabel: "{y}", series: [series]), line: 4)
      notebook.plot(LinePlot("Nothing", xLabel: "x", yLabel: "y", series: []), line: 4)
      try notebook.finish()
      return try files.contentsOfDirectory(atPath: folder.appendingPathComponent("report/figures").path)
    }
    XCTAssertEqual(try run("Old & <grey>"), ["01-old-grey.svg"])
    let first = try text("report/figures/01-old-grey.svg")
    XCTAssertEqual(try run("Old & <grey>"), ["01-old-grey.svg"])
    XCTAssertEqual(first, try text("report/figures/01-old-grey.svg"))
    XCTAssertTrue(first.contains("<title>Old &amp; &lt;grey></title>"))
    XCTAssertFalse(first.contains("gnuplot 5") || first.contains("GNUPLOT"), "versions differ between machines")
    XCTAssertNil(first.range(of: "20[0-9][0-9]-[0-9][0-9]", options: .regularExpression))
    XCTAssertEqual(try run("New"), ["01-new.svg"], "the former run's figure must go")
    XCTAssertTrue(try text("report/README.md").contains("Nothing to draw for “Nothing”"))
  }

  func testEveryFigureDraws() throws {
    try XCTSkipIf((try? Gnuplot()) == nil, "gnuplot is not installed")
    let notebook = try notebook(figures: true)
    let points = (1...50).map { (x: Double($0), y: Double($0 * $0)) }
    notebook.plot(
      LinePlot("Log", xLabel: "x", yLabel: "y", series: [.init("", points: points)], logarithmicX: true,
        logarithmicY: true), line: 2)
    notebook.plot(
      LinePlot("Constant", xLabel: "x", yLabel: "y", series: [.init("c", points: [(1, 5)])]), line: 2)
    notebook.plot(
      BarChart("Bars", yLabel: "F1", groups: ["it's", "amphibious \"transport\" dock"],
        series: [.init("a", samples: [[1, 2], [3]]), .init("b", values: [-1, .nan])]), line: 2)
    notebook.plot(
      BarChart("Zeros", yLabel: "F1", groups: ["a"], series: [.init("a", values: [0])]), line: 2)
    for logarithmic in [false, true] {
      let classes: [ClassDistribution.Entry] = [
        .init("ship", isHead: true, count: 900), .init("dam", isHead: false, count: 0, added: 5),
      ]
      notebook.plot(
        ClassDistribution(
          "Tail", classes: classes, accuracies: [.init("before", values: [0.9, .nan])], logarithmic: logarithmic),
        line: 2)
    }
    notebook.plot(HeatMap("Confusion", confusion: [[3, 1], [0, 0]], classes: ["a", "b"]), line: 2)
    notebook.plot(Histogram("Values", xLabel: "v", series: [.init("same", values: [2, 2, 2])]), line: 2)
    notebook.plot(
      ExpansionBars(
        "Expansion", classes: [.init("a", isHead: true, count: 9), .init("b", isHead: false, count: 2, added: 4)],
        before: .init("before", accuracy: 0.5), after: .init("after", accuracy: 0.6)),
      line: 2)
    notebook.plot(
      ScatterPlot("Points", xLabel: "x", yLabel: "y", points: [("a 'name'", 0, 1), ("b", .nan, 1), ("c", 0, 1)]), line: 2)
    try notebook.finish()
    let drawn = try files.contentsOfDirectory(atPath: folder.appendingPathComponent("report/figures").path)
    XCTAssertEqual(drawn.count, 10)
  }

  func testClaimsAreJudgedAndCollected() throws {
    let notebook = try notebook()
    notebook.claim("Better.", difference: PairedDifference(differences: [2, 2.1, 1.9]), line: 2)
    notebook.claim("Unclear.", difference: PairedDifference(differences: [-1, 1, 0.5]), line: 4)
    notebook.claim("False.", holds: false, evidence: "0 < 1", line: 8)
    try notebook.finish()
    let page = try text("report/README.md")
    assertOrder(
      ["**Holds:** Better.", "**Not decided:** Unclear.", "includes zero", "**Does not hold:** False."], in: page)
    assertOrder(["## Claims", "| Better. | **holds** |", "Of 3: holds: 1, does not hold: 1, not decided: 1."], in: page)
    let results = try XCTUnwrap(
      try JSONSerialization.jsonObject(with: Data(try text("report/results.json").utf8)) as? [String: Any])
    let claims = try XCTUnwrap(results["claims"] as? [[String: Any]])
    XCTAssertEqual(claims.map { $0["verdict"] as? String }, ["holds", "not decided", "does not hold"])
  }

  func testAFailedRunLeavesTheFormerReport() throws {
    let good = try notebook()
    good.text("the former report", line: 2)
    try good.finish()
    let before = try text("report/README.md")

    struct Unsound: Figure {
      let title = "Unsound"
      let hasData = true
      let script = "plot nonsense(\n"
      let json = JSONValue.null
    }
    let bad = try notebook()
    bad.text("half", line: 2)
    if (try? Gnuplot()) != nil { bad.plot(Unsound(), line: 2) } else { bad.text("lost", line: 99) }
    XCTAssertThrowsError(try bad.finish())
    XCTAssertEqual(try text("report/README.md"), before)
    XCTAssertEqual(
      try files.contentsOfDirectory(atPath: folder.appendingPathComponent("report").path).sorted(),
      ["README.md", "results.json"])
  }

  func testAFolderOfSomeoneElseIsLeftAlone() throws {
    let report = folder.appendingPathComponent("report")
    try files.createDirectory(at: report, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: report.appendingPathComponent("README.md"))
    XCTAssertThrowsError(try notebook()) {
      XCTAssertEqual($0 as? NotebookError, .folderForeign(folder: report.path, file: "README.md"))
    }
    XCTAssertEqual(try text("report/README.md"), "mine")
  }

  func testErrorsSayWhatToDo() throws {
    XCTAssertThrowsError(try Gnuplot(path: "/nowhere")) {
      XCTAssertEqual($0 as? NotebookError, .gnuplotMissing)
      XCTAssertTrue("\($0)".contains("install"))
    }
    try Data().write(to: folder.appendingPathComponent("file"))
    XCTAssertThrowsError(try notebook("file/report")) {
      guard case .folderUnwritable? = $0 as? NotebookError else { return XCTFail("\($0)") }
      XCTAssertFalse("\($0)".contains("\n"))
    }
    XCTAssertThrowsError(
      try Notebook(name: "x", output: folder, drawsFigures: false, source: folder.path + "/gone.swift")
    ) { XCTAssertEqual($0 as? NotebookError, .sourceMissing(folder.path + "/gone.swift")) }
    let notebook = try notebook()
    notebook.text("nowhere", line: 99)
    XCTAssertThrowsError(try notebook.finish()) {
      guard case .lineOutsideSource(99, _, 8)? = $0 as? NotebookError else { return XCTFail("\($0)") }
    }
    let twice = try self.notebook("twice")
    twice.value("a", 1.0)
    twice.value("a", 2.0)
    XCTAssertThrowsError(try twice.finish())
  }

  func testALongLineIsThinnedToMeans() {
    let points = (0..<200_000).map { (x: Double($0), y: Double($0 % 2)) }
    let plot = LinePlot("Loss", xLabel: "step", yLabel: "loss", series: [.init("a", points: points)])
    let rows = plot.script.split(separator: "\n").filter { $0.hasSuffix(" 0.0 0.5 0.5") }
    XCTAssertEqual(rows.count, 1493)
    XCTAssertEqual(rows.first, "66.5 0.5 0.0 0.5 0.5")
  }

  func testJSONIsStable() {
    let value: JSONValue = ["b": [1, 2.5, "x\n\"é"], "a": ["z": nothing, "y": true], "c": []]
    XCTAssertEqual(
      value.prettyPrinted(),
      """
      {
        "a": {
          "y": true,
          "z": null
        },
        "b": [1, 2.5, "x\\n\\"é"],
        "c": []
      }

      """)
    XCTAssertEqual(JSONValue.numbers([-0.0, .infinity]).prettyPrinted(), "[0.0, \"inf\"]\n")
  }

  private let nothing = JSONValue.null
}
