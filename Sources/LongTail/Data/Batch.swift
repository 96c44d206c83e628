import Engine

/// Some pictures of a data set, ready to be a tensor: a whole batch, or one rank's share of it.
public struct Batch: Equatable, Sendable {
  /// [N, side, side, 3], channels last, scaled to [-1, 1].
  public let pixels: [Float]
  /// [N]
  public let labels: [Int]
  /// [N]: where in the data set each picture stands.
  public let indices: [Int]
  public let side: Int
  /// Which pictures of the batch these are.
  public var share: BatchShare
  /// Labels of the whole batch.
  public var allLabels: [Int]

  public var count: Int { labels.count }

  /// A whole batch.
  public init(pixels: [Float], labels: [Int], indices: [Int], side: Int) {
    self.pixels = pixels
    self.labels = labels
    self.indices = indices
    self.side = side
    share = .whole(labels.count)
    allLabels = labels
  }

  /// What each 8-bit value becomes, in the order of torchvision's `ToTensor` and `Normalize(0.5, 0.5)`, to its bits.
  static let scale: [Float] = (0..<256).map { (Float($0) / 255 - 0.5) / 0.5 }
}

/// One place in a batch: which item stands there, and whether it is mirrored.
public struct BatchEntry: Equatable, Sendable {
  public let index: Int
  public let isFlipped: Bool

  public init(index: Int, isFlipped: Bool) {
    self.index = index
    self.isFlipped = isFlipped
  }
}
