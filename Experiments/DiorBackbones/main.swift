//: # Does the expansion help every network?
//:
//: The paper trains a ResNet-50; its released classifier can be any of two dozen back-bones, from VGG to
//: Inception-ResNet-v2. If TGN's images show something new, a network should gain from them whatever its make. Here the
//: released back-bones are trained with and without the expansion.
//:
//: The figure below is: the tail accuracy of every network before and after.
import ArgumentParser
import Foundation
import LongTail
import Models
import Notebook

struct BackboneOptions: ParsableCommand {
  @OptionGroup var common: ExperimentOptions
  @Option(help: "The back-bones to train, with commas, or all; default: those that small pictures and two cores allow.")
  var backbones: String?
  @Option(help: ArgumentHelp("Folder with public weights NAME.pth to start from; default: at random.", valueName: "dir"))
  var weights: String?

  /// - Throws: `UnknownBackbone`.
  func names() throws -> [BackboneName] {
    if let backbones {
      return backbones == "all"
        ? BackboneName.allCases : try backbones.split(separator: ",").map { try BackboneName(named: String($0)) }
    }
    switch common.profile {
    case .smoke: return [.resnet18, .vgg11]
    case .default, .detailed: return [.resnet18, .resnet50, .efficientNetB0, .denseNet121]
    case .paper: return BackboneName.allCases
    }
  }
}

let options = BackboneOptions.parseOrExit()
/// The schedule of a back-bone: shorter than the other reports' in the small profiles, for large networks.
func schedule(_ name: BackboneName, _ settings: PipelineSettings) -> ClassifierSettings {
  var training = settings.classifier
  if options.common.profile == .paper { return training }
  training.batchSize = 32
  training.steps = options.common.profile == .smoke ? 2 : name.hasSlowAverages ? 1200 : 80
  return training
}

Experiment.run(
  "dior-backbones", options: options.common,
  parts: { settings, seeds in
    settings.parts(expansions: [.generated(.full, noiseRatio: settings.generation.noiseRatio)], seeds: [])
      .filter { $0.name != "judge" }
  }
) { experiment in
  let (notebook, settings) = (experiment.notebook, experiment.settings)
  let names = try options.names()
  let expanded = Expansion.generated(.full, noiseRatio: settings.generation.noiseRatio)

  //: ## Protocol
  //:
  //: Networks are as released, at their full width, whatever the size of the pictures. Every one trains for a few steps
  //: from random weights, unless public ones are given (`--weights`): large networks are then far from trained out, and
  //: accuracies compare before and after, not network with network. EfficientNet's batch norms take a hundredth of every
  //: batch into their running means, others a tenth: after a few steps what it is tested with would still be its start,
  //: so it gets more. Inception-ResNet-v2 needs larger pictures than the small profiles have.
  notebook.text(experiment.dataSummary)
  notebook.table(experiment.protocolTable, caption: "Settings of this profile, but for the classifier's steps.")
  notebook.table(
    Table(["Back-bone", "schedule", "side", "start"], rows: names.map { name in
      let training = schedule(name, settings)
      let steps = training.steps.map { "\($0) steps" } ?? "\(training.epochs) epochs"
      return [
        .text(name.rawValue), .text("\(steps) of \(training.batchSize)"), .text("\(training.side) px"),
        .text(options.weights == nil ? "random" : "public weights, where the folder has them"),
      ]
    }), caption: "What every back-bone gets.")

  //: ## Result
  func score(_ name: BackboneName, _ expansion: Expansion, _ title: String) throws -> ScoredRow {
    let file = options.weights.map { URL(fileURLWithPath: $0).appendingPathComponent("\(name.rawValue).pth") }
    let weights = file.flatMap { FileManager.default.fileExists(atPath: $0.path) ? $0 : nil }
    let row = try ScoredRow("\(name.rawValue), \(title)", seeds: experiment.seeds) {
      try experiment.pipeline.classify(
        expansion, backbone: name, training: schedule(name, settings), weights: weights, seed: $0)
    }
    notebook.value(row.name, row.json)
    return row
  }
  let pairs = try names.map { (before: try score($0, .none, "long-tailed"), after: try score($0, expanded, "TGN")) }
  notebook.table(
    pairs.flatMap { [$0.before, $0.after] }, columns: experiment.scoreColumns, caption: experiment.scoreLegend)
  notebook.plot(
    BarChart(
      "Tail accuracy of every back-bone", yLabel: "accuracy, %", groups: names.map(\.rawValue),
      series: [
        .init("long-tailed", samples: pairs.map { $0.before.values(\.tail).map { 100 * $0 } }),
        .init("with TGN's images", samples: pairs.map { $0.after.values(\.tail).map { 100 * $0 } }),
      ], yRange: 0...100), caption: "Mean and s.d. over seeds.")
  let family = ComparisonFamily(
    zip(names, pairs).map { ($0.rawValue, $1.after, $1.before) }, in: experiment)
  notebook.table(family.table, caption: "With TGN's images less without: " + ComparisonFamily.legend)

  //: ## Verdict
  for name in family.names { notebook.claim(family.claim("TGN's images help the tail of \(name).", name)) }
}
