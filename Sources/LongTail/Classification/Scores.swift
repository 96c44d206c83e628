import Engine

/// How a classifier did on a test set: everything derives from the confusion matrix.
public struct Scores: Codable, Equatable, Sendable {
  /// `confusion[true][predicted]`, in counts.
  public let confusion: [[Int]]
  /// Labels of the head classes; the others are the tail.
  public let headClasses: [Int]
  /// Picture by picture, where it was kept.
  public let outcomes: TestOutcomes?

  /// Scores of a square confusion matrix, without single pictures.
  public init(confusion: [[Int]], headClasses: [Int]) {
    self.confusion = confusion
    self.headClasses = headClasses.sorted()
    outcomes = nil
  }

  public init(truth: [Int], predicted: [Int], classes: Int, headClasses: [Int]) {
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classes), count: classes)
    for (label, guess) in zip(truth, predicted) { confusion[label][guess] += 1 }
    self.confusion = confusion
    self.headClasses = headClasses.sorted()
    outcomes = nil
  }

  public init(outcomes: TestOutcomes, classes: Int, headClasses: [Int]) {
    let plain = Scores(truth: outcomes.truth, predicted: outcomes.predicted, classes: classes, headClasses: headClasses)
    confusion = plain.confusion
    self.headClasses = plain.headClasses
    self.outcomes = outcomes
  }

  public var classCount: Int { confusion.count }
  public var tailClasses: [Int] { (0..<classCount).filter { !headClasses.contains($0) } }

  /// The share of all test images that were put in the right class, 0…1.
  public var overall: Double { accuracy(of: Array(0..<classCount)) }
  /// The same over the images of head classes.
  public var head: Double { accuracy(of: headClasses) }
  /// The same over the images of tail classes.
  public var tail: Double { accuracy(of: tailClasses) }

  /// The share of each class's images that were put in it (recall); 0 for a class without test images.
  public var perClass: [Double] { (0..<classCount).map { accuracy(of: [$0]) } }

  /// The harmonic mean of precision and recall of each class; 0 where both are 0.
  public var perClassF1: [Double] {
    (0..<classCount).map { label in
      let right = confusion[label][label]
      let actual = confusion[label].reduce(0, +)
      let guessed = confusion.reduce(0) { $0 + $1[label] }
      return actual + guessed == 0 ? 0 : 2 * Double(right) / Double(actual + guessed)
    }
  }

  /// The mean of the classes' F1.
  public var macroF1: Double { perClassF1.reduce(0, +) / Double(max(1, classCount)) }

  /// The expected calibration error over 15 bins, 0…1; not a number where outcomes were not kept.
  public var calibrationError: Double { outcomes?.expectedCalibrationError() ?? .nan }

  /// The share of the images of some classes that were put in the right one; 0 where they have no test images.
  public func accuracy(of labels: [Int]) -> Double {
    let right = labels.reduce(0) { $0 + confusion[$1][$1] }
    let all = labels.reduce(0) { $0 + confusion[$1].reduce(0, +) }
    return all == 0 ? 0 : Double(right) / Double(all)
  }
}
