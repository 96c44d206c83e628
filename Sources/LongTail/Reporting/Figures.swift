import Foundation
import Imaging
import Notebook

// The tables, figures and sheets that experiments share.

extension Experiment {
  /// What the data set is, in a sentence.
  public var dataSummary: String {
    let counts = data.train.counts.sorted(by: >)
    let kind = data.isProcedural
      ? ", drawn by the package; no figure here says how the method does on photographs" : ", images on disk"
    return "Data set: **\(data.name)**\(kind). \(data.train.classCount) classes, \(NumberFormat.count(data.train.count)) "
      + "training images, from \(counts.first ?? 0) in the largest class to \(counts.last ?? 0) in the smallest; "
      + "\(NumberFormat.count(data.test.count)) test images. "
      + (pipeline.weights == nil
        ? "Every network starts at random."
        : "Networks start from the package's starting weights, made from other procedural scenes (`tgn pretrain`).")
  }

  public var protocolTable: Table {
    func steps(_ training: ClassifierSettings) -> TableCell {
      .text(training.steps.map { "\($0) steps of \(training.batchSize)" } ?? "\(training.epochs) epochs, batch \(training.batchSize)")
    }
    let cdtg = settings.cdtg
    var rows: [[TableCell]] = [
      ["picture side", .text("\(cdtg.side) px (generator), \(settings.classifier.side) px (classifier)")],
      ["share of head classes", .number(settings.data.headShare)],
      ["head and tail model", steps(settings.headModel)],
      ["distillation, each direction", steps(settings.distillation.schedule)],
      ["distillation weight α", .number(Double(settings.distillation.alpha))],
      ["generator", .text("\(cdtg.iterations) steps of \(cdtg.batchSize)")],
      ["noise ratio in training", .text(Set(cdtg.trainingNoiseRatio).sorted().map { NumberFormat.fixed(Double($0)) }.joined(separator: " to "))],
      ["noise ratio in generation", .number(Double(settings.generation.noiseRatio))],
      ["images added per tail class", .count(settings.generation.imagesPerClass)],
      ["classifier", steps(settings.classifier)],
    ]
    if let filter = settings.generation.filter { rows.append(["filter of generated images", .text(filter.judge.rawValue)]) }
    if let departures = cdtg.departures, !departures.all.isEmpty {
      rows.append(["as in the released code", .text(departures.all.map(\.rawValue).sorted().joined(separator: ", "))])
    }
    return Table(["Setting", "Value"], rows: rows)
  }

  /// The paper's picture: bars of head, tail and added images, and two accuracies.
  ///
  /// - Parameter added: Images added to each tail class; nil: as many as the settings say.
  public func distribution(before: ScoredRow, after: ScoredRow, added: Int? = nil) -> ClassDistribution {
    let order = data.split.headClasses + data.split.tailClasses
    let counts = data.train.counts
    return ClassDistribution(
      "Class distribution and accuracy",
      classes: order.map { label in
        let isHead = data.split.headClasses.contains(label)
        return .init(
          data.prompts[label], isHead: isHead, count: counts[label],
          added: isHead ? 0 : added ?? settings.generation.imagesPerClass)
      },
      accuracies: [before, after].map { row in
        .init(row.name, values: order.map { Statistics.mean(row.perClass($0)) })
      })
  }

  /// The published figure: the same bars, and the overall accuracy at the end of each line.
  public func expansionBars(before: ScoredRow, after: ScoredRow, added: Int) -> ExpansionBars {
    func line(_ name: String, _ row: ScoredRow) -> ExpansionBars.Line {
      .init(name, accuracy: Statistics.mean(row.values(\.overall)))
    }
    return ExpansionBars(
      "Training images and overall accuracy, before and after the expansion",
      classes: distribution(before: before, after: after, added: added).classes, before: line("Before", before),
      after: line("After", after))
  }

  /// Head and tail accuracy of every row.
  public func headAndTailChart(_ rows: [ScoredRow]) -> BarChart {
    BarChart(
      "Accuracy on head and tail", yLabel: "accuracy, %", groups: rows.map(\.name),
      series: [
        .init("head", samples: rows.map { $0.values(\.head).map { 100 * $0 } }),
        .init("tail", samples: rows.map { $0.values(\.tail).map { 100 * $0 } }),
      ], yRange: 0...100)
  }

  public func perClassChart(_ rows: [ScoredRow]) -> BarChart {
    BarChart(
      "Accuracy of the tail classes", yLabel: "accuracy, %", groups: data.split.tailClasses.map { data.prompts[$0] },
      series: rows.map { row in
        .init(row.name, samples: data.split.tailClasses.map { label in row.perClass(label).map { 100 * $0 } })
      }, yRange: 0...100)
  }

  /// Which class the test images of each class were put in.
  public func confusion(_ row: ScoredRow) -> HeatMap {
    let classes = data.train.classCount
    let total = (0..<classes).map { truth in
      (0..<classes).map { guess in row.scores.reduce(0) { $0 + $1.confusion[truth][guess] } }
    }
    return HeatMap("Confusion: \(row.name)", confusion: total, classes: data.prompts)
  }

  /// A row per tail class: real training images, then generated ones. No photograph of a data set on disk is shown.
  public func comparisonSheet(generated: ObjectDataset) throws -> Image {
    let side = settings.cdtg.side
    let real = data.isProcedural ? 6 : 0
    var sheet = ImageSheet(
      title: data.isProcedural ? "Six real images, then ten generated" : "Generated images", columnHeadings: [], rows: [],
      magnification: max(1, 64 / side))
    for label in data.split.tailClasses {
      let shown = try data.train.indicesByClass[label].prefix(real).map { try data.train.image(at: $0, side: side) }
      let drawn = try generated.indicesByClass[label].prefix(10).map { try generated.image(at: $0, side: side) }
      sheet.append(label: data.prompts[label], shown + drawn)
    }
    return sheet.rendered()
  }

  /// A row per tail class: two images that each expansion adds, under its heading.
  public func sheet(of expansions: [(heading: String, expansion: Expansion)]) throws -> Image {
    let side = settings.cdtg.side
    var sheet = ImageSheet(
      columnHeadings: expansions.flatMap { [$0.heading, ""] }, magnification: max(1, 64 / side), textScale: 1)
    let sets = try expansions.map { try pipeline.addedImages($0.expansion) }
    for label in data.split.tailClasses {
      sheet.append(
        label: data.prompts[label],
        try sets.flatMap { set in try set.indicesByClass[label].prefix(2).map { try set.image(at: $0, side: side) } })
    }
    return sheet.rendered()
  }

  /// The course of a generator's losses.
  public func lossPlot(_ variant: GeneratorVariant) throws -> LinePlot {
    let text = String(decoding: try Data(contentsOf: try pipeline.generator(variant).file("losses.csv")), as: UTF8.self)
    let kinds: [GeneratorLossRecord.Kind] = [.discriminator, .generator, .classifier, .text]
    return LinePlot(
      "Losses of the generator's training", xLabel: "step", yLabel: "loss",
      series: kinds.map { .init($0.rawValue, points: GeneratorLossRecord.points($0, inCSV: text)) })
  }
}
