import Checkpoints
import Engine
import Foundation
import Imaging
import Models
import Notebook

/// Small pieces of work that several ranks share, whose results tests hold against those of one rank.
public enum ParallelCheck: String, CaseIterable {
  /// First and second gradients of a network with batch normalisation.
  case gradients
  /// Classifiers of several methods, whose last batches leave some ranks without a picture.
  case classifier
  /// The same, batch normalisation by the rank.
  case ownStatistics = "own-statistics"
  case distillation
  /// The last layer alone.
  case lastLayer = "last-layer"
  /// Generator and discriminator with every loss and regularisation.
  case generator
  /// The small CLIP, as a stage of a store.
  case clip
  /// A run that saves itself after every step and in which rank 1 dies after the sixth, where the third argument says
  /// so; the second names the file of its state.
  case resumed

  /// Does it, and lets rank 0 write what came out, as safetensors, to the file that the first argument names.
  ///
  /// - Throws: What the work throws; `ParallelCheckError`.
  public func run(_ parallel: DataParallel, arguments: [String]) throws {
    guard let path = arguments.first else { throw ParallelCheckError.noFile }
    var result = StateDictionary(source: rawValue)
    switch self {
    case .gradients: gradients(parallel, &result)
    case .classifier, .ownStatistics: try classifiers(parallel, &result)
    case .distillation: try distillation(parallel, &result)
    case .lastLayer: try lastLayer(parallel, &result)
    case .generator: try generator(parallel, &result)
    case .clip: try clip(parallel, store: URL(fileURLWithPath: path + ".store"), &result)
    case .resumed: try resumed(parallel, arguments, &result)
    }
    if parallel.isWriter { try SafeTensors(result).write(to: URL(fileURLWithPath: path)) }
  }

  private static let side = 16
  private static let network = ResNetConfiguration(
    block: .basic, blocks: [1, 1, 1, 1], width: 4, classes: 3, stem: .small)

  private func network(_ seed: UInt64) -> ResNet {
    var stream = RandomStream(seed: seed, name: "check.start")
    return ResNet(Self.network, stream: &stream)
  }

  /// Random pictures of three classes.
  private func images(_ counts: [Int]) -> DecodedImages {
    var stream = RandomStream(seed: 1, name: "check.pictures")
    let size = Self.side * Self.side * 3
    let items = counts.enumerated().flatMap { label, count in
      (0..<count).map { _ in
        let pixels = (0..<size).map { _ in UInt8(60 * label + stream.integer(below: 100)) }
        return ObjectDataset.Item(
          label: label, source: .memory(Image(width: Self.side, height: Self.side, pixels: pixels)))
      }
    }
    return DecodedImages(ObjectDataset(classNames: ["a", "b", "c"], items: items), side: Self.side)
  }

  private func training(steps: Int, batch: Int) -> ClassifierSettings {
    ClassifierSettings(
      side: Self.side, batchSize: batch, epochs: 2, steps: steps, learningRate: 1e-3, weightDecay: 1e-4,
      milestones: [1], flips: true)
  }

  private func trainingRun(_ parallel: DataParallel) -> TrainingRun {
    var run = TrainingRun(context: nil) { ProgressBar("check", total: $0, done: $1) }
    run.parallel = parallel
    return run
  }

  /// Notes how far a module has moved from where it started.
  private func note(_ name: String, _ module: Module, from start: StateDictionary, _ result: inout StateDictionary) {
    for (key, value) in StateDictionary(module).entries { result["\(name).\(key)"] = value - start[key]! }
  }

  // MARK: - The pieces

  private func gradients(_ parallel: DataParallel, _ result: inout StateDictionary) {
    let (model, labels) = (network(1), [0, 1, 2, 2, 1, 0, 1])
    var stream = RandomStream(seed: 2, name: "check.gradients")
    let share = parallel.begin(labels.count)
    let x = share.normal([Self.side, Self.side, 3], from: &stream).tracked
    model.couple(parallel)
    let keys = model.parameters.map(\.key)
    let values = model.parameters.map(\.parameter.value)
    let loss = share.part(ofMean: crossEntropy(model(x).logits, share.part(of: labels)))
    for (key, gradient) in zip(keys, parallel.gradients(of: loss, withRespectTo: values)) {
      result["first.\(key)"] = gradient
    }
    let penalty = share.part(ofMean: r1Penalty({ model($0).logits.squared() }, pictures: x))
    for (key, gradient) in zip(keys, parallel.gradients(of: penalty, withRespectTo: values)) {
      result["second.\(key)"] = gradient
    }
    result["loss"] = Tensor([parallel.total(loss), parallel.total(penalty)], shape: [2])
  }

  private func classifiers(_ parallel: DataParallel, _ result: inout StateDictionary) throws {
    // 6, 6 and 1 pictures.
    let images = images([8, 4, 1])
    for method in [LongTailMethod.crossEntropy, .ldamDRW, .focal, .mixup, .cutMix, .geometricAugmentation] {
      let model = network(3)
      let start = StateDictionary(model)
      var settings = training(steps: 6, batch: 6)
      if self == .ownStatistics { settings.batchNormRanks = parallel.communicator.size }
      try trainClassifier(
        model, on: images, settings: settings, seed: 4, name: "check", objective: method.objective,
        run: trainingRun(parallel))
      note(method.rawValue, model, from: start, &result)
      if self == .ownStatistics { break }
    }
  }

  private func distillation(_ parallel: DataParallel, _ result: inout StateDictionary) throws {
    let (student, teacher) = (network(5), network(6))
    let start = StateDictionary(student)
    let settings = DistillationSettings(schedule: training(steps: 4, batch: 5), alpha: 0.2, continuesSchedule: false)
    try distill(
      student: student, teacher: teacher, on: images([5, 4, 2]), settings: settings, direction: 0, seed: 7,
      name: "check", run: trainingRun(parallel))
    note("student", student, from: start, &result)
  }

  private func lastLayer(_ parallel: DataParallel, _ result: inout StateDictionary) throws {
    for kind in [LastLayerTraining.Kind.newLayer, .weightScaling, .syntheticFeatures(neighbours: 2)] {
      let model = network(8)
      let start = StateDictionary(model)
      try trainLastLayer(
        of: model, LastLayerTraining(kind, share: 1), on: images([8, 4, 3]), settings: training(steps: 4, batch: 5),
        seed: 9, name: "check", run: trainingRun(parallel))
      note("\(kind)", model, from: start, &result)
    }
  }

  private func generator(_ parallel: DataParallel, _ result: inout StateDictionary) throws {
    var settings = CDTGSettings.paper
    (settings.side, settings.latentWidth, settings.mappingLayers, settings.labelWidth) = (Self.side, 12, 2, 6)
    settings.channels = .narrow(maximum: 8, product: 128)
    (settings.batchSize, settings.iterations, settings.r1Every, settings.pathEvery) = (6, 4, 2, 3)
    settings.trainingNoiseRatio = [0.05, 0.8]
    settings.augmentation = .aerial
    settings.augmentation.adaptive = AdaptiveAugmentation(length: 60, interval: 1)
    let tail = network(10)
    func build() -> ConditionalGenerator {
      var stream = RandomStream(seed: 11, name: "check")
      return ConditionalGenerator(
        settings.generatorConfiguration(classes: 3),
        featureCount: tail.configuration.featureShape(size: Self.side).elementCount, stream: &stream)
    }
    var stream = RandomStream(seed: 12, name: "check")
    let (networks, discriminator) = (
      build(), Discriminator(settings.discriminatorConfiguration(classes: 3), stream: &stream)
    )
    let starts = (StateDictionary(networks), StateDictionary(discriminator))
    let training = GeneratorTraining(
      settings: settings, networks: networks, average: build(), discriminator: discriminator,
      guides: GeneratorGuides(features: tail, classifier: ClassifierGuide(model: tail, modelLabels: [nil, 0, 1])),
      seed: 13)
    training.parallel = parallel
    let batches = BatchSettings(side: Self.side, batchSize: 6, seed: 14, streamName: "check", sampling: .classBalanced)
    var loader: BatchLoader?
    try trainingRun(parallel).run(steps: settings.iterations, state: training.state) {
      loader = try BatchLoader(images([8, 4, 3]), settings: batches, fromStep: $0, parallel: parallel)
    } step: { number in
      guard let batch = try loader?.next() else { return "" }
      try training.step(number, pictures: batch.tensor, labels: batch.allLabels)
      return ""
    }
    note("generator", networks, from: starts.0, &result)
    note("discriminator", discriminator, from: starts.1, &result)
    let noted = training.losses.state.map { $0.isNaN ? 0 : $0 }
    result["losses"] = Tensor(noted, shape: [noted.count])
  }

  private func clip(_ parallel: DataParallel, store: URL, _ result: inout StateDictionary) throws {
    var settings = PretrainingSettings()
    (settings.captionedPerClass, settings.clipSteps, settings.clipBatch, settings.vocabularySize) = (1, 4, 14, 520)
    let made = try Pretraining(
      settings: settings, store: try StageStore(directory: store, parallel: parallel, log: { _ in })
    ).smallCLIP()
    result = try SafeTensors(contentsOf: made.file("weights.safetensors")).tensors
  }

  private func resumed(_ parallel: DataParallel, _ arguments: [String], _ result: inout StateDictionary) throws {
    guard arguments.count > 1 else { throw ParallelCheckError.noFile }
    let dies = arguments.count > 2
    let model = network(15)
    let start = StateDictionary(model)
    var run = TrainingRun("check", file: URL(fileURLWithPath: arguments[1])) { done in
      if dies, done == 6, parallel.communicator.rank == 1 { kill(getpid(), SIGKILL) }
      // A rank that is dead gives no answer.
      if dies, done == 6 { sleep(60) }
    }
    run.parallel = parallel
    run.secondsBetweenCheckpoints = 0
    try trainClassifier(
      model, on: images([8, 4, 3]), settings: training(steps: 12, batch: 6), seed: 16, name: "check", run: run)
    note("model", model, from: start, &result)
  }
}

public enum ParallelCheckError: Error, CustomStringConvertible {
  case unknown(String)
  case noFile

  public var description: String {
    switch self {
    case .unknown(let name):
      "there is no check '\(name)'; choose \(ParallelCheck.allCases.map(\.rawValue).joined(separator: ", "))"
    case .noFile: "name a file to write the result to, and for `resumed` one for its state"
    }
  }
}
