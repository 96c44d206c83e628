import Engine
import Foundation
import Models

// MARK: - What the pictures that an expansion adds are like

extension Pipeline {
  /// How the pictures that an expansion adds compare with real ones, as the judge and the text-image model see them.
  public func quality(of expansion: Expansion) throws -> ImageSetQuality {
    let judge = try judgeStage()
    let images = try expansionImages(expansion)
    let key = QualityStage(
      data: [data.trainHash, data.testHash], headShare: settings.data.headShare, expansion: expansion.kind,
      added: expansion == .none ? 0 : settings.generation.imagesPerClass, prompts: data.prompts,
      textModel: try (weights ?? StartingWeights()).checksum(.clip), seed: settings.seed)
    let result = try run(
      "picture-quality", part: "quality \(expansion.name)", version: 1, settings: key, inputs: [judge] + images
    ) { context, _ in
      let quality = try quality(
        of: try added(by: expansion, images: images.first), judge: try loadJudge(judge),
        data.textGuide(try textModel(), drawsHeadClasses: true))
      try context.write(try JSONEncoder().encode(quality), "quality.json")
    }
    return try JSONDecoder().decode(
      ImageSetQuality.self, from: try Data(contentsOf: result.file("quality.json")))
  }

  /// The same of any set of pictures, class by class, in the order of the split's tail classes; without the text-image
  /// model.
  public func quality(of generated: ObjectDataset, judge: ResNet) throws -> [ImageQuality] {
    try quality(of: generated, judge: judge, nil).classes
  }

  private func quality(of generated: ObjectDataset, judge: ResNet, _ text: TextGuide?) throws -> ImageSetQuality {
    judge.isTraining = false
    func look(_ dataset: ObjectDataset, _ text: TextGuide?) throws -> [JudgedPictures] {
      let places = dataset.indicesByClass
      return try data.split.tailClasses.map {
        try judged(DecodedImages(dataset.subset(items: places[$0]), side: settings.judge.side), by: judge, text)
      }
    }
    var stream = RandomStream(seed: settings.seed, name: "kernel-distance")
    return try ImageSetQuality(
      labels: data.split.tailClasses, drawn: try look(generated, text), training: try look(data.train, nil),
      test: try look(data.test, nil), stream: &stream)
  }

  func judged(_ images: DecodedImages, by judge: ResNet, _ text: TextGuide?) throws -> JudgedPictures {
    var (guesses, textGuesses): ([Int], [Int]) = ([], [])
    var features: [Tensor] = []
    guard images.dataset.count > 0 else { return JudgedPictures(guesses: []) }
    try images.forEachBatch(of: 128) { batch in
      withoutRecording {
        let (logits, feature) = judge(batch.tensor)
        guesses += logits.argmax()
        features.append(feature.mean([1, 2]))
        if let text { textGuesses += text.similarities(batch.tensor).argmax() }
      }
    }
    return JudgedPictures(
      guesses: guesses, textGuesses: text == nil ? nil : textGuesses,
      features: features.isEmpty ? nil : concatenated(features, axis: 0))
  }
}

/// What the quality of a set of pictures depends on, beside the judge and the pictures.
private struct QualityStage: Encodable {
  /// Content hashes.
  var data: [String]
  var headShare: Double
  var expansion: String
  var added: Int
  var prompts: [String]
  var textModel: String
  var seed: UInt64
}
