//: # How many images should be added?
//:
//: The paper adds 7000 generated images to every tail class of DIOR and raises the accuracy of a ResNet-50 from 86.56 %
//: to 90.68 %. Is that the right number, and is it the images or the number that helps? Here the number runs from none
//: to twice the paper's share, once with TGN's images and once with the real ones repeated as often.
//:
//: The figures below are: accuracy by the number of images added, and the paper's own picture of its result redrawn
//: from the data of this run.
import LongTail
import Notebook

/// Shares of what the paper adds, which is 7000 where the largest class has 27 351.
let shares = [0, 0.1, 0.25, 0.5, 1, 2]
let kinds: [(name: String, expansion: (PipelineSettings) -> Expansion)] = [
  ("TGN", { .generated(.full, noiseRatio: $0.generation.noiseRatio) }), ("oversampled", { _ in .oversampling }),
]
func added(_ share: Double, _ settings: PipelineSettings) -> Int {
  Int((share * Double(settings.data.paperImagesPerClass)).rounded())
}
func label(_ share: Double, _ settings: PipelineSettings) -> String { "(\(added(share, settings)) added)" }

Experiment.run(
  "dior-expansion",
  parts: { settings, seeds in
    settings.parts(scored: [(.none, .crossEntropy)], seeds: seeds)
      + shares.dropFirst().flatMap { share in
        settings.parts(
          scored: kinds.map { ($0.expansion(settings), .crossEntropy) }, seeds: seeds, label: label(share, settings)
        ).filter { part in share == shares[1] || ["images", "classifier"].contains(where: part.name.hasPrefix) }
      }
  }
) { experiment in
  let (notebook, settings) = (experiment.notebook, experiment.settings)

  //: ## Protocol
  //:
  //: One generator draws all images; a larger set begins with the images of a smaller one. Every classifier trains for
  //: the same number of steps, whatever the size of its set, so that more images do not mean more training: the tail is
  //: then seen more often, and the head less.
  notebook.text(experiment.dataSummary)
  notebook.table(experiment.protocolTable, caption: "Settings of this profile; but for the images added, which are listed below.")

  //: ## Accuracy
  let baseline = try experiment.scored("long-tailed", .none)
  let sweeps = try kinds.map { kind in
    try shares.map { share -> ScoredRow in
      if share == 0 { return baseline }
      let pipeline = experiment.pipeline.varied(label(share, settings)) {
        $0.generation.imagesPerClass = added(share, $0)
      }
      return try experiment.scored("\(kind.name), \(added(share, settings)) added", kind.expansion(settings), by: pipeline)
    }
  }
  let rows = [baseline] + sweeps.flatMap { $0.dropFirst() }
  notebook.table(rows, columns: experiment.scoreColumns, caption: experiment.scoreLegend)
  notebook.table(
    Table(["Images added per tail class", "as DIOR's objects"], rows: shares.map {
      [.count(added($0, settings)), .count(Int((7000 * $0).rounded()))]
    }), caption: "The number added here, and in proportion to DIOR's own largest class.")
  for (title, measure) in [("Tail accuracy", \Scores.tail), ("Overall accuracy", \Scores.overall)] {
    notebook.plot(
      LinePlot(
        "\(title) by images added", xLabel: "images added per tail class", yLabel: "accuracy, %",
        series: zip(kinds, sweeps).map { kind, sweep in
          .init(kind.name, samples: zip(shares, sweep).map { share, row in
            (Double(added(share, settings)), row.values(measure).map { 100 * $0 })
          })
        }), caption: "\(title), mean and s.d. over seeds; none added is the long-tailed set for both.")
  }
  let family = ComparisonFamily(rows, minus: baseline, in: experiment)
  notebook.table(family.table, caption: "Every number less the long-tailed set: " + ComparisonFamily.legend)

  //: ## The paper's picture
  //:
  //: Bars are the classes, from the most to the fewest training images; the lines run along the counts before and after
  //: the expansion, each with the overall accuracy that it leads to. The number of images is the paper's share.
  let tgn = sweeps[0][shares.firstIndex(of: 1)!]
  notebook.plot(
    experiment.expansionBars(before: baseline, after: tgn, added: added(1, settings)),
    caption: "The paper's figure with the data of this run: \(experiment.data.name), means over seeds.")
  notebook.table(
    Table(["Overall accuracy in %", "long-tailed", "expanded"], rows: [
      [.text("here, \(experiment.data.name)"), mean(baseline), mean(tgn)],
      ["published: DIOR, ResNet-50 (another data set)", .number(Published.diorLongTailed), .number(Published.diorExpanded)],
    ]), caption: "The published figures belong to photographs and a larger network: not comparable with ours.")
  notebook.plot(
    experiment.distribution(before: baseline, after: tgn, added: added(1, settings)),
    caption: "The same with both classifiers' accuracy by class on the right axis.")

  //: ## Verdict
  let controls = ComparisonFamily(
    zip(shares, zip(sweeps[0], sweeps[1])).filter { $0.0 > 0 }.map { share, pair in
      ("\(added(share, settings)) added", pair.0, pair.1)
    }, in: experiment)
  notebook.table(
    controls.table, caption: "TGN less oversampling to the same counts: " + ComparisonFamily.legend)
  notebook.claim(family.claim("At the paper's share TGN raises the tail accuracy.", tgn.name))
  notebook.claim(
    controls.claim("There it raises it over oversampling.", "\(added(1, settings)) added"))
  let overall = family.overall[family.names.firstIndex(of: tgn.name)!]
  notebook.claim(
    Claim("At the paper's share TGN raises the overall accuracy, as published for DIOR.", comparison: overall, scale: 100))
  let (half, double) = (sweeps[0][shares.firstIndex(of: 0.5)!], sweeps[0].last!)
  notebook.claim(
    "Twice the paper's share is better on the tail than half of it.",
    difference: PairedDifference(double.values(\.tail), minus: half.values(\.tail)), scale: 100)
}

func mean(_ row: ScoredRow) -> TableCell { .meanAndDeviation(row.values(\.overall), scale: 100) }
