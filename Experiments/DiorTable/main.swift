//: # TGN against the methods for long tails, on DIOR
//:
//: Many methods help a classifier with a long tail without drawing a single image: they draw the tail more often, weigh
//: it higher, ask for larger margins, correct the decision, or retrain the last layer. They cost nothing beside the
//: training itself. TGN trains two models, lets them teach each other, and trains a generator, before the classifier
//: sees an image. Is it worth it?
//:
//: The figures below are: the accuracy of every method on head and tail, and on each class. The tables after them
//: compare every method with doing nothing, and TGN with every other method.
import LongTail
import Notebook

let methods = ComparedMethod.all

Experiment.run(
  "dior-table", adjust: { $0.data.catalogue = "dior" }, parts: { $0.parts(methods, seeds: $1) },
  runs: { .runs(methods, $0, seeds: $1) }
) { experiment in
  let notebook = experiment.notebook

  //: ## Protocol
  //:
  //: Every row trains the same network from the same start for the same number of steps, with the same seeds. Methods
  //: that refine the last layer (cRT, LWS, SMOTE, τ-normalization, logit adjustment) start from the classifier of
  //: cross-entropy and leave everything before that layer as it is; the first three take some more steps for it, as
  //: their sources do. Hyperparameters are the sources': those of cRT, LWS, LDAM-DRW, logit adjustment and CutMix as in
  //: their released code, the others as the papers are commonly quoted, and τ = 1 for τ-normalization, which its source
  //: searches for. None was searched for here; but the last layer's schedule of cRT, LWS and SMOTE was brought in line
  //: with its source after a look at test scores. Under balanced softmax TGN's images count for the prior.
  //:
  //: DIOR's 20 classes are led by ships and vehicles, which make up most of the objects; the first 40 % of the classes
  //: are head.
  notebook.text(experiment.dataSummary)
  notebook.table(experiment.protocolTable, caption: "Settings of this profile.")
  notebook.table(
    MethodComparison.sources,
    caption: "Methods, and where they and their hyperparameters come from. TGN can be combined with each.")

  //: ## Result
  //:
  //: *Head* and *tail* are the method's own; *many*, *medium* and *few* group the classes by their number of training
  //: images, as the literature on long tails does. The *expected calibration error* tells how far a classifier's
  //: probabilities are from the shares in which it is right.
  let comparison = try MethodComparison(experiment, methods)
  comparison.showScores()

  //: ## Class by class
  //:
  //: A method that only shifts the decision towards the tail pays for it in the head. New images can give without
  //: taking, if they show something new.
  comparison.showClasses()

  //: ## Beyond the noise?
  //:
  //: Each difference is resampled over seeds and test images together. With many comparisons one will look good by
  //: chance; Holm's correction allows for that. What does not exclude zero then is *within the noise*. The generator
  //: was trained once, so the intervals do not tell what another one would have drawn.
  comparison.showComparisons()

  //: ## Verdict
  //:
  //: The paper compares TGN with methods for long tails on DIOR; its table could not be found. The only published
  //: figures are these, of a larger network on photographs:
  notebook.table(
    Table(["Published (another data set)", "long-tailed", "TGN"], rows: [
      ["DIOR, ResNet-50, overall accuracy in %", .number(Published.diorLongTailed), .number(Published.diorExpanded)]
    ]), caption: "Published figures, not comparable with those above.")
  comparison.showVerdict()
}
