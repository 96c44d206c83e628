import ArgumentParser
import Foundation
import LongTail

/// The options of the robustness experiment.
public struct RobustnessOptions: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "exp-robustness",
    abstract: "Breaks things on purpose, counts what survives, and writes the report.",
    discussion: """
      Kills the pipeline at random moments, fills its disk, runs it twice at once, feeds readers with damaged files, \
      and checks gradients, memory and leaks. Finished sections are kept in the store for these programs, and a \
      stopped run goes on where it was. As root it also mounts small file systems; without, those trials are left out.

      The pipeline's own program is run: build it first, with `swift build`.

      Examples:
        swift build && swift run exp-robustness
        swift run exp-robustness --profile smoke
        swift run exp-robustness --kills 1000 --seed 7
        swift run exp-robustness --only soak --soak-seconds 3600
        swift run exp-robustness --worker "fuzz voc seed=1 trial=1234"     # one damaged input again
      """)

  @Option(help: "smoke (under a minute) or default (all counts, about an hour on two cores).")
  public var profile: Profile = .default
  @Option(help: "The seed of kill moments, damage and random shapes.")
  public var seed: UInt64 = 1
  @Option(help: "How many runs are killed outright (default 100); a fifth as many are asked to stop.")
  public var kills: Int?
  @Option(help: "Seconds of damaged input for each reader (default 180).")
  public var fuzzSeconds: Double?
  @Option(help: "Seconds of training whose memory must not grow (default 600).")
  public var soakSeconds: Double?
  @Option(help: "Trials at once (default: all cores); each pipeline under test runs on one thread.")
  public var jobs: Int?
  @Option(help: "How many threads compute in this process (default: all cores).")
  public var threads: Int?
  @Option(help: ArgumentHelp("Folder of the report (default: Reports/robustness).", valueName: "dir"))
  public var out: String?
  @Option(help: ArgumentHelp("Folder of finished sections (default: .stages in the package).", valueName: "dir"))
  public var store: String?
  @Option(
    help: ArgumentHelp(
      "Run only these sections, for a later report: \(RobustnessSection.names).", valueName: "names"))
  public var only: String?
  @Flag(help: "Run every section anew, even what is in the store.")
  public var fresh = false
  /// How the experiment starts itself for work that may end its process; see `RobustnessWorker`.
  @Option(help: .hidden)
  public var worker: String?

  public init() {}

  public func validate() throws {
    for (name, value) in [("kills", kills), ("jobs", jobs), ("threads", threads)] {
      if let value, value < 1 { throw ValidationError("--\(name) \(value): give 1 or more") }
    }
    _ = try sections()
    for (name, value) in [("fuzz-seconds", fuzzSeconds), ("soak-seconds", soakSeconds)] {
      if let value, !(value > 0) { throw ValidationError("--\(name) \(value): give more than 0") }
    }
  }

  /// The sections named by `--only`.
  func sections() throws -> [RobustnessSection] {
    try (only ?? "").split(separator: ",").map { name in
      guard let section = RobustnessSection(rawValue: String(name)) else {
        throw ValidationError("--only \(name): the sections are \(RobustnessSection.names)")
      }
      return section
    }
  }

  /// How much of everything is done.
  var counts: RobustnessCounts {
    var counts = profile == .smoke ? RobustnessCounts.smoke : .standard
    if let kills { (counts.kills, counts.requests) = (kills, max(1, kills / 5)) }
    if let fuzzSeconds { counts.fuzzSeconds = fuzzSeconds }
    if let soakSeconds { counts.soakSeconds = soakSeconds }
    return counts
  }
}

/// How much of everything is done.
struct RobustnessCounts: Codable, Equatable, Sendable {
  /// Runs that SIGKILL ends, and runs that SIGINT or SIGTERM asks to stop.
  var kills, requests: Int
  /// Pairs of processes on one store, and pairs of which one is killed.
  var pairs, killedPairs: Int
  /// Trials of each kind of trouble with the disk.
  var diskTrials: Int
  var threadCounts: [Int]
  var locales, timeZones: [String]
  var gradientCases: Int
  var fuzzSeconds, soakSeconds: Double
  /// Rounds through the libraries in C, with and without valgrind.
  var boundaryRounds, valgrindRounds: Int
  /// Whether each stage's memory is measured, in this profile of the pipeline.
  var memoryProfile: Profile?

  static let standard = RobustnessCounts(
    kills: 100, requests: 20, pairs: 10, killedPairs: 10, diskTrials: 8, threadCounts: [1, 2, 3, 8],
    locales: ["de_DE.UTF-8", "tr_TR.UTF-8", "fa_IR.UTF-8", "C"],
    timeZones: ["Asia/Kathmandu", "Pacific/Chatham", "America/St_Johns"], gradientCases: 1000, fuzzSeconds: 180,
    soakSeconds: 600, boundaryRounds: 3000, valgrindRounds: 2, memoryProfile: .default)

  static let smoke = RobustnessCounts(
    kills: 2, requests: 1, pairs: 1, killedPairs: 1, diskTrials: 1, threadCounts: [1, 3], locales: ["tr_TR.UTF-8"],
    timeZones: ["Asia/Kathmandu"], gradientCases: 100, fuzzSeconds: 0.3, soakSeconds: 3, boundaryRounds: 50,
    valgrindRounds: 0, memoryProfile: nil)
}
