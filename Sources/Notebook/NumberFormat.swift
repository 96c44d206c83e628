import Foundation

/// Numbers as the reports print them: no locale, a true minus sign, no negative zero.
public enum NumberFormat {
  /// "12.34"; "n/a" for a value that is not a number.
  public static func fixed(_ value: Double, digits: Int = 2) -> String {
    guard value.isFinite else { return value.isNaN ? "n/a" : value > 0 ? "∞" : "−∞" }
    let text = String(format: "%.\(digits)f", value)
    guard text.hasPrefix("-") else { return text }
    let magnitude = text.dropFirst()
    return magnitude.contains { ("1"..."9").contains($0) } ? "−" + magnitude : String(magnitude)
  }

  /// "+1.20", "−0.30".
  public static func signed(_ value: Double, digits: Int = 2) -> String {
    let text = fixed(value, digits: digits)
    return text.hasPrefix("−") || !value.isFinite ? text : "+" + text
  }

  /// A share in 0...1 as "86.56 %".
  public static func percent(_ share: Double, digits: Int = 2) -> String {
    share.isFinite ? fixed(100 * share, digits: digits) + " %" : "n/a"
  }

  /// "86.56 ± 0.31" (mean and sample standard deviation); the mean alone for one value.
  /// - Parameter scale: Multiplies every value: 100 turns shares into percent.
  public static func meanAndDeviation(_ values: [Double], digits: Int = 2, scale: Double = 1) -> String {
    let mean = fixed(Statistics.mean(values) * scale, digits: digits)
    guard values.count > 1 else { return mean }
    return mean + " ± " + fixed(Statistics.standardDeviation(values) * scale, digits: digits)
  }

  /// "+1.20 [0.80, 1.60]": a difference and its interval. One pair has no interval, and the text says so.
  public static func difference(_ difference: PairedDifference, digits: Int = 2, scale: Double = 1) -> String {
    let mean = signed(difference.mean * scale, digits: digits)
    guard difference.differences.count > 1 else { return mean + " [one pair: no interval]" }
    return mean + " " + interval(difference.interval, digits: digits, scale: scale)
  }

  /// "[0.80, 1.60]".
  public static func interval(_ interval: Interval, digits: Int = 2, scale: Double = 1) -> String {
    "[\(fixed(interval.lower * scale, digits: digits)), \(fixed(interval.upper * scale, digits: digits))]"
  }

  /// "27 351": digits in groups of three, with a narrow space that does not break.
  public static func count(_ value: Int) -> String {
    var groups: [String] = []
    var digits = Substring(String(value.magnitude))
    while digits.count > 3 {
      groups.append(String(digits.suffix(3)))
      digits = digits.dropLast(3)
    }
    groups.append(String(digits))
    return (value < 0 ? "−" : "") + groups.reversed().joined(separator: "\u{202f}")
  }
}
