import Foundation

/// Columns of text for a terminal: the first as words, the others as numbers at the right.
public struct TextTable {
  private var rows: [[String]]
  private let wordColumns: Set<Int>

  /// - Parameter words: Columns that are words, not numbers.
  public init(_ titles: [String], words: Set<Int> = [0]) {
    rows = [titles]
    wordColumns = words
  }

  public mutating func append(_ cells: [String]) {
    precondition(cells.count == rows[0].count, "a row has a cell for each column")
    rows.append(cells)
  }

  public var text: String {
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.enumerated().map { column, cell -> String in
        let space = String(repeating: " ", count: widths[column] - cell.count)
        return wordColumns.contains(column) ? cell + space : space + cell
      }
      return cells.joined(separator: "  ").replacingOccurrences(of: " +$", with: "", options: .regularExpression)
    }.joined(separator: "\n")
  }
}
