/// What a classifier said of every picture of a test set, in the set's order.
public struct TestOutcomes: Codable, Equatable, Sendable {
  /// [N]: the pictures' classes.
  public let truth: [Int]
  /// [N]: the classes with the largest probability.
  public let predicted: [Int]
  /// [N]: that probability.
  public let confidence: [Float]

  public init(truth: [Int], predicted: [Int], confidence: [Float]) {
    precondition(
      truth.count == predicted.count && truth.count == confidence.count,
      "an outcome has a truth, a guess and a confidence")
    self.truth = truth
    self.predicted = predicted
    self.confidence = confidence
  }

  public var isRight: [Bool] { zip(truth, predicted).map { $0 == $1 } }

  /// The expected calibration error (Guo et al. 2017, "On Calibration of Modern Neural Networks"): pictures are sorted
  /// into bins of equal width by confidence; the mean of |accuracy - mean confidence| over bins, weighted by their
  /// pictures, 0…1.
  public func expectedCalibrationError(bins: Int = 15) -> Double {
    var sums = [Double](repeating: 0, count: bins)
    for (index, isRight) in isRight.enumerated() {
      let bin = min(bins - 1, max(0, Int((Double(confidence[index]) * Double(bins)).rounded(.up)) - 1))
      sums[bin] += (isRight ? 1 : 0) - Double(confidence[index])
    }
    return truth.isEmpty ? 0 : sums.reduce(0) { $0 + abs($1) } / Double(truth.count)
  }
}
