//: # How much noise should the generator get?
//:
//: The generator starts from r · noise + (1 − r) · feature, the feature being what the tail model sees in a real tail
//: image. With r = 0 every image is a function of the real one that it started from, and may be its copy; with r = 1
//: nothing is left of it but the label, and the image may leave its class. The paper looks for the ratio in between,
//: and its released command draws with r = 0.05.
//:
//: The figures below are: the accuracy of classifiers trained on images of each ratio, what the judge thinks of those
//: images, and the images themselves.
import LongTail
import Notebook

let ratios: [Float] = [0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1]
func expansion(_ ratio: Float) -> Expansion { .generated(.full, noiseRatio: ratio) }

Experiment.run(
  "dior-noise-ratio",
  parts: { settings, seeds in
    settings.parts(scored: ([.none] + ratios.map(expansion)).map { ($0, .crossEntropy) }, seeds: seeds)
  }
) { experiment in
  let (notebook, pipeline) = (experiment.notebook, experiment.pipeline)

  //: ## Protocol
  //:
  //: One generator, trained once with ratios drawn anew for every step from the range below. It draws the same number
  //: of images at each ratio, from the same real ones and the same noise; each set expands the same long-tailed set for
  //: fresh classifiers. No ratio is chosen on the test set: the other experiments use the one below.
  notebook.text(experiment.dataSummary)
  notebook.table(experiment.protocolTable, caption: "Settings of this profile.")

  //: ## Accuracy
  let baseline = try experiment.scored("long-tailed", .none)
  let rows = try ratios.map { ratio in
    try experiment.scored("r = \(NumberFormat.fixed(Double(ratio)))", expansion(ratio))
  }
  notebook.table([baseline] + rows, columns: experiment.scoreColumns, caption: experiment.scoreLegend)
  notebook.plot(
    LinePlot(
      "Accuracy by noise ratio", xLabel: "noise ratio r of the images added", yLabel: "accuracy, %",
      series: [("overall", \Scores.overall), ("head", \Scores.head), ("tail", \Scores.tail)].map { name, measure in
        .init(name, samples: zip(ratios, rows).map { (Double($0), $1.values(measure).map { 100 * $0 }) })
      }), caption: "Accuracy of classifiers trained on images of each ratio, mean and s.d. over seeds.")
  let family = ComparisonFamily([baseline] + rows, minus: baseline, in: experiment)
  notebook.table(family.table, caption: "Every ratio less the long-tailed set: " + ComparisonFamily.legend)

  //: ## The images
  //:
  //: *Consistency* should fall with r and *diversity* rise; *copies* tells how many images lie closer to a training
  //: image than unseen real ones do.
  let qualities = try zip(ratios, rows).map { QualityRow($1.name, try pipeline.quality(of: expansion($0))) }
  for row in qualities { notebook.value("quality \(row.name)", row.json) }
  notebook.table(qualities, columns: QualityRow.likeness, caption: QualityRow.likenessLegend)
  notebook.table(qualities, columns: QualityRow.variety, caption: QualityRow.varietyLegend)
  func line(_ name: String, scale: Double = 1, _ measure: (ImageSetQuality) -> Double?) -> LinePlot.Series {
    .init(name, points: zip(ratios, qualities).map { (Double($0), scale * (measure($1.quality) ?? .nan)) })
  }
  notebook.plot(
    LinePlot(
      "Class consistency and copies by noise ratio", xLabel: "noise ratio r", yLabel: "share of the images, %",
      series: [
        line("class consistency (judge)", scale: 100) { $0.consistency },
        line("class consistency (CLIP)", scale: 100) { $0.mean(\.textConsistency) },
        line("copies", scale: 100) { $0.mean(\.copies) },
      ], yRange: 0...100), caption: "Images put in their class by the judge and by the small CLIP, and copies.")
  notebook.plot(
    LinePlot(
      "Variety by noise ratio", xLabel: "noise ratio r", yLabel: "relative to real test images",
      series: [
        line("spread: distance within a class") { $0.mean(\.spread) },
        line("novelty: distance to training images") { $0.mean(\.novelty) },
      ]), caption: "Distances in the judge's features over those of unseen real images, which lie at 1.")
  notebook.sheet(
    try experiment.sheet(of: ratios.map { ("r \(NumberFormat.fixed(Double($0)))", expansion($0)) }),
    caption: "One class in a row of each ratio: the same real images and noise.")

  //: ## Verdict
  let low = ratios.indices.filter { ratios[$0] <= 0.2 }
  let high = ratios.indices.filter { ratios[$0] >= 0.8 }
  func tail(_ group: [Int]) -> [Double] {
    experiment.seeds.indices.map { seed in Statistics.mean(group.map { rows[$0].values(\.tail)[seed] }) }
  }
  notebook.claim(
    "Mostly feature (r ≤ 0.2) beats mostly noise (r ≥ 0.8) on the tail.",
    difference: PairedDifference(tail(low), minus: tail(high)), scale: 100)
  //: The next claims compare the two ends class by class; their intervals are over the tail classes.
  let (none, all) = (qualities.first!.quality.classes, qualities.last!.quality.classes)
  notebook.claim(
    "Images of noise alone leave their class more often than those of features alone.",
    difference: PairedDifference(none.map(\.consistency), minus: all.map(\.consistency)), scale: 100)
  let varied = zip(none, all).compactMap { low, high in low.diversity.flatMap { a in high.diversity.map { $0 - a } } }
  notebook.claim("Noise makes the images of a class more diverse.", difference: PairedDifference(differences: varied))
  let copied = zip(none, all).compactMap { low, high in low.copies.flatMap { a in high.copies.map { a - $0 } } }
  notebook.claim(
    "Without noise more images are copies of training images.", difference: PairedDifference(differences: copied),
    scale: 100)
}
