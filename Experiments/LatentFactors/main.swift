//: # What can be turned in the generator's latent?
//:
//: A style-based generator turns a latent w into the strengths of its feature maps by one matrix per layer. The
//: directions of w that these matrices stretch most, the right singular vectors of all of them stacked, should be what
//: the pictures vary by most (Shen and Zhou 2021; the released `closed_form_factorization.py`). Nothing is trained for
//: it. What do they mean for aerial objects, and do they leave the class alone?
//:
//: The figures below are: how strongly each direction moves the styles, how far it moves the pictures, and strips of
//: pictures along the strongest ones.
import Imaging
import LongTail
import Notebook

let directions = 4
let starts = 4
let steps = 7
let reach: Float = 0.7

Experiment.run(
  "latent-factors",
  parts: { settings, _ in
    settings.parts(expansions: [.generated(.full, noiseRatio: settings.generation.noiseRatio)], seeds: [])
  }
) { experiment in
  let (notebook, data) = (experiment.notebook, experiment.data)

  //: ## Protocol
  //:
  //: The full method's generator draws each strip from a latent of the kind that it draws images from: the feature of a
  //: real tail image, mixed with noise. The strip runs from one side of it to the other, as far as said below, in
  //: multiples of the mean distance of such a latent from their mean. As many random directions are walked as far.
  notebook.text(experiment.dataSummary)
  notebook.table(
    Table(["Setting", "Value"], rows: [
      ["directions of each kind", .count(directions)], ["latents of each tail class", .count(starts)],
      ["pictures in a strip", .count(steps)], ["reach on either side", .number(Double(reach))],
    ]), caption: "How the generator is walked through.")
  let (strengths, walks) = try experiment.pipeline.latentWalks(
    .full, directions: directions, starts: starts, reach: reach, steps: steps)

  //: ## How strong
  notebook.plot(
    LinePlot(
      "Singular values of the style matrices", xLabel: "direction, the strongest first", yLabel: "singular value",
      series: [.init("", points: strengths.enumerated().map { (Double($0 + 1), Double($1)) })], marksPoints: false),
    caption: "How strongly each direction of w moves the styles of all layers together.")
  notebook.table(
    walks,
    columns: [
      TableColumn("Walk", .left) { .text($0.name) },
      TableColumn("singular value") { $0.strength.map { .number($0) } ?? .missing("–") },
      TableColumn("change of the picture") { .meanAndDeviation($0.changes) },
      TableColumn("class kept, %") { .percent($0.keptClass, digits: 1) },
    ],
    caption: "Change: distance of the two ends of a strip in the judge's features, mean ± s.d. over strips. Class kept: "
      + "the share of ends that the judge puts in the class it puts the middle in.")
  for walk in walks {
    notebook.value(walk.name, ["changes": .numbers(walk.changes), "class kept": .number(walk.keptClass)])
  }

  //: ## Pictures
  for walk in walks.prefix(directions) + walks.suffix(1) {
    notebook.sheet(
      sheet(walk, data.prompts),
      caption: "Strips along \(walk.name), two latents of each tail class; the middle picture of "
        + "a strip is the latent itself.")
  }

  //: ## Verdict
  //:
  //: Strips of all classes are compared pair by pair: the mean over the strongest directions less the mean over the
  //: random ones from the same latent. The intervals are over latents.
  let (strong, random) = (Array(walks.prefix(directions)), Array(walks.suffix(directions)))
  func means(_ group: [LatentWalk]) -> [Double] {
    group[0].changes.indices.map { strip in Statistics.mean(group.map { $0.changes[strip] }) }
  }
  notebook.value("changes along the strongest directions", .numbers(means(strong)))
  notebook.value("changes along random directions", .numbers(means(random)))
  notebook.claim(
    "The strongest directions change the pictures more than random ones.",
    difference: PairedDifference(means(strong), minus: means(random)))
  notebook.claim(
    "The first direction changes them more than the last of those shown.",
    difference: PairedDifference(strong[0].changes, minus: strong[directions - 1].changes))
  let kept = Statistics.mean(strong.map(\.keptClass))
  notebook.value("ends that keep their class along the strongest directions", .numbers(strong.map(\.keptClass)))
  notebook.value("ends that keep their class along random directions", .numbers(random.map(\.keptClass)))
  notebook.claim(
    "Along the strongest directions most pictures keep their class.", holds: kept > 0.5,
    evidence: "\(NumberFormat.fixed(100 * kept, digits: 1)) % of the ends; along random directions "
      + "\(NumberFormat.fixed(100 * Statistics.mean(random.map(\.keptClass)), digits: 1)) %")
}

/// Two strips in a row for each class.
func sheet(_ walk: LatentWalk, _ prompts: [String]) -> Image {
  let side = walk.strips[0].pictures[0].width
  var sheet = ImageSheet(magnification: max(1, 64 / side))
  let gap = Image(width: max(1, side / 2), height: side, fill: [255, 255, 255])
  for first in stride(from: 0, to: walk.strips.count, by: starts) {
    let (left, right) = (walk.strips[first], walk.strips[first + 1])
    sheet.append(label: prompts[left.label], left.pictures + [gap] + right.pictures)
  }
  return sheet.rendered()
}
