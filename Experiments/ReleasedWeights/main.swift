//: # Does 90.68 % come out?
//:
//: The authors' repository shows 90.68 % on DIOR after the expansion, and its `Classification/test.py` tests a file
//: `result.pth`; `CDTG/train.py` starts from a generator `200000.pt`. With these files and DIOR's object crops on disk,
//: this notebook tests the released classifier on DIOR's test images and draws with the released generator. Without
//: them it says what it needs.
import ArgumentParser
import Foundation
import LongTail
import Notebook

struct ReleasedOptions: ParsableCommand {
  @OptionGroup var common: ExperimentOptions
  @Option(help: ArgumentHelp("The released classifier, a ResNet-50 of 20 classes.", valueName: "result.pth"))
  var result: String?
  @Option(help: ArgumentHelp("The released generator.", valueName: "200000.pt"))
  var generator: String?
}
let options = ReleasedOptions.parseOrExit()

Experiment.run(
  "released-weights", options: options.common,
  adjust: {
    // No scene is looked at: as few as can be.
    ($0.data.largestClass, $0.data.smallestClass, $0.data.testPerClass, $0.judgeImagesPerClass) = (10, 1, 1, 1)
  }, parts: { _, _ in [] }
) { experiment in
  let notebook = experiment.notebook

  //: ## What there is
  let wanted: [(name: String, option: String, path: String?, use: String)] = [
    (
      "DIOR in TGN's layout", "--data", options.common.data,
      "68 025 training and 124 440 test crops; `tgn prepare dior` makes them"
    ),
    ("`result.pth`", "--result", options.result, "the released classifier"),
    ("`200000.pt`", "--generator", options.generator, "the released generator"),
  ]
  notebook.table(
    Table(
      columns: [.init("File", .left), .init("Option", .left), .init("What it is", .left), .init("Given", .left)],
      rows: wanted.map { [.text($0.name), .text($0.option), .text($0.use), .text($0.path == nil ? "no" : "yes")] }),
    caption: "What this notebook needs.")
  let missing = wanted.filter { $0.path == nil }
  if !missing.isEmpty {
    notebook.note(
      "Not given: " + missing.map { "\($0.name) (`\($0.option)`)" }.joined(separator: ", ")
        + ". What depends on it is left out below. The files are not part of this package: the authors link them from "
        + "their repository. With all of them: `swift run exp-released-weights --data /data/dior --result result.pth "
        + "--generator 200000.pt`.")
  }

  //: ## The released classifier
  //:
  //: As `test.py` has it: pictures resized to 224 × 224, the share of test images put in their class.
  if let path = options.result, options.common.data != nil {
    let isDIOR = experiment.data.test.classNames == SceneCatalogue.dior.classNames
    let scores = try experiment.released(classifier: URL(fileURLWithPath: path))
    notebook.value("result.pth", scores.json)
    notebook.table(
      Table(["", "here", "published"], rows: [
        ["accuracy, %", .number(100 * scores.overall), .number(Published.diorExpanded)],
        ["accuracy of the tail, %", .number(100 * scores.tail), .missing()],
        ["macro F1, %", .number(100 * scores.macroF1), .missing()],
      ]), caption: "The released classifier on the test images.")
    let order = experiment.data.split.headClasses + experiment.data.split.tailClasses
    notebook.table(
      Table(["Class", "accuracy, %", "F1, %"], rows: order.map {
        [.text(experiment.data.prompts[$0]), .number(100 * scores.perClass[$0]), .number(100 * scores.perClassF1[$0])]
      }), caption: "Class by class.")
    notebook.claim(
      "The released classifier scores what is published, to the second decimal.",
      holds: isDIOR ? abs(100 * scores.overall - Published.diorExpanded) < 0.005 : nil,
      evidence: "\(NumberFormat.fixed(100 * scores.overall, digits: 2)) % of "
        + "\(NumberFormat.count(experiment.data.test.count)) test images; "
        + "published \(NumberFormat.fixed(Published.diorExpanded, digits: 2)) % on DIOR"
        + (isDIOR ? "" : ", which this data set is not"))
  } else {
    notebook.claim(
      "The released classifier scores what is published, to the second decimal.", holds: nil,
      evidence: "not tested: `--result` and `--data` are needed")
  }

  //: ## The released generator
  //:
  //: Its fusion layer is in no checkpoint, so that what `generation.py` draws from features depends on random weights;
  //: drawn here from noise and label alone.
  if let path = options.generator {
    let drawn = try experiment.released(generator: URL(fileURLWithPath: path), perClass: 8)
    notebook.table(
      Table(["Generator", "Value"], rows: drawn.sizes.map { [.text($0.name), .text($0.value)] }),
      caption: "Sizes, read from the shapes of the weights.")
    notebook.sheet(drawn.sheet, caption: "Eight pictures of each of its classes, in its own order.")
  } else {
    notebook.text("Not drawn: `--generator` is needed.")
  }
}
