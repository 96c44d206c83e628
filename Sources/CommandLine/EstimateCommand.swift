import ArgumentParser
import Foundation
import LongTail
import Notebook

/// `tgn estimate`: what a profile will cost on this machine.
struct EstimateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "estimate",
    abstract: "Tell operations, memory and time of each stage of a profile on this machine.",
    discussion: """
      Runs a few steps of each kind of stage with random weights and multiplies their time up; nothing is kept. \
      Operations are multiplications and additions of matrix products and convolutions. Memory is the most that the \
      process will hold in the stage, with the data loaded. An experiment's own --estimate tells the same of its rows.

      Examples:
        tgn estimate
        tgn estimate --profile paper --data /data/dior --variant full
        tgn estimate --set cdtg.iterations=20000 --set cdtg.batchSize=32
      """)

  @Option(help: "smoke, default or paper.")
  var profile: Profile = .default
  @Option(help: ArgumentHelp("Data set in TGN's layout; default: procedural scenes.", valueName: "dir"))
  var data: String?
  @Option(help: "The generator: plain, tail-features, kmdn, classifier-loss or full; may be repeated.")
  var variant: [String] = ["full"]
  @Option(help: "How many classifiers are trained for each row.")
  var seeds = 1
  @Option(
    name: .customLong("set"), help: ArgumentHelp("Change one setting; may be given often.", valueName: "name=value"))
  var overrides: [String] = []
  @OptionGroup var threading: ThreadOptions

  func validate() throws {
    let known = GeneratorVariant.all.map(\.name)
    if let unknown = variant.first(where: { !known.contains($0) }) {
      throw ValidationError("--variant \(unknown): choose \(known.joined(separator: ", "))")
    }
    if seeds < 1 { throw ValidationError("--seeds \(seeds): give 1 or more") }
  }

  func run() throws {
    threading.apply()
    var settings = PipelineSettings.profile(profile)
    for assignment in overrides { try settings.override(assignment) }
    let pictures = try PipelineData(folder: data, settings: settings, isSketch: true)
    let expansions: [Expansion] =
      [.none] + GeneratorVariant.all.filter { variant.contains($0.name) }
      .map { .generated($0, noiseRatio: settings.generation.noiseRatio) }
    let parts = settings.parts(expansions: expansions, seeds: (1...UInt64(seeds)).map { $0 })
    let estimate = try Estimate(of: parts.map(\.name), settings: settings, data: pictures) {
      Console.standardError.say("measuring: \($0)")
    }
    print(estimate.text)
  }
}
