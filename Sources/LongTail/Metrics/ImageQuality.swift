import Engine

/// How generated pictures of one class compare with real ones, seen by a classifier that had no part in making them.
///
/// Distances are Euclidean between the judge's layer-3 maps, averaged over the map: our own measures, not FID or LPIPS.
/// A measure is nil where a class has too few pictures for it.
public struct ImageQuality: Codable, Equatable, Sendable {
  /// The share of generated pictures that the judge puts in the class they were drawn for.
  public var consistency: Double
  /// The same by the text-image model, over the classes' prompts. No independent judge of a generator that was
  /// trained with it.
  public var textConsistency: Double?
  /// The mean distance between two generated pictures.
  public var diversity: Double?
  /// `diversity` over that of two real test pictures: below 1 they vary less than real ones.
  public var spread: Double?
  /// The mean distance of a generated picture to the nearest training picture of its class.
  public var nearestDistance: Double?
  /// `nearestDistance` over that of a real test picture: far below 1 they are copies.
  public var novelty: Double?
  /// The share of generated pictures nearer to a training picture than all but one in twenty test pictures are: 0.05
  /// for pictures as new as the test's, 1 for copies.
  public var copies: Double?
  /// `PrecisionRecall` and `DensityCoverage` against the test pictures of the class.
  public var precision, recall, density, coverage: Double?
}

/// How a generated set compares with the real one.
public struct ImageSetQuality: Codable, Equatable, Sendable {
  /// `frechetDistance` between as many generated and real test pictures of each tail class.
  public var frechetDistance: Double?
  /// `kernelDistance` of the same pictures.
  public var kernelDistance: Double?
  /// Each tail class's, in the order of the split's.
  public var classes: [ImageQuality]
  /// For each tail class and each of its generated pictures, the nearest training picture of the class; the index
  /// counts within the class.
  public var nearest: [[NearestPicture]]

  /// The mean of a measure over the classes that have it; nil where none has.
  public func mean(_ measure: KeyPath<ImageQuality, Double?>) -> Double? {
    let values = classes.compactMap { $0[keyPath: measure] }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  /// The mean consistency of the classes.
  public var consistency: Double { classes.reduce(0) { $0 + $1.consistency } / Double(max(1, classes.count)) }
}

/// What a judge sees in the pictures of one class.
struct JudgedPictures {
  /// The labels that the judge gives them.
  var guesses: [Int]
  /// Those of the text-image model, where it was asked.
  var textGuesses: [Int]?
  /// [N,C], or nil where there are none.
  var features: Tensor?

  var count: Int { guesses.count }
}

extension ImageSetQuality {
  /// - Parameters:
  ///   - labels: The classes of the next three lists.
  ///   - drawn, training, test: What the judge sees in each class's pictures.
  ///   - stream: Draws the kernel distance's subsets.
  /// - Throws: `MetricError` for features that are not finite.
  init(
    labels: [Int], drawn: [JudgedPictures], training: [JudgedPictures], test: [JudgedPictures],
    stream: inout RandomStream
  ) throws {
    classes = []
    nearest = []
    var (shownDrawn, shownTest): ([Tensor], [Tensor]) = ([], [])
    for (place, label) in labels.enumerated() {
      let (drawn, training, test) = (drawn[place], training[place], test[place])
      classes.append(try ImageQuality(label: label, drawn: drawn, training: training, test: test))
      guard let made = drawn.features else {
        nearest.append([])
        continue
      }
      nearest.append(try training.features.map { try nearestPictures(to: made, in: $0) } ?? [])
      // As many of both, so that a class weighs as much on either side.
      let count = min(drawn.count, test.count)
      if let real = test.features, count > 0 {
        shownDrawn.append(made.slice(0, 0..<count))
        shownTest.append(real.slice(0, 0..<count))
      }
    }
    guard !shownDrawn.isEmpty else { return }
    let (fake, real) = (concatenated(shownDrawn, axis: 0), concatenated(shownTest, axis: 0))
    frechetDistance = try ifEnough { try LongTail.frechetDistance(real, fake) }
    kernelDistance = try ifEnough {
      try LongTail.kernelDistance(
        real: real, fake: fake, subsets: 20, subsetSize: min(1000, fake.shape[0] / 2), stream: &stream
      ).mean
    }
  }
}

extension ImageQuality {
  init(label: Int, drawn: JudgedPictures, training: JudgedPictures, test: JudgedPictures) throws {
    func share(_ guesses: [Int]) -> Double {
      Double(guesses.filter { $0 == label }.count) / Double(max(1, guesses.count))
    }
    consistency = share(drawn.guesses)
    textConsistency = drawn.textGuesses.map(share)
    guard let made = drawn.features else { return }
    diversity = drawn.count > 1 ? meanPairDistance(made) : nil
    if let diversity, let real = test.features, test.count > 1 { spread = diversity / meanPairDistance(real) }
    if let real = training.features {
      let distances = try nearestPictures(to: made, in: real).map(\.distance)
      let mean = distances.reduce(0, +) / Double(distances.count)
      nearestDistance = mean
      if let unseen = test.features {
        let expected = try nearestPictures(to: unseen, in: real).map(\.distance).sorted()
        novelty = mean / (expected.reduce(0, +) / Double(expected.count))
        let threshold = expected[expected.count / 20]
        copies = Double(distances.filter { $0 < threshold }.count) / Double(distances.count)
      }
    }
    guard let real = test.features else { return }
    let sharpness = try ifEnough { try PrecisionRecall(real: real, fake: made) }
    (precision, recall) = (sharpness?.precision, sharpness?.recall)
    let robust = try ifEnough { try DensityCoverage(real: real, fake: made) }
    (density, coverage) = (robust?.density, robust?.coverage)
  }
}

/// A measure, or nil where it needs more pictures than there are.
private func ifEnough<Value>(_ measure: () throws -> Value) throws -> Value? {
  do { return try measure() } catch MetricError.tooFew { return nil }
}
