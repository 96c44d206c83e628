import Foundation

/// A report's `results.json`, read back.
struct RecordedReport {
  static let file = "results.json"

  struct CaptionedTable {
    /// As the raw values make it: texts of cells are computed anew where a rule says how.
    let table: Table
    let caption: String
  }

  struct Output {
    let line: Int
    let content: Content

    enum Content: Equatable {
      case text(String)
      case table(Int)
      case figure(Int)
      case claim(Int)
    }
  }

  let json: JSONValue
  let format: Int
  let name: String
  let values: [String: JSONValue]
  let tables: [CaptionedTable]
  let figures: [JSONValue]
  let claims: [Claim]
  let outputs: [Output]
  let provenance: Provenance
  let source: String
  let sourceChecksum: String
  /// What does not follow within results.json itself.
  private(set) var findings: [ReportFinding] = []

  /// - Throws: `VerificationError`.
  init(_ json: JSONValue) throws {
    func need<Value>(_ value: Value?, _ part: String, _ expected: String) throws -> Value {
      guard let value else { throw VerificationError.malformed(file: Self.file, part: part, expected: expected) }
      return value
    }
    self.json = json
    format = json["format"]?.integer ?? 1
    name = try need(json["name"]?.string, "name", "a text")
    values = try need(json["values"]?.object, "values", "an object")
    figures = try need(json["figures"]?.array, "figures", "a list")
    let facts = try need(json["provenance"], "provenance", "an object")
    source = try need(facts["source"]?.string, "provenance.source", "a text")
    sourceChecksum = try need(facts["sourceChecksum"]?.string, "provenance.sourceChecksum", "a text")
    provenance = Self.provenance(facts)
    var findings: [ReportFinding] = []
    tables = try need(json["tables"]?.array, "tables", "a list").enumerated().map { index, table in
      try Self.table(table, "table \(index + 1)", &findings)
    }
    claims = try need(json["claims"]?.array, "claims", "a list").enumerated().map { index, claim in
      try Self.claim(claim, "claim \(index + 1)", &findings)
    }
    let counts = ["table": tables.count, "figure": figures.count, "claim": claims.count]
    outputs = try (json["outputs"]?.array ?? []).enumerated().map { index, output in
      let part = "output \(index + 1)"
      let line = try need(output["line"]?.integer, part, "an output with its line")
      let kind = try need(output["kind"]?.string, part, "an output with its kind")
      if kind == "text" { return Output(line: line, content: .text(try need(output["text"]?.string, part, "a text"))) }
      let place = try need(output["index"]?.integer, part, "an output with its place")
      guard let count = counts[kind], (0..<count).contains(place) else {
        throw VerificationError.malformed(file: Self.file, part: part, expected: "a table's, figure's or claim's place")
      }
      let content: Output.Content = kind == "table" ? .table(place) : kind == "figure" ? .figure(place) : .claim(place)
      return Output(line: line, content: content)
    }
    self.findings = findings
  }

  private static func provenance(_ facts: JSONValue) -> Provenance {
    func list(_ name: String) -> [Provenance.Fact] {
      (facts[name]?.array ?? []).compactMap { fact in
        guard let name = fact["name"]?.string, let value = fact["value"]?.string else { return nil }
        return .init(name, value)
      }
    }
    return Provenance(
      arguments: facts["arguments"]?.strings ?? [], buildOptions: facts["buildOptions"]?.strings ?? [],
      profile: facts["profile"]?.string, seeds: (facts["seeds"]?.strings ?? []).compactMap(UInt64.init),
      dataSets: list("dataSets"), startingWeights: list("startingWeights"), versions: list("versions"))
  }

  private static func table(_ json: JSONValue, _ part: String, _ findings: inout [ReportFinding]) throws
    -> CaptionedTable
  {
    func malformed(_ expected: String) -> VerificationError { .malformed(file: file, part: part, expected: expected) }
    guard let titles = json["columns"]?.strings, let caption = json["caption"]?.string,
      let values = json["rows"]?.array?.map({ $0.array ?? [] }),
      let texts = json["text"]?.array?.map({ $0.strings ?? [] }), values.count == texts.count,
      zip(values, texts).allSatisfy({ $0.count == titles.count && $1.count == titles.count })
    else { throw malformed("a table with a value and a text in each cell") }
    let alignments = json["alignments"]?.strings?.compactMap(Table.Alignment.init) ?? titles.map { _ in .right }
    let rules = json["rules"]?.array?.map { ($0.strings ?? []).compactMap(CellRule.init(words:)) }
      ?? texts.map { $0.map { _ in .free } }
    guard alignments.count == titles.count, rules.count == texts.count,
      rules.allSatisfy({ $0.count == titles.count })
    else { throw malformed("a table with an alignment for each column and a rule for each cell") }
    var table = Table(columns: zip(titles, alignments).map { .init($0, $1) })
    for row in texts.indices {
      table.append(titles.indices.map { column in
        let (text, value, rule) = (texts[row][column], values[row][column], rules[row][column])
        let place = "\(file), \(part), row “\(texts[row][0])”, column “\(titles[column])”"
        let new: RecomputedCell?
        do { new = try rule.recomputed(value) } catch {
          findings.append(.wrong(place, "the raw value is not of the kind that “\(rule.words)” needs"))
          return TableCell(text, value, rule)
        }
        guard let new else { return TableCell(text, value, rule) }
        if let change = value.firstChange(to: new.value) {
          findings.append(.wrong(place, "\(change) by the other raw values of the cell"))
        }
        if new.text != text {
          findings.append(.wrong(place, "the text is “\(text)”, but the raw value gives “\(new.text)”"))
        }
        return TableCell(new.text, new.value, rule)
      })
    }
    return CaptionedTable(table: table, caption: caption)
  }

  private static func claim(_ json: JSONValue, _ part: String, _ findings: inout [ReportFinding]) throws -> Claim {
    guard let statement = json["statement"]?.string, let evidence = json["evidence"]?.string,
      let verdict = json["verdict"]?.string
    else {
      throw VerificationError.malformed(
        file: file, part: part, expected: "a claim with statement, evidence and verdict")
    }
    let place = "\(file), \(part), “\(statement)”"
    var claim = Claim(statement, holds: json["holds"]?.bool, evidence: evidence)
    if let basis = json["basis"], basis != .null {
      guard let read = ClaimBasis(json: basis) else {
        throw VerificationError.malformed(file: file, part: part, expected: "a claim whose basis can be read")
      }
      claim = read.claim(statement)
      if let change = basis.firstChange(to: read.json) {
        findings.append(.wrong(place, "\(change) by the other raw values of the claim"))
      }
      if claim.evidence != evidence {
        findings.append(.wrong(place, "the evidence is “\(evidence)”, but the raw values give “\(claim.evidence)”"))
      }
    }
    if claim.verdict != verdict || claim.holds != json["holds"]?.bool {
      findings.append(.wrong(place, "the verdict is “\(verdict)”, but the raw values give “\(claim.verdict)”"))
    }
    return claim
  }
}

extension JSONValue {
  /// In words, the first number or text that is another in a second document; nil if there is none.
  func firstChange(to other: JSONValue, _ path: String = "") -> String? {
    if self == other || prettyPrinted() == other.prettyPrinted() { return nil }
    switch (self, other) {
    case (.object(let mine), .object(let theirs)):
      for key in Set(mine.keys).union(theirs.keys).sorted() {
        let inner = path.isEmpty ? key : "\(path).\(key)"
        if let change = (mine[key] ?? .null).firstChange(to: theirs[key] ?? .null, inner) { return change }
      }
      return nil
    case (.array(let mine), .array(let theirs)) where mine.count == theirs.count:
      for (index, pair) in zip(mine, theirs).enumerated() {
        if let change = pair.0.firstChange(to: pair.1, "\(path)[\(index)]") { return change }
      }
      return nil
    default:
      func short(_ value: JSONValue) -> String { String(value.prettyPrinted().dropLast().prefix(60)) }
      return (path.isEmpty ? "it" : path) + " is \(short(self)), but \(short(other))"
    }
  }
}
