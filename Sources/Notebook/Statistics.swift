import Foundation

/// A range that covers the true value with a stated confidence.
public struct Interval: Equatable, Sendable {
  public var lower: Double
  public var upper: Double

  public init(lower: Double, upper: Double) {
    self.lower = lower
    self.upper = upper
  }

  public func contains(_ value: Double) -> Bool { lower <= value && value <= upper }
}

/// The few statistics that the reports need.
public enum Statistics {
  /// The arithmetic mean; not a number for no values.
  public static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }

  /// The sample standard deviation (divisor n − 1); not a number for fewer than two values.
  public static func standardDeviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return .nan }
    let centre = mean(values)
    return (values.reduce(0) { $0 + ($1 - centre) * ($1 - centre) } / Double(values.count - 1)).squareRoot()
  }

  /// The value below which a share of the values lies, linear between order statistics (Hyndman and Fan's type 7).
  public static func quantile(_ share: Double, of values: [Double]) -> Double {
    guard !values.isEmpty else { return .nan }
    let sorted = values.sorted()
    let position = min(max(share, 0), 1) * Double(sorted.count - 1)
    let below = Int(position)
    let above = min(below + 1, sorted.count - 1)
    return sorted[below] + (position - Double(below)) * (sorted[above] - sorted[below])
  }

  /// Percentile bootstrap: the statistic of many samples drawn with replacement.
  /// - Parameters:
  ///   - values: Independent observations, such as one score per test image.
  ///   - level: The confidence, 0.95 by default.
  ///   - statistic: What is estimated; the mean by default.
  ///   - uniform: Gives numbers in [0, 1). Pass a seeded stream, so that the interval is the same in every run.
  public static func bootstrapInterval(
    of values: [Double], level: Double = 0.95, resamples: Int = 2000,
    statistic: ([Double]) -> Double = Statistics.mean, uniform: () -> Double
  ) -> Interval {
    guard values.count > 1 else { return Interval(lower: -.infinity, upper: .infinity) }
    var estimates: [Double] = []
    estimates.reserveCapacity(resamples)
    var sample = values
    for _ in 0..<resamples {
      for i in sample.indices { sample[i] = values[min(Int(uniform() * Double(values.count)), values.count - 1)] }
      estimates.append(statistic(sample))
    }
    return Interval(
      lower: quantile((1 - level) / 2, of: estimates), upper: quantile((1 + level) / 2, of: estimates))
  }
}

/// The mean of paired differences, such as one pair per seed, with its Student t interval.
public struct PairedDifference: Equatable, Sendable {
  public let differences: [Double]
  public let mean: Double
  public let standardDeviation: Double
  /// mean ± t · s / √n; unbounded for fewer than two pairs, which decide nothing.
  public let interval: Interval
  /// The interval's confidence.
  public let level: Double
  /// What was subtracted from what, where that is known.
  let terms: Terms?

  struct Terms: Equatable, Sendable {
    let values, baseline: [Double]
  }

  /// - Parameters:
  ///   - values: One value per seed.
  ///   - baseline: The values to subtract, in the same order of seeds.
  public init(_ values: [Double], minus baseline: [Double], level: Double = 0.95) {
    precondition(values.count == baseline.count, "paired values need one baseline each")
    self.init(
      differences: zip(values, baseline).map { $0 - $1 }, level: level,
      terms: Terms(values: values, baseline: baseline))
  }

  public init(differences: [Double], level: Double = 0.95) {
    self.init(differences: differences, level: level, terms: nil)
  }

  private init(differences: [Double], level: Double, terms: Terms?) {
    self.differences = differences
    self.level = level
    self.terms = terms
    mean = Statistics.mean(differences)
    standardDeviation = Statistics.standardDeviation(differences)
    guard differences.count > 1 else {
      interval = Interval(lower: -.infinity, upper: .infinity)
      return
    }
    let quantile = StudentT(degreesOfFreedom: Double(differences.count - 1)).quantile((1 + level) / 2)
    let margin = quantile * standardDeviation / Double(differences.count).squareRoot()
    interval = Interval(lower: mean - margin, upper: mean + margin)
  }

  /// Whether the difference is positive: true or false if the interval lies on one side of zero, else nil.
  public var isPositive: Bool? {
    if interval.lower > 0 { return true }
    if interval.upper < 0 { return false }
    return nil
  }
}
