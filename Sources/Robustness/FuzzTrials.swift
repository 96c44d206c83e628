import Foundation
import Fuzzing

/// What damaged input did to one reader.
public struct FuzzOutcome: Codable, Sendable {
  public var reader: String
  public var trials = 0
  /// Read to the end in spite of the damage; all others were refused by a typed error of one line.
  public var read = 0
  /// Crashes, hangs, errors of other types and wrong values.
  public var findings: [String] = []
}

struct FuzzTrials {
  let seed: UInt64
  let seconds: Double

  static let readers =
    InputFuzzing.Reader.allCases.map(\.rawValue) + CheckpointFuzzing.Reader.allCases.map(\.rawValue)
  /// Eight GiB of addresses, more than any honest input of these sizes needs: what asks for more is a finding.
  private static let bounded = ["/bin/sh", "-c", "ulimit -v 8388608; exec \"$0\" \"$@\""]
  /// After so many crashes a reader is left alone.
  private static let mostCrashes = 5

  /// Feeds one reader in processes of its own, until the time is over.
  func run(_ number: Int) throws -> FuzzOutcome {
    var outcome = FuzzOutcome(reader: Self.readers[number])
    let record = FileManager.default.temporaryDirectory.appendingPathComponent("fuzz-record-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: record) }
    let start = Date()
    var crashes = 0
    while crashes < Self.mostCrashes {
      let left = seconds - Date().timeIntervalSince(start)
      if left <= 0 { break }
      let end = try Worker.run(
        "fuzz \(outcome.reader) seed=\(seed) seconds=\(left) from=\(outcome.trials) record=\(record.path)",
        atMost: left + 120, around: Self.bounded)
      if end.status == 0, let answer = Worker.answer(end) {
        outcome.trials += answer.trials ?? 0
        outcome.read += answer.read ?? 0
        outcome.findings += answer.findings ?? []
        break
      }
      let bytes = FileManager.default.contents(atPath: record.path) ?? Data()
      guard bytes.count == 8 else {
        throw RobustnessError.noAnswer(request: "fuzz \(outcome.reader)", message: end.summary)
      }
      let trial = Int(bytes.withUnsafeBytes { $0.loadUnaligned(as: Int64.self) })
      outcome.findings.append("\(outcome.reader), seed \(seed), trial \(trial): \(end.summary)")
      outcome.trials = trial + 1
      crashes += 1
    }
    return outcome
  }
}

/// This experiment's own program, as a worker.
enum Worker {
  static let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()

  /// - Parameter around: A program and its options that run the worker, such as valgrind.
  static func run(_ request: String, atMost seconds: Double = 600, around: [String] = []) throws -> Child.Outcome {
    let words = around + [program.path, "--worker", request]
    return try Child(URL(fileURLWithPath: words[0]), Array(words.dropFirst())).wait(atMost: seconds)
  }

  static func answer(_ end: Child.Outcome) -> RobustnessWorker.Answer? {
    guard let line = end.output.split(separator: "\n").last else { return nil }
    return try? JSONDecoder().decode(RobustnessWorker.Answer.self, from: Data(line.utf8))
  }
}
