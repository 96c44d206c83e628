/// Something that a verification found.
public struct ReportFinding: Equatable, Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// The report says what does not follow from its raw values, or was not made by this code.
    case wrong
    /// Could not be checked, and why.
    case unchecked
  }

  public let kind: Kind
  /// "README.md, line 63", or the part of results.json.
  public let place: String
  public let message: String

  init(_ kind: Kind, _ place: String, _ message: String) {
    (self.kind, self.place, self.message) = (kind, place, message)
  }

  public static func wrong(_ place: String, _ message: String) -> ReportFinding { .init(.wrong, place, message) }
  public static func unchecked(_ place: String, _ message: String) -> ReportFinding {
    .init(.unchecked, place, message)
  }

  public var description: String { "\(kind == .wrong ? "error" : "not checked"): \(place): \(message)" }
}

/// Why a report cannot be verified at all.
public enum VerificationError: Error, Equatable, CustomStringConvertible {
  case unreadable(file: String, reason: String)
  case malformed(file: String, part: String, expected: String)

  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      return "\(file): cannot be read (\(reason)); give the folder of a report, such as Reports/dior-ablation"
    case .malformed(let file, let part, let expected):
      return "\(file): \(part) is not \(expected); make the report again with its command"
    }
  }
}
