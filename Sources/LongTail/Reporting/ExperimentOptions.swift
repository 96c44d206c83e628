import ArgumentParser
import Engine
import Foundation
import Notebook

/// The options that every experiment takes.
public struct ExperimentOptions: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: CommandLine.arguments.first.map { URL(fileURLWithPath: $0).lastPathComponent },
    abstract: "Reruns one experiment and writes its report: text, tables, figures and raw values.",
    discussion: """
      Without options it runs on the built-in procedural scenes, in minutes on two cores. Finished stages are kept and \
      found again; a stopped run goes on where it was.

      Examples:
        swift run exp-dior-ablation
        swift run exp-dior-ablation --profile smoke
        swift run exp-dior-ablation --data /data/dior --profile paper --from-scratch
        swift run exp-dior-ablation --set cdtg.iterations=2000 --seeds 10
      """)

  @Option(help: "smoke (under a minute), default (minutes), detailed (a night) or paper (the paper's sizes and schedules).")
  public var profile: Profile = .default
  @Option(help: ArgumentHelp("Data set in TGN's layout (anno, train, test); default: procedural scenes.", valueName: "dir"))
  public var data: String?
  @Option(help: "Whose classes the procedural scenes show, and in which proportions: dior, dota or fgsc.")
  public var dataset: String?
  @Option(help: "Lay a long tail over --data: images of the largest class over those of the smallest.")
  public var imbalance: Double?
  @Option(help: "How many classifiers are trained for each row, with seeds 1 to this number.")
  public var seeds: Int?
  @Option(help: "How many threads compute (default: all cores). The results are the same bits for any number.")
  public var threads: Int?
  @Option(
    help: ArgumentHelp("Folder of the report (default: Reports/, the experiment's name and that of --data).", valueName: "dir"))
  public var out: String?
  @Option(help: ArgumentHelp("Folder of finished stages (default: .stages in the package).", valueName: "dir"))
  public var store: String?
  @Option(help: "A training run saves itself every so many seconds, to go on from there after a kill.")
  public var checkpointSeconds = StageStore.usualSecondsBetweenCheckpoints
  @Option(help: "paper, or released: all that the released code does otherwise than the paper describes.")
  public var recipe: Recipe = .paper
  @Option(name: .customLong("set"), help: ArgumentHelp("Change one setting; may be given often.", valueName: "name=value"))
  public var overrides: [String] = []
  @Flag(help: "Make everything anew, even what is in the store.")
  public var fresh = false
  @Flag(help: "Start at random, not from the package's weights (CLIP, which is not trained here, stays).")
  public var fromScratch = false
  @Flag(help: "Print operations, memory and time on this machine for each stage, and stop.")
  public var estimate = false
  @Flag(
    help: """
      Under mpirun: all ranks train each network together, on shares of its batches. Without it each rank trains \
      networks of its own, and the report has the bits of one process.
      """)
  public var dataParallel = false
  @Flag(help: "With --data-parallel: batch normalisation by the rank, not over the whole batch.")
  public var rankBatchNorm = false
  @OptionGroup public var tracing: TraceOptions

  public init() {}

  public func validate() throws {
    if let seeds, seeds < 1 { throw ValidationError("--seeds \(seeds): give 1 or more") }
    if let threads, threads < 1 { throw ValidationError("--threads \(threads): give 1 or more") }
    if !(checkpointSeconds >= 0) { throw ValidationError("--checkpoint-seconds \(checkpointSeconds): give 0 or more") }
    if let imbalance, imbalance < 1 { throw ValidationError("--imbalance \(imbalance): give 1 or more") }
    if dataset != nil && data != nil {
      throw ValidationError("--dataset chooses procedural scenes, --data a folder; give one of them")
    }
    if rankBatchNorm && !dataParallel { throw ValidationError("--rank-batch-norm belongs to --data-parallel") }
    if imbalance != nil && data == nil {
      throw ValidationError("--imbalance thins the data set given with --data; the scenes have a long tail already")
    }
  }

  /// Seeds of the classifiers.
  public var seedList: [UInt64] { (1...UInt64(seeds ?? (profile == .smoke ? 2 : 5))).map { $0 } }

  /// The profile's settings, as the experiment adjusts them, with the overrides.
  ///
  /// - Parameter ranks: How many processes share the work.
  /// - Throws: `SettingError`, `DataError.unknownCatalogue`.
  public func settings(
    ranks: Int = 1, adjust: (inout PipelineSettings) -> Void = { _ in }
  ) throws -> PipelineSettings {
    var settings = PipelineSettings.profile(profile)
    adjust(&settings)
    if let dataset {
      _ = try SceneCatalogue.named(dataset)
      if dataset == "fgsc" { settings.useFGSC() } else { settings.data.catalogue = dataset }
    }
    settings.apply(recipe)
    if let imbalance { settings.data.imbalance = imbalance }
    if fromScratch { settings.usesStartingWeights = false }
    if rankBatchNorm { settings.useBatchNorm(ofRanks: ranks) }
    for assignment in overrides { try settings.override(assignment) }
    return settings
  }
}

extension ExperimentOptions {
  /// Reports on other data stand beside that on the usual scenes: `dota-noise-ratio` beside `dior-noise-ratio`,
  /// `dior-ablation-vhr10` beside `dior-ablation`.
  func reportName(of experiment: String) -> String {
    if let dataset {
      return experiment.hasPrefix("dior-") ? "\(dataset)-\(experiment.dropFirst(5))" : "\(experiment)-\(dataset)"
    }
    guard let data else { return experiment }
    return "\(experiment)-\(URL(fileURLWithPath: data).standardizedFileURL.lastPathComponent.lowercased())"
  }
}

extension Profile: ExpressibleByArgument {}
extension Recipe: ExpressibleByArgument {}
extension Departure: ExpressibleByArgument {}
extension ImageFilter.Judge: ExpressibleByArgument {}
