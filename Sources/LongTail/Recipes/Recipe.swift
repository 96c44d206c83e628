/// Where the released code does other than the paper describes, a reproduction has to choose: what the paper describes,
/// which is the default, or what the code does.
public enum Recipe: String, CaseIterable, Codable, Sendable {
  case paper, released

  public var departures: [Departure] { self == .paper ? [] : Departure.allCases }
}

/// The switches: one for each thing that the released code does and the paper does not say.
public enum Departure: String, CaseIterable, Codable, Sendable {
  /// The tail model's and CLIP's losses are added to the logged value alone: no gradient of theirs reaches the generator.
  case guidesOnlyLogged = "guides-only-logged"
  /// CLIP sees pictures of 8 bits, through which no gradient flows. They are cut from the generator's range [-1, 1]
  /// times 255, so that negative values wrap around.
  case textOnBytes = "text-on-bytes"
  /// The text loss takes probabilities for logits: softmax twice.
  case textSoftmaxTwice = "text-softmax-twice"
  /// The fusion layer is in no optimiser and no checkpoint: random in training, random anew in generation.
  case fusionNotLearned = "fusion-not-learned"
  /// Training mixes 0.8 noise and 0.2 feature, generation 0.05 and 0.95.
  case noisyTraining = "noisy-training"
  /// CLIP is told of twelve classes that are not the tail's, nor in its order.
  case otherPrompts = "other-prompts"
  /// Two latents for every picture, not for a share of them (`--mixing` is only compared with 0).
  case alwaysMixesStyles = "always-mixes-styles"
  /// Inside CDTG the tail model normalises by batch statistics; in generation a batch is one picture.
  case tailModelInTraining = "tail-model-in-training"
  /// ImageNet weights reach no shortcut of the head and the tail model, for their keys have another name.
  case randomShortcuts = "random-shortcuts"
  /// Distillation starts from head and tail models of one epoch.
  case oneEpochModels = "one-epoch-models"
  /// Generation stops at 2000 pictures of a class, where the paper adds 7000.
  case fewerImages = "fewer-images"
  /// The test set is divided into head and tail by its own counts. It changes which pictures the head and the tail
  /// model are tested on (`tgn split`, `train-head`, `train-tail`), nothing that is trained.
  case separateTestSplit = "separate-test-split"
  /// CLIP is read from disk again at every step. It changes the time, and no bit.
  case clipReadEachStep = "clip-read-each-step"
  /// Distillation's second direction goes on with the first one's learning rate: 1e-4 to 1e-6.
  case continuedSchedule = "continued-schedule"
  /// The guides see drawn pictures as the discriminator does: augmented.
  case guidesSeeAugmented = "guides-see-augmented"

  /// Whether it is a property of the generator's training or of drawing with it.
  var concernsGenerator: Bool {
    switch self {
    case .guidesOnlyLogged, .textOnBytes, .textSoftmaxTwice, .fusionNotLearned, .otherPrompts, .tailModelInTraining,
      .clipReadEachStep, .guidesSeeAugmented:
      true
    default: false
    }
  }
}

/// Departures that are on; in settings the sorted list of their names.
public struct Departures: Codable, Hashable, Sendable, ExpressibleByArrayLiteral {
  public private(set) var all: Set<Departure>

  public init(_ all: some Sequence<Departure>) { self.all = Set(all) }
  public init(arrayLiteral elements: Departure...) { all = Set(elements) }

  public init(from decoder: Decoder) throws {
    all = Set(try decoder.singleValueContainer().decode([Departure].self))
  }

  public func encode(to encoder: Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(all.map(\.rawValue).sorted())
  }

  public mutating func insert(_ departure: Departure) { all.insert(departure) }
}

extension CDTGSettings {
  func departs(_ departure: Departure) -> Bool { departures?.all.contains(departure) ?? false }

  /// Switches on what the released code does, as far as it concerns the generator's training.
  public mutating func apply(_ departure: Departure) {
    switch departure {
    case .noisyTraining: trainingNoiseRatio = [0.8, 0.8]
    case .alwaysMixesStyles: (mixesStyles, styleMixingShare) = (true, nil)
    case _ where departure.concernsGenerator: departures = Departures((departures?.all ?? []).union([departure]))
    default: break
    }
  }
}

extension PipelineSettings {
  /// Switches on what the released code does in one respect.
  public mutating func apply(_ departure: Departure) {
    cdtg.apply(departure)
    switch departure {
    case .noisyTraining: generation.noiseRatio = 0.05
    case .randomShortcuts: (headModel.startsShortcutsAtRandom, tailModel.startsShortcutsAtRandom) = (true, true)
    case .oneEpochModels:
      (headModel.steps, headModel.epochs) = (nil, 1)
      (tailModel.steps, tailModel.epochs) = (nil, 1)
    case .fewerImages: generation.imagesPerClass = max(1, generation.imagesPerClass * 2000 / 7000)
    case .continuedSchedule: distillation.continuesSchedule = true
    default: break
    }
  }

  /// `paper` leaves a profile as it is.
  public mutating func apply(_ recipe: Recipe) {
    for departure in recipe.departures { apply(departure) }
  }
}

/// The twelve classes that the released `CDTG/train.py` tells CLIP of, by the number of the tail class.
let releasedPromptNames = [
  "baseball field", "ship", "storage tank", "tennis court", "vehicle", "windmill", "airport", "basketball court", "bridge",
  "dam", "expressway-toll-station", "overpass",
]
