import Foundation

/// Checks that a report says what its raw values say, and nothing else.
///
/// The page is woven again from the experiment's source and `results.json` and compared line by line, after each cell
/// with a rule, each interval, p-value and verdict was computed anew. Numbers in free texts are looked for among the
/// raw values; so are the raw values of tables and figures. Figures are drawn again. What the package alone knows
/// (data, settings, starting weights, how scores follow from a confusion matrix) comes as `ReportKnowledge`.
public struct ReportVerification {
  public private(set) var findings: [ReportFinding] = []
  /// What was checked, such as ("claims", 7).
  public private(set) var checked: [(what: String, count: Int)] = []

  let folder: URL
  let page: [String]
  let record: RecordedReport
  /// Everything that a number of a text may come from.
  var pool = NumberPool()
  /// What the experiment recorded, without tables, figures and claims.
  var recorded = NumberPool()

  /// - Parameters:
  ///   - folder: The report.
  ///   - experiments: The folder of the experiments' sources.
  ///   - knowledge: Told the content of `results.json`.
  /// - Throws: `VerificationError` where there is no report that could be checked.
  public init(
    folder: URL, experiments: URL, knowledge: (JSONValue) throws -> ReportKnowledge = { _ in ReportKnowledge() }
  ) throws {
    self.folder = folder
    let data = try Self.read(RecordedReport.file, in: folder)
    let text = String(decoding: try Self.read("README.md", in: folder), as: UTF8.self)
    page = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let json: JSONValue
    do { json = try JSONValue(parsing: data) } catch {
      throw VerificationError.unreadable(
        file: folder.appendingPathComponent(RecordedReport.file).path, reason: "\(error)")
    }
    record = try RecordedReport(json)
    findings = record.findings
    let known = try knowledge(json)
    findings += known.findings
    checked += known.checked

    let sourceFile = experiments.appendingPathComponent(record.source)
    let source = FileManager.default.contents(atPath: sourceFile.path).map { String(decoding: $0, as: UTF8.self) }
    let isSourceSame = check(source: source)
    if record.format < ReportFolder.format {
      findings.append(
        .unchecked(
          RecordedReport.file, "the report was made by an older version, which kept no rules, settings or order of "
            + "outputs: only whether tables, claims and source are as recorded was checked; make it again with "
            + "`\(record.json["provenance"]?["command"]?.string ?? "its command")`"))
      checkBlocks()
      return
    }
    if data != Data(json.prettyPrinted().utf8) {
      findings.append(.wrong(RecordedReport.file, "it is not spelled as experiments write it"))
    }
    preparePool(source: source ?? "", known)
    if isSourceSame, let source { weave(source, checksum: Checksum.sha256(of: data)) } else { checkBlocks() }
    traceNumbers()
    checkFigures()
    if let uniform = known.uniform { checkBootstraps(uniform) }
  }

  public var isRight: Bool { !findings.contains { $0.kind == .wrong } }

  private static func read(_ name: String, in folder: URL) throws -> Data {
    let file = folder.appendingPathComponent(name)
    do { return try Data(contentsOf: file) } catch {
      throw VerificationError.unreadable(file: file.path, reason: SystemReason.of(error))
    }
  }

  mutating func note(_ what: String, _ count: Int) { checked.append((what, count)) }
  mutating func add(_ finding: ReportFinding) { if !findings.contains(finding) { findings.append(finding) } }

  /// "README.md, line 63" for a line of the page.
  func place(of line: String) -> String {
    page.firstIndex { $0.contains(line) }.map { "README.md, line \($0 + 1)" } ?? "README.md"
  }

  private mutating func check(source: String?) -> Bool {
    guard let source else {
      add(.wrong(record.source, "the experiment's source is gone, but the report is woven from it"))
      return false
    }
    note("source", 1)
    let checksum = Checksum.sha256(of: source)
    if checksum == record.sourceChecksum { return true }
    add(.wrong(
      record.source, "the source has the SHA-256 \(checksum.prefix(12))…, but the report was made by one with "
        + "\(record.sourceChecksum.prefix(12))…; make the report again"))
    return false
  }

  // MARK: - The page

  /// The page as source and raw values make it.
  private mutating func weave(_ source: String, checksum: String) {
    let cells = WeavingSource(source)
    var woven = Page(folder: folder)
    var next = record.outputs[...]
    for (index, cell) in cells.cells.enumerated() {
      woven.add(cell)
      while let output = next.first, cells.cell(containing: output.line) == index {
        for block in blocks(of: output) { woven.add(block) }
        next = next.dropFirst()
      }
    }
    if let output = next.first {
      add(.wrong(RecordedReport.file, "an output of line \(output.line) stands in no cell of the source"))
    }
    if !record.claims.isEmpty { woven.add(Claim.summary(record.claims)) }
    woven.add(record.provenance.markdown(
      name: record.name, source: record.source, sourceChecksum: record.sourceChecksum))
    woven.add(Markdown.rawValues(checksum: checksum))
    compare(woven.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    note("lines of README.md", page.count)
  }

  /// The markdown of an output.
  private func blocks(of output: RecordedReport.Output) -> [String] {
    switch output.content {
    case .text(let text): return [text]
    case .table(let index):
      let table = record.tables[index]
      return [table.table.markdown(), Markdown.caption("Table", index + 1, table.caption)]
    case .claim(let index): return [record.claims[index].markdown()]
    case .figure(let index):
      let figure = record.figures[index]
      func text(_ name: String) -> String { figure[name]?.string ?? "" }
      return [
        Markdown.picture(text("file"), alternative: text("alternative")),
        Markdown.caption("Figure", index + 1, text("caption")),
      ]
    }
  }

  private mutating func compare(_ expected: [String]) {
    var removed: [Int: String] = [:]
    var inserted: [Int: String] = [:]
    for change in page.difference(from: expected) {
      switch change {
      case .remove(let offset, let line, _): removed[offset] = line
      case .insert(let offset, let line, _): inserted[offset] = line
      }
    }
    // Walks both texts at once, so that a changed line meets the line it should have been.
    var (mine, theirs) = (0, 0)
    while mine < page.count || theirs < expected.count {
      switch (inserted[mine], removed[theirs]) {
      case (let line?, let right?):
        add(.wrong("README.md, line \(mine + 1)", "it says “\(line)”, but source and raw values give “\(right)”"))
        (mine, theirs) = (mine + 1, theirs + 1)
      case (let line?, nil):
        add(.wrong("README.md, line \(mine + 1)", "“\(line)” comes from neither source nor raw values"))
        mine += 1
      case (nil, let right?):
        add(.wrong("README.md, before line \(mine + 1)", "“\(right)” is missing"))
        theirs += 1
      case (nil, nil): (mine, theirs) = (mine + 1, theirs + 1)
      }
    }
  }

  /// Where the page cannot be woven again: every computed block must stand in it as raw values make it.
  private mutating func checkBlocks() {
    var blocks = record.claims.map { ("claim “\($0.statement)”", $0.markdown()) }
    if !record.claims.isEmpty { blocks.append(("summary of claims", Claim.summary(record.claims))) }
    for (index, table) in record.tables.enumerated() {
      // An older report does not say how columns were aligned: the header's second line is left out.
      let lines = table.table.markdown().split(separator: "\n").map(String.init)
      blocks += lines.enumerated().filter { $0.offset != 1 }.map { ("table \(index + 1)", $0.element) }
      blocks.append(("table \(index + 1)", Markdown.caption("Table", index + 1, table.caption)))
    }
    for case .text(let text) in record.outputs.map(\.content) { blocks.append(("text", text)) }
    for (what, block) in blocks {
      for line in block.split(separator: "\n").map(String.init) where !page.contains(line) {
        add(.wrong("README.md", "\(what): the line “\(line)” is missing or was changed"))
      }
    }
    note("claims", record.claims.count)
    note("tables", record.tables.count)
  }

  // MARK: - Numbers

  private mutating func preparePool(source: String, _ known: ReportKnowledge) {
    for part in ["values", "settings", "data"] { recorded.add(record.json[part] ?? .null) }
    record.provenance.seeds.forEach { recorded.add(Double($0)) }
    known.lists.forEach { recorded.add($0) }
    known.numbers.forEach { recorded.add($0) }
    pool = recorded
    for part in ["tables", "figures"] { pool.add(record.json[part] ?? .null) }
    for claim in record.json["claims"]?.array ?? [] { pool.add(claim["basis"] ?? .null) }
    // Numbers that the source itself names are no results.
    for text in [source] + known.constants { NumberToken.all(in: text).forEach { pool.add($0.value) } }
    recorded.prepare()
    pool.prepare()
  }

  /// Every number of a text that no rule makes must stand among the raw values.
  private mutating func traceNumbers() {
    var count = 0
    func trace(_ text: String, in line: String, with own: JSONValue = .null) -> [ReportFinding] {
      var ownPool = NumberPool()
      ownPool.add(own)
      ownPool.prepare()
      return NumberToken.all(in: text).compactMap { token in
        count += 1
        if ownPool.contains(token) || pool.contains(token) { return nil }
        return .wrong(place(of: line), "the number \(token.text) of “\(text)” is not among the raw values")
      }
    }
    var found: [ReportFinding] = []
    for output in record.outputs {
      switch output.content {
      case .text(let text):
        for line in text.split(separator: "\n") { found += trace(String(line), in: String(line)) }
      case .table(let index):
        let (table, caption) = (record.tables[index].table, record.tables[index].caption)
        found += trace(caption, in: Markdown.caption("Table", index + 1, caption))
        let lines = table.markdown().split(separator: "\n").map(String.init)
        for column in table.columns { found += trace(column.title, in: lines[0]) }
        for (row, cells) in table.rows.enumerated() {
          for cell in cells where [.text, .free, .missing].contains(cell.rule) {
            found += trace(cell.text, in: lines[min(row + 2, lines.count - 1)], with: cell.value)
          }
        }
        found += traceRaw(table, number: index + 1)
      case .figure(let index):
        let caption = record.figures[index]["caption"]?.string ?? ""
        found += trace(caption, in: Markdown.caption("Figure", index + 1, caption))
      case .claim(let index):
        let claim = record.claims[index]
        found += trace(claim.statement, in: claim.statement)
        guard let basis = claim.basis else {
          found += trace(claim.evidence, in: claim.evidence)
          continue
        }
        for list in basis.lists where !recorded.contains(list) {
          found.append(.unchecked(
            "\(RecordedReport.file), claim \(index + 1), “\(claim.statement)”", Self.nowhere(list)))
        }
      }
    }
    found.forEach { add($0) }
    note("tables", record.tables.count)
    note("cells", record.tables.reduce(0) { $0 + $1.table.rows.count * $1.table.columns.count })
    note("claims", record.claims.count)
    note("numbers in texts", count)
  }

  /// The raw values of a table's cells must stand among those that the experiment recorded.
  private func traceRaw(_ table: Table, number: Int) -> [ReportFinding] {
    var alone = 0
    var found: [ReportFinding] = []
    for cells in table.rows {
      for (cell, column) in zip(cells, table.columns) {
        var lists: [[Double]] = []
        switch cell.rule {
        case .mean: lists = [cell.value.doubles ?? []]
        case .difference: lists = ["values", "baseline"].compactMap { cell.value[$0]?.doubles }
        case .fixed, .percent, .count:
          if let number = cell.value.double, number.isFinite, !recorded.contains(number) { alone += 1 }
        default: break
        }
        guard let list = lists.first(where: { !recorded.contains($0) }) else { continue }
        found.append(.wrong(
          "\(RecordedReport.file), table \(number), row “\(cells[0].text)”, column “\(column.title)”",
          Self.nowhere(list)))
      }
    }
    if alone > 0 {
      found.append(.unchecked(
        "\(RecordedReport.file), table \(number)",
        "\(alone) of its numbers stand there alone: what they were computed from was not recorded"))
    }
    return found
  }

  private static func nowhere(_ list: [Double]) -> String {
    "\(JSONValue.numbers(list).prettyPrinted().dropLast()) is nowhere among the raw values of seeds"
  }
}
