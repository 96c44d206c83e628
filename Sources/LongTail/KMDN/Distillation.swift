import Engine
import Models
import Notebook

/// Mutual distillation of the head and the tail model (the paper's KMDN; released `KMDN/Distill.py`).
public struct DistillationSettings: Codable, Equatable, Sendable {
  /// Schedule of one direction. The released code runs 50 epochs of each at batch 64.
  public var schedule: ClassifierSettings
  /// The weight α of the feature loss: cross-entropy + α · MSE(student's feature, teacher's feature).
  public var alpha: Float
  /// Whether the second direction's learning rate starts where the first one's ended, as the released code's global
  /// epoch counter has it. Off in the recipe `paper`: each direction has its own schedule.
  public var continuesSchedule: Bool
  /// The stage of the network whose map is the feature, 1 to 4; nil for the third, as in the paper.
  public var featureStage: Int? = nil

  public static let released = DistillationSettings(
    schedule: {
      var schedule = ClassifierSettings.released(epochs: 50)
      schedule.batchSize = 64
      return schedule
    }(), alpha: 0.2, continuesSchedule: true)
}

/// Which of the two models is taught.
public enum DistillationDirection: Sendable {
  case toHead, toTail

  /// The name of its stage.
  var name: String { self == .toHead ? "distillation-to-head" : "distillation-to-tail" }
}

/// One direction: the student sees its own labelled pictures and is drawn towards the teacher's features.
///
/// The teacher is in evaluation mode and gets no gradient.
/// - Parameter direction: 0 for the first one, 1 for the second; matters only where the schedule continues.
func distill(
  student: ResNet, teacher: ResNet, on images: DecodedImages, settings: DistillationSettings, direction: Int,
  seed: UInt64, name: String, run: TrainingRun
) throws {
  let schedule = settings.schedule
  let parallel = try run.parallel(for: schedule)
  let batches = schedule.batches(seed: seed, name: name)
  student.isTraining = true
  student.setTrainable(true)
  teacher.isTraining = false
  let parameters = student.parameters.map(\.parameter)
  let optimizer = Adam(parameters, learningRate: schedule.learningRate, weightDecay: schedule.weightDecay)
  let total = schedule.totalSteps(perEpoch: try BatchPlan(for: images.dataset, settings: batches).stepsPerEpoch)
  var state = TrainingState()
  state.add("student", student)
  state.add("optimizer", optimizer)
  var loader: BatchLoader?
  try run.run(steps: total, state: state) { first in
    loader = try BatchLoader(images, settings: batches, fromStep: first, parallel: parallel)
  } step: { step in
    guard let batch = try loader?.next() else { return "" }
    let share = parallel.begin(batch.allLabels.count)
    optimizer.learningRate =
      settings.continuesSchedule
      ? schedule.learningRate(atEpoch: Double(direction * schedule.epochs) + schedule.epoch(step: step, total: total))
      : schedule.learningRate(step: step, total: total)
    let pictures = batch.tensor
    let stage = settings.featureStage ?? 3
    let target = withoutRecording { teacher(pictures, featureStage: stage).feature }
    let (loss, crossEntropyLoss, featureLoss) = distillationLoss(
      student: student, pictures: pictures, labels: batch.labels, target: target, alpha: settings.alpha, stage: stage)
    let part = share.part(ofMean: loss)
    optimizer.step(parallel.gradients(of: part, withRespectTo: parameters.map(\.value)))
    try requireFinite(parallel.total(part), "loss of \(name)", step: step)
    let shown = [crossEntropyLoss, featureLoss].map { parallel.total(share.part(ofMean: $0.detached)) }
    return "cross-entropy " + NumberFormat.fixed(Double(shown[0]), digits: 3)
      + ", feature " + NumberFormat.fixed(Double(shown[1]), digits: 3)
  }
}

/// Cross-entropy + α · mean squared difference of the features [N,H,W,C] of a stage.
func distillationLoss(
  student: ResNet, pictures: Tensor, labels: [Int], target: Tensor, alpha: Float, stage: Int = 3
) -> (loss: Tensor, crossEntropy: Tensor, feature: Tensor) {
  let (logits, feature) = student(pictures, featureStage: stage)
  let labelLoss = crossEntropy(logits, labels)
  let featureLoss = meanSquaredError(feature, target)
  return (labelLoss + featureLoss * alpha, labelLoss, featureLoss)
}
