import Engine
import Foundation
import LongTail

/// Two processes at once on one store.
public struct PairOutcome: Codable, Sendable {
  /// Whether the first was killed on the way.
  public var isKilled: Bool
  /// How often a process waited for the other, and how often it took a stage over.
  public var waits, takeovers: Int
  /// Stages that one process made, and that the other took as they were.
  public var shared: Int
  /// What was not as it should be; nil if nothing was.
  public var problem: String?
}

struct PairTrials {
  let pipeline: TinyPipeline
  let reference: TinyPipeline.Reference
  let seed: UInt64
  let pairs: Int

  func run(_ number: Int) throws -> PairOutcome {
    var stream = RandomStream(seed: seed, name: "pair", index: UInt64(number))
    let trial = try pipeline.trial("pair-\(number)")
    defer { try? FileManager.default.removeItem(at: trial.all) }
    let isKilled = number >= pairs
    // The second starts while the first works.
    let head = Double(stream.uniform(0, isKilled ? 0.5 : 0.3)) * reference.seconds
    let first = try pipeline.start(store: trial.store, out: trial.out)
    first.run(until: head)
    let secondOut = trial.all.appendingPathComponent("second")
    let second = try pipeline.start(store: trial.store, out: secondOut)
    if isKilled {
      first.run(until: head + Double(stream.uniform(0.1, 0.6)) * reference.seconds)
      first.send(SIGKILL)
    }
    let ends = [first.wait(), second.wait()]
    var outcome = PairOutcome(isKilled: isKilled, waits: 0, takeovers: 0, shared: 0)
    for end in ends {
      outcome.waits += end.complaints.components(separatedBy: "waiting for").count - 1
      outcome.takeovers += end.complaints.components(separatedBy: "taking over").count - 1
    }
    for (index, end) in ends.enumerated() where end.status != 0 && !(isKilled && index == 0) {
      outcome.problem = "the \(index == 0 ? "first" : "second") ended with \(end.summary)"
    }
    var reports = [secondOut]
    if !isKilled { reports.append(trial.out) }
    for report in reports where outcome.problem == nil {
      outcome.problem = pipeline.difference(store: trial.store, out: report, from: reference)
    }
    for stage in reference.stages where !isKilled {
      let parts = stage.split(separator: "-")
      let shown = "reusing \(parts.dropLast().joined(separator: "-")) \(parts.last!.prefix(8))"
      let reused = ends.filter { $0.complaints.contains(shown) }.count
      if reused == 1 { outcome.shared += 1 }
      if reused == 0, outcome.problem == nil { outcome.problem = "both made \(stage)" }
    }
    return outcome
  }
}
