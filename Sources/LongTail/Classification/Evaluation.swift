import Engine
import Models

/// How many pictures are scored at once: fewer of large ones, for memory.
func evaluationBatch(side: Int) -> Int { side > 64 ? 32 : 256 }

/// The labels that a classifier gives to a set of pictures, in order.
func predictions(of model: any Backbone, on images: DecodedImages, batchSize: Int? = nil) throws -> [Int] {
  var result: [Int] = []
  try forEachLogits(of: model, on: images, batchSize: batchSize) { result += $0.argmax() }
  return result
}

/// A classifier's scores on a test set.
func evaluate(
  _ model: any Backbone, on images: DecodedImages, headClasses: [Int], batchSize: Int? = nil
) throws -> Scores {
  Scores(
    truth: images.dataset.items.map(\.label), predicted: try predictions(of: model, on: images, batchSize: batchSize),
    classes: images.dataset.classCount, headClasses: headClasses)
}

/// What a classifier says of each picture of a test set, and how sure it is.
func outcomes(of model: any Backbone, lastLayer: LastLayer = .linear, on images: DecodedImages) throws -> TestOutcomes {
  var (predicted, confidence): ([Int], [Float]) = ([], [])
  try forEachLogits(of: model, lastLayer: lastLayer, on: images) { logits in
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
  of model: any Backbone, lastLayer: LastLayer = .linear, on images: DecodedImages, batchSize: Int? = nil,
  _ body: (Tensor) -> Void
) throws {
  model.isTraining = false
  try images.forEachBatch(of: batchSize ?? evaluationBatch(side: images.side)) { batch in
    withoutRecording { body(lastLayer.logits(model, batch.tensor)) }
  }
}

extension DecodedImages {
  /// Calls `body` with all pictures, batch after batch in their order, as they are.
  ///
  /// - Throws: What reading a picture throws, or `body`.
  func forEachBatch(of size: Int, _ body: (Batch) throws -> Void) throws {
    let settings = BatchSettings(side: side, batchSize: size, seed: 0, streamName: "in order", sampling: .inOrder)
    let loader = try BatchLoader(self, settings: settings, epoch: 0)
    while let batch = try loader.next() { try body(batch) }
  }

  /// Some pictures as they are: [n, side, side, 3].
  ///
  /// - Throws: What reading a picture throws.
  func pictures(at indices: some Sequence<Int>) throws -> Tensor {
    try batch(indices.map { BatchEntry(index: $0, isFlipped: false) }).tensor
  }
}
