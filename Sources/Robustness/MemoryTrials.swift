import Foundation
import LongTail

/// A stage's memory, as predicted and as it was.
public struct StageMemoryOutcome: Codable, Sendable {
  public var stage: String
  /// Bytes that `--estimate` names; nil where it names none.
  public var predicted: Int?
  /// The most bytes that the process which made the stage had resident.
  public var peak: Int
}

/// Memory over a long training.
public struct SoakOutcome: Codable, Sendable {
  public var seconds: Double
  /// Resident bytes, sampled evenly.
  public var samples: [Int]

  /// After a quarter of the time: buffers are then allocated, pages mapped.
  public var warm: Int { samples[samples.count / 4] }
  public var end: Int { samples.last ?? 0 }
  /// From warm to the end, as a share.
  public var growth: Double { Double(end - warm) / Double(max(1, warm)) }
}

struct MemoryTrials {
  let pipeline: TinyPipeline
  let profile: Profile
  let threads: Int
  let folder: URL

  /// Each with the part of `--estimate` that predicts it.
  static let stages: [(name: String, part: String)] = [
    ("judge", "judge"), ("head-model", "head-model"), ("tail-model", "tail-model"),
    ("distillation-to-tail", "distillation-to-tail"), ("generator", "generator full"), ("images", "images full"),
    ("classifier", "classifier generated-full"),
  ]

  /// A profile's sizes with few steps: memory does not depend on how many there are.
  static func settings(_ profile: Profile) throws -> PipelineSettings {
    var settings = PipelineSettings.profile(profile)
    for model in ["headModel", "tailModel", "distillation.schedule", "classifier", "judge"] {
      try settings.override("\(model).steps=12")
    }
    // One of each regularisation.
    try settings.override("cdtg.iterations=34")
    return settings
  }

  /// What `--estimate` says, by part.
  func predictions() throws -> [String: Int] {
    let child = try Child(
      pipeline.program,
      ["--profile", profile.rawValue, "--estimate", "--threads", "\(threads)", "--seeds", "1",
        "--store", folder.appendingPathComponent("estimate-store").path,
        "--out", folder.appendingPathComponent("estimate-report").path])
    let end = child.wait(atMost: 600)
    guard end.status == 0 else { throw RobustnessError.noReference(message: end.summary) }
    return Self.parsed(end.output)
  }

  /// The memory column of a printed estimate: words in columns, two spaces between.
  static func parsed(_ text: String) -> [String: Int] {
    let rows = text.split(separator: "\n").map { line in
      line.replacingOccurrences(of: " {2,}", with: "\t", options: .regularExpression)
        .split(separator: "\t", omittingEmptySubsequences: true).map { $0.trimmingCharacters(in: .whitespaces) }
    }
    var result: [String: Int] = [:]
    guard let column = rows.lazy.compactMap({ $0.firstIndex(of: "memory") }).first else { return result }
    for row in rows where row.count > column {
      let words = row[column].split(separator: " ")
      let units = ["KiB": 1024.0, "MiB": 1_048_576, "GiB": 1_073_741_824]
      if words.count == 2, let number = Double(words[0]), let unit = units[String(words[1])] {
        result[row[0]] = Int(number * unit)
      }
    }
    return result
  }

  func run(_ number: Int, predictions: [String: Int]) throws -> StageMemoryOutcome {
    let (name, part) = Self.stages[number]
    let request = "stage \(name) store=\(folder.appendingPathComponent("stages").path) "
      + "profile=\(profile.rawValue) threads=\(threads)"
    let end = try Worker.run(request, atMost: 1200)
    guard end.status == 0, let peak = Worker.answer(end)?.peakBytes else {
      throw RobustnessError.noAnswer(request: request, message: end.summary)
    }
    return StageMemoryOutcome(stage: name, predicted: predictions.first { $0.key.hasPrefix(part) }?.value, peak: peak)
  }

  /// Trains a generator for some time and watches its process.
  static func soak(_ pipeline: TinyPipeline, seconds: Double, folder: URL) throws -> SoakOutcome {
    let short = ["judge.steps=2", "classifier.steps=2"].flatMap { ["--set", $0] }
    let child = try Child(
      pipeline.program,
      ["--profile", "smoke", "--seeds", "1", "--threads", "1", "--set", "cdtg.iterations=100000000"] + short
        + ["--store", folder.appendingPathComponent("soak-store").path]
        + ["--out", folder.appendingPathComponent("soak-report").path])
    var outcome = SoakOutcome(seconds: seconds, samples: [])
    let count = 240
    for sample in 1...count {
      child.run(until: seconds * Double(sample) / Double(count))
      guard child.isRunning, let bytes = ResidentMemory.bytes("VmRSS", of: child.pid) else {
        throw RobustnessError.noReference(message: child.wait().summary)
      }
      outcome.samples.append(bytes)
    }
    child.send(SIGKILL)
    _ = child.wait()
    return outcome
  }
}
