import Foundation

/// Student's t distribution, computed rather than looked up.
public struct StudentT: Sendable {
  public let degreesOfFreedom: Double

  public init(degreesOfFreedom: Double) {
    precondition(degreesOfFreedom > 0, "Student's t needs a positive number of degrees of freedom")
    self.degreesOfFreedom = degreesOfFreedom
  }

  /// The probability of a value up to t.
  public func cumulative(_ t: Double) -> Double {
    let tail = 0.5 * Self.incompleteBeta(
      degreesOfFreedom / (degreesOfFreedom + t * t), degreesOfFreedom / 2, 0.5)
    return t > 0 ? 1 - tail : tail
  }

  /// The value up to which a probability in (0, 1) lies: the inverse of `cumulative`, by bisection.
  public func quantile(_ probability: Double) -> Double {
    precondition(probability > 0 && probability < 1, "a quantile needs a probability between 0 and 1")
    if probability < 0.5 { return -quantile(1 - probability) }
    var low = 0.0
    var high = 1.0
    while cumulative(high) < probability && high < 1e300 { high *= 2 }
    for _ in 0..<200 {
      let middle = (low + high) / 2
      if middle == low || middle == high { break }
      if cumulative(middle) < probability { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The regularised incomplete beta function I_x(a, b): its continued fraction (Abramowitz and Stegun 26.5.8),
  /// evaluated by the modified Lentz method, on the side of the mean where it converges fast.
  static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(1 - x, b, a) }
    let logFront = lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    let tiny = 1e-300
    func safe(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / safe(1 - (a + b) * x / (a + 1))
    var fraction = d
    for m in 1...10_000 {
      let step = Double(m)
      let even = step * (b - step) * x / ((a + 2 * step - 1) * (a + 2 * step))
      d = 1 / safe(1 + even * d)
      c = safe(1 + even / c)
      fraction *= d * c
      let odd = -(a + step) * (a + b + step) * x / ((a + 2 * step) * (a + 2 * step + 1))
      d = 1 / safe(1 + odd * d)
      c = safe(1 + odd / c)
      fraction *= d * c
      if abs(d * c - 1) < 1e-15 { break }
    }
    return exp(logFront) * fraction / a
  }
}
