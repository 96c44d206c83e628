import Engine
import Foundation
import LongTail
import Notebook
import NumericalChecks

extension RobustnessExperiment {
  /// What made this report.
  public var machineSummary: String {
    "Computed with \(BuildFacts.instructionSet) in our own loops and with the kernels for "
      + "\(BuildFacts.openBLASKernel) of OpenBLAS \(BuildFacts.openBLASVersion), on \(RunLog.processor()). Seed "
      + "\(options.seed)."
      + (options.profile == .smoke ? " **The counts of this profile only show that everything runs.**" : "")
  }

  public static func killTable(_ kills: [KillOutcome]) -> Table {
    var table = Table(["Ended by", "runs", "struck on the way", "left a stage half done", "took a stage over",
      "went on within a training", "equal to the bit"])
    for (name, signal) in [("SIGKILL", SIGKILL), ("SIGINT", SIGINT), ("SIGTERM", SIGTERM)] {
      let some = kills.filter { $0.signal == signal }
      table.append([.text(name), .count(some.count)] + [
        some.filter(\.struck).count, some.filter(\.leftUnfinished).count, some.filter(\.tookOver).count,
        some.filter(\.wentOn).count, some.filter { $0.problem == nil }.count,
      ].map(TableCell.count))
    }
    return table
  }

  /// How far killed runs had come: how often each number of finished stages was left.
  public static func killHistogram(_ kills: [KillOutcome]) -> Histogram {
    Histogram(
      "Where runs were struck", xLabel: "finished stages that the killed run left",
      series: [.init("runs", values: kills.map { Double($0.stagesLeft) })])
  }

  public static func pairTable(_ pairs: [PairOutcome]) -> Table {
    var table = Table(["Pairs", "pairs", "waits", "stages taken over", "stages made once and shared", "as promised"])
    for (name, isKilled) in [("both run to their end", false), ("one is killed", true)] {
      let some = pairs.filter { $0.isKilled == isKilled }
      table.append([.text(name), .count(some.count)] + [
        some.reduce(0) { $0 + $1.waits }, some.reduce(0) { $0 + $1.takeovers }, some.reduce(0) { $0 + $1.shared },
        some.filter { $0.problem == nil }.count,
      ].map(TableCell.count))
    }
    return table
  }

  /// One row for each trouble, with a message of it.
  public static func diskTable(_ disk: [DiskOutcome]) -> Table {
    var table = Table(columns: [
      .init("Trouble", .left), .init("trials"), .init("ended with a message"), .init("got by"), .init("as promised"),
      .init("a message", .left),
    ])
    var seen: [String] = []
    for one in disk where !seen.contains(one.trouble) {
      seen.append(one.trouble)
      let some = disk.filter { $0.trouble == one.trouble }
      let messages = some.compactMap(\.message)
      table.append([
        .text(one.trouble), .count(some.count), .count(messages.count), .count(some.count - messages.count),
        .count(some.filter { $0.problem == nil }.count), .text(messages.first.map(withoutFolders) ?? "–"),
      ])
    }
    return table
  }

  /// A message with the trial's own folders cut off, which are others each time.
  static func withoutFolders(_ message: String) -> String {
    message.replacingOccurrences(of: #"(/[^/\s:]+)+/(?=[^/\s:]+)"#, with: "…/", options: .regularExpression)
  }

  public static func sameBitsTable(_ outcomes: [SameBitsOutcome]) -> Table {
    Table(columns: [.init("Circumstance", .left), .init("promised", .left), .init("the unbroken run's bits", .left)],
      rows: outcomes.map { one in
        [.text(one.circumstance), one.isPromised ? "yes" : "no", .text(one.difference.map { "no: \($0)" } ?? "yes")]
      })
  }

  public static func fuzzTable(_ outcomes: [FuzzOutcome]) -> Table {
    var table = Table(["Reader", "damaged inputs", "read nevertheless", "refused", "findings"])
    func row(_ name: String, _ trials: Int, _ read: Int, _ findings: Int) {
      table.append([.text(name)] + [trials, read, trials - read - findings, findings].map(TableCell.count))
    }
    for one in outcomes { row("`\(one.reader)`", one.trials, one.read, one.findings.count) }
    row("in all", outcomes.reduce(0) { $0 + $1.trials }, outcomes.reduce(0) { $0 + $1.read },
      outcomes.reduce(0) { $0 + $1.findings.count })
    return table
  }

  public static func gradientTable(_ outcomes: [GradientProperty.Outcome]) -> Table {
    Table(["Operation or loss", "cases", "derivatives", "largest error", "wrong"], rows: outcomes.map { one in
      [
        .text(one.name), .count(one.cases), .count(one.derivatives),
        TableCell(String(format: "%.1e", one.worst), value: .number(one.worst)), .count(one.problems.count),
      ]
    })
  }

  public static func extremeTable(_ checks: [ExtremeCheck]) -> Table {
    Table(columns: [.init("What", .left), .init("Found", .left), .init("as it should be", .left)],
      rows: checks.map { [.text($0.name), .text($0.finding), $0.holds ? "yes" : "**no**"] })
  }

  public static func memoryTable(_ stages: [StageMemoryOutcome]) -> Table {
    Table(["Stage", "predicted, MiB", "resident at most, MiB", "resident / predicted"], rows: stages.map { one in
      [
        .text(one.stage), one.predicted.map { .count($0 >> 20) } ?? .missing("not predicted"), .count(one.peak >> 20),
        one.predicted.map { .number(Double(one.peak) / Double($0)) } ?? .missing("–"),
      ]
    })
  }

  /// Resident memory over the time of a training.
  public static func soakPlot(_ soak: SoakOutcome) -> LinePlot {
    let step = soak.seconds / Double(max(1, soak.samples.count))
    let points = soak.samples.enumerated().map {
      (x: Double($0.offset + 1) * step / 60, values: [Double($0.element) / 1_048_576])
    }
    // From zero: otherwise a page more looks like a mountain.
    let top = 10 * (points.flatMap(\.values).reduce(1, max) / 8).rounded(.up)
    return LinePlot(
      "Memory of a long training", xLabel: "minutes", yLabel: "resident, MiB", series: [.init("", samples: points)],
      yRange: 0...top)
  }

  public static func leakSummary(_ leaks: LeakOutcome) -> String {
    let growth = Double(leaks.end - leaks.quarter) / 1024
    let text = "From the first quarter to the end of \(NumberFormat.count(leaks.rounds)) rounds the process grew by "
      + "\(NumberFormat.fixed(growth, digits: 0)) KiB."
    guard let lost = leaks.lostBytes else {
      let reason = leaks.valgrindRounds == 0 ? "this profile leaves it out" : "it is not installed"
      return text + " valgrind was not run (\(reason))."
    }
    return text + " valgrind, over \(leaks.valgrindRounds) rounds: \(NumberFormat.count(lost)) bytes lost, "
      + "\(NumberFormat.count(leaks.errors ?? 0)) errors."
  }
}
