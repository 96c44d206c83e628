import Checkpoints
import Engine
import Foundation
import Models
import Notebook

/// A folder that a command of the released workflow writes its weights into, and its state while it runs.
public struct WorkflowFolder {
  public let url: URL
  /// With whom training is shared; rank 0 writes.
  let parallel: DataParallel

  /// - Throws: What making the folder throws.
  public init(_ path: String, parallel: DataParallel = .single) throws {
    url = URL(fileURLWithPath: path, isDirectory: true)
    self.parallel = parallel
    guard parallel.isWriter else { return }
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  public func file(_ name: String) -> URL { url.appendingPathComponent(name) }

  /// Where a run keeps what it needs to go on; gone when it has finished.
  func state(_ name: String) -> URL { file("\(name).training.safetensors") }

  func finish(_ name: String) throws {
    if parallel.isWriter, FileManager.default.fileExists(atPath: state(name).path) {
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
  /// - Parameter recipe: `released` divides the test set by its own counts (`Departure.separateTestSplit`).
  /// - Throws: `TGNLayoutError`, `HeadTailSplitError`.
  public func part(_ part: DataPart, headShare: Double, recipe: Recipe = .paper) throws
    -> (train: ObjectDataset, test: ObjectDataset)
  {
    let (train, test) = (try read(.train), try read(.test))
    if part == .all { return (train, test) }
    func pick(_ dataset: ObjectDataset, counts: [Int]) throws -> ObjectDataset {
      let parts = try HeadTailSplit(counts: counts, headShare: headShare).parts(of: dataset)
      return part == .head ? parts.head : parts.tail
    }
    return (
      try pick(train, counts: train.counts), try pick(test, counts: recipe == .released ? test.counts : train.counts)
    )
  }

  /// The training pictures of the head and of the tail classes, each numbered anew.
  ///
  /// - Throws: `TGNLayoutError`, `HeadTailSplitError`.
  public func trainingParts(headShare: Double) throws -> (head: ObjectDataset, tail: ObjectDataset) {
    let train = try read(.train)
    return try HeadTailSplit(counts: train.counts, headShare: headShare).parts(of: train)
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
/// - Parameter classes: If given, how many the file's last layer must know.
/// - Returns: Remarks for the user: keys that were left, weights that are not numbers.
/// - Throws: `CheckpointError`; `WeightsError`; `StateMismatch` if strict.
@discardableResult
public func loadWeights(
  _ module: Module, from url: URL, at path: String = "", isLenient: Bool = false, classes: Int? = nil
) throws -> [String] {
  try loadWeights(module, try StateDictionary(contentsOf: url, at: path), isLenient: isLenient, classes: classes)
}

/// The same from weights that are read already.
func loadWeights(
  _ module: Module, _ weights: StateDictionary, isLenient: Bool, classes: Int? = nil
) throws -> [String] {
  let weights = weights.adapted(to: module).0
  // The last layer is `fc`, or `fc.0` in the released `model_finetune.py`.
  if let classes, !isLenient, let known = (weights["fc.weight"] ?? weights["fc.0.weight"])?.shape.first,
    known != classes
  {
    throw WeightsError.otherClasses(weights.source, known: known, needed: classes)
  }
  var remarks = weights.remarks
  if isLenient {
    remarks += leftOut(weights.loadLeniently(into: module))
  } else {
    try weights.load(into: module)
  }
  return remarks
}

/// Fills all but the last layer of a back-bone from public weights (`Backbone.loadTrunk`), under any of the released
/// namings.
///
/// - Parameter leavesShortcuts: Shortcuts stay as they are (`Departure.randomShortcuts`).
/// - Returns: Remarks for the user, as `loadWeights`.
/// - Throws: `CheckpointError`; `StateMismatch` if strict.
public func loadTrunk(_ model: any Backbone, from url: URL, isLenient: Bool, leavesShortcuts: Bool = false) throws
  -> [String]
{
  let weights = try StateDictionary(contentsOf: url).adapted(to: model).0
  if leavesShortcuts {
    try model.loadTrunk(weights.withoutShortcuts, isLenient: true)
    return weights.remarks
  }
  return weights.remarks + leftOut(try model.loadTrunk(weights, isLenient: isLenient))
}

/// What a lenient reading left as it was, for the user.
func leftOut(_ mismatch: StateMismatch) -> [String] {
  mismatch.isEmpty ? [] : ["what does not fit stays as it was: \(mismatch)"]
}

extension StateDictionary {
  /// A warning that names the weights which are not numbers, if there are any.
  public var remarks: [String] {
    let broken = keysWithNonFiniteValues
    return broken.isEmpty ? [] : ["\(source): Warning: NaN or infinite values in \(broken.joined(separator: ", "))"]
  }
}

public enum WeightsError: Error, Equatable, CustomStringConvertible {
  case otherClasses(String, known: Int, needed: Int)

  public var description: String {
    switch self {
    case .otherClasses(let path, let known, let needed):
      "\(path): a model of \(known) classes, but \(needed) are needed here; give the model of this data set and "
        + "--head-share"
    }
  }
}

/// Trains a back-bone by cross-entropy (the released `KMDN/UModel.py`, `RModel.py`, `Classification/train.py`).
///
/// - Parameters:
///   - parallel: With whom every batch is shared.
///   - afterEpoch: Called, on rank 0, with the number of epochs done.
/// - Throws: What reading, training and `afterEpoch` throw.
public func trainBackbone(
  _ model: any Backbone, on images: DecodedImages, settings: ClassifierSettings, seed: UInt64, name: String,
  stateFile: URL, parallel: DataParallel = .single, afterEpoch: @escaping (Int) throws -> Void
) throws {
  let perEpoch = try BatchPlan(for: images.dataset, settings: settings.batches(seed: seed, name: name)).stepsPerEpoch
  let total = settings.totalSteps(perEpoch: perEpoch)
  var run = TrainingRun(name, file: stateFile) { done in
    guard done % perEpoch == 0 || done == total, parallel.isWriter else { return }
    try afterEpoch((done + perEpoch - 1) / perEpoch)
    model.isTraining = true
  }
  run.parallel = parallel
  try trainClassifier(model, on: images, settings: settings, seed: seed, name: name, run: run)
}

/// A back-bone's scores on a data set, all classes taken for head.
///
/// - Throws: What reading the pictures throws.
public func test(_ model: any Backbone, on images: DecodedImages, batchSize: Int = 32) throws -> Scores {
  try evaluate(model, on: images, headClasses: Array(0..<images.dataset.classCount), batchSize: batchSize)
}

/// Both directions of mutual distillation (the released `KMDN/Distill.py`): the tail model teaches the head model on
/// head pictures, then the head model the tail model on tail pictures.
///
/// - Throws: What reading, training and writing throw.
public func distillBothWays(
  head: ResNet, tail: ResNet, on parts: (head: ObjectDataset, tail: ObjectDataset), settings: DistillationSettings,
  seed: UInt64, folder: WorkflowFolder
) throws {
  for (direction, student, teacher, dataset) in [(0, head, tail, parts.head), (1, tail, head, parts.tail)] {
    let name = direction == 0 ? "distil-head" : "distil-tail"
    let done = folder.file(direction == 0 ? "head.pth" : "tail.pth")
    let exists = FileManager.default.fileExists(atPath: done.path)
    if folder.parallel.communicator.broadcast(exists ? 1 : 0) == 1 {
      try loadWeights(student, from: done)
      continue
    }
    let images = DecodedImages(dataset, side: settings.schedule.side)
    var run = TrainingRun(name, file: folder.state(name))
    run.parallel = folder.parallel
    try distill(
      student: student, teacher: teacher, on: images, settings: settings, direction: direction, seed: seed, name: name,
      run: run)
    if folder.parallel.isWriter { try writeWeights(StateDictionary(student), to: done) }
    try folder.finish(name)
  }
}
