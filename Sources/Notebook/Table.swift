import Foundation

/// One cell of a table: the text a reader sees, the raw value that goes into `results.json`, and how one follows from
/// the other.
public struct TableCell: Equatable, Sendable {
  public let text: String
  public let value: JSONValue
  public let rule: CellRule

  init(_ text: String, _ value: JSONValue, _ rule: CellRule) {
    (self.text, self.value, self.rule) = (text, value, rule)
  }

  /// A text of its own. `tgn verify` then looks for each number of the text in the raw value; the cells below, whose
  /// texts follow from their values by rule, it computes anew.
  public init(_ text: String, value: JSONValue? = nil) {
    self.init(text, value ?? .string(text), value == nil ? .text : .free)
  }

  public static func text(_ text: String) -> TableCell { TableCell(text) }
  /// A value that does not exist here, such as a figure nobody published.
  public static func missing(_ text: String = "not available") -> TableCell { TableCell(text, .null, .missing) }
  public static func count(_ value: Int) -> TableCell {
    TableCell(NumberFormat.count(value), .integer(value), .count)
  }
  public static func number(_ value: Double, digits: Int = 2) -> TableCell {
    TableCell(NumberFormat.fixed(value, digits: digits), .number(value), .fixed(digits: digits))
  }
  /// A share in 0...1, shown in percent, kept raw as the share.
  public static func percent(_ share: Double, digits: Int = 2) -> TableCell {
    TableCell(NumberFormat.percent(share, digits: digits), .number(share), .percent(digits: digits))
  }
  /// Mean ± sample standard deviation over seeds; all the seeds' values are kept raw, unscaled.
  public static func meanAndDeviation(_ values: [Double], digits: Int = 2, scale: Double = 1) -> TableCell {
    TableCell(
      NumberFormat.meanAndDeviation(values, digits: digits, scale: scale), .numbers(values),
      .mean(digits: digits, scale: scale))
  }
  /// A paired difference with its interval; kept raw with bounds and pairs, unscaled.
  public static func difference(_ difference: PairedDifference, digits: Int = 2, scale: Double = 1) -> TableCell {
    TableCell(
      NumberFormat.difference(difference, digits: digits, scale: scale), difference.json,
      .difference(digits: digits, scale: scale))
  }
}

extension TableCell: ExpressibleByStringLiteral, ExpressibleByStringInterpolation {
  public init(stringLiteral value: String) { self.init(value) }
}

extension PairedDifference {
  var json: JSONValue {
    var fields: [String: JSONValue] = [
      "mean": .number(mean), "lower": .number(interval.lower), "upper": .number(interval.upper),
      "level": .number(level), "differences": .numbers(differences),
    ]
    if let terms {
      fields["values"] = .numbers(terms.values)
      fields["baseline"] = .numbers(terms.baseline)
    }
    return .object(fields)
  }
}

/// A table of text cells with a header.
public struct Table: Equatable, Sendable {
  public enum Alignment: String, Equatable, Sendable { case left, right, centre }

  public struct Column: Equatable, Sendable {
    public var title: String
    public var alignment: Alignment

    public init(_ title: String, _ alignment: Alignment = .right) {
      self.title = title
      self.alignment = alignment
    }
  }

  public var columns: [Column]
  public private(set) var rows: [[TableCell]] = []

  public init(columns: [Column], rows: [[TableCell]] = []) {
    self.columns = columns
    rows.forEach { append($0) }
  }

  /// A table whose first column is text and whose others are numbers.
  public init(_ titles: [String], rows: [[TableCell]] = []) {
    self.init(columns: titles.enumerated().map { Column($1, $0 == 0 ? .left : .right) }, rows: rows)
  }

  /// Adds a row, which must have one cell per column.
  public mutating func append(_ row: [TableCell]) {
    precondition(row.count == columns.count, "a row of \(row.count) cells in a table of \(columns.count) columns")
    rows.append(row)
  }

  func markdown() -> String {
    let marks: [String] = columns.map {
      switch $0.alignment {
      case .left: return ":---"
      case .right: return "---:"
      case .centre: return ":---:"
      }
    }
    let lines = [columns.map { Self.escaped($0.title) }, marks] + rows.map { $0.map { Self.escaped($0.text) } }
    return lines.map { "| " + $0.joined(separator: " | ") + " |" }.joined(separator: "\n")
  }

  var json: JSONValue {
    [
      "columns": .strings(columns.map(\.title)),
      "alignments": .strings(columns.map(\.alignment.rawValue)),
      "rules": .array(rows.map { .strings($0.map(\.rule.words)) }),
      "rows": .array(rows.map { .array($0.map(\.value)) }),
      "text": .array(rows.map { .strings($0.map(\.text)) }),
    ]
  }

  /// A bar or a line break inside a cell would end it.
  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "|", with: "\\|").replacingOccurrences(of: "\n", with: "<br>")
  }
}

/// How a column of a table is made from a row's type.
public struct TableColumn<Row> {
  let column: Table.Column
  let cell: (Row) -> TableCell

  public init(_ title: String, _ alignment: Table.Alignment = .right, _ cell: @escaping (Row) -> TableCell) {
    column = Table.Column(title, alignment)
    self.cell = cell
  }
}
