/// Which classes are head and which are tail, by the released rule (`KMDN/dataset_split.py`): sorted by their number
/// of images, descending, the first ⌊C · share⌋ classes are head.
public struct HeadTailSplit: Equatable, Codable, Sendable {
  /// The released code's share of head classes.
  public static let releasedShare = 0.40
  /// Its alternative, used for FGSC-23.
  public static let fgscShare = 0.33

  /// Labels in descending order of their counts, ties by label. A class's position here is its new label.
  public let headClasses: [Int]
  public let tailClasses: [Int]

  /// - Parameters:
  ///   - counts: The number of images of each class, in label order.
  ///   - headShare: The share of classes that are head.
  /// - Throws: `HeadTailSplitError` where head or tail would be empty.
  public init(counts: [Int], headShare: Double = HeadTailSplit.releasedShare) throws {
    let order = counts.indices.sorted { (counts[$1], $0) < (counts[$0], $1) }
    let headCount = headShare.isFinite ? Int((Double(counts.count) * min(max(headShare, 0), 1)).rounded(.down)) : 0
    guard headCount > 0, headCount < counts.count else {
      throw HeadTailSplitError.emptyPart(classCount: counts.count, headShare: headShare, headCount: headCount)
    }
    headClasses = Array(order[..<headCount])
    tailClasses = Array(order[headCount...])
  }

  /// A class's label in the head's data set; nil for a tail class.
  public func headLabel(of label: Int) -> Int? { headClasses.firstIndex(of: label) }

  /// A class's label in the tail's data set; nil for a head class.
  public func tailLabel(of label: Int) -> Int? { tailClasses.firstIndex(of: label) }

  /// The two parts of a data set, each with its classes renumbered 0….
  public func parts(of dataset: ObjectDataset) -> (head: ObjectDataset, tail: ObjectDataset) {
    (dataset.subset(classes: headClasses), dataset.subset(classes: tailClasses))
  }
}

public enum HeadTailSplitError: Error, Equatable, CustomStringConvertible {
  case emptyPart(classCount: Int, headShare: Double, headCount: Int)

  public var description: String {
    switch self {
    case .emptyPart(let classCount, let headShare, let headCount):
      return "head share \(headShare) of \(classCount) classes makes \(headCount) head classes; head and tail need at "
        + "least one each: choose another share or a data set with more classes"
    }
  }
}
