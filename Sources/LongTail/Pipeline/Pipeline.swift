import Checkpoints
import Engine
import Foundation
import Imaging
import Models
import Notebook

/// The method as a chain of stages: head model, tail model → distilled models → generator → images → classifier →
/// scores. Each is made once and found again by the hash of everything that it depends on.
public final class Pipeline {
  public let settings: PipelineSettings
  public let data: PipelineData
  let store: StageStore
  let weights: StartingWeights?
  /// Shows progress; an experiment gives it the parts that are to come.
  public var job: ProgressJob?
  var jobParts: Set<String> = []
  /// Told beside the names of its parts where several pipelines are at work.
  private var label = ""
  private var decoded: [String: DecodedImages] = [:]
  private var recent = RecentSets()
  /// The memory that the process held before each stage that was run, and the most in it, in bytes.
  public private(set) var memory: [(part: String, before: Int, peak: Int)] = []

  /// - Parameter weights: Starting weights, or nil to start every network at random.
  public init(settings: PipelineSettings, data: PipelineData, store: StageStore, weights: StartingWeights?) {
    self.settings = settings
    self.data = data
    self.store = store
    self.weights = settings.usesStartingWeights ? weights : nil
  }

  /// The same pipeline with other settings of everything but the data. Finished stages that the change does not touch
  /// are shared.
  ///
  /// - Parameter label: Told beside the names of its parts; empty for the same names.
  public func varied(_ label: String = "", _ change: (inout PipelineSettings) -> Void) -> Pipeline {
    var changed = settings
    change(&changed)
    precondition(changed.data == settings.data, "a varied pipeline works on the same data")
    let pipeline = Pipeline(settings: changed, data: data, store: store, weights: weights)
    (pipeline.job, pipeline.jobParts, pipeline.label) = (job, jobParts, label)
    return pipeline
  }

  // MARK: - KMDN

  public var headData: ObjectDataset { data.split.parts(of: data.train).head }
  public var tailData: ObjectDataset { data.split.parts(of: data.train).tail }

  /// A classifier of the head classes alone.
  public func headModel() throws -> StageResult {
    try expert("head-model", on: headData, settings: settings.headModel)
  }

  /// A classifier of the tail classes alone.
  public func tailModel() throws -> StageResult {
    try expert("tail-model", on: tailData, settings: settings.tailModel)
  }

  private func expert(_ name: String, on dataset: ObjectDataset, settings training: ClassifierSettings) throws
    -> StageResult
  {
    let key = ClassifierStage(
      training: training, network: network(dataset.classCount), data: [data.trainHash], headShare: settings.data.headShare,
      seed: settings.seed, weights: try weights?.checksum(.classifier),
      leftOut: BatchPlan.leftOut(of: dataset.count, batchSize: training.batchSize))
    return try run(name, version: 1, settings: key) { context, progress in
      let model = try startedClassifier(
        classes: dataset.classCount, name: name, seed: settings.seed,
        leavesShortcuts: training.startsShortcutsAtRandom ?? false)
      try trainClassifier(
        model, on: images(of: dataset, named: name, side: training.side), settings: training, seed: settings.seed,
        name: name, run: TrainingRun(context: context, progress: progress))
      try save(model, context, "model.safetensors")
    }
  }

  /// The tail model after mutual distillation: first the tail teaches the head on head pictures, then the head, so
  /// taught, teaches the tail on tail pictures.
  public func distilledModels() throws -> StageResult { try distilled([.toHead, .toTail]).tail }

  /// Both models after distillation in the directions given, one after the other. Each student starts as it was but for
  /// a new `fc`; each teacher is as the directions before left it. A model that is not taught stays as it was.
  public func distilled(_ directions: [DistillationDirection]) throws -> (head: StageResult, tail: StageResult) {
    var (head, tail) = (try headModel(), try tailModel())
    var results = [head, tail]
    for (position, direction) in directions.enumerated() {
      let dataset = direction == .toHead ? headData : tailData
      let (learning, teaching) = direction == .toHead ? (head, tail) : (tail, head)
      let teacherClasses = (direction == .toHead ? data.split.tailClasses : data.split.headClasses).count
      let result = try run(
        direction.name, version: 1,
        settings: DistillationStage(
          settings: settings.distillation, seed: settings.seed,
          leftOut: BatchPlan.leftOut(of: dataset.count, batchSize: settings.distillation.schedule.batchSize)),
        inputs: results
      ) { context, progress in
        let student = try load(learning, classes: dataset.classCount, newHead: direction.name)
        try distill(
          student: student, teacher: try load(teaching, classes: teacherClasses),
          on: images(of: dataset, named: direction.name, side: settings.distillation.schedule.side),
          settings: settings.distillation, direction: position, seed: settings.seed, name: direction.name,
          run: TrainingRun(context: context, progress: progress))
        try save(student, context, "model.safetensors")
      }
      results.append(result)
      if direction == .toHead { head = result } else { tail = result }
    }
    return (head, tail)
  }

  /// How a head or a tail model does on the test pictures of its own classes, picture by picture.
  public func scores(of model: StageResult, on part: DataPart) throws -> Scores {
    let parts = data.split.parts(of: data.test)
    let dataset = part == .head ? parts.head : parts.tail
    let images = images(of: dataset, named: "test \(part.rawValue)", side: settings.classifier.side)
    let outcomes = try outcomes(of: try load(model, classes: dataset.classCount), on: images)
    return Scores(outcomes: outcomes, classes: dataset.classCount, headClasses: [])
  }

  // MARK: - Helpers shared by the stages

  /// Runs a stage, or takes its stored result, and keeps the progress of the whole job.
  func run<Settings: Encodable>(
    _ name: String, part: String? = nil, version: Int, settings: Settings, inputs: [StageResult] = [],
    _ work: (StageContext, @escaping (Int, Int) -> ProgressBar) throws -> Void
  ) throws -> StageResult {
    let part = (part ?? name) + (label.isEmpty ? "" : " \(label)")
    let result = try store.run(Stage(name: name, version: version, settings: settings, inputs: inputs)) { context in
      // Buffers of the last stage's sizes are of no use to this one.
      ResidentMemory.release()
      let before = ResidentMemory.resetPeak() ? ResidentMemory.bytes : nil
      try work(context) { total, done in
        if let job = self.job, self.jobParts.contains(part) { return job.begin(part, total: total, done: done) }
        return ProgressBar(part, total: total, done: done)
      }
      if let before, let peak = ResidentMemory.peakBytes { memory.append((part, before, peak)) }
    }
    if result.wasReused, jobParts.contains(part) { job?.skip(part) }
    return result
  }

  func network(_ classes: Int) -> ResNetConfiguration { settings.network.with(classes: classes) }

  /// A classifier as training finds it: random, then the starting weights where they are used.
  func startedClassifier(classes: Int, name: String, seed: UInt64, leavesShortcuts: Bool = false) throws -> ResNet {
    var stream = RandomStream(seed: seed, name: "\(name).start")
    let model = ResNet(network(classes), stream: &stream)
    try weights?.start(model, leavesShortcuts: leavesShortcuts)
    return model
  }

  /// A stored classifier; `newHead` names the stream of a new, random `fc`.
  func load(_ result: StageResult, classes: Int, newHead: String? = nil, architecture: ResNetConfiguration? = nil) throws
    -> ResNet
  {
    var stream = RandomStream(seed: settings.seed, name: "\(newHead ?? "").start")
    let model = ResNet(architecture ?? network(classes), stream: &stream)
    let saved = try SafeTensors(contentsOf: result.file("model.safetensors")).tensors
    if newHead == nil { try saved.load(into: model) } else { model.takeTrunk(from: saved) }
    return model
  }

  func save(_ module: Module, _ context: StageContext, _ name: String) throws {
    try context.write(SafeTensors(StateDictionary(module)), name)
  }

  /// The pictures of a data set at one size, decoded once a run while there is room for them.
  func images(of dataset: ObjectDataset, named name: String, side: Int) -> DecodedImages {
    let key = "\(name) \(side)"
    for old in recent.use(key, bytes: DecodedImages.mostBytes(dataset, side: side)) { decoded[old] = nil }
    if let found = decoded[key] { return found }
    let images = DecodedImages(dataset, side: side)
    decoded[key] = images
    return images
  }
}

/// What a classifier's stage depends on.
struct ClassifierStage: Encodable {
  var training: ClassifierSettings
  var network: ResNetConfiguration
  /// Content hashes.
  var data: [String]
  var headShare: Double
  var expansion = ""
  var added = 0
  var seed: UInt64
  var weights: String?
  /// Items that its batches leave out; nil for none, so that what was trained when they were kept is still found.
  var leftOut: Int?
}

struct DistillationStage: Encodable {
  var settings: DistillationSettings
  var seed: UInt64
  var leftOut: Int?
}
