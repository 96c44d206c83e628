import Imaging
import Notebook

/// The quality of the pictures that one way to expand a set adds.
public struct QualityRow {
  public let name: String
  public let quality: ImageSetQuality

  public init(_ name: String, _ quality: ImageSetQuality) {
    self.name = name
    self.quality = quality
  }

  private static let title = TableColumn<QualityRow>("Pictures", .left) { .text($0.name) }

  /// How near the judge finds the generated pictures to real ones.
  public static let likeness: [TableColumn<QualityRow>] = [
    title,
    TableColumn("consistency, %") { .percent($0.quality.consistency, digits: 1) },
    TableColumn("by text, %") { cell($0.quality.mean(\.textConsistency), percent: true) },
    TableColumn("Fréchet") { cell($0.quality.frechetDistance) },
    TableColumn("kernel") { cell($0.quality.kernelDistance) },
    TableColumn("precision") { cell($0.quality.mean(\.precision)) },
    TableColumn("recall") { cell($0.quality.mean(\.recall)) },
    TableColumn("density") { cell($0.quality.mean(\.density)) },
    TableColumn("coverage") { cell($0.quality.mean(\.coverage)) },
  ]

  /// What the columns of `likeness` mean, for the table's caption.
  public static let likenessLegend =
    "Are the pictures like real ones? Consistency: the share that the judge (by text: the small CLIP, by which the text "
    + "loss trains) puts in the class they were drawn for. The rest are the formulas of FID, KID and their companions on "
    + "the judge's features, against test images: our own measures, not FID, to be compared within this report alone. "
    + "The squared Fréchet and kernel distances are taken over all tail classes together, precision, recall, density and "
    + "coverage within each; means over the tail classes."

  /// How much the generated pictures differ from each other and from the training pictures.
  public static let variety: [TableColumn<QualityRow>] = [
    title,
    TableColumn("diversity") { cell($0.quality.mean(\.diversity)) },
    TableColumn("spread") { cell($0.quality.mean(\.spread)) },
    TableColumn("nearest") { cell($0.quality.mean(\.nearestDistance)) },
    TableColumn("novelty") { cell($0.quality.mean(\.novelty)) },
    TableColumn("copies, %") { cell($0.quality.mean(\.copies), percent: true) },
  ]

  /// What the columns of `variety` mean, for the table's caption.
  public static let varietyLegend =
    "Are they new? Diversity: the mean distance of two pictures of a class in the judge's features; spread: the same over "
    + "that of real test images. Nearest: the mean distance to the nearest training image of the class; novelty: the same "
    + "over that of test images. Copies: the share nearer to a training image than all but 5 % of the test images are, so "
    + "5 % for unseen real images. Means over the tail classes."

  private static func cell(_ value: Double?, percent: Bool = false) -> TableCell {
    guard let value else { return .missing("–") }
    return percent ? .percent(value, digits: 1) : .number(value, digits: 3)
  }

  public var json: JSONValue {
    func number(_ value: Double?) -> JSONValue { value.map(JSONValue.number) ?? .null }
    return [
      "frechet": number(quality.frechetDistance), "kernel": number(quality.kernelDistance),
      "classes": .array(quality.classes.map {
        [
          "consistency": .number($0.consistency), "textConsistency": number($0.textConsistency),
          "diversity": number($0.diversity), "spread": number($0.spread), "nearest": number($0.nearestDistance),
          "novelty": number($0.novelty), "copies": number($0.copies), "precision": number($0.precision),
          "recall": number($0.recall), "density": number($0.density), "coverage": number($0.coverage),
        ]
      }),
    ]
  }
}

extension Experiment {
  public func qualityByClass(_ quality: ImageSetQuality) -> Table {
    func cell(_ value: Double?) -> TableCell { value.map { .number($0) } ?? .missing("–") }
    return Table(
      ["Class", "training images", "consistency, %", "spread", "novelty", "precision", "coverage"],
      rows: zip(data.split.tailClasses, quality.classes).map {
        [
          .text(data.prompts[$0]), .count(data.train.counts[$0]), .percent($1.consistency, digits: 1), cell($1.spread),
          cell($1.novelty), cell($1.precision), cell($1.coverage),
        ]
      })
  }

  /// The tail classes whose pictures the judge knows best and worst, and those whose accuracy changes most.
  public func bestAndWorst(_ quality: ImageSetQuality, before: ScoredRow, after: ScoredRow) -> Table {
    let classes = data.split.tailClasses.enumerated().map { place, label in
      (
        name: data.prompts[label], consistency: quality.classes[place].consistency,
        before: Statistics.mean(before.perClass(label)), after: Statistics.mean(after.perClass(label))
      )
    }
    let byConsistency = classes.sorted { $0.consistency > $1.consistency }
    let byGain = classes.sorted { $0.after - $0.before > $1.after - $1.before }
    let shown = [
      ("best drawn", byConsistency.first), ("worst drawn", byConsistency.last), ("gains most", byGain.first),
      ("gains least", byGain.last),
    ]
    return Table(
      columns: [
        .init("Class that is", .left), .init("Class", .left), .init("consistency, %"),
        .init("accuracy, \(before.name), %"), .init("accuracy, \(after.name), %"), .init("change, points"),
      ],
      rows: shown.compactMap { what, found in
        found.map {
          [
            .text(what), .text($0.name), .percent($0.consistency, digits: 1), .percent($0.before, digits: 1),
            .percent($0.after, digits: 1), .number(100 * ($0.after - $0.before), digits: 1),
          ]
        }
      })
  }

  /// For every tail class generated pictures, each beside the training picture nearest to it in the judge's features:
  /// first the three nearest pairs of all, then those of the first three pictures. Nil for a data set on disk, whose
  /// photographs are not shown.
  public func nearestNeighbourSheet(_ expansion: Expansion) throws -> Image? {
    guard data.isProcedural else { return nil }
    let (quality, side) = (try pipeline.quality(of: expansion), settings.cdtg.side)
    let drawn = try pipeline.addedImages(expansion)
    var sheet = ImageSheet(
      title: "Pairs: generated, nearest training image. Left: the three closest pairs. Right: the first three drawn",
      columnHeadings: [], rows: [], magnification: max(1, 64 / side), textScale: 1)
    let (made, real) = (drawn.indicesByClass, data.train.indicesByClass)
    for (place, label) in data.split.tailClasses.enumerated() {
      let pairs = quality.nearest[place]
      let closest = pairs.indices.sorted { (pairs[$0].distance, $0) < (pairs[$1].distance, $1) }.prefix(3)
      let blank = Image(width: max(1, side / 4), height: side, fill: [255, 255, 255])
      func pair(_ number: Int) throws -> [Image] {
        [
          try drawn.image(at: made[label][number], side: side),
          try data.train.image(at: real[label][pairs[number].index], side: side), blank,
        ]
      }
      sheet.append(label: data.prompts[label], try (closest + pairs.indices.prefix(3)).flatMap(pair))
    }
    return sheet.rendered()
  }
}
