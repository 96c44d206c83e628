/// The mean difference between two methods over runs and test images, with a bootstrap interval.
///
/// Each resample draws runs and images anew, both with replacement, each draw of an image in all drawn runs (Owen
/// 2007, "The pigeonhole bootstrap"): so the interval covers other seeds as well as other test images, rather too
/// widely than too narrowly.
public struct PairedBootstrap: Equatable, Sendable {
  public let mean: Double
  /// The percentile interval; unbounded for fewer than two runs, which decide nothing.
  public let interval: Interval
  /// The interval's confidence.
  public let level: Double
  /// Twice the share of resamples on the far side of zero (and one more, of both), for two-sided tests.
  public let pValue: Double
  public let runs: Int
  public let images: Int
  /// Resamples drawn.
  public let resamples: Int
  /// What can be computed anew from the raw values; set by whoever knows it.
  public var source: Source?

  /// Two rows of raw values, the classes whose test images were compared, and the stream that drew the resamples.
  public struct Source: Equatable, Sendable {
    public var row: String
    public var baseline: String
    public var classes: [Int]
    /// The origin of the stream of random numbers.
    public var stream: String

    public init(row: String, baseline: String, classes: [Int], stream: String) {
      (self.row, self.baseline, self.classes, self.stream) = (row, baseline, classes, stream)
    }
  }

  /// - Parameters:
  ///   - differences: For each run (a seed of both methods) the difference of each test image, all of equal length.
  ///   - uniform: Gives numbers in [0, 1). Pass a seeded stream, so that the interval is the same in every run.
  public init(
    _ differences: [[Double]], level: Double = 0.95, resamples: Int = 1999, uniform: () -> Double
  ) {
    let images = differences.first?.count ?? 0
    precondition(differences.allSatisfy { $0.count == images }, "every run must have all test images")
    runs = differences.count
    self.images = images
    self.level = level
    self.resamples = resamples
    mean = Statistics.mean(differences.joined().map { $0 })
    guard runs > 1, images > 0 else {
      interval = Interval(lower: -.infinity, upper: .infinity)
      pValue = 1
      return
    }
    func draws(of count: Int) -> [Int] { (0..<count).map { _ in min(Int(uniform() * Double(count)), count - 1) } }
    var estimates: [Double] = []
    estimates.reserveCapacity(resamples)
    for _ in 0..<resamples {
      let drawnRuns = draws(of: runs)
      let drawnImages = draws(of: images)
      let sum = drawnRuns.reduce(0) { total, run in
        differences[run].withUnsafeBufferPointer { values in drawnImages.reduce(total) { $0 + values[$1] } }
      }
      estimates.append(sum / Double(runs * images))
    }
    interval = Interval(
      lower: Statistics.quantile((1 - level) / 2, of: estimates),
      upper: Statistics.quantile((1 + level) / 2, of: estimates))
    let below = estimates.filter { $0 <= 0 }.count
    let above = estimates.filter { $0 >= 0 }.count
    pValue = min(1, 2 * Double(1 + min(below, above)) / Double(resamples + 1))
  }

  /// Estimates that were computed before.
  init(mean: Double, interval: Interval, level: Double, pValue: Double, runs: Int, images: Int, resamples: Int) {
    (self.mean, self.interval, self.level, self.pValue) = (mean, interval, level, pValue)
    (self.runs, self.images, self.resamples) = (runs, images, resamples)
  }

  /// Whether the difference is positive: true or false if the interval lies on one side of zero, else nil.
  public var isPositive: Bool? {
    if interval.lower > 0 { return true }
    if interval.upper < 0 { return false }
    return nil
  }
}

/// One of several comparisons with the same subject, its p-value corrected for their number.
public struct CorrectedComparison: Equatable, Sendable {
  public let difference: PairedBootstrap
  /// The p-value after Holm's correction.
  public let pValue: Double
  /// The p-values of all that were corrected together, before the correction, and this one's place among them.
  var family: [Double] = []
  var place = 0

  /// Whether the difference is positive: true or false if both the interval excludes zero and the corrected p-value is
  /// below one minus the interval's confidence, else nil: within the noise.
  public var isPositive: Bool? { pValue < 1 - difference.level ? difference.isPositive : nil }

  public var verdict: String {
    switch isPositive {
    case true?: "better"
    case false?: "worse"
    case nil: "within the noise"
    }
  }

  /// Corrects a family of comparisons.
  public static func corrected(_ differences: [PairedBootstrap]) -> [CorrectedComparison] {
    let family = differences.map(\.pValue)
    return zip(differences, Statistics.holm(family)).enumerated().map { place, pair in
      CorrectedComparison(difference: pair.0, pValue: pair.1, family: family, place: place)
    }
  }
}

extension Statistics {
  /// Holm's step-down correction (Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure"): p-values that
  /// can be compared with one level for the whole family. The k-th smallest of n is multiplied by n - k + 1; none is
  /// below a smaller one's, none above 1.
  public static func holm(_ pValues: [Double]) -> [Double] {
    let order = pValues.indices.sorted { (pValues[$0], $0) < (pValues[$1], $1) }
    var result = pValues
    var largest = 0.0
    for (rank, index) in order.enumerated() {
      largest = max(largest, min(1, pValues[index] * Double(pValues.count - rank)))
      result[index] = largest
    }
    return result
  }
}

extension TableCell {
  /// A bootstrapped difference with its interval; kept raw with bounds and p-value, unscaled.
  public static func difference(_ difference: PairedBootstrap, digits: Int = 2, scale: Double = 1) -> TableCell {
    TableCell(
      NumberFormat.difference(difference, digits: digits, scale: scale), difference.json,
      .bootstrap(digits: digits, scale: scale))
  }

  /// The corrected p-value of a comparison; kept raw with what it was computed from.
  public static func pValue(_ comparison: CorrectedComparison) -> TableCell {
    TableCell(NumberFormat.pValue(comparison.pValue), comparison.json, .pValue)
  }

  /// Whether a comparison is better, worse or within the noise; kept raw with what that was decided from.
  public static func verdict(_ comparison: CorrectedComparison) -> TableCell {
    TableCell(comparison.verdict, comparison.json, .verdict)
  }
}

extension NumberFormat {
  /// "+1.20 [0.80, 1.60]". One run has no interval, and the text says so.
  public static func difference(_ difference: PairedBootstrap, digits: Int = 2, scale: Double = 1) -> String {
    let mean = signed(difference.mean * scale, digits: digits)
    guard difference.runs > 1 else { return mean + " [one run: no interval]" }
    return mean + " " + interval(difference.interval, digits: digits, scale: scale)
  }

  /// "0.012", and "< 0.001" below that.
  public static func pValue(_ value: Double) -> String { value < 0.001 ? "< 0.001" : fixed(value, digits: 3) }
}

extension PairedBootstrap {
  var json: JSONValue {
    var fields: [String: JSONValue] = [
      "mean": .number(mean), "lower": .number(interval.lower), "upper": .number(interval.upper),
      "level": .number(level), "p": .number(pValue), "runs": .integer(runs), "images": .integer(images),
      "resamples": .integer(resamples),
    ]
    if let source {
      fields["source"] = [
        "row": .string(source.row), "baseline": .string(source.baseline),
        "classes": .array(source.classes.map(JSONValue.integer)), "stream": .string(source.stream),
      ]
    }
    return .object(fields)
  }
}

extension CorrectedComparison {
  var json: JSONValue {
    [
      "difference": difference.json, "corrected p": .number(pValue), "family": .numbers(family),
      "place": .integer(place),
    ]
  }
}

extension Claim {
  /// A claim that a difference, one of a family, is positive. It holds, or does not, only beyond the noise.
  public init(_ statement: String, comparison: CorrectedComparison, digits: Int = 2, scale: Double = 1) {
    let difference = comparison.difference
    var evidence = NumberFormat.difference(difference, digits: digits, scale: scale)
    if difference.runs > 1 {
      evidence += ", \(NumberFormat.fixed(100 * difference.level, digits: 0)) % interval over "
        + "\(difference.runs) runs and \(NumberFormat.count(difference.images)) test images; "
        + "p = \(NumberFormat.pValue(comparison.pValue)) after Holm's correction"
      if comparison.isPositive == nil { evidence += ": within the noise" }
    }
    self.init(statement, holds: comparison.isPositive, evidence: evidence)
    basis = .comparison(comparison, digits: digits, scale: scale)
  }
}
