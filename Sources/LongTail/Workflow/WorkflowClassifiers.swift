import Checkpoints
import Engine
import Foundation
import Models
import Notebook

/// A folder that a command of the released workflow writes its weights into, and its state while it runs.
public struct WorkflowFolder {
  public let url: URL

  /// - Throws: What making the folder throws.
  public init(_ path: String) throws {
    url = URL(fileURLWithPath: path, isDirectory: true)
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  public func file(_ name: String) -> URL { url.appendingPathComponent(name) }

  /// Where a run keeps what it needs to go on; gone when it has finished.
  func state(_ name: String) -> URL { file("\(name).training.safetensors") }

  func finish(_ name: String) throws {
    if FileManager.default.fileExists(atPath: state(name).path) {
      try FileManager.default.removeItem(at: state(name))
    }
  }
}

/// Which part of a data set a classifier learns.
public enum DataPart: String, Sendable {
  case head, tail, all
}

extension TGNLayout {
  /// The training and test pictures of a part of the data set; head and tail are told apart by the training counts, and
  /// their classes are numbered anew.
  ///
  /// - Throws: `TGNLayoutError`, `HeadTailSplitError`.
  public func part(_ part: DataPart, headShare: Double) throws -> (train: ObjectDataset, test: ObjectDataset) {
    let (train, test) = (try read(.train), try read(.test))
    if part == .all { return (train, test) }
    let split = try HeadTailSplit(counts: train.counts, headShare: headShare)
    let classes = part == .head ? split.headClasses : split.tailClasses
    return (train.subset(classes: classes), test.subset(classes: classes))
  }
}

/// Writes weights as PyTorch's file (.pth, .pt) or safetensors, by the name.
///
/// - Throws: `CheckpointError`.
public func writeWeights(_ weights: StateDictionary, to url: URL) throws {
  if url.pathExtension == "safetensors" {
    try SafeTensors(weights, metadata: [:]).write(to: url)
  } else {
    try weights.writePyTorch(to: url)
  }
}

/// Reads a network's weights from a file of any format, under any of the released namings.
///
/// - Parameter isLenient: Keeps what fits by key and shape, as the released warm start does; else all keys must.
/// - Returns: Remarks for the user: keys that were left, weights that are not numbers.
/// - Throws: `CheckpointError`; `StateMismatch` if strict.
@discardableResult
public func loadWeights(_ module: Module, from url: URL, at path: String = "", isLenient: Bool = false) throws -> [String] {
  let weights = try StateDictionary(contentsOf: url, at: path).adapted(to: module).0
  var remarks: [String] = []
  let broken = weights.keysWithNonFiniteValues
  if !broken.isEmpty { remarks.append("\(url.lastPathComponent): not a number in \(broken.joined(separator: ", "))") }
  if isLenient {
    let mismatch = weights.loadLeniently(into: module)
    if !mismatch.isEmpty { remarks.append("\(url.lastPathComponent), what did not fit stays as it was: \(mismatch)") }
  } else {
    try weights.load(into: module)
  }
  return remarks
}

/// Trains a back-bone by cross-entropy (the released `KMDN/UModel.py`, `RModel.py`, `Classification/train.py`).
///
/// - Parameter afterEpoch: Called with the number of epochs done.
public func trainBackbone(
  _ model: any Backbone, on images: DecodedImages, settings: ClassifierSettings, seed: UInt64, name: String,
  stateFile: URL, afterEpoch: @escaping (Int) throws -> Void
) throws {
  let batches = BatchSettings(
    side: settings.side, batchSize: settings.batchSize, seed: seed, streamName: name, flips: settings.flips)
  model.isTraining = true
  model.setTrainable(true)
  let parameters = model.parameters.map(\.parameter)
  let optimizer = Adam(parameters, learningRate: settings.learningRate, weightDecay: settings.weightDecay)
  let perEpoch = try BatchPlan(for: images.dataset, settings: batches).stepsPerEpoch
  let total = settings.totalSteps(perEpoch: perEpoch)
  var state = TrainingState()
  state.add("model", model)
  state.add("optimizer", optimizer)
  var loader: BatchLoader?
  let run = TrainingRun(name, file: stateFile) { done in
    guard done % perEpoch == 0 || done == total else { return }
    try afterEpoch((done + perEpoch - 1) / perEpoch)
    model.isTraining = true
  }
  try run.run(steps: total, state: state) { first in
    loader = try BatchLoader(images, settings: batches, fromStep: first)
  } step: { step in
    guard let batch = try loader?.next() else { return "" }
    optimizer.learningRate = settings.learningRate(step: step, total: total)
    let loss = crossEntropy(model.logits(batch.tensor), batch.labels)
    optimizer.step(gradients(of: loss, withRespectTo: parameters.map(\.value)))
    try requireFinite(loss, "loss of \(name)", step: step)
    return "loss " + NumberFormat.fixed(Double(loss.item), digits: 3)
  }
}

/// A back-bone's scores on a data set, all classes taken for head.
///
/// - Throws: What reading the pictures throws.
public func test(_ model: any Backbone, on images: DecodedImages, batchSize: Int = 32) throws -> Scores {
  model.isTraining = false
  let settings = BatchSettings(
    side: images.side, batchSize: batchSize, seed: 0, streamName: "evaluation", sampling: .inOrder)
  let loader = try BatchLoader(images, settings: settings, epoch: 0)
  var predicted: [Int] = []
  while let batch = try loader.next() {
    predicted += withoutRecording { model.logits(batch.tensor) }.argmax()
  }
  let classes = images.dataset.classCount
  return Scores(
    truth: images.dataset.items.map(\.label), predicted: predicted, classes: classes, headClasses: Array(0..<classes))
}

/// Both directions of mutual distillation (the released `KMDN/Distill.py`): the tail model teaches the head model on
/// head pictures, then the head model the tail model on tail pictures.
///
/// - Throws: What reading, training and writing throw.
public func distillBothWays(
  head: ResNet, tail: ResNet, layout: TGNLayout, headShare: Double, settings: DistillationSettings, seed: UInt64,
  folder: WorkflowFolder
) throws {
  for (direction, student, teacher, part) in [(0, head, tail, DataPart.head), (1, tail, head, DataPart.tail)] {
    let name = direction == 0 ? "distil-head" : "distil-tail"
    let done = folder.file(direction == 0 ? "head.pth" : "tail.pth")
    if FileManager.default.fileExists(atPath: done.path) {
      try loadWeights(student, from: done)
      continue
    }
    let images = DecodedImages(try layout.part(part, headShare: headShare).train, side: settings.schedule.side)
    try distill(
      student: student, teacher: teacher, on: images, settings: settings, direction: direction, seed: seed, name: name,
      run: TrainingRun(name, file: folder.state(name)))
    try writeWeights(StateDictionary(student), to: done)
    try folder.finish(name)
  }
}
