//: # TGN against the methods for long tails, on DOTA
//:
//: DOTA's objects were cut out of large images, and the tail is thin: a helicopter for more than a hundred ships. The
//: question is that of `exp-dior-table`: does TGN, which trains two models and a generator, do better than methods that
//: cost nothing beside the classifier's own training?
//:
//: The figures below are: the accuracy of every method on head and tail, and on each class. The tables after them
//: compare every method with doing nothing, and TGN with every other method.
import LongTail
import Notebook

let methods = ComparedMethod.all

Experiment.run(
  "dota-table", adjust: { $0.data.catalogue = "dota" }, parts: { $0.parts(methods, seeds: $1) },
  runs: { .runs(methods, $0, seeds: $1) }
) { experiment in
  let notebook = experiment.notebook

  //: ## Protocol
  //:
  //: Every row trains the same network from the same start for the same number of steps, with the same seeds; methods
  //: that refine the last layer start from the classifier of cross-entropy and take some more steps for that layer
  //: alone. Hyperparameters and their one caveat are those of exp-dior-table.
  //:
  //: DOTA's training counts by class are not published: the 15 classes have the proportions of the test set. The share
  //: of head classes is DIOR's.
  notebook.text(experiment.dataSummary)
  notebook.table(experiment.protocolTable, caption: "Settings of this profile.")
  notebook.table(
    MethodComparison.sources,
    caption: "Methods, and where they and their hyperparameters come from. TGN can be combined with each.")

  //: ## Result
  //:
  //: *Head* and *tail* are the method's own; *many*, *medium* and *few* group the classes by their number of training
  //: images. The *expected calibration error* tells how far a classifier's probabilities are from the shares in which
  //: it is right.
  let comparison = try MethodComparison(experiment, methods)
  comparison.showScores()

  //: ## Class by class
  //:
  //: Large and small vehicles differ little from above, and so do the fields.
  comparison.showClasses()

  //: ## Beyond the noise?
  //:
  //: Each difference is resampled over seeds and test images together, and p-values are corrected for the number of
  //: comparisons (Holm). What does not exclude zero then is *within the noise*. The generator was trained once, so the
  //: intervals do not tell what another one would have drawn.
  comparison.showComparisons()

  //: ## Verdict
  //:
  //: TGN's own figures on DOTA could not be found. Neighbouring work (T2FTS, TGRS 2022) on photographs of the same
  //: split, in grey and with another optimizer:
  notebook.table(
    Table(["Published (another data set and method)", "cross-entropy", "T2FTS"], rows: [
      ["DOTA, ResNet-50, overall accuracy in %"] + Published.neighbourDOTA.map { .number($0.overall) },
      ["DOTA, ResNet-50, mean accuracy of the classes in %"] + Published.neighbourDOTA.map { .number($0.macro) },
    ]), caption: "Published figures, not comparable with those above.")
  comparison.showVerdict()
}
