import Foundation

/// How the text of a table's cell follows from its raw value: what a report is verified by.
///
/// In `results.json` a rule is a few words: "mean 2 100" is a mean and standard deviation with two digits, of values
/// multiplied by 100.
public enum CellRule: Equatable, Sendable {
  /// Words; numbers in them are settings.
  case text
  /// A text of its own for a raw value, such as a range.
  case free
  /// Words for a value that is not there.
  case missing
  case count
  case fixed(digits: Int)
  case percent(digits: Int)
  case mean(digits: Int, scale: Double)
  case difference(digits: Int, scale: Double)
  case bootstrap(digits: Int, scale: Double)
  /// The corrected p-value of one of several comparisons.
  case pValue
  /// What such a comparison says.
  case verdict

  var words: String {
    func parts(_ name: String, _ digits: Int, _ scale: Double) -> String {
      "\(name) \(digits) " + (scale == scale.rounded() && abs(scale) < 1e15 ? "\(Int(scale))" : "\(scale)")
    }
    switch self {
    case .text: return "text"
    case .free: return "free"
    case .missing: return "missing"
    case .count: return "count"
    case .fixed(let digits): return "fixed \(digits)"
    case .percent(let digits): return "percent \(digits)"
    case .mean(let digits, let scale): return parts("mean", digits, scale)
    case .difference(let digits, let scale): return parts("difference", digits, scale)
    case .bootstrap(let digits, let scale): return parts("bootstrap", digits, scale)
    case .pValue: return "p"
    case .verdict: return "verdict"
    }
  }

  init?(words: String) {
    let parts = words.split(separator: " ").map(String.init)
    let digits = parts.dropFirst().first.flatMap { Int($0) }.flatMap { (0...17).contains($0) ? $0 : nil }
    let scale = parts.dropFirst(2).first.flatMap { Double($0) }
    switch (parts.first, digits, scale) {
    case ("text"?, nil, nil): self = .text
    case ("free"?, nil, nil): self = .free
    case ("missing"?, nil, nil): self = .missing
    case ("count"?, nil, nil): self = .count
    case ("p"?, nil, nil): self = .pValue
    case ("verdict"?, nil, nil): self = .verdict
    case ("fixed"?, let digits?, nil): self = .fixed(digits: digits)
    case ("percent"?, let digits?, nil): self = .percent(digits: digits)
    case ("mean"?, let digits?, let scale?): self = .mean(digits: digits, scale: scale)
    case ("difference"?, let digits?, let scale?): self = .difference(digits: digits, scale: scale)
    case ("bootstrap"?, let digits?, let scale?): self = .bootstrap(digits: digits, scale: scale)
    default: return nil
    }
  }
}
