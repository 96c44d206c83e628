//: # Which part of TGN carries the gain?
//:
//: A classifier trained on a long-tailed aerial data set fails on the tail. TGN draws new tail images and trains on
//: the expanded set. It has four parts, and this experiment adds them one by one: a conditional GAN; *tail features*,
//: from which the generator starts instead of from noise alone; *KMDN*, the mutual distillation that teaches the tail
//: model what the head model knows; a *classifier loss* and a *text loss* (CLIP) that keep drawn images on their class.
//:
//: The figures below are: the class distribution before and after with both accuracies, as the paper shows it; the
//: accuracy of every class; real beside generated images; and the losses of the generator's training.
import Imaging
import LongTail
import Notebook

let rows: [(name: String, expansion: (Float) -> Expansion)] = [
  ("long-tailed", { _ in .none }),
  ("oversampled to the same counts (control)", { _ in .oversampling }),
  ("+ plain conditional GAN", { .generated(.plain, noiseRatio: $0) }),
  ("+ tail features, no distillation", { .generated(.tailFeatures, noiseRatio: $0) }),
  ("+ KMDN", { .generated(.kmdn, noiseRatio: $0) }),
  ("+ classifier loss", { .generated(.classifierLoss, noiseRatio: $0) }),
  ("+ text loss (full TGN)", { .generated(.full, noiseRatio: $0) }),
]

Experiment.run(
  "dior-ablation",
  parts: { settings, seeds in
    settings.parts(expansions: rows.map { $0.expansion(settings.generation.noiseRatio) }, seeds: seeds)
  },
  runs: { settings, seeds in
    .runs(expansions: rows.map { $0.expansion(settings.generation.noiseRatio) }, seeds: seeds)
  }
) { experiment in
  let (notebook, pipeline) = (experiment.notebook, experiment.pipeline)

  //: ## Protocol
  //:
  //: Classes are sorted by their number of training images; the most frequent are head, the others tail, by the share
  //: given below. Every row trains the same network for the same number of steps on the long-tailed set plus what the
  //: row adds to each tail class; only the classifier's seed changes within a row. Nothing is chosen on the test set: the
  //: number of images added was, among three, on other scenes for training and testing (`--set data.seed=101`).
  notebook.text(experiment.dataSummary)
  notebook.table(experiment.protocolTable, caption: "Settings of this profile.")

  //: ## Judge
  //:
  //: Generated images are judged by a network that had no part in making them. It has seen balanced real images of
  //: every class, which the methods under test have not.
  let judge = try pipeline.judge()
  notebook.table(
    Table(["Judge", "overall", "head", "tail"], rows: [
      ["accuracy on the test set, %", .percent(judge.scores.overall), .percent(judge.scores.head), .percent(judge.scores.tail)]
    ]), caption: "What the judge itself gets right.")
  notebook.value("judge", judge.scores.json)

  //: ## Result
  //:
  //: Each row adds one part to the row before it.
  let scored = try rows.map { row in
    try ScoredRow(row.name, seeds: experiment.seeds) {
      try pipeline.classify(row.expansion(experiment.settings.generation.noiseRatio), seed: $0)
    }
  }
  let (baseline, control, full) = (scored[0], scored[1], scored[6])
  notebook.table(
    scored, columns: ScoredRow.columns(against: baseline),
    caption: "Accuracy and macro F1 in %, mean ± s.d. over classifier seeds; Δ: paired difference to the first row with "
      + "its 95 % interval.")
  for row in scored { notebook.value(row.name, row.json) }
  notebook.plot(
    experiment.distribution(before: baseline, after: full),
    caption: "Training images of each class with those that TGN adds, and both classifiers' accuracy by class.")
  notebook.plot(
    experiment.perClassChart([baseline, control, full]), caption: "Accuracy of every tail class, mean and s.d. over seeds.")
  notebook.plot(
    experiment.confusion(full), caption: "What the full method's classifiers take the test images for, all seeds together.")

  //: What is there to gain? The judge, which has seen balanced images of every class and more steps, knows the tail so
  //: much better than the first row does. Where that is little, images of the tail have little to teach.
  notebook.table(
    Table(["Tail accuracy, %", "long-tailed", "full TGN", "judge", "judge − long-tailed"], rows: [
      [
        "mean over seeds", .meanAndDeviation(baseline.values(\.tail), scale: 100),
        .meanAndDeviation(full.values(\.tail), scale: 100), .number(100 * judge.scores.tail),
        .number(100 * (judge.scores.tail - Statistics.mean(baseline.values(\.tail)))),
      ]
    ]), caption: "What balanced images know of the tail that the long-tailed set does not.")

  //: ## What was drawn
  //:
  //: Left real training images (of procedural scenes; photographs are not shown), right generated ones of the full
  //: method. *Consistency* is the share that the judge puts
  //: in the right class, and proves little alone, since a generator can learn to please classifiers. The first row of
  //: the tables shows what repeating the real images measures: as good as can be, and nothing but copies.
  let fullImages = rows[6].expansion(experiment.settings.generation.noiseRatio)
  notebook.sheet(
    try experiment.comparisonSheet(generated: try pipeline.addedImages(fullImages)),
    caption: experiment.data.isProcedural
      ? "Real (left) and generated (right) images of the tail classes." : "Generated images of the tail classes.")
  let qualities = try rows.dropFirst().map { row in
    QualityRow(row.name, try pipeline.quality(of: row.expansion(experiment.settings.generation.noiseRatio)))
  }
  notebook.table(qualities, columns: QualityRow.likeness, caption: QualityRow.likenessLegend)
  notebook.table(qualities, columns: QualityRow.variety, caption: QualityRow.varietyLegend)
  for row in qualities { notebook.value("quality \(row.name)", row.json) }
  notebook.table(
    experiment.qualityByClass(qualities.last!.quality), caption: "The full method's images, class by class.")
  notebook.table(
    experiment.bestAndWorst(qualities.last!.quality, before: baseline, after: full),
    caption: "The classes that the full method draws best and worst, and those whose accuracy it changes most; means "
      + "over seeds.")
  if let sheet = try experiment.nearestNeighbourSheet(fullImages) {
    notebook.sheet(sheet, caption: "Generated images of the full method, each beside the training image nearest to it.")
  }
  notebook.plot(try experiment.lossPlot(.full), caption: "Losses while the full method's generator was trained, smoothed.")

  //: ## Verdict
  //:
  //: The intervals are over classifier seeds: each row's generator was trained once, so they do not tell what another
  //: generator of the same row would have drawn. The text-image model has seen captioned scenes of all classes, other
  //: scenes than these, as the paper's CLIP knows all words; what the text loss adds may come from there. What the tail
  //: gains, the head loses in part, with oversampling as with generated images: the budget of steps is the same.
  //:
  //: The paper claims that every part helps. Published for DIOR itself, with a larger network on real photographs:
  notebook.table(
    Table(["Published (another data set)", "long-tailed", "expanded"], rows: [
      ["DIOR, ResNet-50, overall accuracy in %", .number(Published.diorLongTailed), .number(Published.diorExpanded)]
    ]), caption: "Published figures, not comparable with those above.")
  let steps: [(claim: String, after: ScoredRow, before: ScoredRow)] = [
    ("Images drawn by TGN raise the tail accuracy over the long-tailed baseline.", full, baseline),
    ("They raise it over oversampling the real tail images to the same counts.", full, control),
    ("Starting from tail features beats starting from noise and a label alone.", scored[3], scored[2]),
    ("Mutual distillation makes the features better.", scored[4], scored[3]),
    ("The classifier loss helps.", scored[5], scored[4]),
    ("The text loss helps.", scored[6], scored[5]),
  ]
  for step in steps {
    notebook.claim(
      step.claim, difference: PairedDifference(step.after.values(\.tail), minus: step.before.values(\.tail)), scale: 100)
  }
  notebook.claim(
    "Overall accuracy rises too.",
    difference: PairedDifference(full.values(\.overall), minus: baseline.values(\.overall)), scale: 100)
}
