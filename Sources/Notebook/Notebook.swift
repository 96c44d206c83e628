import Foundation
import Imaging

/// An experiment that is read as a text: running its `main.swift` weaves the report.
///
/// The `//:` lines of the source become the report's prose, the code between them is folded, and what a cell of
/// code records (tables, figures, claims) stands after that cell. Every output takes the line it was called from;
/// a function that records outputs for an experiment must take `line: Int = #line` and pass it on.
/// Nothing here reads a clock: two runs with the same numbers write the same bytes.
public final class Notebook {
  /// The experiment's name in kebab case, as in `swift run exp-NAME`.
  public let name: String
  /// The report's folder.
  public let output: URL
  /// Fill in before `finish()`.
  public var provenance: Provenance
  /// The settings that the numbers depend on, and what the data set is; for `results.json`, so that both can be
  /// checked.
  public var settings: JSONValue = .null
  public var dataFacts: JSONValue = .null

  private let sourceName: String
  private let sourceText: String
  private var records: [Record] = []
  private var values: [String: (value: JSONValue, line: Int)] = [:]
  private var repeated: NotebookError?

  private struct Record {
    let line: Int
    let content: Content
  }

  private enum Content {
    case markdown(String)
    case table(Table, caption: String)
    case figure(any Figure, caption: String)
    case sheet(Image, caption: String)
    case claim(Claim)
  }

  /// Reads the experiment's source, and checks what `finish()` will need, before any work is done.
  /// - Parameters:
  ///   - name: The experiment's name in kebab case.
  ///   - output: The report's folder, made if missing.
  ///   - drawsFigures: False for an experiment without figures, which then needs no gnuplot.
  ///   - isWritten: False in a process that leaves `finish()` to another one.
  ///   - source: The experiment's file; leave it out.
  /// - Throws: `NotebookError` if the source is gone, the folder cannot be written, or gnuplot is missing.
  public init(
    name: String, output: URL, provenance: Provenance = Provenance(), drawsFigures: Bool = true,
    isWritten: Bool = true, source: String = #filePath
  ) throws {
    self.name = name
    self.output = output
    self.provenance = provenance
    sourceName = source.split(separator: "/").suffix(2).joined(separator: "/")
    guard let data = FileManager.default.contents(atPath: source) else { throw NotebookError.sourceMissing(source) }
    sourceText = String(decoding: data, as: UTF8.self)
    if isWritten { try Self.checkPrerequisites(output: output, drawsFigures: drawsFigures) }
  }

  /// Checks that a report can be written into a folder and figures can be drawn, so that hours of work are not lost.
  /// - Throws: `NotebookError.folderUnwritable`, `.folderForeign` or `.gnuplotMissing`.
  public static func checkPrerequisites(output: URL, drawsFigures: Bool = true) throws {
    try ReportFolder(url: output).prepare()
    if drawsFigures { _ = try Gnuplot() }
  }

  /// A paragraph, such as a sentence with a computed number.
  public func text(_ markdown: String, line: Int = #line) { record(.markdown(markdown), line) }

  /// A remark set apart from the text.
  public func note(_ markdown: String, line: Int = #line) { record(.markdown(Markdown.note(markdown)), line) }

  public func table(_ table: Table, caption: String, line: Int = #line) {
    record(.table(table, caption: caption), line)
  }

  /// A table with one row per element.
  public func table<Row>(_ rows: [Row], columns: [TableColumn<Row>], caption: String, line: Int = #line) {
    let cells = rows.map { row in columns.map { $0.cell(row) } }
    table(Table(columns: columns.map(\.column), rows: cells), caption: caption, line: line)
  }

  /// A figure, drawn when the report is written.
  public func plot(_ figure: some Figure, caption: String = "", line: Int = #line) {
    record(.figure(figure, caption: caption), line)
  }

  /// One line over a sweep: a value for each row, or several (seeds), drawn as mean and standard deviation.
  public func plot<Row>(
    _ rows: [Row], x: (Row) -> Double, y: (Row) -> [Double], title: String, xLabel: String, yLabel: String,
    caption: String = "", line: Int = #line
  ) {
    let series = LinePlot.Series("", samples: rows.map { (x: x($0), values: y($0)) })
    plot(LinePlot(title, xLabel: xLabel, yLabel: yLabel, series: [series]), caption: caption, line: line)
  }

  /// A sheet of images, or any picture, as PNG.
  public func sheet(_ image: Image, caption: String, line: Int = #line) {
    record(.sheet(image, caption: caption), line)
  }

  /// A claim with its verdict: true, false, or nil where the evidence does not decide.
  public func claim(_ statement: String, holds: Bool?, evidence: String = "", line: Int = #line) {
    record(.claim(Claim(statement, holds: holds, evidence: evidence)), line)
  }

  /// A claim that a paired difference is positive, decided by its interval.
  public func claim(
    _ statement: String, difference: PairedDifference, digits: Int = 2, scale: Double = 1, line: Int = #line
  ) {
    record(.claim(Claim(statement, difference: difference, digits: digits, scale: scale)), line)
  }

  /// A claim that was decided elsewhere.
  public func claim(_ claim: Claim, line: Int = #line) { record(.claim(claim), line) }

  /// A raw value for `results.json`, under a name used once.
  public func value(_ name: String, _ value: JSONValue, line: Int = #line) {
    if values[name] != nil, repeated == nil { repeated = .repeatedValue(name: name, line: line) }
    values[name] = (value, line)
  }

  public func value(_ name: String, _ number: Double, line: Int = #line) {
    value(name, JSONValue.number(number), line: line)
  }

  public func value(_ name: String, _ numbers: [Double], line: Int = #line) {
    value(name, JSONValue.numbers(numbers), line: line)
  }

  public func value(_ name: String, _ number: Int, line: Int = #line) {
    value(name, JSONValue.integer(number), line: line)
  }

  private func record(_ content: Content, _ line: Int) { records.append(Record(line: line, content: content)) }

  /// Weaves and writes the report. Either all of it is written or the former report stays.
  /// - Throws: `NotebookError`.
  public func finish() throws {
    if let repeated { throw repeated }
    let source = WeavingSource(sourceText)
    var outputs: [Int: [Record]] = [:]
    for record in records {
      guard let cell = source.cell(containing: record.line) else {
        throw NotebookError.lineOutsideSource(line: record.line, source: sourceName, lines: source.lineCount)
      }
      outputs[cell, default: []].append(record)
    }
    try ReportFolder(url: output).write { folder in
      var page = Page(folder: folder)
      for (index, cell) in source.cells.enumerated() {
        page.add(cell)
        for record in outputs[index] ?? [] { try add(record, to: &page) }
      }
      if !page.claims.isEmpty { page.add(Claim.summary(page.claims)) }
      let checksum = Checksum.sha256(of: sourceText)
      let results = JSONValue.object([
        "format": .integer(ReportFolder.format), "name": .string(name), "values": .object(values.mapValues(\.value)),
        "tables": .array(page.tables), "figures": .array(page.figures), "claims": .array(page.claims.map(\.json)),
        "outputs": .array(page.outputs), "settings": settings, "data": dataFacts,
        "provenance": provenance.json(name: name, source: sourceName, sourceChecksum: checksum),
      ]).prettyPrinted()
      page.add(provenance.markdown(name: name, source: sourceName, sourceChecksum: checksum))
      page.add(Markdown.rawValues(checksum: Checksum.sha256(of: results)))
      try Data(page.text.utf8).write(to: folder.appendingPathComponent("README.md"))
      try Data(results.utf8).write(to: folder.appendingPathComponent(ReportFolder.marker))
    }
  }

  private func add(_ record: Record, to page: inout Page) throws {
    switch record.content {
    case .markdown(let text): page.add(text: text, line: record.line)
    case .table(let table, let caption): page.add(table, caption: caption, line: record.line)
    case .figure(let figure, let caption): try page.add(figure, caption: caption, line: record.line)
    case .sheet(let image, let caption): try page.add(image, caption: caption, line: record.line)
    case .claim(let claim): page.add(claim, line: record.line)
    }
  }
}
