import ArgumentParser
import Foundation

/// The options of the speed experiment.
public struct SpeedOptions: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "exp-engine-speed",
    abstract: "Measures the engine beside PyTorch on this machine, and writes the report.",
    discussion: """
      Every row is timed in turns, ours once, PyTorch once. PyTorch runs in a Python that can import torch; without \
      one the report has our times only. Let nothing else run meanwhile.

      Examples:
        swift run exp-engine-speed --peer-python /opt/torch/bin/python --photos /data/photographs
        swift run exp-engine-speed --rows resnet50-eval,clip-image --out /tmp/speed
        swift run exp-engine-speed --profile smoke
      """)

  @Option(help: "smoke (tiny sizes, some seconds), default or paper (both: the paper's sizes, some 20 minutes).")
  public var profile: Profile = .default
  @Option(
    help: ArgumentHelp("Only these rows, separated by commas; without the figures of growing sizes.", valueName: "names"))
  public var rows: String?
  @Option(help: "Rounds of each row (default 5, smoke 1); slow rows end after three.")
  public var repeats: Int?
  @Option(help: ArgumentHelp("Python with torch (default: python3, if it has; smoke: none).", valueName: "path"))
  public var peerPython: String?
  @Option(help: ArgumentHelp("Folder of photographs (*.jpg) for the row that reads them.", valueName: "dir"))
  public var photos: String?
  @Option(help: "How many threads compute (default: all cores).")
  public var threads: Int?
  @Option(help: ArgumentHelp("Folder of the report (default: Reports/engine-speed).", valueName: "dir"))
  public var out: String?
  @Option(help: ArgumentHelp("Folder for the log of the run (default: .stages in the package).", valueName: "dir"))
  public var store: String?
  @OptionGroup public var tracing: TraceOptions
  /// How the experiment starts itself for a row; see `SpeedWorker`.
  @Flag(help: .hidden)
  public var worker = false

  public init() {}

  public func validate() throws {
    if let repeats, repeats < 1 { throw ValidationError("--repeats \(repeats): give 1 or more") }
    if let threads, threads < 1 { throw ValidationError("--threads \(threads): give 1 or more") }
    _ = try selectedRows()
  }

  /// The rows to measure, in the report's order. Reading photographs needs a folder.
  func selectedRows() throws -> [SpeedRow] {
    let all = SpeedRow.all(profile)
    guard let rows else { return all.filter { $0.id != "jpeg" || photos != nil } }
    let names = rows.split(separator: ",").map(String.init)
    if let unknown = names.first(where: { name in !all.contains { $0.id == name } }) {
      throw ValidationError("--rows \(unknown): this profile's rows are \(all.map(\.id).joined(separator: ", "))")
    }
    if names.contains("jpeg"), photos == nil {
      throw ValidationError("--rows jpeg: give the photographs with --photos")
    }
    return all.filter { names.contains($0.id) }
  }
}
