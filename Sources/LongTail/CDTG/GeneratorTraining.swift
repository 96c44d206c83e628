import Engine
import Foundation
import Models
import Notebook

/// What the generator is trained with besides its pictures. Each may be absent: the rows of the ablation.
struct GeneratorGuides {
  /// The tail model whose features start the generator.
  var features: ResNet?
  var classifier: ClassifierGuide?
  var text: TextGuide?
}

/// Trains generator and discriminator: each step the discriminator once, the generator once, and now and then their
/// regularisations (released `CDTG/train.py`, with every loss back-propagated).
final class GeneratorTraining {
  let settings: CDTGSettings
  let networks: ConditionalGenerator
  let average: ConditionalGenerator
  let discriminator: Discriminator
  private let guides: GeneratorGuides
  private let seed: UInt64
  private let generatorOptimizer: Adam
  private let discriminatorOptimizer: Adam
  private let generatorParameters: [Parameter]
  private let discriminatorParameters: [Parameter]
  private let movingAverage: MovingAverage
  private var meanPathLength: Float = 0
  /// Of the adaptive augmentation, where there is one.
  private(set) var augmentStrength: AdaptiveAugmentStrength?
  /// The last value of each loss, and the course of all, one entry every few steps.
  private(set) var losses = GeneratorLossRecord()
  /// With whom every batch is shared.
  var parallel = DataParallel.single

  /// The networks are trained in place; `average` must start equal to `networks`.
  init(
    settings: CDTGSettings, networks: ConditionalGenerator, average: ConditionalGenerator,
    discriminator: Discriminator, guides: GeneratorGuides, seed: UInt64
  ) {
    self.settings = settings
    self.networks = networks
    self.average = average
    self.discriminator = discriminator
    self.guides = guides
    self.seed = seed
    augmentStrength = settings.augmentation.adaptive.map { AdaptiveAugmentStrength($0) }
    average.setTrainable(false)
    networks.generator.recomputesActivations = settings.recomputesActivations ?? false
    discriminator.recomputesActivations = settings.recomputesActivations ?? false
    movingAverage = MovingAverage(average, of: networks)
    generatorParameters = networks.parameters.map(\.parameter)
    discriminatorParameters = discriminator.parameters.map(\.parameter)
    // Lazy regularisation: Adam's constants shrink with the share of extra steps.
    func adam(_ parameters: [Parameter], rate: Float, every: Int) -> Adam {
      let ratio = Float(every) / Float(every + 1)
      return Adam(parameters, learningRate: rate * ratio, betas: (0, pow(0.99, ratio)))
    }
    generatorOptimizer = adam(generatorParameters, rate: settings.learningRate, every: settings.pathEvery)
    discriminatorOptimizer = adam(
      discriminatorParameters, rate: settings.discriminatorLearningRate, every: settings.r1Every)
    for model in [guides.features, guides.classifier?.model].compactMap({ $0 }) {
      // Evaluation mode: the released code leaves it in training mode, where batch statistics let pictures of one
      // batch stand in for one another.
      model.isTraining = false
      model.setTrainable(false)
    }
    guides.text?.model.setTrainable(false)
  }

  /// Everything a resumed run needs.
  var state: TrainingState {
    var state = TrainingState()
    state.add("g", networks)
    state.add("g_ema", average)
    state.add("d", discriminator)
    state.add("g_optim", generatorOptimizer)
    state.add("d_optim", discriminatorOptimizer)
    state.add("mean_path_length", get: { [self] in [meanPathLength] }, set: { [self] in meanPathLength = $0[0] })
    if augmentStrength != nil {
      state.add(
        "augmentation", get: { [self] in augmentStrength!.state }, set: { [self] in augmentStrength!.restore($0) })
    }
    state.add("losses", get: { [self] in losses.state }, set: { [self] in losses.restore($0) })
    return state
  }

  private func stream(_ name: String, _ step: Int) -> RandomStream {
    RandomStream(seed: seed, name: "cdtg.\(name)", index: UInt64(step))
  }

  /// One step on a batch of real pictures [N,side,side,3]: of a shared batch the rank's own. Labels are the whole
  /// batch's, here and below.
  func step(_ number: Int, pictures: Tensor, labels: [Int]) throws {
    _ = parallel.begin(labels.count)
    let feature = guides.features.map { model in withoutRecording { model(pictures).feature } }
    try trainDiscriminator(number, pictures: pictures, labels: labels, feature: feature)
    try trainGenerator(number, labels: labels, feature: feature)
    movingAverage.update(decay: pow(0.5, Float(settings.batchSize) / settings.averageHalfLife))
    losses.keep(step: number, of: settings.iterations)
  }

  private func augmented(
    _ pictures: Tensor, isReal: Bool, share: BatchShare, stream: inout RandomStream
  ) -> Tensor {
    settings.augmentation(
      pictures, isReal: isReal, strength: augmentStrength?.value ?? 0, share: share, stream: &stream)
  }

  private func noiseRatio(_ stream: inout RandomStream) -> Float {
    let range = settings.trainingNoiseRatio
    return stream.uniform(range[0], range[range.count - 1])
  }

  private func trainDiscriminator(_ number: Int, pictures: Tensor, labels: [Int], feature: Tensor?) throws {
    var drawing = stream("discriminator", number)
    var augmenting = stream("discriminator.augmentation", number)
    let share = parallel.share(of: labels.count)
    let own = share.part(of: labels)
    let ratio = noiseRatio(&drawing)
    let fake = withoutRecording {
      networks.draw(
        labels: own, feature: feature, noiseRatio: ratio, mixesStyles: settings.mixesStyles, share: share,
        stream: &drawing
      ).image
    }
    for parameter in discriminatorParameters { parameter.isTrainable = true }
    let real = augmented(pictures, isReal: true, share: share, stream: &augmenting)
    let realLogits = discriminator(real, labels: own)
    let fakeLogits = discriminator(augmented(fake, isReal: false, share: share, stream: &augmenting), labels: own)
    let loss = share.part(ofMean: discriminatorLoss(real: realLogits, fake: fakeLogits))
    let value = parallel.total(loss)
    try requireFinite(value, "the discriminator's loss", step: number)
    discriminatorOptimizer.step(parallel.gradients(of: loss, withRespectTo: discriminatorParameters.map(\.value)))
    let (allReal, allFake) = (parallel.gathered(realLogits.detached), parallel.gathered(fakeLogits.detached))
    losses.note(.discriminator, value)
    losses.note(.realScore, allReal.mean().item)
    losses.note(.fakeScore, allFake.mean().item)
    augmentStrength?.observe(realLogits: allReal)
    if let strength = augmentStrength { losses.note(.augmentation, strength.value) }

    guard number % settings.r1Every == 0 else { return }
    if settings.augmentation.adaptive == nil {
      try penalizeGradients(number, pictures: real, labels: labels)
    } else {
      // As released: changes are drawn again, and the gradient is taken through them, by the pictures themselves.
      try penalizeGradients(number, pictures: pictures, labels: labels) { [self] pictures in
        var stream = stream("penalty.augmentation", number)
        return augmented(pictures, isReal: true, share: share, stream: &stream)
      }
    }
  }

  /// - Parameter augment: What happens to the pictures before the discriminator sees them.
  func penalizeGradients(
    _ number: Int, pictures: Tensor, labels: [Int], augment: (Tensor) -> Tensor = { $0 }
  ) throws {
    let share = parallel.share(of: labels.count)
    let own = share.part(of: labels)
    let penalty = share.part(ofMean: r1Penalty({ discriminator(augment($0), labels: own) }, pictures: pictures))
    let value = parallel.total(penalty)
    try requireFinite(value, "the R1 penalty", step: number)
    let weighted = penalty * (settings.r1Weight / 2 * Float(settings.r1Every))
    discriminatorOptimizer.step(parallel.gradients(of: weighted, withRespectTo: discriminatorParameters.map(\.value)))
    losses.note(.r1, value)
  }

  private func trainGenerator(_ number: Int, labels: [Int], feature: Tensor?) throws {
    var drawing = stream("generator", number)
    var augmenting = stream("generator.augmentation", number)
    for parameter in discriminatorParameters { parameter.isTrainable = false }
    let share = parallel.share(of: labels.count)
    let own = share.part(of: labels)
    let ratio = noiseRatio(&drawing)
    let (image, _) = networks.draw(
      labels: own, feature: feature, noiseRatio: ratio, mixesStyles: settings.mixesStyles, share: share,
      stream: &drawing)
    let logits = discriminator(augmented(image, isReal: false, share: share, stream: &augmenting), labels: own)
    let adversarial = share.part(ofMean: adversarialLoss(fake: logits))
    losses.note(.generator, parallel.total(adversarial))
    var loss = adversarial
    if let guide = guides.classifier, let value = guide(image, labels: labels, share: share) {
      loss = loss + value * settings.classifierWeight
      losses.note(.classifier, parallel.total(value))
    }
    if let guide = guides.text {
      let value = share.part(ofMean: guide(image, labels: own))
      loss = loss + value * settings.textWeight
      losses.note(.text, parallel.total(value))
    }
    try requireFinite(parallel.total(loss), "the generator's loss", step: number)
    generatorOptimizer.step(parallel.gradients(of: loss, withRespectTo: generatorParameters.map(\.value)))

    if settings.pathWeight > 0 && number % settings.pathEvery == 0 {
      try regularizePaths(number, labels: labels, feature: feature)
    }
  }

  func regularizePaths(_ number: Int, labels: [Int], feature: Tensor?) throws {
    var drawing = stream("path", number)
    let share = parallel.share(of: max(1, labels.count / settings.pathBatchShrink))
    let ratio = noiseRatio(&drawing)
    let (image, latents) = networks.draw(
      labels: share.part(of: Array(labels[..<share.total])), feature: feature?.slice(0, 0..<share.count),
      noiseRatio: ratio, mixesStyles: settings.mixesStyles, share: share, stream: &drawing)
    let direction = share.normal(Array(image.shape.dropFirst()), from: &drawing)
    let (own, mean) = pathLengthPenalty(
      image: image, latents: latents, direction: direction, mean: meanPathLength
    ) { share.isWhole ? $0.mean() : parallel.summed($0.sum()) / Float(share.total) }
    let penalty = share.part(ofMean: own)
    let value = parallel.total(penalty)
    try requireFinite(value, "the path-length penalty", step: number)
    let weighted = penalty * (settings.pathWeight * Float(settings.pathEvery))
    generatorOptimizer.step(parallel.gradients(of: weighted, withRespectTo: generatorParameters.map(\.value)))
    meanPathLength = mean
    losses.note(.path, value)
  }
}

