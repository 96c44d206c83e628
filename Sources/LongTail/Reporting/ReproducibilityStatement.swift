import Notebook

/// The summary of a reproduction in the form that the ML Reproducibility Challenge asks for. Numbers of verdicts come
/// from the reports; the rest is what whoever built this found.
public enum ReproducibilityStatement {
  public static func markdown(for index: ReportIndex) -> String {
    let names = index.entries.map(\.folder)
    func verdicts(_ matches: (String) -> Bool) -> String {
      let entries = index.entries.filter { matches($0.folder) }
      func sum(_ verdict: String) -> Int { entries.reduce(0) { $0 + $1.count(verdict) } }
      return "\(sum("holds")) hold, \(sum("does not hold")) do not, \(sum("not decided")) are open"
    }
    let onScenes = index.entries.filter { $0.data.contains("procedural") }.count
    return """
      ## Reproducibility checklist

      In the form of the ML Reproducibility Challenge. The paper: *Text-Guided Diverse Image Synthesis for Long-Tailed \
      Remote Sensing Object Classification*, IEEE TGRS 2024, doi 10.1109/TGRS.2024.3422095, with released PyTorch code.

      ### Scope

      The paper claims that images drawn by TGN, added to the tail classes, raise the accuracy of a classifier on \
      long-tailed aerial object sets (published on DIOR with ResNet-50: \
      \(NumberFormat.fixed(Published.diorLongTailed)) % to \(NumberFormat.fixed(Published.diorExpanded)) %), and that each \
      part (tail features, mutual distillation, classifier loss, text loss) has its share in it. The reports ask both, and what the paper leaves open: whether it beats \
      oversampling and other methods for long tails, and whether the drawn images are new and of their class. Tables \
      of the paper that could not be found are not compared with.

      ### Methodology

      - **Code**: written anew in Swift from the paper and from what the released code does; the networks are compared \
      with values of the released code (`tgn selfcheck`). Where paper and released code differ, the paper is followed \
      and the difference listed below.
      - **Data**: \(onScenes) of \(index.entries.count) reports are on procedural scenes that the package draws, with \
      the published long tails scaled down. They need no download and no licence, and are not the paper's data. DIOR, DOTA \
      and FGSC-23 are read from disk (`--data`), through the same code.
      - **Sizes**: the default profile is small, so that everything runs on two cores; `--profile paper` has the \
      paper's sizes and schedules, `--estimate` says what they would cost.
      - **Hyperparameters**: those of the paper or the released code where the sizes are the paper's. Those of the \
      small profiles are this project's own; the trials that led to them were not recorded. Other methods have their \
      sources' values; the one caveat stands in their reports.
      - **Statistics**: mean and standard deviation over classifier seeds, paired intervals, Holm's correction where \
      many are compared. Most reports train one generator: their intervals do not tell what another would have drawn.
      - **Compute**: times from nothing stand in the table above, machine by machine.

      ### Results

      Of \(index.count("holds") + index.count("does not hold") + index.count("not decided")) claims in \
      \(names.count) reports, \(index.count("holds")) hold, \(index.count("does not hold")) do not hold and \
      \(index.count("not decided")) are not decided. Those about the method (all reports but the engine's speed): \
      \(verdicts { $0 != "engine-speed" }). The published figures themselves are neither confirmed nor refuted here: \
      that needs DIOR and the paper's sizes.

      ### What was easy

      - The method is described well enough to be built from the paper; the released code settles nearly all sizes.
      - The networks are deterministic given weights and inputs, so that each could be compared number by number.
      - Runs are functions of seed and settings: the same seed gives the same bits on any number of threads, and a \
      stopped run goes on to the same bits.

      ### What was hard

      - The released code does not do what the paper describes in several places (below), so that the published \
      figures cannot be tied to one recipe.
      - The paper's own tables, beyond the one published figure, and the trained weights are not at hand.
      - A small generator on a few images of a class overfits or loses the class: *consistency*, *spread* and \
      *novelty* must be read together.
      - Differences of a point or two are within the noise of classifier seeds at small sizes.

      ### Communication with the authors

      None took place.

      ### Departures of the released code from the paper

      \(departures.enumerated().map { "\($0 + 1). \($1)" }.joined(separator: "\n"))

      """
  }

  /// As read from the released code.
  static let departures = [
    "Only the adversarial loss is back-propagated in the generator's training: classifier and CLIP losses are added to "
      + "the logged value alone.",
    "The CLIP loss is computed without gradient, through 8-bit pictures, and applies cross-entropy to probabilities "
      + "(softmax twice).",
    "The feature fusion layer is in no optimizer and in no checkpoint: random in training, random again in generation.",
    "Training mixes 0.8 of noise with 0.2 of features; generation 0.05 of noise with 0.95.",
    "The 12 prompts of `CDTG/train.py` are not the tail classes, nor in their order; six are head classes.",
    "Style mixing is always on (`--mixing` is only compared with 0).",
    "The tail model stays in training mode inside CDTG: batch statistics are used, and its running statistics drift.",
    "`load_pretrained_resnet50` matches keys, so that torchvision's `downsample.*` never reaches `shortcut.*`, which "
      + "stays random.",
    "`Distill.py` starts from the checkpoints of epoch 0, `RModel.py` has one epoch, and CDTG loads `RModel_epoch_1`, "
      + "which `Distill.py` never writes.",
    "Generation stops at 2000 images per class; the published figure adds 7000.",
    "Head and tail are taken separately for the training and the test folder, each by its own counts.",
    "CLIP is loaded from disk again at every training step.",
    "Distillation's learning rate follows the global epoch: the second direction, which trains the tail model, starts "
      + "at a tenth of the rate and ends at a thousandth.",
  ]
}
