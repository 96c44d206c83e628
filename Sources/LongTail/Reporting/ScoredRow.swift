import Engine
import Notebook

/// One row of a comparison: a way to train, scored once per classifier seed.
public struct ScoredRow {
  public let name: String
  public let scores: [Scores]

  public init(_ name: String, seeds: [UInt64], score: (UInt64) throws -> Scores) rethrows {
    self.name = name
    scores = try seeds.map(score)
  }

  /// One number per seed.
  public func values(_ measure: KeyPath<Scores, Double>) -> [Double] { scores.map { $0[keyPath: measure] } }

  /// Each seed's accuracy of one class.
  func perClass(_ label: Int) -> [Double] { scores.map { $0.perClass[label] } }

  /// The difference of accuracy to another row on the test images of some classes, over seeds and images; nil for
  /// scores without outcomes.
  ///
  /// - Parameter stream: Draws the resamples; one that nothing was drawn from yet.
  func bootstrap(minus other: ScoredRow, classes: Set<Int>, stream: inout RandomStream) -> PairedBootstrap? {
    var differences: [[Double]] = []
    for (mine, theirs) in zip(scores, other.scores) {
      guard let mine = mine.outcomes, let theirs = theirs.outcomes else { return nil }
      let pairs = zip(mine.isRight, theirs.isRight).map { ($0 ? 1.0 : 0) - ($1 ? 1 : 0) }
      differences.append(zip(mine.truth, pairs).filter { classes.contains($0.0) }.map(\.1))
    }
    let origin = stream.origin
    var difference = PairedBootstrap(differences) { Double(stream.uniform()) }
    // By this `tgn verify` draws it again; so the stream must be new.
    difference.source = .init(row: name, baseline: other.name, classes: classes.sorted(), stream: origin)
    return difference
  }

  /// Overall, head and tail accuracy, macro F1, and the paired differences to a baseline.
  public static func columns(against baseline: ScoredRow) -> [TableColumn<ScoredRow>] {
    func mean(_ title: String, _ measure: KeyPath<Scores, Double>) -> TableColumn<ScoredRow> {
      TableColumn(title) { .meanAndDeviation($0.values(measure), scale: 100) }
    }
    func difference(_ title: String, _ measure: KeyPath<Scores, Double>) -> TableColumn<ScoredRow> {
      TableColumn(title) { row in
        row.name == baseline.name
          ? .text("–")
          : .difference(PairedDifference(row.values(measure), minus: baseline.values(measure)), scale: 100)
      }
    }
    return [
      TableColumn("Row", .left) { .text($0.name) }, mean("overall", \.overall), mean("head", \.head),
      mean("tail", \.tail), mean("macro F1", \.macroF1), difference("Δ overall", \.overall), difference("Δ tail", \.tail),
    ]
  }

  /// Raw values: per seed the four measures, per-class accuracy and the confusion matrix.
  public var json: JSONValue { .array(scores.map(\.json)) }
}

extension Scores {
  public var json: JSONValue {
    var fields: [String: JSONValue] = [
      "overall": .number(overall), "head": .number(head), "tail": .number(tail), "macroF1": .number(macroF1),
      "perClass": .numbers(perClass), "perClassF1": .numbers(perClassF1),
      "confusion": .array(confusion.map { .array($0.map { .integer($0) }) }),
    ]
    if let outcomes {
      fields["calibrationError"] = .number(calibrationError)
      fields["right"] = .string(Self.hexadecimal(outcomes.isRight))
    }
    return .object(fields)
  }

  /// Whether each test image was put in the right class: four images to a digit, the first in its highest bit.
  static func hexadecimal(_ bits: [Bool]) -> String {
    stride(from: 0, to: bits.count, by: 4).map { start in
      String((0..<4).reduce(0) { $0 << 1 | (start + $1 < bits.count && bits[start + $1] ? 1 : 0) }, radix: 16)
    }.joined()
  }
}
