import Foundation

/// An experiment's source, cut into prose and code.
struct WeavingSource: Equatable {
  enum Cell: Equatable {
    /// Markdown: the lines after `//:`.
    case prose(String)
    /// Swift between two pieces of prose, and the lines (from 1) it covers.
    case code(String, lines: ClosedRange<Int>)
  }

  let cells: [Cell]
  let lineCount: Int

  init(_ text: String) {
    var cells: [Cell] = []
    var block: [String] = []
    var blockIsProse = false
    var blockStart = 1
    func close(before line: Int) {
      defer { block = [] }
      guard !block.isEmpty else { return }
      let content = block.joined(separator: "\n")
      cells.append(blockIsProse ? .prose(content) : .code(content, lines: blockStart...(line - 1)))
    }
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    if lines.last == "" { lines.removeLast() }
    for (index, line) in lines.enumerated() {
      let prose = Self.prose(of: line)
      if (prose != nil) != blockIsProse || index == 0 {
        close(before: index + 1)
        blockIsProse = prose != nil
        blockStart = index + 1
      }
      block.append(prose ?? line)
    }
    close(before: lines.count + 1)
    self.cells = cells
    lineCount = lines.count
  }

  /// The markdown of a `//:` line, or nil for code. Prose may be indented like the code around it.
  private static func prose(of line: String) -> String? {
    let trimmed = line.drop { $0 == " " || $0 == "\t" }
    guard trimmed.hasPrefix("//:") else { return nil }
    let text = trimmed.dropFirst(3)
    return String(text.hasPrefix(" ") ? text.dropFirst() : text)
  }

  /// The index of the code cell that contains a line.
  func cell(containing line: Int) -> Int? {
    cells.firstIndex {
      if case .code(_, let lines) = $0 { return lines.contains(line) }
      return false
    }
  }
}

/// Markdown pieces of the report.
enum Markdown {
  /// Code, folded away; nothing for a cell of blank lines.
  static func folded(code: String) -> String? {
    var lines = code.split(separator: "\n", omittingEmptySubsequences: false)
    func isBlank(_ line: Substring) -> Bool { line.allSatisfy(\.isWhitespace) }
    while let first = lines.first, isBlank(first) { lines.removeFirst() }
    while let last = lines.last, isBlank(last) { lines.removeLast() }
    if lines.isEmpty { return nil }
    var fence = "```"
    while code.contains(fence) { fence += "`" }
    return """
      <details><summary>Code</summary>

      \(fence)swift
      \(lines.joined(separator: "\n"))
      \(fence)

      </details>
      """
  }

  static func note(_ text: String) -> String {
    "> **Note.** " + text.split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\n> ")
  }

  /// The page's last line. It ties the page to its raw values.
  static func rawValues(checksum: String) -> String {
    "Raw values are in [results.json](results.json) (SHA-256 `\(checksum)`)."
  }

  /// A caption under a table or figure: "*Figure 2. Accuracy by class.*"
  static func caption(_ kind: String, _ number: Int, _ text: String) -> String {
    text.isEmpty ? "*\(kind) \(number).*" : "*\(kind) \(number). \(text.replacingOccurrences(of: "*", with: "\\*"))*"
  }

  static func picture(_ file: String, alternative: String) -> String {
    let text = alternative.replacingOccurrences(of: "[", with: "(").replacingOccurrences(of: "]", with: ")")
    return "![\(text.replacingOccurrences(of: "\n", with: " "))](\(file))"
  }

  /// "tail-accuracy" for "Tail accuracy (%)": a file name that any system takes.
  static func slug(_ text: String) -> String {
    let words = text.lowercased().unicodeScalars.split { scalar in
      !(("a"..."z").contains(scalar) || ("0"..."9").contains(scalar))
    }
    let slug = words.map { String(String.UnicodeScalarView($0)) }.joined(separator: "-")
    return slug.isEmpty ? "untitled" : String(slug.prefix(60))
  }
}
