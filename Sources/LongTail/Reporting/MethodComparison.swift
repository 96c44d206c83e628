import Engine
import Notebook

/// TGN against the methods for long tails on one data set: what `exp-dior-table`, `exp-dota-table` and
/// `exp-fgsc-table` share. Every function that shows something takes the line that it is called from.
public struct MethodComparison {
  private let experiment: Experiment
  private let methods: [ComparedMethod]
  private let rows: [ScoredRow]
  /// Every other method less cross-entropy on the long-tailed set, and TGN less every method that draws no images.
  private let overBaseline, overRivals: ComparisonFamily

  private var notebook: Notebook { experiment.notebook }
  private var baseline: ScoredRow { row(.crossEntropy) }
  private var tgn: ScoredRow { row(.crossEntropy, isExpanded: true) }

  /// Trains and scores every method for every seed.
  public init(_ experiment: Experiment, _ methods: [ComparedMethod]) throws {
    self.experiment = experiment
    self.methods = methods
    let rows = try methods.map {
      try experiment.scored($0.name, $0.expansion(experiment.settings), method: $0.method)
    }
    self.rows = rows
    let plain = zip(methods, rows).filter { !$0.0.isExpanded }.map(\.1)
    let baseline = rows[methods.firstIndex { $0.method == .crossEntropy && !$0.isExpanded }!]
    let tgn = rows[methods.firstIndex { $0.method == .crossEntropy && $0.isExpanded }!]
    overBaseline = ComparisonFamily(rows, minus: baseline, in: experiment)
    overRivals = ComparisonFamily(plain.map { ($0.name, tgn, $0) }, in: experiment)
  }

  private func row(_ method: LongTailMethod, isExpanded: Bool = false) -> ScoredRow {
    rows[methods.firstIndex { $0.method == method && $0.isExpanded == isExpanded }!]
  }

  /// The methods, with sources.
  public static let sources = Table(
    columns: [.init("Method", .left), .init("Source", .left), .init("Hyperparameters", .left)],
    rows: LongTailMethod.allCases.filter { $0 != .crossEntropy }.map {
      [.text($0.title), .text($0.source.authors), .text($0.source.hyperparameters)]
    })

  // MARK: - Scores

  public func showScores(line: Int = #line) {
    notebook.table(rows, columns: experiment.scoreColumns, caption: experiment.scoreLegend, line: line)
    notebook.plot(
      experiment.headAndTailChart(rows), caption: "Head and tail accuracy of every method, mean and s.d. over seeds.",
      line: line)
  }

  // MARK: - Classes

  public func showClasses(line: Int = #line) {
    let order = experiment.data.split.headClasses + experiment.data.split.tailClasses
    let names = order.map { experiment.data.prompts[$0] }
    notebook.plot(
      HeatMap(
        "Accuracy by class", xLabel: "class, from the most to the fewest training images", yLabel: "",
        columns: names, rows: rows.map(\.name),
        values: rows.map { row in order.map { 100 * Statistics.mean(row.perClass($0)) } }, range: 0...100,
        showsValues: false, scaleLabel: "accuracy, %"),
      caption: "Accuracy of every class under every method in %, means over seeds.", line: line)
    let shown = [baseline, row(.balancedSoftmax), tgn, row(.balancedSoftmax, isExpanded: true)]
    notebook.table(
      Table(
        ["Class", "training images"] + shown.flatMap { ["\($0.name), accuracy", "F1"] },
        rows: order.map { label in
          [.text(experiment.data.prompts[label]), .count(experiment.data.train.counts[label])]
            + shown.flatMap { row -> [TableCell] in
              let means = [row.perClass(label), row.scores.map { $0.perClassF1[label] }].map(Statistics.mean)
              return means.map { .number(100 * $0, digits: 1) }
            }
        }), caption: "Accuracy and F1 of every class in %, means over seeds; all methods' stand in results.json.",
      line: line)
  }

  // MARK: - Comparisons

  public func showComparisons(line: Int = #line) {
    show("Every method less cross-entropy on the long-tailed set", overBaseline, line: line)
    show("TGN less every method that draws no images", overRivals, line: line)
  }

  /// The claims, each decided by comparisons that are corrected for their number.
  public func showVerdict(line: Int = #line) {
    for (statement, comparisons) in [
      ("On the tail, TGN is ahead of every method that draws no images.", overRivals.tail),
      ("Over all test images, TGN is ahead of every method that draws no images.", overRivals.overall),
    ] {
      notebook.claim(Self.claim(statement, names: overRivals.names, comparisons), line: line)
    }
    // Its verdict is the table's: one comparison has one p-value in a report.
    notebook.claim(
      Claim(
        "On the tail, TGN is ahead of cross-entropy on the long-tailed set.",
        comparison: overRivals.tail[overRivals.names.firstIndex(of: baseline.name)!], scale: 100), line: line)
    let pairs: [(statement: String, of: ScoredRow, minus: ScoredRow)] = [
      (
        "TGN's images help the tail under balanced softmax too.", row(.balancedSoftmax, isExpanded: true),
        row(.balancedSoftmax)
      ),
      (
        "TGN's images help the tail under cRT too.", row(.classifierRetraining, isExpanded: true),
        row(.classifierRetraining)
      ),
    ]
    let family = ComparisonFamily(pairs.map { ($0.statement, $0.of, $0.minus) }, in: experiment)
    for pair in pairs { notebook.claim(family.claim(pair.statement, pair.statement), line: line) }
  }

  /// A claim to be ahead of all: it holds if each comparison is better, fails if one is worse, and is open otherwise.
  static func claim(_ statement: String, names: [String], _ comparisons: [CorrectedComparison]) -> Claim {
    Claim(statement, aheadOf: names, comparisons)
  }

  private func show(_ what: String, _ family: ComparisonFamily, line: Int) {
    notebook.table(family.table, caption: what + ": " + ComparisonFamily.legend, line: line)
  }
}
