import Engine
import Foundation
import Notebook

/// What the speed experiment's `main.swift` works with: its options, its notebook, and measurements.
///
/// Not an `Experiment`: nothing is trained, no data set is read and nothing is kept between runs.
public final class SpeedExperiment {
  public let options: SpeedOptions
  public let notebook: Notebook
  private let rows: [SpeedRow]
  private let peer: PeerPython?
  let threadCount: Int
  private var session: SpeedSession
  private let job: ProgressJob
  private let log: RunLog
  private var traces: [(title: String, file: URL)] = []

  /// Reads the command line, measures, and writes the report. Any error ends the process with one line.
  public static func run(source: String = #filePath, _ body: (SpeedExperiment) throws -> Void) {
    let options = SpeedOptions.parseOrExit()
    if options.worker { return SpeedWorker.serve(photos: options.photos.map { URL(fileURLWithPath: $0) }) }
    do {
      let experiment = try SpeedExperiment(options, source: source)
      try body(experiment)
      experiment.job.finish()
      try experiment.notebook.finish()
      try experiment.writeTrace()
      try experiment.log.finish(report: experiment.notebook.output)
      Console.standardError.say("The report is in \(experiment.notebook.output.path)/README.md")
    } catch {
      Console.standardError.say("exp-engine-speed: \(error)")
      exit(1)
    }
  }

  private init(_ options: SpeedOptions, source: String) throws {
    self.options = options
    let folders = ExperimentFolders(source: source, report: "engine-speed", out: options.out, store: options.store)
    notebook = try Notebook(name: "engine-speed", output: folders.report, source: source)
    log = RunLog(name: "engine-speed", directory: folders.store)
    rows = try options.selectedRows()
    threadCount = options.threads ?? Cores.allowed
    if let photos = options.photos { _ = try PhotoLoading(folder: URL(fileURLWithPath: photos)) }
    if let file = options.tracing.trace { try options.tracing.write(Data(), to: file) }
    let isSmoke = options.profile == .smoke
    peer = isSmoke && options.peerPython == nil ? nil : try PeerPython.found(path: options.peerPython)
    let photos = options.photos.map { [$0] } ?? []
    session = SpeedSession(
      ours: SpeedCommand(
        name: "our own process", executable: URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath(),
        arguments: ["--worker"] + photos.flatMap { ["--photos", $0] }),
      peer: peer.map {
        SpeedCommand(
          name: "PyTorch", executable: $0.executable,
          arguments: [folders.experiment.appendingPathComponent("peer.py").path] + photos)
      },
      threads: threadCount, repeats: options.repeats ?? (isSmoke ? 1 : 5), isBrief: isSmoke)
    var parts = rows.map { (name: $0.id, weight: $0.weight) }
    if options.rows == nil {
      parts += Self.sweeps(options.profile).map { ($0.title, isSmoke ? 1 : 20) }
    }
    job = ProgressJob(of: [("the machine", 4)] + parts)
    log.note("threads", .integer(threadCount))
    notebook.provenance = Provenance(
      profile: options.profile.rawValue,
      versions: [
        .init("Swift", swiftVersion), .init("OpenBLAS", BuildFacts.openBLASVersion),
        .init("PyTorch", peer?.torchVersion ?? "not at hand"),
      ])
  }

  private static func sweeps(_ profile: Profile) -> [SpeedSweep] {
    SpeedSweep.batches(profile) + SpeedSweep.sides(profile)
  }

  /// Whether the sizes are only large enough to show that everything runs.
  public var isSmoke: Bool { options.profile == .smoke }

  /// What stood beside us, in words.
  public var peerSummary: String {
    let threadText = threadCount == 1 ? "one thread" : "\(threadCount) threads"
    guard let peer else {
      return "**PyTorch was not at hand** (`--peer-python PATH` names a Python that can import it), so this report has "
        + "our columns only, and decides nothing about ratios. Computing on \(threadText)."
    }
    return "Beside us: PyTorch \(peer.torchVersion), both on \(threadText), each row in processes of its own. "
      + (isSmoke ? "The sizes of this profile are tiny and each row ran once: it shows that everything runs. " : "")
  }

  /// This machine's ceilings, on one thread and on all.
  public func machinePeaks() throws -> (one: MachinePeak, all: MachinePeak) {
    let peaks = try part("the machine", title: "Measuring the machine") { try session.machinePeaks() }
    notebook.dataFacts = Self.facts(one: peaks.one, all: peaks.all, threads: threadCount, threadTarget: threadTarget)
    return peaks
  }

  /// Measures all rows, one after the other.
  public func measuredRows() throws -> [MeasuredRow] {
    if options.tracing.trace != nil {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("speed-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      session.traceFolder = folder
    }
    return try rows.map { row in
      let measured = try part(row.id, title: row.title) { try session.measure(row) }
      if let failure = measured.peerFailure { Console.standardError.say(failure) }
      if let folder = session.traceFolder { traces.append((row.title, folder.appendingPathComponent(row.id))) }
      return measured
    }
  }

  /// Measures networks of growing size; nothing where only some rows were asked for.
  public func measured(_ sweeps: (Profile) -> [SpeedSweep]) throws -> [MeasuredSweep] {
    guard options.rows == nil else { return [] }
    return try sweeps(options.profile).map { sweep in
      let measured = try part(sweep.title, title: "Growing sizes: \(sweep.title)") { try session.measure(sweep) }
      notebook.value("growing: \(sweep.title)", Self.json(measured))
      return measured
    }
  }

  private func part<R>(_ name: String, title: String, _ work: () throws -> R) throws -> R {
    let progress = job.begin(name, title: title, total: 1)
    let result = try log.time(name) { try work() }
    progress.advance()
    progress.finish()
    return result
  }

  /// The traces of all rows in one file, each as a process of its own.
  private func writeTrace() throws {
    guard let file = options.tracing.trace, let folder = session.traceFolder else { return }
    defer { try? FileManager.default.removeItem(at: folder) }
    try options.tracing.write(try Self.merged(traces), to: file)
  }

  static func merged(_ traces: [(title: String, file: URL)]) throws -> Data {
    var all: [[String: Any]] = []
    for (index, trace) in traces.enumerated() {
      let object = try JSONSerialization.jsonObject(with: Data(contentsOf: trace.file)) as? [String: Any]
      all.append(["name": "process_name", "ph": "M", "pid": index + 1, "args": ["name": trace.title]])
      for event in object?["traceEvents"] as? [[String: Any]] ?? [] {
        all.append(event.merging(["pid": index + 1]) { $1 })
      }
    }
    return try JSONSerialization.data(
      withJSONObject: ["traceEvents": all, "displayTimeUnit": "ms"] as [String: Any], options: .sortedKeys)
  }
}
