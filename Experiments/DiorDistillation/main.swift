//: # What does mutual distillation teach?
//:
//: KMDN trains a head model and a tail model, lets the tail model teach the head model its features, and then the head
//: model, so taught, the tail model. Each pupil learns its own labelled images and is drawn towards its teacher's map
//: by α times the mean squared difference. This experiment asks which direction is needed, in which order, how strong α
//: should be and at which stage of the network, and what becomes of the released code's starting points, models of one
//: epoch.
//:
//: The figures below are: the accuracy of both models for every α, and the tail model's for every plan.
import LongTail
import Notebook

let alphas: [Float] = [0, 0.1, 0.2, 0.5, 1]
let plans = [
  DistillationPlan(name: "no distillation", directions: []),
  DistillationPlan(name: "KMDN"),
  DistillationPlan(name: "head teaches tail alone", directions: [.toTail]),
  DistillationPlan(name: "tail teaches head alone", directions: [.toHead]),
  DistillationPlan(name: "head teaches first", directions: [.toTail, .toHead]),
  DistillationPlan(name: "KMDN at stage 2", label: "at stage 2") { $0.distillation.featureStage = 2 },
  DistillationPlan(name: "KMDN at stage 4", label: "at stage 4") { $0.distillation.featureStage = 4 },
  DistillationPlan(name: "released start, one epoch", label: "released") { settings in
    (settings.headModel.steps, settings.headModel.epochs) = (nil, 1)
    (settings.tailModel.steps, settings.tailModel.epochs) = (nil, 1)
    settings.distillation.continuesSchedule = true
  },
]

Experiment.run(
  "dior-distillation",
  parts: { settings, seeds in
    settings.parts(scored: generated(settings).map { ($0, .crossEntropy) }, seeds: seeds)
  }
) { experiment in
  let (notebook, pipeline) = (experiment.notebook, experiment.pipeline)

  //: ## Protocol
  //:
  //: Here a seed stands for everything: head model, tail model and both directions. Models are scored on the test
  //: images of their own classes alone, so head and tail accuracy are not those of the other reports. α = 0 trains on
  //: without a teacher: what it gains comes from the longer training.
  notebook.text(experiment.dataSummary)
  notebook.table(experiment.protocolTable, caption: "Settings of this profile.")

  //: ## How strong
  let sweep = try alphas.map { alpha in
    try experiment.experts(
      DistillationPlan(name: "α = \(NumberFormat.fixed(Double(alpha)))", label: "α = \(alpha)") {
        $0.distillation.alpha = alpha
      })
  }
  notebook.table(
    zip(alphas, sweep).map { ($0, $1) },
    columns: [
      TableColumn("α") { .number(Double($0.0)) },
      TableColumn("head model, %") { .meanAndDeviation($0.1.head.values(\.overall), scale: 100) },
      TableColumn("tail model, %") { .meanAndDeviation($0.1.tail.values(\.overall), scale: 100) },
      TableColumn("tail model, macro F1") { .meanAndDeviation($0.1.tail.values(\.macroF1), scale: 100) },
    ], caption: "Accuracy of both models after KMDN on the test images of their classes, mean ± s.d. over seeds.")
  notebook.plot(
    LinePlot(
      "Accuracy after KMDN by α", xLabel: "weight α of the feature loss", yLabel: "accuracy, %",
      series: [("head model", \DistilledExperts.head), ("tail model", \.tail)].map { name, model in
        .init(name, samples: zip(alphas, sweep).map { alpha, rows in
          (Double(alpha), rows[keyPath: model].values(\.overall).map { 100 * $0 })
        })
      }), caption: "Both models on the test images of their own classes, mean and s.d. over seeds.")

  //: ## Which directions, in which order, at which stage
  //:
  //: *KMDN*: the tail model teaches the head model, then the head model the tail model. *Head teaches first*: the other
  //: way round. *At stage 2* and *4*: the map that is taught is not the third stage's. *Released start, one epoch*: head
  //: and tail model have seen their images once, and the second direction goes on with the learning rate of the first, as
  //: in the released code.
  let rows = try plans.map(experiment.experts)
  let start = rows[0]
  func difference(_ row: ScoredRow, _ other: ScoredRow) -> PairedDifference {
    PairedDifference(row.values(\.overall), minus: other.values(\.overall))
  }
  notebook.table(
    rows,
    columns: [
      TableColumn("Plan", .left) { .text($0.tail.name) },
      TableColumn("head model, %") { .meanAndDeviation($0.head.values(\.overall), scale: 100) },
      TableColumn("tail model, %") { .meanAndDeviation($0.tail.values(\.overall), scale: 100) },
      TableColumn("Δ head") { .difference(difference($0.head, start.head), scale: 100) },
      TableColumn("Δ tail") { .difference(difference($0.tail, start.tail), scale: 100) },
    ],
    caption: "Accuracy on the test images of each model's classes, mean ± s.d. over seeds, and paired differences to no "
      + "distillation with their 95 % intervals.")
  notebook.plot(
    BarChart(
      "Accuracy of both models", yLabel: "accuracy, %", groups: rows.map(\.tail.name),
      series: [
        .init("head model", samples: rows.map { $0.head.values(\.overall).map { 100 * $0 } }),
        .init("tail model", samples: rows.map { $0.tail.values(\.overall).map { 100 * $0 } }),
      ], yRange: 0...100), caption: "Both models on the test images of their own classes, mean and s.d. over seeds.")

  //: ## What the generator makes of it
  //:
  //: KMDN is there for the generator, which starts from the tail model's map. Three generators, without classifier or
  //: text loss: on the tail model as it was, on one trained on without a teacher (α = 0), and on KMDN's.
  let (plain, distilled) = (generated(experiment.settings)[0], generated(experiment.settings)[1])
  let untaught = pipeline.varied("α = 0") { $0.distillation.alpha = 0 }
  let ends = [
    (name: "tail model as it was", by: pipeline, expansion: plain),
    (name: "trained on, no teacher", by: untaught, expansion: distilled),
    (name: "KMDN", by: pipeline, expansion: distilled),
  ]
  let scored = try ends.map { try experiment.scored($0.name, $0.expansion, by: $0.by) }
  notebook.table(scored, columns: experiment.scoreColumns, caption: experiment.scoreLegend)
  let qualities = try ends.map { QualityRow($0.name, try $0.by.quality(of: $0.expansion)) }
  for row in qualities { notebook.value("quality \(row.name)", row.json) }
  notebook.table(qualities, columns: QualityRow.likeness, caption: QualityRow.likenessLegend)
  let family = ComparisonFamily(
    [("KMDN less the tail model as it was", scored[2], scored[0]), ("KMDN less no teacher", scored[2], scored[1])],
    in: experiment)
  notebook.table(family.table, caption: "Classifiers trained on the images: " + ComparisonFamily.legend)

  //: ## Verdict
  //:
  //: The first claims have intervals over seeds of the two models, the last two over seeds of the classifiers, with one
  //: generator each.
  let steps: [(claim: String, after: ScoredRow, before: ScoredRow)] = [
    ("KMDN makes the tail model better than it was.", rows[1].tail, start.tail),
    ("It is the teacher that does it, not the longer training (α = 0).", rows[1].tail, sweep[0].tail),
    ("KMDN makes the head model better than it was.", rows[1].head, start.head),
    ("A head model that the tail model has taught first is the better teacher.", rows[1].tail, rows[2].tail),
    ("The third stage is better than the second.", rows[1].tail, rows[5].tail),
    ("The third stage is better than the fourth.", rows[1].tail, rows[6].tail),
    ("Whole models are better to start from than the released code's one epoch.", rows[1].tail, rows[7].tail),
  ]
  for step in steps { notebook.claim(step.claim, difference: difference(step.after, step.before), scale: 100) }
  for name in family.names { notebook.claim(family.claim("On the tail, images are better: \(name).", name)) }
}

/// The generators compared: on the tail model as it was, and on KMDN's.
func generated(_ settings: PipelineSettings) -> [Expansion] {
  [GeneratorVariant.tailFeatures, .kmdn].map { .generated($0, noiseRatio: settings.generation.noiseRatio) }
}
