import Engine
import Foundation
import Imaging
import Models

extension Experiment {
  /// The released classifier's scores on the test set, as `Classification/test.py` takes them: a ResNet-50, pictures of
  /// 224 × 224 pixels in [-1, 1].
  ///
  /// - Throws: `CheckpointError`, `StateMismatch` where the file is another network's or has other classes; what reading
  ///   the pictures throws.
  public func released(classifier file: URL, backbone: BackboneName = .resnet50, side: Int = 224) throws -> Scores {
    var stream = RandomStream(seed: 0, name: "overwritten")
    let model = backbone.network(classes: data.test.classCount, stream: &stream)
    try loadWeights(model, from: file)
    return try evaluate(
      model, on: DecodedImages(data.test, side: side), headClasses: data.split.headClasses, batchSize: 32)
  }

  /// What the released generator is, and pictures of each of its classes from noise and label.
  ///
  /// - Throws: `CheckpointError`, `GeneratorCheckpointError`, `StateMismatch`.
  public func released(generator file: URL, perClass: Int) throws -> (
    sizes: [(name: String, value: String)], sheet: Image
  ) {
    let checkpoint = try GeneratorCheckpoint(contentsOf: file)
    let configuration = try checkpoint.configuration()
    let networks = try checkpoint.generator(featureCount: nil).networks
    var sheet = ImageSheet(magnification: max(1, 64 / configuration.size))
    for label in 0..<configuration.classes {
      let drawn = generateImages(
        networks, label: label, count: perClass, sources: nil, noiseRatio: 1, seed: settings.seed, batchSize: perClass)
      sheet.append(label: "class \(label)", drawn)
    }
    return (
      [
        ("picture side", "\(configuration.size) px"), ("classes", "\(configuration.classes)"),
        ("latent width", "\(configuration.latentWidth)"), ("mapping layers", "\(configuration.mappingLayers)"),
        ("training steps, by the file's name", "\(checkpoint.iteration)"),
        ("parameters", "\(networks.generator.parameterCount)"),
      ], sheet.rendered()
    )
  }
}
