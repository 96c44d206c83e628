//: # Is a generator worth its training?
//:
//: TGN trains two classifiers, lets them teach each other, and trains a GAN under their eyes and CLIP's, to draw what
//: the tail lacks. Much simpler ways make new training images too: repeat the real ones, turn and shift them, blend two
//: of them, or blend not the images but a network's features of them. Each is given the same number of images to add.
//:
//: The figures below are: the accuracy each leads to, and the images themselves.
import Imaging
import LongTail
import Notebook

struct Way {
  let name: String
  let expansion: (Float) -> Expansion
  var method = LongTailMethod.crossEntropy
  /// Whether it makes images that can be looked at.
  var draws = true
}
let ways = [
  Way(name: "long-tailed", expansion: { _ in .none }, draws: false),
  Way(name: "oversampling", expansion: { _ in .oversampling }),
  Way(name: "turned, mirrored, shifted", expansion: { _ in .drawn(.geometric) }),
  Way(name: "mixup of two of a class", expansion: { _ in .drawn(.mixup) }),
  Way(name: "CutMix of two of a class", expansion: { _ in .drawn(.cutMix) }),
  Way(name: "mixup while training", expansion: { _ in .none }, method: .mixup, draws: false),
  Way(name: "CutMix while training", expansion: { _ in .none }, method: .cutMix, draws: false),
  Way(name: "feature-space SMOTE", expansion: { _ in .none }, method: .featureSMOTE, draws: false),
  Way(name: "plain conditional GAN", expansion: { .generated(.plain, noiseRatio: $0) }),
  Way(name: "TGN without CLIP", expansion: { .generated(.classifierLoss, noiseRatio: $0) }),
  Way(name: "TGN", expansion: { .generated(.full, noiseRatio: $0) }),
]

Experiment.run(
  "dior-generators",
  parts: { settings, seeds in
    settings.parts(scored: ways.map { ($0.expansion(settings.generation.noiseRatio), $0.method) }, seeds: seeds)
  }
) { experiment in
  let (notebook, pipeline) = (experiment.notebook, experiment.pipeline)
  let ratio = experiment.settings.generation.noiseRatio

  //: ## Protocol
  //:
  //: Each way adds the same number of images to every tail class, and the same classifier trains on the set for the
  //: same number of steps. Three ways make no images: mixup and CutMix as published blend whole batches while the
  //: classifier trains, labels included, on the long-tailed set; SMOTE makes features for its last layer, and nothing
  //: else is trained on them. The GANs share their network, start and schedule.
  notebook.text(experiment.dataSummary)
  notebook.table(experiment.protocolTable, caption: "Settings of this profile.")

  //: ## Accuracy
  let rows = try ways.map { try experiment.scored($0.name, $0.expansion(ratio), method: $0.method) }
  notebook.table(rows, columns: experiment.scoreColumns, caption: experiment.scoreLegend)
  notebook.plot(
    BarChart(
      "Accuracy on head and tail", yLabel: "accuracy, %", groups: rows.map(\.name),
      series: [
        .init("head", samples: rows.map { $0.values(\.head).map { 100 * $0 } }),
        .init("tail", samples: rows.map { $0.values(\.tail).map { 100 * $0 } }),
      ], yRange: 0...100), caption: "Head and tail accuracy, mean and s.d. over seeds.")
  let (baseline, tgn) = (rows[0], rows[rows.count - 1])
  let overBaseline = ComparisonFamily(rows, minus: baseline, in: experiment)
  notebook.table(overBaseline.table, caption: "Every way less the long-tailed set: " + ComparisonFamily.legend)
  let overRivals = ComparisonFamily(rows.dropLast().map { ($0.name, tgn, $0) }, in: experiment)
  notebook.table(overRivals.table, caption: "TGN less every other way: " + ComparisonFamily.legend)

  //: ## The images
  //:
  //: The judge has seen balanced real images of every class. Repeats of real images are the best there can be in
  //: likeness and the worst in novelty; a good generator is near them in the first and near real unseen images, at 1 in
  //: spread and novelty and 5 % of copies, in the second.
  let drawing = ways.filter(\.draws)
  let qualities = try drawing.map { QualityRow($0.name, try pipeline.quality(of: $0.expansion(ratio))) }
  for row in qualities { notebook.value("quality \(row.name)", row.json) }
  notebook.table(qualities, columns: QualityRow.likeness, caption: QualityRow.likenessLegend)
  notebook.table(qualities, columns: QualityRow.variety, caption: QualityRow.varietyLegend)
  notebook.plot(
    ScatterPlot(
      "Likeness and novelty", xLabel: "novelty (1: as far from training images as unseen real ones)",
      yLabel: "class consistency by the judge, %",
      points: qualities.map { ($0.name, $0.quality.mean(\.novelty) ?? .nan, 100 * $0.quality.consistency) },
      yRange: 0...100), caption: "Wanted: top right. Repeats lie at the left end.")
  if experiment.data.isProcedural {
    notebook.sheet(
      try sheet(experiment, drawing.map { ($0.name, $0.expansion(ratio)) }),
      caption: "The same number of images of each way that draws some, a row for each tail class.")
  } else {
    notebook.sheet(
      try experiment.comparisonSheet(generated: try pipeline.addedImages(ways.last!.expansion(ratio))),
      caption: "Images generated by TGN. Ways that show photographs of the data set are left out.")
  }

  //: ## Verdict
  notebook.claim(overBaseline.claim("TGN raises the tail accuracy.", tgn.name))
  for rival in rows.dropFirst().dropLast() {
    notebook.claim(overRivals.claim("On the tail TGN is ahead of: \(rival.name).", rival.name))
  }
  func perClass(_ row: Int) -> [Double] { qualities[row].quality.classes.map(\.consistency) }
  let (plain, withoutText, full) = (qualities.count - 3, qualities.count - 2, qualities.count - 1)
  //: The last two compare class by class; their intervals are over the tail classes.
  notebook.claim(
    "TGN's images keep their class more often than a plain conditional GAN's.",
    difference: PairedDifference(perClass(full), minus: perClass(plain)), scale: 100)
  notebook.claim(
    "CLIP's guidance makes images keep their class more often.",
    difference: PairedDifference(perClass(full), minus: perClass(withoutText)), scale: 100)
}

/// Two columns of images for each way, a row for each tail class.
func sheet(_ experiment: Experiment, _ ways: [(name: String, expansion: Expansion)]) throws -> Image {
  let side = experiment.settings.cdtg.side
  var sheet = ImageSheet(
    columnHeadings: ways.flatMap { [wrapped($0.name), ""] }, magnification: max(1, 64 / side), textScale: 1)
  let sets = try ways.map { try experiment.pipeline.addedImages($0.expansion) }
  for label in experiment.data.split.tailClasses {
    sheet.append(
      label: experiment.data.prompts[label],
      try sets.flatMap { set in try set.indicesByClass[label].prefix(2).map { try set.image(at: $0, side: side) } })
  }
  return sheet.rendered()
}

/// A word in each line, so that a heading is no wider than an image.
func wrapped(_ name: String) -> String { name.split(separator: " ").joined(separator: "\n") }
