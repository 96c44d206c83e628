import Engine
import Models

@testable import LongTail

/// A generator's training in miniature, with every guide, the same each time.
struct TinyTraining {
  var hasText = true
  var settings: CDTGSettings = {
    var settings = CDTGSettings.paper
    (settings.side, settings.latentWidth, settings.mappingLayers, settings.labelWidth) = (16, 12, 2, 6)
    settings.channels = .narrow(maximum: 8, product: 128)
    (settings.batchSize, settings.iterations, settings.r1Every, settings.pathEvery) = (4, 6, 2, 3)
    settings.augmentation = .aerial
    return settings
  }()

  func text() -> TextGuide {
    var stream = RandomStream(seed: 5, name: "clip")
    let configuration = CLIPConfiguration.small(
      imageSize: 16, vocabularySize: 20, contextLength: 6, width: 32, layers: 1, embeddingWidth: 16)
    return TextGuide(
      model: CLIP(configuration, stream: &stream), tokens: [[1, 2, 19, 0, 0, 0], [1, 3, 19, 0, 0, 0], [1, 4, 19, 0, 0, 0]])
  }

  /// At its first step.
  func started() -> GeneratorTraining {
    var stream = RandomStream(seed: 7, name: "test")
    let tail = ResNet(.init(block: .basic, blocks: [1, 1, 1, 1], width: 4, classes: 2, stem: .small), stream: &stream)
    func build() -> ConditionalGenerator {
      var stream = RandomStream(seed: 8, name: "test")
      return ConditionalGenerator(
        settings.generatorConfiguration(classes: 3), featureCount: tail.configuration.featureShape(size: 16).elementCount,
        stream: &stream)
    }
    var guides = GeneratorGuides(
      features: tail, classifier: ClassifierGuide(model: tail, modelLabels: [nil, 0, 1]), text: hasText ? text() : nil)
    if settings.departs(.clipReadEachStep) { guides.readText = { self.text() } }
    return GeneratorTraining(
      settings: settings, networks: build(), average: build(),
      discriminator: Discriminator(settings.discriminatorConfiguration(classes: 3), stream: &stream), guides: guides,
      seed: 3)
  }

  /// Takes some steps on pictures of noise.
  func train(_ training: GeneratorTraining, steps: Range<Int>) throws {
    for number in steps {
      var stream = RandomStream(seed: 1, name: "pictures", index: UInt64(number))
      try training.step(number, pictures: .uniform([4, 16, 16, 3], -1, 1, from: &stream), labels: [0, 1, 2, number % 3])
    }
  }

  /// All networks, to the bit.
  static func bits(_ training: GeneratorTraining) -> [UInt32] {
    let modules: [Module] = [training.networks, training.average, training.discriminator]
    return modules.flatMap { $0.states.flatMap { $0.state.value.values.map(\.bitPattern) } }
  }
}
