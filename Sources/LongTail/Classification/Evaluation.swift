import Engine
import Models

/// The labels that a classifier gives to a set of pictures, in order.
func predictions(of model: ResNet, on images: DecodedImages, batchSize: Int = 256) throws -> [Int] {
  var result: [Int] = []
  try forEachLogits(of: model, on: images, batchSize: batchSize) { result += $0.argmax() }
  return result
}

/// A classifier's scores on a test set.
func evaluate(_ model: ResNet, on images: DecodedImages, headClasses: [Int]) throws -> Scores {
  Scores(
    truth: images.dataset.items.map(\.label), predicted: try predictions(of: model, on: images),
    classes: images.dataset.classCount, headClasses: headClasses)
}

/// What a classifier says of each picture of a test set, and how sure it is.
func outcomes(of model: ResNet, lastLayer: LastLayer = .linear, on images: DecodedImages) throws -> TestOutcomes {
  var (predicted, confidence): ([Int], [Float]) = ([], [])
  try forEachLogits(of: model, lastLayer: lastLayer, on: images, batchSize: 256) { logits in
    let labels = logits.argmax()
    let classes = logits.shape[1]
    predicted += labels
    logits.softmax().withElements { shares in
      confidence += labels.enumerated().map { row, label in shares[row * classes + label] }
    }
  }
  return TestOutcomes(truth: images.dataset.items.map(\.label), predicted: predicted, confidence: confidence)
}

private func forEachLogits(
  of model: ResNet, lastLayer: LastLayer = .linear, on images: DecodedImages, batchSize: Int, _ body: (Tensor) -> Void
) throws {
  model.isTraining = false
  let settings = BatchSettings(
    side: images.side, batchSize: batchSize, seed: 0, streamName: "evaluation", sampling: .inOrder)
  let loader = try BatchLoader(images, settings: settings, epoch: 0)
  while let batch = try loader.next() {
    withoutRecording { body(lastLayer.logits(model, batch.tensor)) }
  }
}
