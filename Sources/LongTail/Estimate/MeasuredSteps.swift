import Engine
import Models

/// Steps of each kind of stage, run here on pictures of the data set with random weights of the right shapes.
struct MeasuredSteps {
  let settings: PipelineSettings
  let data: PipelineData

  private var weights: StartingWeights? { settings.usesStartingWeights ? StartingWeights() : nil }
  private var classes: Int { data.train.classCount }
  private var tailClasses: Int { data.split.tailClasses.count }

  private func pictures(_ count: Int, _ side: Int, _ stream: inout RandomStream) -> Tensor {
    .uniform([count, side, side, 3], -1, 1, from: &stream)
  }

  private func labels(_ count: Int, of classes: Int) -> [Int] { (0..<count).map { $0 % classes } }

  /// Batches of a data set as training takes them, of another size: two whole ones and, where training comes to the
  /// end of the data, the rest, whose buffers are others.
  ///
  /// - Parameter count: Pictures of the whole set, with those that are added to it.
  private func loader(
    _ dataset: ObjectDataset, _ training: ClassifierSettings, batch: Int, count: Int
  ) throws -> BatchLoader {
    let perEpoch = (count + training.batchSize - 1) / training.batchSize
    let rest = training.totalSteps(perEpoch: perEpoch) >= perEpoch ? count % training.batchSize : 0
    let few = dataset.subset(items: labels(2 * batch + rest * batch / training.batchSize, of: dataset.count))
    var training = training
    training.batchSize = batch
    return try BatchLoader(
      DecodedImages(few, side: training.side), settings: training.batches(seed: 0, name: "estimate"))
  }

  /// The cost of the second of three steps of a network's training, with all that training keeps. The first also fills
  /// the pool of buffers; the third may be a smaller one.
  private func secondStep(
    _ training: ClassifierSettings, on dataset: ObjectDataset, count: Int, batch: Int, of model: ResNet,
    _ meter: CostMeter, loss: (Batch) -> Tensor
  ) throws -> StepCost {
    let parameters = model.parameters.map(\.parameter)
    let optimizer = Adam(parameters)
    var state = TrainingState()
    state.add("model", model)
    state.add("optimizer", optimizer)
    let loader = try loader(dataset, training, batch: batch, count: count)
    let costs = try (0..<3).map { _ in
      try meter.lap {
        guard let batch = try loader.next() else { return }
        optimizer.step(gradients(of: loss(batch), withRespectTo: parameters.map(\.value), keepingGraph: false))
      }
    }
    withExtendedLifetime(state.dictionary(source: "estimate")) {}
    return costs[1]
  }

  /// One step of a classifier's training with all it keeps, and the scoring of one picture.
  ///
  /// - Parameters:
  ///   - added: Pictures that the data set is expanded with.
  ///   - tests: Scored in the end, if given.
  ///   - isStarted: Whether the classifier begins with the starting weights, where they are used.
  /// - Throws: What reading a picture throws.
  func classifier(
    _ training: ClassifierSettings, _ network: ResNetConfiguration, on dataset: ObjectDataset, added: Int = 0,
    tests: ObjectDataset?, isStarted: Bool = true
  ) throws -> (step: StepCost, scoring: StepCost) {
    var scoring = StepCost()
    let step = try StepCost.measured(batch: training.batchSize, side: training.side) { batch in
      var step = StepCost()
      let bytes = try CostMeter.bytes { meter in
        var stream = RandomStream(seed: 0, name: "estimate")
        let model = ResNet(network.with(classes: dataset.classCount), stream: &stream)
        if isStarted { try weights?.start(model) }
        step = try secondStep(training, on: dataset, count: dataset.count + added, batch: batch, of: model, meter) {
          crossEntropy(model($0.tensor).logits, $0.labels)
        }
        guard let tests, tests.count > 0 else { return }
        // A whole batch and the rest.
        let whole = evaluationBatch(side: training.side)
        let count = min(tests.count, whole + tests.count % whole)
        let images = DecodedImages(tests.subset(items: Array(0..<count)), side: training.side)
        scoring = try meter.lap { _ = try predictions(of: model, on: images) } * (1 / Double(count))
      }
      step.bytes = bytes
      return step
    }
    return (step, scoring)
  }

  /// One step of distillation on the head's or the tail's pictures.
  ///
  /// - Throws: What reading a picture throws.
  func distillation(on dataset: ObjectDataset) throws -> StepCost {
    let schedule = settings.distillation.schedule
    return try StepCost.measured(batch: schedule.batchSize, side: schedule.side) { batch in
      var step = StepCost()
      let bytes = try CostMeter.bytes { meter in
        var stream = RandomStream(seed: 0, name: "estimate")
        let shape = settings.network.with(classes: dataset.classCount)
        let (student, teacher) = (ResNet(shape, stream: &stream), ResNet(shape, stream: &stream))
        teacher.isTraining = false
        step = try secondStep(schedule, on: dataset, count: dataset.count, batch: batch, of: student, meter) { batch in
          let target = withoutRecording { teacher(batch.tensor).feature }
          return distillationLoss(
            student: student, pictures: batch.tensor, labels: batch.labels, target: target,
            alpha: settings.distillation.alpha
          ).loss
        }
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

  /// The drawing of one picture, and the feature of one real picture to start from.
  ///
  /// - Throws: What reading a picture throws.
  func drawing(_ variant: GeneratorVariant) throws -> (step: StepCost, scoring: StepCost) {
    let side = settings.cdtg.side
    let largest = data.split.tailClasses.map { data.train.indicesByClass[$0] }.max { $0.count < $1.count } ?? []
    let real = side > 64 ? min(largest.count, evaluationBatch(side: side)) : largest.count
    let batch = min(generationBatch(side: side), settings.generation.imagesPerClass)
    var (drawn, looking) = (StepCost(), StepCost())
    drawn.bytes = try CostMeter.bytes { meter in
      let networks = self.networks(variant)
      var stream = RandomStream(seed: 0, name: "estimate")
      var features: Tensor?
      if variant.usesFeatures {
        let tail = tailModel(&stream)
        let images = DecodedImages(data.train.subset(items: Array(largest[..<real])), side: side)
        looking = try meter.lap {
          let pictures = try images.pictures(at: 0..<real)
          features = withoutRecording { tail(pictures).feature }
        } * (1 / Double(max(1, real)))
      }
      let sources = features.map { $0.rows(labels(batch, of: real)) }
      func draw() {
        _ = drawImages(
          networks, label: 0, numbers: Array(0..<batch), features: sources, noiseRatio: 0.5, seed: 0)
      }
      // What kernels make of the weights is kept from the second batch on.
      draw()
      drawn = meter.lap(draw) * (1 / Double(batch))
    }
    // A class's features are all kept, and its pictures; of small ones also their sheet, and the sheet as a file.
    let shape = settings.network.with(classes: tailClasses).featureShape(size: side)
    drawn.bytes += variant.usesFeatures ? Double((largest.count - real) * shape.elementCount * 4) : 0
    drawn.bytes += (Pipeline.keepsFiles(side: side) ? 1 : 3) * Double(settings.generation.imagesPerClass * side * side * 3)
    return (drawn, looking)
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

  private var drawnNames: [String] {
    settings.cdtg.drawsHeadClasses ? data.train.classNames : data.split.tailClasses.map { data.train.classNames[$0] }
  }

  private var drawnClasses: Int { settings.cdtg.drawsHeadClasses ? classes : tailClasses }

  private func networks(_ variant: GeneratorVariant) -> ConditionalGenerator {
    var stream = RandomStream(seed: 0, name: "estimate")
    let shape = settings.network.with(classes: tailClasses).featureShape(size: settings.cdtg.side)
    return ConditionalGenerator(
      settings.cdtg.generatorConfiguration(classes: drawnClasses),
      featureCount: variant.usesFeatures ? shape.elementCount : nil, stream: &stream)
  }

  private func tailModel(_ stream: inout RandomStream) -> ResNet {
    let model = ResNet(settings.network.with(classes: tailClasses), stream: &stream)
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
    let (networks, average) = (self.networks(variant), self.networks(variant))
    let discriminator = Discriminator(cdtg.discriminatorConfiguration(classes: drawnClasses), stream: &stream)
    try weights?.start(networks, discriminator, classNames: drawnNames)
    return GeneratorTraining(
      settings: cdtg, networks: networks, average: average, discriminator: discriminator, guides: guides, seed: 0)
  }
}
