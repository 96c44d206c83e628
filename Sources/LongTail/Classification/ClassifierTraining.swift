import Engine
import Foundation
import Models
import Notebook

/// How a classifier is trained: head model, tail model and the classifier on the expanded set alike.
public struct ClassifierSettings: Codable, Equatable, Sendable {
  /// Width and height of the pictures.
  public var side: Int
  public var batchSize: Int
  public var epochs: Int
  /// If given, how many steps are done, whatever the size of the data set: every variant of an ablation then gets the
  /// same budget, and the learning rate falls at the same shares of it.
  public var steps: Int?
  public var learningRate: Float
  public var weightDecay: Float
  /// The learning rate is divided by ten after each of these epochs (the released `adjust_learning_rate`).
  public var milestones: [Int]
  /// Mirrors each picture with probability 0.5, as the released loaders do.
  public var flips: Bool
  /// Where several ranks share the batches: nil takes the statistics of batch normalisation over the whole batch, the
  /// same training on any number of ranks. A number says that so many ranks take them over their own pictures: less
  /// to wait for, and another training.
  public var batchNormRanks: Int? = nil
  /// Whether starting weights reach no shortcut (`Departure.randomShortcuts`).
  public var startsShortcutsAtRandom: Bool? = nil

  /// The released schedule of `KMDN/UModel.py` and `RModel.py` (100 epochs) and `Classification/train.py` (50).
  public static func released(epochs: Int) -> ClassifierSettings {
    ClassifierSettings(
      side: 224, batchSize: 32, epochs: epochs, steps: nil, learningRate: 1e-3, weightDecay: 1e-4,
      milestones: [30, 60, 90, 120, 150, 180], flips: true)
  }

  func totalSteps(perEpoch: Int) -> Int { steps ?? epochs * perEpoch }

  /// Where a step of a run of `total` steps stands in the schedule.
  func epoch(step: Int, total: Int) -> Double { Double(step) * Double(epochs) / Double(max(1, total)) }

  func learningRate(atEpoch epoch: Double) -> Float {
    learningRate * Float(pow(0.1, Double(milestones.filter { Double($0) <= epoch }.count)))
  }

  /// The learning rate at a step of a run of `total` steps.
  func learningRate(step: Int, total: Int) -> Float { learningRate(atEpoch: epoch(step: step, total: total)) }

  /// The batches of a run whose random streams have a name.
  func batches(seed: UInt64, name: String, sampling: BatchSampling = .shuffled) -> BatchSettings {
    BatchSettings(
      side: side, batchSize: batchSize, seed: seed, streamName: name, sampling: sampling, flips: flips)
  }
}

/// Trains a classifier on a labelled set.
///
/// - Parameters:
///   - model: Trained in place.
///   - name: Names the random streams: order of the pictures, mirroring, mixing, what random layers drop.
///   - objective: Plain cross-entropy, or another of the methods for long tails. All take the same number of steps.
/// - Throws: What loading the pictures or saving the state throws.
func trainClassifier(
  _ model: any Backbone, on images: DecodedImages, settings: ClassifierSettings, seed: UInt64, name: String,
  objective: ClassifierObjective = .crossEntropy, run: TrainingRun
) throws {
  let parallel = try run.parallel(for: settings)
  let batches = settings.batches(seed: seed, name: name, sampling: objective.sampling)
  model.isTraining = true
  model.setTrainable(true)
  let parameters = model.parameters.map(\.parameter)
  let optimizer = Adam(parameters, learningRate: settings.learningRate, weightDecay: settings.weightDecay)
  let total = settings.totalSteps(perEpoch: try BatchPlan(for: images.dataset, settings: batches).stepsPerEpoch)
  let counts = images.dataset.counts
  var state = TrainingState()
  state.add("model", model)
  state.add("optimizer", optimizer)
  var loader: BatchLoader?
  var shownLoss: Float = 0
  try run.run(steps: total, state: state) { first in
    loader = try BatchLoader(
      images, settings: batches, fromStep: first, parallel: objective.mixing.needsWholeBatch ? .single : parallel)
  } step: { step in
    guard let batch = try loader?.next() else { return "" }
    let share = parallel.begin(batch.allLabels.count)
    optimizer.learningRate = settings.learningRate(step: step, total: total)
    // What is dropped depends on the step alone: a run that goes on drops what the unbroken run would have dropped.
    model.setRandomness(seed: seed, step: UInt64(step), prefix: "\(name).dropout")
    var stream = RandomStream(seed: seed, name: "\(name).mixing", index: UInt64(step))
    let mixed = objective.mixing(batch.tensor, batch.allLabels, share: share, stream: &stream)
    let logits = objective.lastLayer.logits(model, mixed.pictures)
    let loss = mixed.loss {
      objective.loss(logits, $0, counts: counts, progress: Double(step) / Double(max(1, total)), share: share)
    }
    optimizer.step(parallel.gradients(of: loss, withRespectTo: parameters.map(\.value)))
    let value = parallel.total(loss)
    try requireFinite(value, "loss of \(name)", step: step)
    shownLoss = step == 0 ? value : 0.98 * shownLoss + 0.02 * value
    return "loss " + NumberFormat.fixed(Double(shownLoss), digits: 3)
  }
}

extension Batch {
  /// The pictures, of a rank its own, as a tensor [N, side, side, 3].
  var tensor: Tensor { Tensor(pixels, shape: [count, side, side, 3]) }
}
