import Foundation

/// When, where and how long an experiment ran: what must not be in the report, because it differs between runs.
/// It is written beside the finished stages, which git ignores, and summed up on standard error. What a reader may want
/// to know of it, without paths of the machine, goes into `run.json` beside the report: no part of what two runs must
/// have in common.
public final class RunLog {
  private let name: String
  private let directory: URL
  private let begun = Date()
  private let start = ProgressBar.clock()
  private var timings: [JSONValue] = []
  private var notes: [String: JSONValue] = [:]
  /// The file beside a report.
  public static let reportFile = "run.json"

  /// - Parameters:
  ///   - name: The experiment's name.
  ///   - directory: The store of finished stages; the log becomes `runs/NAME.json` in it.
  public init(name: String, directory: URL) {
    self.name = name
    self.directory = directory
  }

  /// A fact about the run, such as its number of threads.
  public func note(_ key: String, _ value: JSONValue) { notes[key] = value }

  /// Does some work and notes how long it took.
  public func time<Value>(_ part: String, _ work: () throws -> Value) rethrows -> Value {
    let start = ProgressBar.clock()
    defer { timings.append(["part": .string(part), "seconds": Self.seconds(since: start)]) }
    return try work()
  }

  /// Writes the log, over that of the former run, and the report's `run.json`.
  ///
  /// - Parameters:
  ///   - report: The report's folder.
  ///   - stages: The stages that the run used and how long each took to make, by whichever run.
  ///   - secondsInStages: How long this run worked on stages itself.
  /// - Throws: `NotebookError.folderUnwritable`.
  public func finish(
    report: URL? = nil, stages: [(name: String, seconds: Double?)] = [], secondsInStages: Double = 0
  ) throws {
    let whole = ProgressBar.clock() - start
    let unknown = stages.contains { $0.seconds == nil }
    let fromNothing = whole - secondsInStages + stages.reduce(0) { $0 + ($1.seconds ?? 0) }
    let machine: JSONValue = [
      "processor": .string(Self.processor()), "cores": .integer(ProcessInfo.processInfo.activeProcessorCount),
      "memory": .string("\(ProcessInfo.processInfo.physicalMemory >> 20) MiB"),
      "system": .string(ProcessInfo.processInfo.operatingSystemVersionString),
    ]
    let log: JSONValue = [
      "name": .string(name), "begun": .string(ISO8601DateFormatter().string(from: begun)),
      "seconds": Self.rounded(whole), "arguments": .strings(Array(CommandLine.arguments.dropFirst())),
      "machine": machine, "timings": .array(timings), "notes": .object(notes),
    ]
    let summary: JSONValue = [
      "begun": .string(ISO8601DateFormatter().string(from: begun)), "seconds": Self.rounded(whole),
      "secondsFromNothing": unknown ? .null : Self.rounded(fromNothing), "machine": machine, "notes": .object(notes),
      "stages": .array(stages.map {
        ["name": .string($0.name), "seconds": $0.seconds.map(Self.rounded) ?? .null]
      }),
    ]
    let folder = directory.appendingPathComponent("runs")
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try Data(log.prettyPrinted().utf8).write(to: folder.appendingPathComponent("\(name).json"), options: .atomic)
      if let report {
        try Data(summary.prettyPrinted().utf8).write(
          to: report.appendingPathComponent(Self.reportFile), options: .atomic)
      }
    } catch {
      throw NotebookError.folderUnwritable(folder: folder.path, reason: SystemReason.of(error))
    }
    Console.standardError.say("\(name): \(ProgressBar.duration(ProgressBar.clock() - start)) in all")
  }

  private static func seconds(since start: Double) -> JSONValue { rounded(ProgressBar.clock() - start) }
  private static func rounded(_ seconds: Double) -> JSONValue { .number((seconds * 1000).rounded() / 1000) }

  /// The processor's name, as the system gives it.
  public static func processor() -> String {
    let text = FileManager.default.contents(atPath: "/proc/cpuinfo").map { String(decoding: $0, as: UTF8.self) } ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    return line?.split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) } ?? "unknown"
  }
}
