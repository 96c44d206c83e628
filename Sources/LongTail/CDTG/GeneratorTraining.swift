import Engine
import Foundation
import Models
import Notebook

/// Trains generator and discriminator: each step the discriminator once, the generator once, and now and then their
/// regularisations (released `CDTG/train.py`).
final class GeneratorTraining {
  let settings: CDTGSettings
  let networks: ConditionalGenerator
  let average: ConditionalGenerator
  let discriminator: Discriminator
  private var guides: GeneratorGuides
  private let seed: UInt64
  private let generatorOptimizer: Adam
  private let discriminatorOptimizer: Adam
  private let generatorParameters: [(key: String, parameter: Parameter)]
  private let discriminatorParameters: [(key: String, parameter: Parameter)]
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
    let learnsFusion = !settings.departs(.fusionNotLearned)
    networks.fusion?.setTrainable(learnsFusion)
    generatorParameters = networks.parameters.filter { learnsFusion || $0.key.hasPrefix("generator.") }
    discriminatorParameters = discriminator.parameters
    func adam(_ parameters: [(key: String, parameter: Parameter)], rate: Float, every: Int) -> Adam {
      let ratio = Float(every) / Float(every + 1)
      return Adam(
        parameters.map(\.parameter), learningRate: rate * ratio, betas: GeneratorTraining.betas(every: every))
    }
    generatorOptimizer = adam(generatorParameters, rate: settings.learningRate, every: settings.pathEvery)
    discriminatorOptimizer = adam(
      discriminatorParameters, rate: settings.discriminatorLearningRate, every: settings.r1Every)
    for model in [guides.features, guides.classifier?.model].compactMap({ $0 }) {
      // The released code leaves it in training mode, where batch statistics let pictures of one batch stand in for
      // one another. What then becomes of its running statistics, nothing reads.
      model.isTraining = settings.departs(.tailModelInTraining)
      model.setTrainable(false)
    }
    guides.text?.model.setTrainable(false)
  }

  /// Lazy regularisation: Adam's constants shrink with the share of extra steps, one in `every`.
  private static func betas(every: Int) -> (Float, Float) { (0, pow(0.99, Float(every) / Float(every + 1))) }

  /// Everything a resumed run needs.
  var state: TrainingState {
    var state = TrainingState()
    state.add("g", networks)
    state.add("g_ema", average)
    state.add("d", discriminator)
    state.add("g_optim", generatorOptimizer)
    state.add("d_optim", discriminatorOptimizer)
    for number in numbers { state.add(number.name, get: number.get, set: number.set) }
    return state
  }

  /// The parts of the state that are plain numbers.
  var numbers: [(name: String, get: () -> [Float], set: ([Float]) -> Void)] {
    var numbers: [(name: String, get: () -> [Float], set: ([Float]) -> Void)] = [
      ("mean_path_length", { [self] in [meanPathLength] }, { [self] in meanPathLength = $0.first ?? 0 })
    ]
    if augmentStrength != nil {
      numbers.append(
        ("augmentation", { [self] in augmentStrength!.state }, { [self] in augmentStrength!.restore($0) }))
    }
    return numbers + [("losses", { [self] in losses.state }, { [self] in losses.restore($0) })]
  }

  var generatorMoments: NamedMoments {
    NamedMoments(
      optimizer: generatorOptimizer, parameters: generatorParameters, betas: Self.betas(every: settings.pathEvery))
  }

  var discriminatorMoments: NamedMoments {
    NamedMoments(
      optimizer: discriminatorOptimizer, parameters: discriminatorParameters, betas: Self.betas(every: settings.r1Every))
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
    try guides.readTextAgain()
    try trainGenerator(number, labels: labels, feature: feature)
    movingAverage.update(decay: pow(0.5, Float(settings.batchSize) / settings.averageHalfLife))
    losses.keep(step: number, of: settings.iterations)
  }

  /// Of the list at hand: a module finds its parameters by reflection, which takes as long as a layer of a small network.
  private func setDiscriminatorTrainable(_ isTrainable: Bool) {
    for (_, parameter) in discriminatorParameters { parameter.isTrainable = isTrainable }
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

  private func mixesStyles(_ stream: inout RandomStream) -> Bool {
    guard settings.mixesStyles, let share = settings.styleMixingShare else { return settings.mixesStyles }
    return stream.uniform() < share
  }

  /// One step of an optimiser along the gradients of a loss, of which this is the rank's part.
  ///
  /// - Returns: The whole loss.
  @discardableResult
  private func descend(
    _ loss: Tensor, _ name: String, _ parameters: [(key: String, parameter: Parameter)], _ optimizer: Adam, step: Int
  ) throws -> Float {
    let value = parallel.total(loss)
    try requireFinite(value, name, step: step)
    let slopes = parallel.gradients(of: loss, withRespectTo: parameters.map(\.parameter.value))
    try requireFinite(slopes, keys: parameters.map(\.key), of: name, step: step)
    optimizer.step(slopes)
    return value
  }

  private func trainDiscriminator(_ number: Int, pictures: Tensor, labels: [Int], feature: Tensor?) throws {
    var drawing = stream("discriminator", number)
    var augmenting = stream("discriminator.augmentation", number)
    let share = parallel.share(of: labels.count)
    let own = share.part(of: labels)
    let (ratio, mixes) = (noiseRatio(&drawing), mixesStyles(&drawing))
    let fake = withoutRecording {
      networks.draw(
        labels: own, feature: feature, noiseRatio: ratio, mixesStyles: mixes, share: share, stream: &drawing
      ).image
    }
    setDiscriminatorTrainable(true)
    let real = augmented(pictures, isReal: true, share: share, stream: &augmenting)
    let realLogits = discriminator(real, labels: own)
    let fakeLogits = discriminator(augmented(fake, isReal: false, share: share, stream: &augmenting), labels: own)
    let loss = share.part(ofMean: discriminatorLoss(real: realLogits, fake: fakeLogits))
    let value = try descend(
      loss, "the discriminator's loss", discriminatorParameters, discriminatorOptimizer, step: number)
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
    let weighted = penalty * (settings.r1Weight / 2 * Float(settings.r1Every))
    try descend(weighted, "the R1 penalty", discriminatorParameters, discriminatorOptimizer, step: number)
    losses.note(.r1, parallel.total(penalty))
  }

  private func trainGenerator(_ number: Int, labels: [Int], feature: Tensor?) throws {
    var drawing = stream("generator", number)
    var augmenting = stream("generator.augmentation", number)
    setDiscriminatorTrainable(false)
    let share = parallel.share(of: labels.count)
    let own = share.part(of: labels)
    let (ratio, mixes) = (noiseRatio(&drawing), mixesStyles(&drawing))
    let (image, _) = networks.draw(
      labels: own, feature: feature, noiseRatio: ratio, mixesStyles: mixes, share: share, stream: &drawing)
    let changed = augmented(image, isReal: false, share: share, stream: &augmenting)
    let adversarial = share.part(ofMean: adversarialLoss(fake: discriminator(changed, labels: own)))
    losses.note(.generator, parallel.total(adversarial))
    let seen = settings.departs(.guidesSeeAugmented) ? changed : image
    var loss = adversarial
    for (kind, part) in guides.losses(seen, labels: labels, share: share, settings: settings) {
      let value = parallel.total(part)
      losses.note(kind, value)
      try requireFinite(value, "the \(kind.rawValue) loss", step: number)
      if settings.departs(.guidesOnlyLogged) { continue }
      loss = loss + part * (kind == .text ? settings.textWeight : settings.classifierWeight)
    }
    try descend(loss, "the generator's loss", generatorParameters, generatorOptimizer, step: number)

    if settings.pathWeight > 0 && number % settings.pathEvery == 0 {
      try regularizePaths(number, labels: labels, feature: feature)
    }
  }

  func regularizePaths(_ number: Int, labels: [Int], feature: Tensor?) throws {
    var drawing = stream("path", number)
    let share = parallel.share(of: max(1, labels.count / settings.pathBatchShrink))
    let (ratio, mixes) = (noiseRatio(&drawing), mixesStyles(&drawing))
    let (image, latents) = networks.draw(
      labels: share.part(of: Array(labels[..<share.total])), feature: feature?.slice(0, 0..<share.count),
      noiseRatio: ratio, mixesStyles: mixes, share: share, stream: &drawing)
    let direction = share.normal(Array(image.shape.dropFirst()), from: &drawing)
    let (own, mean) = pathLengthPenalty(
      image: image, latents: latents, direction: direction, mean: meanPathLength
    ) { share.isWhole ? $0.mean() : parallel.summed($0.sum()) / Float(share.total) }
    let penalty = share.part(ofMean: own)
    let weighted = penalty * (settings.pathWeight * Float(settings.pathEvery))
    try descend(weighted, "the path-length penalty", generatorParameters, generatorOptimizer, step: number)
    meanPathLength = mean
    losses.note(.path, parallel.total(penalty))
  }
}

