import Engine
import Notebook

/// Differences of accuracy that are corrected together for their number, on the tail's and on all test images.
///
/// Each is resampled over seeds and test images (`PairedBootstrap`), so its rows need outcomes: score them with
/// `Experiment.scored`.
public struct ComparisonFamily {
  public let names: [String]
  public let tail, overall: [CorrectedComparison]

  /// - Parameter pairs: What is compared, by a name for the table.
  public init(_ pairs: [(name: String, row: ScoredRow, minus: ScoredRow)], in experiment: Experiment) {
    names = pairs.map(\.name)
    func corrected(tail: Bool) -> [CorrectedComparison] {
      CorrectedComparison.corrected(
        pairs.map { Self.difference($0.row, minus: $0.minus, tail: tail, experiment) })
    }
    (tail, overall) = (corrected(tail: true), corrected(tail: false))
  }

  /// Every row less one of them.
  public init(_ rows: [ScoredRow], minus baseline: ScoredRow, in experiment: Experiment) {
    self.init(
      rows.filter { $0.name != baseline.name }.map { ($0.name, $0, baseline) }, in: experiment)
  }

  public var table: Table {
    Table(
      ["Row", "Δ tail", "p", "tail is", "Δ overall", "p", "overall is"],
      rows: names.indices.map { index in
        [.text(names[index])]
          + [tail[index], overall[index]].flatMap { comparison -> [TableCell] in
            [
              .difference(comparison.difference, scale: 100),
              .pValue(comparison),
              .verdict(comparison),
            ]
          }
      })
  }

  /// What the table's columns mean, for its caption.
  public static let legend =
    "differences of accuracy in percentage points with 95 % bootstrap intervals over seeds and test images, and "
    + "p-values after Holm's correction in each column."

  /// A claim that the named row is better on the tail.
  public func claim(_ statement: String, _ name: String) -> Claim {
    Claim(statement, comparison: tail[names.firstIndex(of: name)!], scale: 100)
  }

  /// The same comparison draws the same resamples wherever it is shown.
  static func difference(_ row: ScoredRow, minus other: ScoredRow, tail: Bool, _ experiment: Experiment)
    -> PairedBootstrap
  {
    let split = experiment.data.split
    var stream = RandomStream(seed: experiment.settings.seed, name: "bootstrap.\(row.name).\(other.name)")
    let classes = Set(split.tailClasses + (tail ? [] : split.headClasses))
    return row.bootstrap(minus: other, classes: classes, stream: &stream)!
  }
}

extension Experiment {
  /// Trains and scores a classifier for every seed, and keeps the raw scores in `results.json`.
  ///
  /// - Parameter pipeline: The experiment's own if nil.
  public func scored(
    _ name: String, _ expansion: Expansion, method: LongTailMethod = .crossEntropy, by pipeline: Pipeline? = nil
  ) throws -> ScoredRow {
    let row = try ScoredRow(name, seeds: seeds) {
      try (pipeline ?? self.pipeline).classify(expansion, method: method, seed: $0)
    }
    notebook.value(name, row.json)
    return row
  }

  /// Overall, head and tail accuracy, macro F1, calibration, and accuracy by number of training images.
  public var scoreColumns: [TableColumn<ScoredRow>] {
    func mean(_ title: String, _ measure: KeyPath<Scores, Double>) -> TableColumn<ScoredRow> {
      TableColumn(title) { .meanAndDeviation($0.values(measure), scale: 100) }
    }
    return [
      TableColumn("Row", .left) { .text($0.name) }, mean("overall", \.overall), mean("head", \.head),
      mean("tail", \.tail), mean("macro F1", \.macroF1), mean("ECE", \.calibrationError),
    ] + shotGroups.map { group in
      TableColumn(group.name) { row in
        .meanAndDeviation(row.scores.map { $0.accuracy(of: group.classes) }, scale: 100)
      }
    }
  }

  /// What `scoreColumns` are, for the table's caption.
  public var scoreLegend: String {
    "Accuracy, macro F1 and expected calibration error (ECE, 15 bins) in %, mean ± s.d. over classifier seeds. Classes "
      + "with over 100 training images are many, with under 20 few ("
      + shotGroups.map { "\($0.name): \($0.classes.count)" }.joined(separator: ", ") + ")."
  }

  private var shotGroups: [(name: String, classes: [Int])] {
    ShotGroups(counts: data.train.counts).named.filter { !$0.classes.isEmpty }
  }
}

extension PipelineSettings {
  /// The parts of an experiment that scores these rows, each with its rough cost.
  ///
  /// - Parameter label: As given to `Pipeline.varied`.
  public func parts(
    scored rows: [(expansion: Expansion, method: LongTailMethod)], seeds: [UInt64], label: String = ""
  ) -> [(name: String, weight: Double)] {
    var expansions: [Expansion] = []
    for row in rows where !expansions.contains(row.expansion) { expansions.append(row.expansion) }
    // Cross-entropy and what refines it need the plain classifier of each expansion.
    let cost = Double((classifier.steps ?? 1000) * classifier.batchSize)
    let all = parts(expansions: expansions, seeds: seeds)
      + rows.flatMap { row in
        seeds.map { seed in
          let isRefined = row.method.objective == .crossEntropy
          return ("classifier \(row.expansion.name) \(row.method.rawValue) \(seed)", isRefined ? cost / 20 : cost)
        }
      }
    return all.map { (label.isEmpty ? $0.name : "\($0.name) \(label)", $0.weight) }
  }
}
