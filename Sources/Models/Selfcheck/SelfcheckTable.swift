import Foundation

/// The printed result of a self-check, one line per case.
public struct SelfcheckTable {
  public let isVerbose: Bool
  public private(set) var passes = 0
  public private(set) var failures = 0
  private var notCovered: [String] = []
  private var skipped: [String] = []

  public init(isVerbose: Bool = false) { self.isVerbose = isVerbose }

  public var header: String {
    row("case", "checked", "largest error", "tolerance", "seconds", "MiB", "verdict") + "\n"
      + String(repeating: "-", count: 104)
  }

  /// The lines of one case, each with its end of line.
  public mutating func lines(for name: String, _ outcome: Selfcheck.Outcome) -> String {
    switch outcome {
    case .notCovered:
      notCovered.append(name)
      return row(name, "-", "-", "-", "-", "-", "not covered yet") + "\n"
    case .skipped(let missing):
      skipped.append(name)
      return row(name, "-", "-", "-", "-", "-", "skipped") + "\n  \(missing)\n"
    case .failed(let error):
      failures += 1
      return row(name, "-", "-", "-", "-", "-", "FAILED") + "\n  \(error)\n"
    case .compared(let comparison):
      if comparison.passed { passes += 1 } else { failures += 1 }
      let worst = comparison.worst
      var text =
        row(
          name, "\(comparison.entries.count)", worst.map { scientific($0.error) } ?? "-",
          worst.map { scientific($0.tolerance) } ?? "-", String(format: "%.1f", comparison.seconds),
          "\(comparison.peakBytes >> 20)", comparison.passed ? "passed" : "FAILED") + "\n"
      for entry in comparison.entries where isVerbose || !entry.passed || entry.isWidened {
        let note = entry.isWidened ? "  (tolerance widened to twice the effect of rounding)" : ""
        text += row(
          "  \(entry.key)", "", scientific(entry.error), scientific(entry.tolerance), "", "",
          (entry.passed ? "within" : "FAILED") + note) + "\n"
      }
      for key in comparison.unchecked { text += row("  \(key)", "", "", "", "", "", "not covered yet") + "\n" }
      return text
    }
  }

  public var summary: String {
    var text = "\n\(passes) passed, \(failures) failed"
    if !skipped.isEmpty { text += ", \(skipped.count) skipped (\(skipped.joined(separator: ", ")))" }
    if !notCovered.isEmpty { text += ", \(notCovered.count) not covered yet (\(notCovered.joined(separator: ", ")))" }
    return text
  }

  private func scientific(_ value: Double) -> String { String(format: "%.1e", value) }

  private func row(_ columns: String...) -> String {
    let widths = [40, 7, 13, 9, 7, 6]
    let cells = columns.enumerated().map { index, text in
      guard index < widths.count else { return text }
      let padding = String(repeating: " ", count: max(0, widths[index] - text.count))
      return index == 0 ? text + padding : padding + text
    }
    return cells.joined(separator: "  ")
  }
}
