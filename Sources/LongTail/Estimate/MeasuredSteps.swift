import Engine
import Models

/// Steps of each kind of stage, run here on random pictures with random weights of the right shapes.
struct MeasuredSteps {
  let settings: PipelineSettings
  let classes: Int
  let tailClasses: Int

  private func architecture(_ network: ResNetConfiguration, classes: Int) -> ResNetConfiguration {
    var result = network
    result.classes = classes
    return result
  }

  private func pictures(_ count: Int, _ side: Int, _ stream: inout RandomStream) -> Tensor {
    .uniform([count, side, side, 3], -1, 1, from: &stream)
  }

  private func labels(_ count: Int, of classes: Int) -> [Int] { (0..<count).map { $0 % classes } }

  /// One step of a classifier's training with all it keeps, and the scoring of one picture.
  func classifier(
    _ training: ClassifierSettings, _ network: ResNetConfiguration
  ) -> (step: StepCost, scoring: StepCost) {
    var scoring = StepCost()
    let step = StepCost.measured(batch: training.batchSize, side: training.side) { batch in
      var step = StepCost()
      let bytes = CostMeter.bytes { meter in
        var stream = RandomStream(seed: 0, name: "estimate")
        let model = ResNet(architecture(network, classes: classes), stream: &stream)
        let parameters = model.parameters.map(\.parameter)
        let optimizer = Adam(parameters)
        var state = TrainingState()
        state.add("model", model)
        state.add("optimizer", optimizer)
        let pictures = self.pictures(batch, training.side, &stream)
        // The first step also fills the pool of buffers.
        for _ in 0..<2 {
          step = meter.lap {
            let loss = crossEntropy(model(pictures).logits, labels(batch, of: classes))
            optimizer.step(gradients(of: loss, withRespectTo: parameters.map(\.value)))
          }
        }
        withExtendedLifetime(state.dictionary(source: "estimate")) {}
        model.isTraining = false
        let tested = evaluationBatch(side: training.side)
        let test = self.pictures(tested, training.side, &stream)
        scoring = meter.lap { withoutRecording { _ = model(test).logits } } * (1 / Double(tested))
      }
      step.bytes = bytes
      return step
    }
    return (step, scoring)
  }

  /// One step of distillation.
  func distillation() -> StepCost {
    let schedule = settings.distillation.schedule
    return StepCost.measured(batch: schedule.batchSize, side: schedule.side) { batch in
      var step = StepCost()
      let bytes = CostMeter.bytes { meter in
        var stream = RandomStream(seed: 0, name: "estimate")
        let shape = architecture(settings.network, classes: tailClasses)
        let (student, teacher) = (ResNet(shape, stream: &stream), ResNet(shape, stream: &stream))
        teacher.isTraining = false
        let parameters = student.parameters.map(\.parameter)
        let optimizer = Adam(parameters)
        var state = TrainingState()
        state.add("student", student)
        state.add("optimizer", optimizer)
        let pictures = self.pictures(batch, schedule.side, &stream)
        for _ in 0..<2 {
          step = meter.lap {
            let target = withoutRecording { teacher(pictures).feature }
            let loss = distillationLoss(
              student: student, pictures: pictures, labels: labels(batch, of: tailClasses), target: target,
              alpha: settings.distillation.alpha
            ).loss
            optimizer.step(gradients(of: loss, withRespectTo: parameters.map(\.value)))
          }
        }
        withExtendedLifetime(state.dictionary(source: "estimate")) {}
      }
      step.bytes = bytes
      return step
    }
  }

  /// The mean step of a generator's training: its regularisations are taken in their share of steps.
  ///
  /// - Throws: What training throws; what reading the text model throws.
  func generator(_ variant: GeneratorVariant, text: () throws -> TextGuide) throws -> StepCost {
    let cdtg = settings.cdtg
    return try StepCost.measured(batch: cdtg.batchSize, side: cdtg.side) { batch in
      var step = StepCost()
      let bytes = try CostMeter.bytes { meter in
        var changed = cdtg
        changed.batchSize = batch
        let training = try self.training(changed, variant, text: text)
        var stream = RandomStream(seed: 0, name: "estimate")
        let pictures = self.pictures(batch, cdtg.side, &stream)
        func lap(_ number: Int) throws -> StepCost {
          try meter.lap { try training.step(number, pictures: pictures, labels: labels(batch, of: drawnClasses)) }
        }
        // Step 0 takes both regularisations and fills the pool; 1 neither, unless they are taken in every step.
        _ = try lap(0)
        let plain = try lap(1)
        let (r1, path) = (cdtg.r1Every, cdtg.pathEvery)
        step = plain
        for every in Set([r1, path]) where every > 1 {
          // Where one interval divides the other, the longer one's steps take both, and the shorter one's are as many.
          let share = 1 / Double(every) - (every == min(r1, path) && max(r1, path) % every == 0 && r1 != path
            ? 1 / Double(max(r1, path)) : 0)
          let more = try lap(every)
          step.seconds += max(0, more.seconds - plain.seconds) * share
          step.operations += max(0, more.operations - plain.operations) * share
        }
        withExtendedLifetime(training.state.dictionary(source: "estimate")) {}
      }
      step.bytes = bytes
      return step
    }
  }

  /// The drawing of one picture, with the feature of the real one it starts from.
  func drawing(_ variant: GeneratorVariant) -> StepCost {
    let side = settings.cdtg.side
    let batch = generationBatch(side: side)
    var picture = StepCost()
    let bytes = CostMeter.bytes { meter in
      let networks = self.networks(variant)
      var stream = RandomStream(seed: 0, name: "estimate")
      let tail = variant.usesFeatures ? tailModel(&stream) : nil
      let real = self.pictures(evaluationBatch(side: side), side, &stream)
      var features: Tensor?
      let looking = meter.lap { features = tail.map { model in withoutRecording { model(real).feature } } }
      let drawn = meter.lap {
        _ = drawImages(
          networks, label: 0, numbers: Array(0..<batch),
          features: features.map { features in features.rows((0..<batch).map { $0 % features.shape[0] }) },
          noiseRatio: 0.5, seed: 0)
      }
      picture = drawn * (1 / Double(batch)) + looking * (1 / Double(real.shape[0]))
    }
    picture.bytes = bytes
    return picture
  }

  /// Starts the threads, and lets the libraries take their buffers.
  static func warmUp() {
    var stream = RandomStream(seed: 0, name: "estimate")
    let model = ResNet(.init(block: .basic, blocks: [1, 1, 1, 1], width: 16, classes: 4, stem: .small), stream: &stream)
    let pictures = Tensor.uniform([16, 32, 32, 3], -1, 1, from: &stream)
    let parameters = model.parameters.map(\.parameter)
    _ = gradients(
      of: crossEntropy(model(pictures).logits, (0..<16).map { $0 % 4 }), withRespectTo: parameters.map(\.value))
  }

  // MARK: - Networks

  private var drawnClasses: Int { settings.cdtg.drawsHeadClasses ? classes : tailClasses }

  private func networks(_ variant: GeneratorVariant) -> ConditionalGenerator {
    var stream = RandomStream(seed: 0, name: "estimate")
    let shape = architecture(settings.network, classes: tailClasses).featureShape(size: settings.cdtg.side)
    return ConditionalGenerator(
      settings.cdtg.generatorConfiguration(classes: drawnClasses),
      featureCount: variant.usesFeatures ? shape.elementCount : nil, stream: &stream)
  }

  private func tailModel(_ stream: inout RandomStream) -> ResNet {
    let model = ResNet(architecture(settings.network, classes: tailClasses), stream: &stream)
    model.isTraining = false
    return model
  }

  private func training(_ cdtg: CDTGSettings, _ variant: GeneratorVariant, text: () throws -> TextGuide) throws
    -> GeneratorTraining
  {
    var stream = RandomStream(seed: 0, name: "estimate")
    var guides = GeneratorGuides()
    if variant.usesFeatures { guides.features = tailModel(&stream) }
    if variant.usesClassifierLoss {
      let known = labels(drawnClasses, of: tailClasses).enumerated().map { $0 < tailClasses ? $1 : nil }
      guides.classifier = ClassifierGuide(model: guides.features!, modelLabels: known)
    }
    if variant.usesTextLoss { guides.text = try text() }
    return GeneratorTraining(
      settings: cdtg, networks: networks(variant), average: networks(variant),
      discriminator: Discriminator(cdtg.discriminatorConfiguration(classes: drawnClasses), stream: &stream),
      guides: guides, seed: 0)
  }
}
