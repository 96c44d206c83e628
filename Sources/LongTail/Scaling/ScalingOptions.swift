import ArgumentParser
import Foundation

/// The options of the scaling experiment.
public struct ScalingOptions: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "exp-scaling",
    abstract: "Measures training by several ranks on this machine, projects it to a cluster, and writes the report.",
    discussion: """
      Measuring several ranks needs a build with MPI, whose `mpirun` it starts itself; without one the report has one \
      rank and the projection. Let nothing else run meanwhile.

      Examples:
        swift run --traits MPI --scratch-path .build-mpi exp-scaling
        swift run exp-scaling --bandwidth 25 --latency 10 --node-rate 3000
        swift run exp-scaling --profile smoke
      """)

  @Option(help: "smoke (few steps), default or paper (both: more steps, and more of them).")
  public var profile: Profile = .default
  @Option(help: "How many ranks are measured, separated by commas; one rank comes first.")
  public var ranks = "1,2"
  @Option(help: "The projection's network: microseconds for a message.")
  public var latency = 2.0
  @Option(help: "The projection's network: gigabits per second and node, each way.")
  public var bandwidth = 100.0
  @Option(help: "The projection's nodes: 10⁹ operations per second (default: what this machine reached).")
  public var nodeRate: Double?
  @Option(help: "Bytes of a bucket of gradients, in MiB.")
  public var bucket = 4.0
  @Option(help: ArgumentHelp("Folder of the report (default: Reports/scaling).", valueName: "dir"))
  public var out: String?
  @Option(help: ArgumentHelp("Folder for the log of the run (default: .stages in the package).", valueName: "dir"))
  public var store: String?
  /// How the experiment starts itself; see `ScalingWorker`.
  @Option(help: .hidden)
  public var worker: String?

  public init() {}

  public func validate() throws {
    _ = try rankCounts()
    let inputs = [
      ("latency", latency), ("bandwidth", bandwidth), ("node-rate", nodeRate ?? 1), ("bucket", bucket),
    ]
    for (name, value) in inputs where !(value > 0) {
      throw ValidationError("--\(name) \(value): give a number above 0")
    }
  }

  func rankCounts() throws -> [Int] {
    let counts = ranks.split(separator: ",").map { Int($0) ?? 0 }
    guard counts.first == 1, counts.allSatisfy({ $0 > 0 }), Set(counts).count == counts.count else {
      throw ValidationError("--ranks \(ranks): give different numbers, the first of them 1, such as 1,2,4")
    }
    return counts
  }
}
