import Engine
import Foundation
import Models
import Notebook
import Ranks

/// What `exp-scaling` works with: its options, its notebook, measurements and the model.
public final class ScalingExperiment {
  public let options: ScalingOptions
  public let notebook: Notebook
  public let model: ClusterModel
  private let log: RunLog
  private let rankCounts: [Int]
  private let job: ProgressJob

  /// Reads the command line, measures, and writes the report. Any error ends the process with one line.
  public static func run(source: String = #filePath, _ body: (ScalingExperiment) throws -> Void) {
    let options = ScalingOptions.parseOrExit()
    do {
      if let worker = options.worker { return try ScalingWorker.run(worker) }
      let experiment = try ScalingExperiment(options, source: source)
      try body(experiment)
      experiment.job.finish()
      try experiment.notebook.finish()
      try experiment.log.finish(report: experiment.notebook.output)
      Console.standardError.say("The report is in \(experiment.notebook.output.path)/README.md")
    } catch {
      Console.standardError.say("exp-scaling: \(error)")
      exit(1)
    }
  }

  private init(_ options: ScalingOptions, source: String) throws {
    self.options = options
    let folders = ExperimentFolders(source: source, report: "scaling", out: options.out, store: options.store)
    notebook = try Notebook(name: "scaling", output: folders.report, source: source)
    log = RunLog(name: "scaling", directory: folders.store)
    rankCounts = Ranks.isBuiltWithMPI ? try options.rankCounts() : [1]
    model = ClusterModel(
      latency: options.latency * 1e-6, bandwidth: options.bandwidth * 1e9 / 8, bucketBytes: options.bucket * 1_048_576)
    job = ProgressJob(of: [("sums", 1), ("training", 6), ("the paper's profile", 4)])
    notebook.provenance = Provenance(
      buildOptions: rankCounts.count > 1 ? ["--traits", "MPI", "--scratch-path", ".build-mpi"] : [],
      profile: options.profile.rawValue,
      versions: [.init("Swift", swiftVersion), .init("OpenBLAS", BuildFacts.openBLASVersion)])
  }

  public var isSmoke: Bool { options.profile == .smoke }
  /// Whether more than one rank is measured.
  public var measuresRanks: Bool { rankCounts.count > 1 }

  /// What is measured, and on what.
  public var machineSummary: String {
    let cores = Cores.allowed
    let start = "Measured on \(RunLog.processor()), \(cores) cores, each rank on one thread. "
    guard measuresRanks else {
      return start + "**This build has no MPI** (`--traits MPI`), so one rank was measured, and the rest is projection."
    }
    let most = rankCounts.max()!
    return start + "Ranks: \(rankCounts.map(String.init).joined(separator: ", ")), all on this machine; messages go "
      + "through its memory, not through a network."
      + (most > cores ? " **More ranks than cores** take turns, and say nothing about speed." : "")
      + (isSmoke ? " The smoke profile measures too few steps to tell anything." : "")
  }

  // MARK: - Measuring

  /// One training by so many ranks.
  public struct Row {
    public let name: String
    public let ranks, batch: Int
    let answer: ScalingAnswer
    public var seconds: Double { answer.seconds }
    public var picturesPerSecond: Double { Double(batch) / answer.seconds }
    /// The share of the step that waits for gradients' sums after the backward pass.
    public var waitingShare: Double { answer.waited / answer.seconds }
  }

  /// Seconds of a sum over the most ranks, by its bytes.
  public func measuredSums() throws -> [(bytes: Double, seconds: Double)] {
    guard measuresRanks else { return [] }
    return try part("sums", steps: 1) { advance in
      let answer = try measure(ScalingJob(kind: .sums), ranks: rankCounts.max()!)
      advance()
      return answer.sums.map { ($0[0], $0[1]) }
    }
  }

  /// The same batch for all (strong), or as many pictures for each rank (weak).
  public func measuredTrainings() throws -> (strong: [Row], weak: [Row], waiting: [Row]) {
    let kinds: [(name: String, kind: ScalingJob.Kind, batch: Int)] = [
      ("classifier", .classifier, 64), ("classifier, own statistics", .ownStatistics, 64),
      ("generator", .generator, 16),
    ]
    func row(_ name: String, _ kind: ScalingJob.Kind, _ batch: Int, _ ranks: Int, overlaps: Bool = true) throws -> Row {
      let steps = isSmoke ? 2 : kind == .generator ? 32 : 30
      let job = ScalingJob(
        kind: kind, batch: batch, steps: steps, overlaps: overlaps, bucketBytes: Int(model.bucketBytes))
      return Row(name: name, ranks: ranks, batch: batch, answer: try measure(job, ranks: ranks))
    }
    let shared = rankCounts.dropFirst()
    return try part("training", steps: kinds.count * (rankCounts.count + 2 * shared.count)) { advance in
      var (strong, weak, waiting): ([Row], [Row], [Row]) = ([], [], [])
      for (name, kind, batch) in kinds {
        for ranks in rankCounts {
          strong.append(try row(name, kind, batch, ranks))
          advance()
          if ranks == 1 {
            weak.append(strong.last!)
          } else {
            weak.append(try row(name, kind, ranks * batch, ranks))
            advance()
            waiting.append(try row(name, kind, batch, ranks, overlaps: false))
            advance()
          }
        }
      }
      return (strong, weak, waiting)
    }
  }

  /// The paper's classifier and generator: a step's operations are counted here, and its rate is this machine's unless
  /// another one was given.
  public func paperWork() throws -> [ClusterModel.Work] {
    try part("the paper's profile", steps: 2) { advance in
      let paper = PipelineSettings.profile(.paper)
      func work(_ name: String, _ kind: ScalingJob.Kind, extra: Int, exchanges: Int) throws -> ClusterModel.Work {
        let batch = isSmoke ? 1 : 2
        let answer = try measure(
          ScalingJob(kind: kind, batch: batch, steps: isSmoke ? 1 : 3, threads: 0), ranks: 1)
        advance()
        return ClusterModel.Work(
          name: name, operationsPerPicture: answer.operations / Double(batch),
          nodeRate: options.nodeRate.map { $0 * 1e9 } ?? answer.operations / answer.seconds,
          bytes: Double(answer.parameters + extra) * 4, exchanges: exchanges)
      }
      // Each batch normalisation of ResNet-50 has one exchange forward and one backward.
      let classifier = try work("classifier", .paperClassifier, extra: 0, exchanges: 2 * 53 + 2)
      // The layer that takes the tail model's features is not built for counting: its weights alone are 0.5 GB.
      let features = paper.network.featureShape(size: paper.cdtg.side).elementCount
      let generator = try work(
        "generator", .paperGenerator, extra: (features + 1) * paper.cdtg.latentWidth, exchanges: 10)
      return [classifier, generator]
    }
  }

  private func measure(_ job: ScalingJob, ranks: Int) throws -> ScalingAnswer {
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().path
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys]
    let arguments = ["--worker", String(decoding: try encoder.encode(job), as: UTF8.self)]
    let output = try RankLauncher.run(program, arguments, ranks: ranks)
    guard let line = output.split(separator: "\n").last,
      let answer = try? JSONDecoder().decode(ScalingAnswer.self, from: Data(line.utf8))
    else { throw RankLauncherError.noAnswer(ranks: ranks) }
    return answer
  }

  private func part<R>(_ name: String, steps: Int, _ work: (() -> Void) throws -> R) throws -> R {
    let progress = job.begin(name, title: "Measuring \(name)", total: steps)
    let result = try log.time(name) { try work { progress.advance() } }
    progress.finish()
    return result
  }
}
