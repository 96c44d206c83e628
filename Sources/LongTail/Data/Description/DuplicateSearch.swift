/// Pictures that stand in a data set twice.
public struct Duplicates: Equatable, Sendable {
  public struct Pair: Equatable, Sendable {
    /// Positions in the two data sets.
    public let train: Int
    public let test: Int
  }

  /// Training and test pictures with the same bytes.
  public var exact: [Pair] = []
  /// Training and test pictures that look the same but differ in their bytes.
  public var near: [Pair] = []
  /// How many training pictures repeat an earlier one byte for byte.
  public var withinTrain = 0
  public var withinTest = 0
  /// How many training pictures repeat an earlier one that has another label.
  public var contradictions = 0

  /// - Parameters: Fingerprints by position, nil for files that could not be read; labels of the training pictures.
  static func find(
    train: [PictureFingerprint?], test: [PictureFingerprint?], trainLabels: [Int]
  ) -> Duplicates {
    var result = Duplicates()
    var first = [String: Int]()
    for (index, picture) in train.enumerated() {
      guard let picture else { continue }
      if let earlier = first[picture.checksum] {
        result.withinTrain += 1
        if trainLabels[earlier] != trainLabels[index] { result.contradictions += 1 }
      } else {
        first[picture.checksum] = index
      }
    }
    var seen = Set<String>()
    var bands = [Int: [Int]]()
    for (index, picture) in train.enumerated() {
      for band in picture?.hasContrast == true ? picture!.bands : [] { bands[band, default: []].append(index) }
    }
    for (index, picture) in test.enumerated() {
      guard let picture else { continue }
      if !seen.insert(picture.checksum).inserted { result.withinTest += 1 }
      if let twin = first[picture.checksum] {
        result.exact.append(.init(train: twin, test: index))
      } else if let twin = nearest(to: picture, in: train, bands: bands) {
        result.near.append(.init(train: twin, test: index))
      }
    }
    return result
  }

  /// The first training picture that looks the same.
  private static func nearest(
    to picture: PictureFingerprint, in train: [PictureFingerprint?], bands: [Int: [Int]]
  ) -> Int? {
    guard picture.hasContrast else { return nil }
    var best: Int?
    for band in picture.bands {
      for index in bands[band] ?? [] where best.map({ index < $0 }) ?? true {
        if train[index]!.isNear(picture) { best = index }
      }
    }
    return best
  }
}
