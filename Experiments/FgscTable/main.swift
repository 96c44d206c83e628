//: # TGN against the methods for long tails, on FGSC-23
//:
//: FGSC-23 has 23 kinds of ships, which differ in their decks more than in their outlines, and a tail that is short:
//: the largest class has some eight times the images of the smallest. All classes are small. Here a generator has
//: little to learn from, and a method that only balances has little to balance.
//:
//: The figures below are: the accuracy of every method on head and tail, and on each class. The tables after them
//: compare every method with doing nothing, and TGN with every other method.
import LongTail
import Notebook

let methods = ComparedMethod.all

Experiment.run(
  "fgsc-table", adjust: { $0.useFGSC() }, parts: { $0.parts(methods, seeds: $1) },
  runs: { .runs(methods, $0, seeds: $1) }
) { experiment in
  let notebook = experiment.notebook

  //: ## Protocol
  //:
  //: Every row trains the same network from the same start for the same number of steps, with the same seeds; methods
  //: that refine the last layer start from the classifier of cross-entropy and take some more steps for that layer
  //: alone. Hyperparameters and their one caveat are those of exp-dior-table.
  //:
  //: The training counts follow the published test counts; four classes are published only together. A third of the
  //: classes are head, as the released code has it for this data set.
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
  //: Ships of one navy look alike; what is lost to a neighbour shows here.
  comparison.showClasses()

  //: ## Beyond the noise?
  //:
  //: Each difference is resampled over seeds and test images together, and p-values are corrected for the number of
  //: comparisons (Holm). What does not exclude zero then is *within the noise*. The generator was trained once, so the
  //: intervals do not tell what another one would have drawn.
  comparison.showComparisons()

  //: ## Verdict
  //:
  //: TGN's own figures on FGSC-23 could not be found. Neighbouring work (T2FTS, TGRS 2022) on photographs of the same
  //: split, in grey and with another optimizer:
  notebook.table(
    Table(["Published (another data set and method)", "cross-entropy", "T2FTS"], rows: [
      ["FGSC-23, ResNet-50, overall accuracy in %"] + Published.neighbourFGSC.map { .number($0.overall) },
      ["FGSC-23, ResNet-50, mean accuracy of the classes in %"] + Published.neighbourFGSC.map { .number($0.macro) },
    ]), caption: "Published figures, not comparable with those above.")
  comparison.showVerdict()
}
