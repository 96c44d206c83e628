import Engine
import Models

// The losses of CDTG; each takes and gives tensors, so that each can be tested alone.

/// softplus(-real) + softplus(fake), each averaged: logits [N,1].
public func discriminatorLoss(real: Tensor, fake: Tensor) -> Tensor { (-real).softplus().mean() + fake.softplus().mean() }

/// softplus(-fake), averaged: the non-saturating loss.
public func adversarialLoss(fake: Tensor) -> Tensor { (-fake).softplus().mean() }

/// R1 (Mescheder et al. 2018): the mean over pictures of the squared norm of the discriminator's gradient by them.
public func r1Penalty(_ judge: (Tensor) -> Tensor, pictures: Tensor) -> Tensor {
  let leaf = pictures.tracked
  let gradient = gradients(of: judge(leaf).sum(), withRespectTo: [leaf], recording: true)[0]
  return gradient.squared().sum([1, 2, 3]).mean()
}

/// Path-length regularisation (Karras et al. 2020): how far the image moves for a step in w should not depend on where.
///
/// - Parameters:
///   - image: [N,H,W,3], made from `latents` [N, layers, width], a recorded tensor.
///   - direction: Standard normal noise of the image's shape.
///   - mean: The running mean of path lengths.
///   - average: The mean over the batch, of which these pictures may be a rank's share.
/// - Returns: The penalty, averaged over these pictures, and the new running mean (decay 0.01).
public func pathLengthPenalty(
  image: Tensor, latents: Tensor, direction: Tensor, mean: Float, average: (Tensor) -> Tensor = { $0.mean() }
) -> (penalty: Tensor, mean: Float) {
  let scale = 1 / Float(image.shape[1] * image.shape[2]).squareRoot()
  let gradient = gradients(of: (image * (direction * scale)).sum(), withRespectTo: [latents], recording: true)[0]
  let lengths = gradient.squared().sum([2]).mean([1]).squareRoot()
  // The mean moves before it is subtracted, and a gradient flows through the part that is this batch's.
  let moved = mean + 0.01 * (average(lengths) - mean)
  return ((lengths - moved).squared().mean(), moved.item)
}

/// Keeps drawn pictures on their class: a frozen model's cross-entropy on those of the classes that it knows.
struct ClassifierGuide {
  let model: ResNet
  /// The model's label of each class; nil for classes that it does not know.
  let modelLabels: [Int?]

  /// - Parameters:
  ///   - image: Drawn pictures, of a shared batch the rank's own.
  ///   - allLabels: Labels of the whole batch.
  ///   - share: Which pictures of the batch the image has; nil for all.
  /// - Returns: The mean over the batch's known pictures, or the rank's part of it; nil where the batch has none.
  func callAsFunction(_ image: Tensor, labels allLabels: [Int], share: BatchShare? = nil) -> Tensor? {
    let labels = share?.part(of: allLabels) ?? allLabels
    let known = labels.indices.filter { modelLabels[labels[$0]] != nil }
    let allKnown = allLabels.filter { modelLabels[$0] != nil }.count
    guard allKnown > 0 else { return nil }
    guard !known.isEmpty else { return Tensor(0) }
    let logits = model(known.count == labels.count ? image : image.rows(known)).logits
    let mean = crossEntropy(logits, known.map { modelLabels[labels[$0]]! })
    return known.count == allKnown ? mean : mean * (Float(known.count) / Float(allKnown))
  }
}

/// Keeps drawn pictures near the words for their class: cross-entropy over classes of the text-image similarity.
struct TextGuide {
  let model: CLIP
  /// One unit-length text feature per class, [classes, width]. Computed once: nothing about it changes in training.
  let classFeatures: Tensor

  /// - Parameter prompts: One sentence per class, such as "a photo of a bridge".
  init(model: CLIP, tokens: [[Int]]) {
    self.model = model
    classFeatures = withoutRecording { unitLength(model.textFeatures(tokens)) }
  }

  /// - Parameter templates: Several sentences for each class, whose features are averaged.
  init(model: CLIP, templates: [[[Int]]]) {
    self.model = model
    classFeatures = withoutRecording {
      unitLength(
        concatenated(templates.map { unitLength(model.textFeatures($0)).mean([0], keepingAxes: true) }, axis: 0))
    }
  }

  /// - Parameters:
  ///   - onBytes: CLIP sees 8-bit pictures, without a gradient (`Departure.textOnBytes`).
  ///   - takesSoftmaxTwice: Cross-entropy takes probabilities for logits (`Departure.textSoftmaxTwice`).
  func callAsFunction(_ image: Tensor, labels: [Int], onBytes: Bool = false, takesSoftmaxTwice: Bool = false) -> Tensor {
    let logits = similarities(onBytes ? wrappedBytes(image) : image)
    return crossEntropy(takesSoftmaxTwice ? logits.softmax() : logits, labels)
  }

  /// The cosines of pictures [N,H,W,3] with each class's text, times CLIP's trained temperature (100): [N, classes].
  func similarities(_ image: Tensor) -> Tensor {
    let side = model.configuration.imageSize
    let features = unitLength(model.imageFeatures(clipInput(resized(image, height: side, width: side))))
    return matmul(features, classFeatures, transposeB: true) * model.temperature
  }
}

/// Pictures as the released text loss makes them 8-bit: values of [-1, 1] times 255, cut to a byte without being moved
/// to [0, 1] first, so that negative ones wrap around. No gradient flows through.
private func wrappedBytes(_ x: Tensor) -> Tensor {
  x.withElements { elements in
    Tensor(
      elements.map { Float(UInt8(truncatingIfNeeded: Int($0 * 255))) / 127.5 - 1 }, shape: x.shape)
  }
}

/// Rows [N,C] scaled to length one.
func unitLength(_ x: Tensor) -> Tensor {
  x * (x.squared().sum([1], keepingAxes: true) + 1e-12).reciprocalSquareRoot()
}
