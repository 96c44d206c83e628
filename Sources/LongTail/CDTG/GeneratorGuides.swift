import Engine
import Models

/// What the generator is trained with besides its pictures. Each may be absent: the rows of the ablation.
struct GeneratorGuides {
  /// The tail model whose features start the generator.
  var features: ResNet?
  var classifier: ClassifierGuide?
  var text: TextGuide?
  /// Makes the text guide again from its file (`Departure.clipReadEachStep`).
  var readText: (() throws -> TextGuide)?

  mutating func readTextAgain() throws {
    guard let readText else { return }
    text = try readText()
    text?.model.setTrainable(false)
  }

  /// The guides' losses on drawn pictures [N,side,side,3], as far as there are any; of a shared batch the rank's part.
  ///
  /// Without a gradient where they are only logged.
  /// - Parameter labels: Of the whole batch.
  func losses(_ image: Tensor, labels: [Int], share: BatchShare, settings: CDTGSettings)
    -> [(kind: GeneratorLossRecord.Kind, value: Tensor)]
  {
    let image = settings.departs(.guidesOnlyLogged) ? image.detached : image
    var result: [(kind: GeneratorLossRecord.Kind, value: Tensor)] = []
    if let classifier, let value = classifier(image, labels: labels, share: share) { result.append((.classifier, value)) }
    if let text {
      let value = text(
        image, labels: share.part(of: labels), onBytes: settings.departs(.textOnBytes),
        takesSoftmaxTwice: settings.departs(.textSoftmaxTwice))
      result.append((.text, share.part(ofMean: value)))
    }
    return result
  }
}

extension ResNet {
  /// The features of real pictures [N,H,W,3] that drawing starts from, [N,h,w,C].
  ///
  /// - Parameter inTraining: Each picture is normalised by its own statistics, for the released code generates in
  ///   training mode with a batch of one (`Departure.tailModelInTraining`).
  func startingFeatures(_ pictures: Tensor, inTraining: Bool) -> Tensor {
    isTraining = inTraining
    return withoutRecording {
      guard inTraining else { return self(pictures).feature }
      return concatenated((0..<pictures.shape[0]).map { self(pictures.slice(0, $0..<($0 + 1))).feature }, axis: 0)
    }
  }
}
