import ArgumentParser
import Engine
import Foundation
import Notebook
import Ranks

/// What an experiment's `main.swift` works with: its options, its notebook and a pipeline.
public final class Experiment {
  public let options: ExperimentOptions
  public let settings: PipelineSettings
  public let seeds: [UInt64]
  public let notebook: Notebook
  public let data: PipelineData
  public let pipeline: Pipeline
  private let log: RunLog

  /// Reads the command line, runs the experiment, and writes the report. Any error ends the process with one line.
  ///
  /// Under `mpirun` the ranks first make the independent runs, each what no other makes, and rank 0 then writes the
  /// report from the store. With `--data-parallel` all ranks go through the experiment together instead.
  ///
  /// - Parameters:
  ///   - name: In kebab case, as in `swift run exp-NAME`.
  ///   - options: Those of the command line, unless `main.swift` has read them itself.
  ///   - adjust: Changes the profile's settings, before `--set` does.
  ///   - parts: What the experiment will do, for the progress of the whole.
  ///   - runs: What several ranks can make at once. Whatever else the experiment needs rank 0 makes alone.
  public static func run(
    _ name: String, options: ExperimentOptions? = nil, source: String = #filePath,
    adjust: (inout PipelineSettings) -> Void = { _ in },
    parts: (PipelineSettings, [UInt64]) -> [(name: String, weight: Double)],
    runs: (PipelineSettings, [UInt64]) -> [IndependentRun] = { _, _ in [] }, _ body: (Experiment) throws -> Void
  ) {
    let options = options ?? ExperimentOptions.parseOrExit()
    Interruption.watch()
    do {
      try withRanks(areTogether: options.dataParallel) { ranks in
        let experiment = try Experiment(name, options: options, source: source, adjust: adjust, ranks: ranks)
        let planned = parts(experiment.settings, experiment.seeds)
        let isFirst = ranks.rank == 0
        if options.estimate {
          if isFirst { try experiment.printEstimate(planned) }
          return
        }
        experiment.pipeline.announce(planned)
        try options.tracing.recording {
          if ranks.size > 1, !options.dataParallel {
            try experiment.pipeline.sweep(runs(experiment.settings, experiment.seeds), ranks)
          }
          if isFirst || options.dataParallel { try body(experiment) }
        }
        experiment.pipeline.job?.finish()
        if isFirst { try experiment.finish() }
      }
    } catch {
      Console.standardError.say("exp-\(name): \(error)")
      exit((error as? InterruptedError)?.exitCode ?? 1)
    }
  }

  /// Writes the report, and what the run cost beside it.
  private func finish() throws {
    try notebook.finish()
    log.note(
      "memory in MiB",
      .array(
        pipeline.memory.map {
          ["stage": .string($0.part), "before": .integer($0.before >> 20), "peak": .integer($0.peak >> 20)]
        }))
    let store = pipeline.store
    try log.finish(report: notebook.output, stages: store.used, secondsInStages: store.secondsSpent)
    Console.standardError.say("The report is in \(notebook.output.path)/README.md")
  }

  private init(
    _ name: String, options: ExperimentOptions, source: String, adjust: (inout PipelineSettings) -> Void,
    ranks: any Communicator
  ) throws {
    if options.fresh, ranks.size > 1, !options.dataParallel { throw SweepError.fresh }
    self.options = options
    if let threads = options.threads { Parallel.threadCount = threads }
    var settings = try options.settings(ranks: ranks.size, adjust: adjust)
    seeds = options.seedList
    let folders = ExperimentFolders(
      source: source, report: options.reportName(of: name), out: options.out, store: options.store)
    // Everything that can be wrong with the surroundings is found before hours of training.
    notebook = try Notebook(name: name, output: folders.report, isWritten: ranks.rank == 0, source: source)
    let store = try StageStore(
      directory: folders.store, fresh: options.fresh, secondsBetweenCheckpoints: options.checkpointSeconds,
      parallel: options.dataParallel ? DataParallel(ranks) : .single)
    log = RunLog(name: name, directory: folders.store)
    log.note("threads", .integer(Parallel.threadCount))
    log.note("ranks", .integer(ranks.size))
    data = try PipelineData(folder: options.data, settings: settings, isSketch: options.estimate)
    if !data.isProcedural { settings.data.largestClass = data.train.counts.max() ?? 0 }
    self.settings = settings
    let weights = settings.usesStartingWeights ? StartingWeights() : nil
    pipeline = Pipeline(settings: settings, data: data, store: store, weights: weights)
    notebook.settings = try settings.json()
    notebook.dataFacts = data.json
    notebook.provenance = Provenance(
      profile: options.profile.rawValue, seeds: seeds,
      dataSets: [
        .init("\(data.name), training", data.trainHash), .init("\(data.name), test", data.testHash),
      ],
      startingWeights: try weights.map { weights in
        try StartingWeights.Part.allCases.map { .init("\($0.rawValue).safetensors", try weights.checksum($0)) }
      } ?? [],
      versions: [.init("Swift", swiftVersion), .init("OpenBLAS", BuildFacts.openBLASVersion)])
  }
}

#if compiler(>=6.3)
  public let swiftVersion = "6.3"
#else
  public let swiftVersion = "6.0 to 6.2"
#endif

extension Pipeline {
  /// Tells what is to come, so that the time left for the whole can be shown.
  func announce(_ parts: [(name: String, weight: Double)]) {
    job = ProgressJob(of: parts)
    jobParts = Set(parts.map(\.name))
  }
}

extension PipelineSettings {
  /// The parts of an experiment that trains classifiers on these expansions, in the order of the rows, each with its
  /// rough cost: pictures seen, a generator's counted for six of a classifier's.
  public func parts(expansions: [Expansion], seeds: [UInt64]) -> [(name: String, weight: Double)] {
    func cost(_ training: ClassifierSettings) -> Double { Double((training.steps ?? 1000) * training.batchSize) }
    var parts: [(name: String, weight: Double)] = []
    func add(_ name: String, _ weight: Double) {
      if !parts.contains(where: { $0.name == name }) { parts.append((name, weight)) }
    }
    // Its network is some four times as large.
    add("judge", 4 * cost(judge))
    for expansion in expansions {
      if case .generated(let variant, _) = expansion {
        if variant.isDistilled { add("head-model", cost(headModel)) }
        if variant.usesFeatures { add("tail-model", cost(tailModel)) }
        if variant.isDistilled {
          for name in ["distillation-to-head", "distillation-to-tail"] { add(name, cost(distillation.schedule)) }
        }
        add("generator \(variant.name)", 6 * Double(cdtg.iterations * cdtg.batchSize))
        add("images \(variant.name)", Double(generation.imagesPerClass))
      }
      for seed in seeds { add("classifier \(expansion.name) \(seed)", cost(classifier)) }
    }
    return parts
  }
}
