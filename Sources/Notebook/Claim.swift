import Foundation

/// A statement that the experiment decided by computing, whichever way it came out.
public struct Claim: Equatable, Sendable {
  public var statement: String
  /// True, false, or nil where the evidence does not decide.
  public var holds: Bool?
  public var evidence: String
  /// What the verdict and the evidence were computed from, where they follow by rule.
  var basis: ClaimBasis?

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
    basis = .difference(difference, digits: digits, scale: scale)
  }

  /// A claim to be ahead of all of some others: it holds if each comparison is better, fails if one is worse, and is
  /// open otherwise.
  ///
  /// - Parameter names: What each comparison's difference is to.
  public init(_ statement: String, aheadOf names: [String], _ comparisons: [CorrectedComparison]) {
    precondition(names.count == comparisons.count, "every comparison needs a name")
    func named(_ verdict: Bool?) -> String {
      let found = zip(names, comparisons).filter { $1.isPositive == verdict }.map(\.0)
      return "\(found.count)" + (found.isEmpty ? "" : " (\(found.joined(separator: ", ")))")
    }
    let isWorse = comparisons.contains { $0.isPositive == false }
    let isBetter = comparisons.allSatisfy { $0.isPositive == true }
    self.init(
      statement, holds: isBetter ? true : isWorse ? false : nil,
      evidence: "ahead of \(named(true)), behind \(named(false)), within the noise of \(named(nil))")
    basis = .aheadOfAll(names: names, comparisons)
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
      "holds": holds.map(JSONValue.bool) ?? .null, "basis": basis?.json ?? .null,
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

/// What a claim was decided from.
enum ClaimBasis: Equatable, Sendable {
  case difference(PairedDifference, digits: Int, scale: Double)
  case comparison(CorrectedComparison, digits: Int, scale: Double)
  case aheadOfAll(names: [String], [CorrectedComparison])

  var json: JSONValue {
    switch self {
    case .difference(let difference, let digits, let scale):
      return [
        "kind": "paired difference", "digits": .integer(digits), "scale": .number(scale), "value": difference.json,
      ]
    case .comparison(let comparison, let digits, let scale):
      return ["kind": "comparison", "digits": .integer(digits), "scale": .number(scale), "value": comparison.json]
    case .aheadOfAll(let names, let comparisons):
      return ["kind": "ahead of all", "names": .strings(names), "values": .array(comparisons.map(\.json))]
    }
  }
}
