import Engine

/// In which order a data set's items are drawn.
public enum BatchSampling: String, Codable, Sendable {
  /// As they stand, for measuring.
  case inOrder
  /// Every item once an epoch, in a new random order each time.
  case shuffled
  /// For each place a class is drawn, all alike, then one of its items. Every batch is full.
  case classBalanced
  /// The same, with classes drawn in proportion to the square root of their number of items.
  case squareRoot

  /// Whether a class is drawn first, then an item of it.
  var drawsClasses: Bool { self == .classBalanced || self == .squareRoot }
}

/// What a `BatchLoader` is to load.
public struct BatchSettings: Equatable, Codable, Sendable {
  /// Width and height of the pictures.
  public var side: Int
  public var batchSize: Int
  public var seed: UInt64
  /// What the batches are for, such as "tail model": different names give independent orders.
  public var streamName: String
  public var sampling: BatchSampling
  /// Whether each picture is mirrored with probability 0.5.
  public var flips: Bool
  /// Whether an epoch's last batch is left out where it is not full.
  public var dropsLast: Bool

  public init(
    side: Int, batchSize: Int, seed: UInt64, streamName: String, sampling: BatchSampling = .shuffled,
    flips: Bool = false, dropsLast: Bool = false
  ) {
    self.side = side
    self.batchSize = batchSize
    self.seed = seed
    self.streamName = streamName
    self.sampling = sampling
    self.flips = flips
    self.dropsLast = dropsLast
  }
}

/// Which items stand in the batch of each step. Steps are numbered through the epochs, and a step's batch is a pure
/// function of (settings, labels, step): a run resumed at any step sees what the unbroken run would have seen.
public struct BatchPlan {
  public let settings: BatchSettings
  public let itemCount: Int
  /// The items of each class that has any.
  private let classes: [[Int]]
  /// For `squareRoot`: the sums of the classes' weights up to and with each.
  private let weightSums: [Float]
  /// The last epoch's order, kept because the next step most likely needs it again.
  private var order: (epoch: Int, items: [Int])?

  /// - Throws: `BatchLoaderError.noBatches` where the settings give none.
  public init(for dataset: ObjectDataset, settings: BatchSettings) throws {
    self.settings = settings
    itemCount = dataset.count
    let classes = settings.sampling.drawsClasses ? dataset.indicesByClass.filter { !$0.isEmpty } : []
    self.classes = classes
    weightSums = classes.reduce(into: []) { sums, items in
      sums.append((sums.last ?? 0) + Float(items.count).squareRoot())
    }
    guard settings.side > 0, settings.batchSize > 0, itemCount >= (settings.dropsLast ? settings.batchSize : 1) else {
      throw BatchLoaderError.noBatches(
        itemCount: itemCount, batchSize: settings.batchSize, side: settings.side, dropsLast: settings.dropsLast)
    }
  }

  public var stepsPerEpoch: Int {
    let full = itemCount / settings.batchSize
    let isLeftOut = settings.sampling == .shuffled && Self.leftOut(of: itemCount, batchSize: settings.batchSize) != nil
    return settings.dropsLast || isLeftOut || itemCount % settings.batchSize == 0 ? full : full + 1
  }

  /// How many items a shuffled epoch leaves out, others each time, because its last batch would have but one to three,
  /// less than an eighth of a batch; nil for none.
  ///
  /// Batch norm takes its statistics over a batch, and two pictures have none: where every 55th batch was of two,
  /// EfficientNet, whose last maps are of one pixel here, did not get below a loss of 1. (The released loaders
  /// keep them.)
  public static func leftOut(of itemCount: Int, batchSize: Int) -> Int? {
    let (full, rest) = itemCount.quotientAndRemainder(dividingBy: max(1, batchSize))
    return full > 0 && (1...3).contains(rest) && rest * 8 < batchSize ? rest : nil
  }

  /// The steps of one epoch.
  public func steps(ofEpoch epoch: Int) -> Range<Int> { epoch * stepsPerEpoch..<(epoch + 1) * stepsPerEpoch }

  /// The batch of a step.
  public mutating func entries(atStep step: Int) -> [BatchEntry] {
    precondition(step >= 0, "steps are numbered from 0")
    let epoch = step / stepsPerEpoch
    let first = step % stepsPerEpoch * settings.batchSize
    return items(atStep: step, epoch: epoch, first: first).enumerated().map { place, index in
      BatchEntry(index: index, isFlipped: settings.flips && isFlipped(epoch: epoch, position: first + place))
    }
  }

  private mutating func items(atStep step: Int, epoch: Int, first: Int) -> [Int] {
    let end = min(first + settings.batchSize, itemCount)
    switch settings.sampling {
    case .inOrder:
      return Array(first..<end)
    case .shuffled:
      if order?.epoch != epoch {
        var stream = stream("order", index: UInt64(epoch))
        order = (epoch, stream.permutation(itemCount))
      }
      return Array(order!.items[first..<end])
    case .classBalanced:
      var stream = stream("classes", index: UInt64(step))
      return (0..<settings.batchSize).map { _ in
        let items = classes[stream.integer(below: classes.count)]
        return items[stream.integer(below: items.count)]
      }
    case .squareRoot:
      var stream = stream("classes", index: UInt64(step))
      return (0..<settings.batchSize).map { _ in
        let place = stream.uniform() * weightSums.last!
        let items = classes[weightSums.firstIndex { place < $0 } ?? classes.count - 1]
        return items[stream.integer(below: items.count)]
      }
    }
  }

  private func isFlipped(epoch: Int, position: Int) -> Bool {
    var stream = stream("flip", index: UInt64(epoch) << 32 | UInt64(position))
    return stream.chance(0.5)
  }

  private func stream(_ use: String, index: UInt64) -> RandomStream {
    RandomStream(seed: settings.seed, name: "\(settings.streamName).\(use)", index: index)
  }
}

public enum BatchLoaderError: Error, Equatable, CustomStringConvertible {
  case noBatches(itemCount: Int, batchSize: Int, side: Int, dropsLast: Bool)

  public var description: String {
    switch self {
    case .noBatches(let itemCount, let batchSize, let side, let dropsLast):
      if batchSize < 1 { return "batch size \(batchSize): give 1 or more" }
      if side < 1 { return "image side \(side): give 1 or more" }
      let remedy = dropsLast && itemCount > 0 ? "a batch size of at most \(itemCount)" : "a data set with images"
      return "\(itemCount) images give no batch of \(batchSize); choose \(remedy)"
    }
  }
}
