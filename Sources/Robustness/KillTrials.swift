import Engine
import Foundation
import LongTail

/// Runs that are killed at a random moment, started again, and compared with the unbroken one.
public struct KillOutcome: Codable, Sendable {
  /// SIGKILL, SIGINT or SIGTERM.
  public var signal: Int32
  /// When it was sent, in seconds after the start.
  public var moment: Double
  /// Whether the process still ran then.
  public var struck: Bool
  /// Finished stages that the killed run left, all of them whole by their checksums.
  public var stagesLeft: Int
  /// Whether a stage was left half done, with or without something to go on from.
  public var leftUnfinished: Bool
  /// Whether the second run went on within a training run, or took over a stage whose maker had ended.
  public var wentOn, tookOver: Bool
  /// What was not as in the unbroken run; nil if nothing was.
  public var problem: String?
}

struct KillTrials {
  let pipeline: TinyPipeline
  let reference: TinyPipeline.Reference
  let seed: UInt64
  let kills: Int

  /// One killed run: the first ones by SIGKILL, the others by SIGINT and SIGTERM in turn.
  func run(_ number: Int) throws -> KillOutcome {
    var stream = RandomStream(seed: seed, name: "kill", index: UInt64(number))
    let signal = number < kills ? SIGKILL : number % 2 == 0 ? SIGINT : SIGTERM
    var outcome = KillOutcome(
      signal: signal, moment: 0, struck: false, stagesLeft: 0, leftUnfinished: false, wentOn: false, tookOver: false)
    var (duration, attempts) = (reference.seconds, 0)
    var trial = try pipeline.trial("kill-\(number)")
    defer { try? FileManager.default.removeItem(at: trial.all) }
    var end: Child.Outcome
    repeat {
      // A run that was over before its moment came is no trial: another, within the time that it took.
      if attempts > 0 { trial = try pipeline.trial("kill-\(number)") }
      attempts += 1
      outcome.moment = Double(stream.uniform()) * duration
      let first = try pipeline.start(store: trial.store, out: trial.out)
      first.run(until: outcome.moment)
      outcome.struck = first.send(signal)
      end = first.wait()
      duration = min(duration, end.seconds)
    } while !outcome.struck && attempts < 20
    if end.hung { outcome.problem = "it did not end after signal \(signal)" }
    if signal != SIGKILL, let status = end.status, status != 0, status != 128 + signal {
      outcome.problem = "asked to stop, it ended with \(end.summary)"
    }
    // A signal that comes before the program listens ends it at once.
    if let by = end.signal, by != signal { outcome.problem = "it ended with \(end.summary)" }
    if let inventory = try? StageInventory(directory: trial.store) {
      outcome.stagesLeft = inventory.entries.filter { $0.kind == .finished }.count
      outcome.leftUnfinished = inventory.entries.contains { $0.kind == .unfinished }
      if let fault = pipeline.fault(of: inventory) { outcome.problem = "taken for finished: \(fault)" }
    }
    let again = try pipeline.start(store: trial.store, out: trial.out).wait()
    outcome.wentOn = again.complaints.contains("going on after step")
    outcome.tookOver = again.complaints.contains("taking over")
    if again.status != 0 { outcome.problem = outcome.problem ?? "started again, it ended with \(again.summary)" }
    outcome.problem =
      outcome.problem ?? pipeline.difference(store: trial.store, out: trial.out, from: reference)
    return outcome
  }
}
