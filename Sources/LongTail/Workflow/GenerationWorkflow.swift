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

  public init(count: Int, noiseRatio: Float, truncation: Float, format: String, seed: UInt64, batchSize: Int) {
    (self.count, self.noiseRatio, self.truncation) = (count, noiseRatio, truncation)
    (self.format, self.seed, self.batchSize) = (format, seed, batchSize)
  }

  /// Writes `CLASS/NUMBER.jpg` and `manifest.json`.
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
      featureCount: featureCount, seed: seed, isLenient: isLenient)
    for remark in remarks { Console.standardError.say(remark) }
    if let source, source.images.dataset.classCount != configuration.classes {
      throw GenerationWorkflowError.otherClasses(
        generator: configuration.classes, data: source.images.dataset.classCount)
    }
    source?.model.isTraining = false
    let labels = classes ?? Array(0..<configuration.classes)
    if let wrong = labels.first(where: { !(0..<configuration.classes).contains($0) }) {
      throw GenerationWorkflowError.noClass(wrong, classes: configuration.classes)
    }
    let given = try givenNoise.map { try GivenNoise(contentsOf: $0, for: networks.generator) }
    let count = given?.count ?? self.count
    var stream = RandomStream(seed: seed, name: "generation.centre")
    let centre = truncation < 1 ? given?.centre ?? networks.generator.meanLatent(4096, from: &stream) : nil
    var kept = StateDictionary(source: "values")
    let bar = ProgressBar("pictures", total: labels.count * count, done: 0)
    for label in labels {
      let target = folder.file("\(label)")
      try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
      let real = source?.images.dataset.indicesByClass[label] ?? []
      if source != nil && real.isEmpty { throw GenerationWorkflowError.noPictures(label) }
      var values: [Tensor] = []
      for start in stride(from: 0, to: count, by: batchSize) {
        let numbers = Array(start..<min(count, start + batchSize))
        let features = try source.map { source in
          let pictures = try source.images.pictures(at: numbers.map { real[$0 % real.count] })
          return withoutRecording { source.model(pictures).feature }
        }
        let drawn = drawTensor(
          networks, label: label, numbers: numbers, features: features, noiseRatio: noiseRatio, seed: seed,
          truncation: centre.map { (truncation, $0) }, given: given)
        for (number, image) in zip(numbers, pictures(drawn)) {
          try image.write(to: target.appendingPathComponent("\(number).\(format)"), quality: 95)
        }
        if self.values != nil { values.append(drawn.transposed([0, 3, 1, 2])) }
        bar.advance(by: numbers.count)
      }
      if !values.isEmpty { kept["images.\(label)"] = concatenated(values, axis: 0) }
    }
    bar.finish()
    if let values { try writeWeights(kept, to: values) }
    let manifest: JSONValue = [
      "checkpoint": .string(checkpoint.url.lastPathComponent),
      "checksum": .string(try Checksum.sha256(ofFile: checkpoint.url)),
      "classes": .array(labels.map { .integer($0) }), "count": .integer(count),
      "noise ratio": .number(Double(noiseRatio)), "truncation": .number(Double(truncation)),
      "seed": given == nil ? .integer(Int(clamping: seed)) : .string("none: random numbers of a file"),
      "format": .string(format),
    ]
    try Data(manifest.prettyPrinted().utf8).write(to: folder.file("manifest.json"))
  }
}

public enum GenerationWorkflowError: Error, Equatable, CustomStringConvertible {
  case noClass(Int, classes: Int)
  case noPictures(Int)
  case otherClasses(generator: Int, data: Int)

  public var description: String {
    switch self {
    case .noClass(let label, let classes): "there is no tail class \(label); the generator knows 0 to \(classes - 1)"
    case .noPictures(let label): "tail class \(label) has no real picture to start from"
    case .otherClasses(let generator, let data):
      "the generator draws \(generator) classes, the data set's tail has \(data); choose another --head-share or "
        + "data set"
    }
  }
}
