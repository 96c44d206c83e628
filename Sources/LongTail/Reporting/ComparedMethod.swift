import Notebook

/// A row of a comparison: how a classifier is trained, and on what.
public struct ComparedMethod: Sendable {
  public let method: LongTailMethod
  /// Whether TGN's images are added.
  public let isExpanded: Bool

  /// Such as "TGN + balanced softmax".
  public var name: String {
    if !isExpanded { return method.title }
    return method == .crossEntropy ? "TGN" : "TGN + \(method.title)"
  }

  func expansion(_ settings: PipelineSettings) -> Expansion {
    isExpanded ? .generated(.full, noiseRatio: settings.generation.noiseRatio) : .none
  }

  /// Every method on the long-tailed set; cross-entropy, balanced softmax and cRT on TGN's.
  public static let all =
    LongTailMethod.allCases.map { ComparedMethod(method: $0, isExpanded: false) }
    + [.crossEntropy, .balancedSoftmax, .classifierRetraining].map { ComparedMethod(method: $0, isExpanded: true) }
}

extension PipelineSettings {
  /// The parts of an experiment that compares methods, each with its rough cost.
  public func parts(_ methods: [ComparedMethod], seeds: [UInt64]) -> [(name: String, weight: Double)] {
    parts(scored: methods.map { ($0.expansion(self), $0.method) }, seeds: seeds).filter { $0.name != "judge" }
  }
}

/// Classes by their number of training images, as Liu et al. (2019, "Large-Scale Long-Tailed Recognition in an Open
/// World") group them: many (over 100), medium (20 to 100) and few (under 20).
public struct ShotGroups: Equatable, Sendable {
  public let many: [Int]
  public let medium: [Int]
  public let few: [Int]

  public init(counts: [Int]) {
    many = counts.indices.filter { counts[$0] > 100 }
    medium = counts.indices.filter { (20...100).contains(counts[$0]) }
    few = counts.indices.filter { counts[$0] < 20 }
  }

  var named: [(name: String, classes: [Int])] { [("many", many), ("medium", medium), ("few", few)] }
}
