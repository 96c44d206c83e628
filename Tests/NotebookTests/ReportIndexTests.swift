import XCTest

@testable import Notebook

final class ReportIndexTests: XCTestCase {
  func testThePageListsReportsClaimsAndCosts() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("index-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let experiments = folder.appendingPathComponent("Experiments")
    for name in ["OneThing", "OtherThing"] {
      let source = experiments.appendingPathComponent("\(name)/main.swift")
      try FileManager.default.createDirectory(at: source.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data("//: # Does \(name) work?\nlet first = 1\n".utf8).write(to: source)
    }
    let reports = folder.appendingPathComponent("Reports")
    let notebook = try Notebook(
      name: "one-thing", output: reports.appendingPathComponent("one-thing"),
      provenance: Provenance(
        arguments: ["--out", "/somewhere"], profile: "smoke", seeds: [1, 2],
        dataSets: [.init("scenes, training", "ab"), .init("scenes, test", "cd")]),
      drawsFigures: false, source: experiments.appendingPathComponent("OneThing/main.swift").path)
    notebook.claim("It works.", holds: true, evidence: "this | that", line: 2)
    notebook.claim("It is fast.", holds: nil, line: 2)
    try notebook.finish()

    func page() throws -> String {
      try ReportIndex(folder: reports, experiments: experiments).markdown(statement: "## End")
    }
    let without = try page()
    XCTAssertTrue(without.contains(
      "| [Does OneThing work?](one-thing/README.md) | scenes | smoke | 2 | 1 | 0 | 1 | not recorded | "
        + "`swift run exp-one-thing` |"), without)
    XCTAssertTrue(without.contains("| It works. | **holds** | this \\| that |"), without)
    XCTAssertTrue(without.contains("without a report here: `swift run exp-other-thing`."), without)
    XCTAssertTrue(without.hasSuffix("## End\n"))
    XCTAssertEqual(without, try page())

    let log = RunLog(name: "one-thing", directory: folder)
    try log.finish(
      report: reports.appendingPathComponent("one-thing"), stages: [("a", 100), ("b", 30)], secondsInStages: 0)
    XCTAssertTrue(try page().contains("2 min 10 s ("))
    try log.finish(report: reports.appendingPathComponent("one-thing"), stages: [("a", nil)], secondsInStages: 0)
    XCTAssertTrue(try page().contains("not recorded"))
    // What the run leaves beside the report is no part of it.
    XCTAssertEqual(
      try ReportVerification(folder: reports.appendingPathComponent("one-thing"), experiments: experiments).findings
        .filter { $0.kind == .wrong }, [])
  }

  func testNames() { XCTAssertEqual(ReportIndex.kebab("DiorNoiseRatio"), "dior-noise-ratio") }
}
