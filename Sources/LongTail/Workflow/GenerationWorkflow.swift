import Checkpoints
import Engine
import Foundation
import Imaging
import Models
import Notebook

/// Draws pictures of tail classes into folders (the released `CDTG/generation.py`).
public struct GenerationWorkflow {
  public var count: Int
  public var noiseRatio: Float
  public var truncation: Float
  /// `jpg` or `png`.
  public var format: String
  public var seed: UInt64
  public var batchSize: Int
  /// The tail classes to draw; nil draws all.
  public var classes: [Int]?
  /// Whether weights that do not fit by key and shape are left out instead of refused.
  public var isLenient = false
  /// A file of random numbers in place of the seed's (`GivenNoise`); as many pictures are drawn as it is for.
  public var givenNoise: URL?
  /// A file to write the pictures to as they are before rounding.
  public var values: URL?
  /// Keeps what a model takes for its class.
  public var filter: ImageFilter?
  /// CLIP, for a filter that asks it.
  public var text: TextSource?
  /// `released` draws the fusion layer anew and takes features in training mode.
  public var recipe = Recipe.paper

  public init(count: Int, noiseRatio: Float, truncation: Float, format: String, seed: UInt64, batchSize: Int) {
    (self.count, self.noiseRatio, self.truncation) = (count, noiseRatio, truncation)
    (self.format, self.seed, self.batchSize) = (format, seed, batchSize)
  }

  /// Writes `CLASS/NUMBER.jpg` and `manifest.json`, which also tells how many pictures of each class were rejected.
  ///
  /// - Parameter source: The tail's real pictures at the generator's size, and the model whose features are started
  ///   from.
  /// - Throws: What reading and writing throw; `GenerationWorkflowError`.
  public func draw(
    _ checkpoint: GeneratorCheckpoint, source: (images: DecodedImages, model: ResNet)?, into folder: WorkflowFolder
  ) throws {
    let configuration = try checkpoint.configuration()
    let featureCount = source?.model.configuration.featureShape(size: configuration.size).elementCount
    let (networks, remarks) = try checkpoint.generator(
      featureCount: featureCount, seed: seed, isLenient: isLenient, redrawsFusion: recipe == .released)
    for remark in remarks { Console.standardError.say(remark) }
    if let source, source.images.dataset.classCount != configuration.classes {
      throw GenerationWorkflowError.otherClasses(
        generator: configuration.classes, data: source.images.dataset.classCount)
    }
    let verdicts = try filter.map { try judging($0, source: source) }
    let labels = classes ?? Array(0..<configuration.classes)
    if let wrong = labels.first(where: { !(0..<configuration.classes).contains($0) }) {
      throw GenerationWorkflowError.noClass(wrong, classes: configuration.classes)
    }
    let given = try givenNoise.map { try GivenNoise(contentsOf: $0, for: networks.generator) }
    let count = given?.count ?? self.count
    var stream = RandomStream(seed: seed, name: "generation.centre")
    let centre = truncation < 1 ? given?.centre ?? networks.generator.meanLatent(4096, from: &stream) : nil
    var values = StateDictionary(source: "values")
    var counts: [DrawnCount] = []
    let bar = ProgressBar("pictures", total: labels.count * count, done: 0)
    for label in labels {
      let target = folder.file("\(label)")
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
      let real = source?.images.dataset.indicesByClass[label] ?? []
      if source != nil && real.isEmpty { throw GenerationWorkflowError.noPictures(label) }
      var parts: [Tensor] = []
      let result = try drawUntilKept(
        count, attempts: filter?.attempts ?? 1, batchSize: batchSize,
        draw: { numbers in
          let features = try source.map { source in
            source.model.startingFeatures(
              try source.images.pictures(at: numbers.map { real[$0 % real.count] }), inTraining: recipe == .released)
          }
          let drawn = drawTensor(
            networks, label: label, numbers: numbers, features: features, noiseRatio: noiseRatio, seed: seed,
            truncation: centre.map { (truncation, $0) }, given: given)
          if self.values != nil { parts.append(drawn.transposed([0, 3, 1, 2])) }
          return pictures(drawn)
        },
        accepts: verdicts.map { verdicts in { verdicts(label, $0) } },
        keep: { number, image in
          try image.write(to: target.appendingPathComponent("\(number).\(format)"), quality: 95)
          bar.advance(by: 1)
        })
      if !parts.isEmpty { values["images.\(label)"] = concatenated(parts, axis: 0) }
      counts.append(result)
      if filter != nil { Console.standardError.say("class \(label): \(result.kept) kept, \(result.rejected) rejected") }
    }
    bar.finish()
    if let file = self.values { try writeWeights(values, to: file) }
    var manifest: [String: JSONValue] = [
      "checkpoint": .string(checkpoint.url.lastPathComponent),
      "checksum": .string(try Checksum.sha256(ofFile: checkpoint.url)),
      "classes": .array(labels.map { .integer($0) }), "count": .integer(count),
      "noise ratio": .number(Double(noiseRatio)), "truncation": .number(Double(truncation)),
      "seed": given == nil ? .integer(Int(clamping: seed)) : .string("none: random numbers of a file"),
      "format": .string(format), "recipe": .string(recipe.rawValue),
    ]
    if let filter { manifest.merge(report(filter, zip(labels, counts).map { ($0, $1) })) { $1 } }
    try Data(JSONValue.object(manifest).prettyPrinted().utf8).write(to: folder.file("manifest.json"))
  }

  /// What the manifest tells of a filter.
  private func report(_ filter: ImageFilter, _ counts: [(label: Int, count: DrawnCount)]) -> [String: JSONValue] {
    func byClass(_ number: KeyPath<DrawnCount, Int>) -> JSONValue {
      .object(Dictionary(uniqueKeysWithValues: counts.map { ("\($0.label)", .integer($0.count[keyPath: number])) }))
    }
    return [
      "filter": .string(filter.judge.rawValue), "filter minimum": filter.minimum.map { .number(Double($0)) } ?? .null,
      "kept": byClass(\.kept), "rejected": byClass(\.rejected),
    ]
  }

  /// The filter with its models: which of some pictures of a tail class are kept.
  private func judging(_ filter: ImageFilter, source: (images: DecodedImages, model: ResNet)?) throws
    -> (Int, [Image]) -> [Bool]
  {
    guard let source else { throw GenerationWorkflowError.filterWithoutModel }
    let model = source.model
    let guide = filter.usesText ? try text?.guide(classNames: source.images.dataset.classNames) : nil
    if filter.usesText && guide == nil { throw GenerationWorkflowError.filterWithoutText }
    return { label, images in
      // It judges in evaluation mode, whatever mode its features are taken in.
      model.isTraining = false
      return filter.accepts(
        images, tailModel: ({ model($0).logits }, label),
        text: guide.map { guide in ({ guide.similarities($0) }, label) })
    }
  }
}

public enum GenerationWorkflowError: Error, Equatable, CustomStringConvertible {
  case noClass(Int, classes: Int)
  case noPictures(Int)
  case otherClasses(generator: Int, data: Int)
  case filterWithoutModel, filterWithoutText

  public var description: String {
    switch self {
    case .noClass(let label, let classes): "there is no tail class \(label); the generator knows 0 to \(classes - 1)"
    case .noPictures(let label): "tail class \(label) has no real picture to start from"
    case .otherClasses(let generator, let data):
      "the generator draws \(generator) classes, the data set's tail has \(data); choose another --head-share or "
        + "data set"
    case .filterWithoutModel: "--filter needs the tail model and its classes: give --tail-model and --data"
    case .filterWithoutText: "this --filter asks CLIP: give --clip and --bpe"
    }
  }
}
