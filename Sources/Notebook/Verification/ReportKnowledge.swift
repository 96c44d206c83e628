/// What only the package that made a report knows of it.
public struct ReportKnowledge {
  /// Lists and numbers that follow from the raw values: the accuracy of a group of classes from confusion matrices.
  public var lists: [[Double]] = []
  public var numbers: [Double] = []
  /// Texts that the package's own code holds, such as sources and titles: numbers in them are no results.
  public var constants: [String] = []
  public var findings: [ReportFinding] = []
  public var checked: [(what: String, count: Int)] = []
  /// Numbers in [0, 1) of the stream with an origin, by which bootstrap intervals are drawn again; nil for a text that
  /// names none.
  public var uniform: ((_ origin: String) -> (() -> Double)?)?

  public init() {}
}
