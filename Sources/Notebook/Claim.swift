import Foundation

/// A statement that the experiment decided by computing, whichever way it came out.
public struct Claim: Equatable, Sendable {
  public var statement: String
  /// True, false, or nil where the evidence does not decide.
  public var holds: Bool?
  public var evidence: String

  public init(_ statement: String, holds: Bool?, evidence: String = "") {
    self.statement = statement
    self.holds = holds
    self.evidence = evidence
  }

  /// A claim that a paired difference is positive. It holds, or does not, only if the interval excludes zero.
  public init(_ statement: String, difference: PairedDifference, digits: Int = 2, scale: Double = 1) {
    var evidence = NumberFormat.difference(difference, digits: digits, scale: scale)
    if difference.differences.count > 1 {
      evidence += ", \(NumberFormat.fixed(100 * difference.level, digits: 0)) % interval over "
        + "\(difference.differences.count) pairs"
      if difference.isPositive == nil { evidence += "; the interval includes zero" }
    }
    self.init(statement, holds: difference.isPositive, evidence: evidence)
  }

  public var verdict: String {
    switch holds {
    case true?: return "holds"
    case false?: return "does not hold"
    case nil: return "not decided"
    }
  }

  func markdown() -> String {
    let capital = verdict.prefix(1).uppercased() + verdict.dropFirst()
    return "> **\(capital):** \(statement)" + (evidence.isEmpty ? "" : "<br>\n> Evidence: \(evidence)")
  }

  var json: JSONValue {
    [
      "statement": .string(statement), "verdict": .string(verdict), "evidence": .string(evidence),
      "holds": holds.map(JSONValue.bool) ?? .null,
    ]
  }

  /// The list at the end of a report.
  static func summary(_ claims: [Claim]) -> String {
    var table = Table(columns: [
      .init("Claim", .left), .init("Verdict", .left), .init("Evidence", .left),
    ])
    for claim in claims {
      table.append([.text(claim.statement), .text("**\(claim.verdict)**"), .text(claim.evidence)])
    }
    let counts = ["holds", "does not hold", "not decided"].map { verdict in
      "\(verdict): \(claims.filter { $0.verdict == verdict }.count)"
    }
    return "## Claims\n\n\(table.markdown())\n\nOf \(claims.count): \(counts.joined(separator: ", "))."
  }
}
