import Engine
import Foundation
import LongTail
import Notebook
import NumericalChecks

/// The sections by name, for `--only`.
enum RobustnessSection: String, CaseIterable {
  case kills, pairs, disk, bits, fuzzing, gradients, extremes, memory, soak, leaks

  static let names = allCases.map(\.rawValue).joined(separator: ", ")

  func run(in experiment: RobustnessExperiment) throws {
    switch self {
    case .kills: _ = try experiment.kills()
    case .pairs: _ = try experiment.pairs()
    case .disk: _ = try experiment.disk()
    case .bits: _ = try experiment.sameBits()
    case .fuzzing: _ = try experiment.fuzzing()
    case .gradients: _ = try experiment.gradients()
    case .extremes: _ = try experiment.extremes()
    case .memory: _ = try experiment.stageMemory()
    case .soak: _ = try experiment.soak()
    case .leaks: _ = try experiment.leaks()
    }
  }
}

/// What the robustness experiment's `main.swift` works with: its notebook, and sections that break things.
///
/// Each section is a stage of the store, under a key of its counts and of the programs under test.
public final class RobustnessExperiment {
  public let notebook: Notebook
  let options: RobustnessOptions
  let counts: RobustnessCounts
  private let store: StageStore
  private let log: RunLog
  private let pipeline: TinyPipeline
  private let folder: URL
  private let programs: [String]
  private var reference: TinyPipeline.Reference?
  let threadCount: Int

  /// Reads the command line, runs the experiment, and writes the report. Any error ends the process with one line.
  public static func run(source: String = #filePath, _ body: (RobustnessExperiment) throws -> Void) {
    let options = RobustnessOptions.parseOrExit()
    let folders = ExperimentFolders(source: source, report: "robustness", out: options.out, store: options.store)
    do {
      if let request = options.worker { return try RobustnessWorker(package: folders.package).serve(request) }
      let experiment = try RobustnessExperiment(options, folders, source: source)
      defer { try? FileManager.default.removeItem(at: experiment.folder) }
      let sections = try options.sections()
      for section in sections { try section.run(in: experiment) }
      if !sections.isEmpty { return }
      try body(experiment)
      try experiment.notebook.finish()
      try experiment.log.finish(report: experiment.notebook.output)
      Console.standardError.say("The report is in \(experiment.notebook.output.path)/README.md")
    } catch {
      Console.standardError.say("exp-robustness: \(error)")
      exit((error as? InterruptedError)?.exitCode ?? 1)
    }
  }

  private init(_ options: RobustnessOptions, _ folders: ExperimentFolders, source: String) throws {
    self.options = options
    counts = options.counts
    threadCount = options.threads ?? Cores.allowed
    Parallel.threadCount = threadCount
    notebook = try Notebook(name: "robustness", output: folders.report, source: source)
    store = try StageStore(directory: folders.store, fresh: options.fresh)
    log = RunLog(name: "robustness", directory: folders.store)
    // In its own place for each process: two of these may run at once.
    folder = RobustnessWorker.fastFolder().appendingPathComponent("robustness-\(getpid())")
    pipeline = try TinyPipeline(folder: folder)
    programs = try [pipeline.program, Worker.program].map { try Checksum.sha256(ofFile: $0) }
    notebook.provenance = Provenance(
      profile: options.profile.rawValue, seeds: [options.seed],
      versions: [
        .init("Swift", swiftVersion), .init("OpenBLAS", BuildFacts.openBLASVersion),
        .init("OpenBLAS's kernels", BuildFacts.openBLASKernel), .init("Our loops", BuildFacts.instructionSet),
      ])
  }

  private struct SectionKey<Counts: Encodable>: Encodable {
    var counts: Counts
    var seed: UInt64
    var programs: [String]
  }

  /// Runs a section, or takes what an earlier run of the same programs found.
  private func section<Value: Codable, Counts: Encodable>(
    _ name: String, _ counts: Counts, jobs: Int? = nil, _ work: (Section) throws -> Value
  ) throws -> Value {
    let key = SectionKey(counts: counts, seed: options.seed, programs: programs)
    let jobs = jobs ?? options.jobs ?? Cores.allowed
    let result = try log.time(name) {
      try store.run(Stage(name: "robustness-\(name)", version: 1, settings: key)) { context in
        let place = folder.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let value = try work(Section(context: context, jobs: jobs, folder: place))
        try context.write(try JSONEncoder().encode(value), "outcome.json")
      }
    }
    return try JSONDecoder().decode(Value.self, from: try Data(contentsOf: result.file("outcome.json")))
  }

  /// The unbroken run. It is run twice, and the second must already be the first again.
  private func unbroken() throws -> TinyPipeline.Reference {
    if let reference { return reference }
    let (first, second) = (try pipeline.reference(), try pipeline.reference())
    guard first.report == second.report, first.stages == second.stages else {
      throw RobustnessError.noReference(message: "two unbroken runs differ")
    }
    // The faster one is the less disturbed: moments are drawn from its length.
    reference = first.seconds < second.seconds ? first : second
    return reference!
  }

  // MARK: - Sections

  /// Kills runs and starts them again.
  public func kills() throws -> [KillOutcome] {
    try section("kills", [counts.kills, counts.requests]) { section in
      let trials = KillTrials(
        pipeline: pipeline, reference: try unbroken(), seed: options.seed, kills: counts.kills)
      return try section.trials(counts.kills + counts.requests, trials.run)
    }
  }

  /// Runs pairs of processes on one store.
  public func pairs() throws -> [PairOutcome] {
    try section("pairs", [counts.pairs, counts.killedPairs]) { section in
      let trials = PairTrials(pipeline: pipeline, reference: try unbroken(), seed: options.seed, pairs: counts.pairs)
      return try section.trials(counts.pairs + counts.killedPairs, trials.run)
    }
  }

  /// Makes trouble with the disk.
  public func disk() throws -> [DiskOutcome] {
    try section("disk", [counts.diskTrials, DiskTrials.possible.count]) { section in
      let trials = try DiskTrials(
        pipeline, reference: try unbroken(), seed: options.seed, trialsOfEach: counts.diskTrials)
      return try section.trials(DiskTrials.possible.count * counts.diskTrials, trials.run)
    }
  }

  /// Runs the pipeline under other circumstances.
  public func sameBits() throws -> [SameBitsOutcome] {
    try section("same-bits", counts.threadCounts.map(String.init) + counts.locales + counts.timeZones) { section in
      let trials = SameBitsTrials(
        pipeline, reference: try unbroken(), counts: counts, folder: section.folder.appendingPathComponent("locales"))
      return try section.trials(trials.circumstances.count, trials.run)
    }
  }

  /// Feeds readers with damaged input.
  public func fuzzing() throws -> [FuzzOutcome] {
    try section("fuzzing", counts.fuzzSeconds) { section in
      try section.trials(FuzzTrials.readers.count, FuzzTrials(seed: options.seed, seconds: counts.fuzzSeconds).run)
    }
  }

  /// Checks gradients at random shapes.
  public func gradients() throws -> [GradientProperty.Outcome] {
    try section("gradients", counts.gradientCases) { section in
      let bar = ProgressBar("gradients", total: counts.gradientCases)
      defer { bar.finish() }
      return GradientProperty.check(
        GradientProperty.operations + GradientProperty.losses, cases: counts.gradientCases, seed: options.seed
      ) { bar.advance() }
    }
  }

  /// Checks operations at the edges of float32.
  public func extremes() throws -> [ExtremeCheck] {
    let checks = try section("extremes", [String]()) { _ in
      ExtremeCheck.all(seed: options.seed) + OneImageBatches.checks(seed: options.seed)
    }
    for check in checks where !check.counts.isEmpty {
      notebook.value(check.name, .array(check.counts.map { .integer($0) }))
    }
    return checks
  }

  /// Measures each stage's memory beside its prediction; nothing in the smoke profile.
  public func stageMemory() throws -> [StageMemoryOutcome] {
    guard let profile = counts.memoryProfile else { return [] }
    return try section("memory", [profile.rawValue, "\(threadCount)"], jobs: 1) { section in
      let trials = MemoryTrials(pipeline: pipeline, profile: profile, threads: threadCount, folder: section.folder)
      let predictions = try trials.predictions()
      return try section.trials(MemoryTrials.stages.count) { try trials.run($0, predictions: predictions) }
    }
  }

  /// Watches the memory of a long training.
  public func soak() throws -> SoakOutcome {
    let soak = try section("soak", counts.soakSeconds) { section in
      try MemoryTrials.soak(pipeline, seconds: counts.soakSeconds, folder: section.folder)
    }
    notebook.value("resident MiB of a long training", .numbers(soak.samples.map { Double($0) / 1_048_576 }))
    notebook.value("its growth once it is warm", .number(soak.growth))
    return soak
  }

  /// Looks for leaks in what calls C.
  public func leaks() throws -> LeakOutcome {
    try section("leaks", [counts.boundaryRounds, counts.valgrindRounds]) { section in
      try LeakTrials(folder: section.folder).run(
        rounds: counts.boundaryRounds, valgrindRounds: counts.valgrindRounds)
    }
  }
}
