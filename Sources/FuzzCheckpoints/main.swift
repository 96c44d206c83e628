// Reads damaged checkpoints for a while, to find input that crashes a reader:
//
//   swift run fuzz-checkpoints --seconds 600 --seed 1 --reader legacy
//
// The trial that runs is in `fuzz-checkpoints-READER.trial`, which a crash leaves behind; `--trial N` runs it again.
import ArgumentParser
import Foundation
import Fuzzing

struct FuzzCheckpoints: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fuzz-checkpoints", abstract: "Read damaged checkpoints: values or a typed error, never a crash.")

  @Option(help: "Seconds per reader.") var seconds = 60.0
  @Option(help: "The seed of the damage.") var seed: UInt64 = 1
  @Option(help: "One reader: \(CheckpointFuzzing.Reader.allCases.map(\.rawValue).joined(separator: ", ")).")
  var reader: String?
  @Option(help: "Run this trial alone.") var trial: Int?
  @Option(help: "Sound files to start from.") var fixtures = "Tests/CheckpointsTests/Fixtures"

  func run() throws {
    var readers = CheckpointFuzzing.Reader.allCases
    if let reader {
      readers = readers.filter { $0.rawValue == reader }
      if readers.isEmpty { throw ValidationError("there is no reader \(reader)") }
    }
    var findings: [String] = []
    for reader in readers {
      let fuzzing = try CheckpointFuzzing(reader, seed: seed, folder: URL(fileURLWithPath: fixtures))
      if let trial {
        let result = fuzzing.run(trial: trial)
        print(
          "\(reader.rawValue), seed \(seed), trial \(trial): \(result.isRead ? "read" : result.finding ?? "typed error")"
        )
        continue
      }
      let record = "fuzz-checkpoints-\(reader.rawValue).trial"
      let descriptor = open(record, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
      let outcome = fuzzing.run(seconds: seconds) { trial in
        // Of fixed length, so that each overwrites the last.
        let line = "seed \(seed) trial \(trial)".padding(toLength: 48, withPad: " ", startingAt: 0) + "\n"
        _ = line.withCString { pwrite(descriptor, $0, strlen($0), 0) }
      }
      close(descriptor)
      unlink(record)
      print("\(reader.rawValue): \(outcome.trials) trials, \(outcome.read) read, \(outcome.findings.count) findings")
      fflush(nil)
      findings += outcome.findings
    }
    for finding in findings { print(finding) }
    if !findings.isEmpty { throw ExitCode(1) }
  }
}

FuzzCheckpoints.main()
