import Engine
import Foundation

/// How many images of each class are kept, so that any data set can be given a long tail.
public enum LongTailProfile: Equatable, Codable, Sendable {
  /// Everything is kept.
  case none
  /// The most frequent class keeps all its images, the least frequent 1/imbalance of that number, those between
  /// follow a geometric series in the order of the existing counts (ties by label).
  case exponential(imbalance: Double)
  /// These many, in label order.
  case counts([Int])

  /// How many images of each class remain, in label order.
  ///
  /// - Parameter existing: The counts before.
  /// - Throws: `LongTailProfileError` for an imbalance below 1, or counts that do not fit the data set.
  public func targets(existing: [Int]) throws -> [Int] {
    switch self {
    case .none:
      return existing
    case .exponential(let imbalance):
      guard imbalance >= 1, imbalance.isFinite else { throw LongTailProfileError.badImbalance(imbalance) }
      let order = existing.indices.sorted { (existing[$1], $0) < (existing[$0], $1) }
      var result = existing
      for (rank, label) in order.enumerated() where rank > 0 {
        let share = pow(imbalance, -Double(rank) / Double(order.count - 1))
        let target = (Double(existing[order[0]]) * share).rounded()
        result[label] = min(existing[label], max(1, Int(target)))
      }
      return result
    case .counts(let counts):
      guard counts.count == existing.count else {
        throw LongTailProfileError.wrongCount(given: counts.count, classes: existing.count)
      }
      for (label, count) in counts.enumerated() where count < 0 || count > existing[label] {
        throw LongTailProfileError.tooMany(label: label, wanted: count, existing: existing[label])
      }
      return counts
    }
  }

  /// The data set with this profile. Which images of a class are kept is drawn from the seed, for each class alone;
  /// those kept stay in their order.
  ///
  /// - Throws: `LongTailProfileError`, see `targets(existing:)`.
  public func applied(to dataset: ObjectDataset, seed: UInt64) throws -> ObjectDataset {
    let targets = try targets(existing: dataset.counts)
    var kept = [Int]()
    for (label, indices) in dataset.indicesByClass.enumerated() {
      var stream = RandomStream(seed: seed, name: "long-tail profile", index: UInt64(label))
      kept += stream.permutation(indices.count).prefix(targets[label]).map { indices[$0] }
    }
    return dataset.subset(items: kept.sorted())
  }

  /// Published counts in proportion, the largest becoming `maximum` and none falling below `minimum`.
  public static func scaled(counts: [Int], maximum: Int, minimum: Int) -> [Int] {
    guard let largest = counts.max(), largest > 0 else { return counts }
    return counts.map { count in
      max(minimum, Int((Double(count) * Double(maximum) / Double(largest)).rounded()))
    }
  }
}

public enum LongTailProfileError: Error, Equatable, CustomStringConvertible {
  case badImbalance(Double)
  case wrongCount(given: Int, classes: Int)
  case tooMany(label: Int, wanted: Int, existing: Int)

  public var description: String {
    switch self {
    case .badImbalance(let imbalance):
      return "imbalance \(imbalance): the largest class over the smallest; give a number of 1 or more"
    case .wrongCount(let given, let classes):
      return "\(given) counts for \(classes) classes; give one count for each class, in label order"
    case .tooMany(let label, let wanted, let existing):
      return "\(wanted) images wanted of class \(label), which has \(existing); give a count from 0 to \(existing)"
    }
  }
}
