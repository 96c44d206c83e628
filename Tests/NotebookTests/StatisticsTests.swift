import Foundation
import XCTest

@testable import Notebook

final class StatisticsTests: XCTestCase {
  /// Quantiles to ten digits, as published in tables of the t distribution and for ν = 1, 2 in closed form.
  func testStudentQuantiles() {
    let known: [(degrees: Double, probability: Double, value: Double)] = [
      (1, 0.975, 12.706_204_736_2), (2, 0.975, 4.302_652_729_9), (4, 0.975, 2.776_445_105_2),
      (9, 0.975, 2.262_157_162_7), (30, 0.975, 2.042_272_456_3), (10, 0.95, 1.812_461_122_8),
      (5, 0.995, 4.032_142_983_6),
    ]
    for (degrees, probability, value) in known {
      let student = StudentT(degreesOfFreedom: degrees)
      XCTAssertEqual(student.quantile(probability), value, accuracy: 1e-8 * value, "ν = \(degrees)")
      XCTAssertEqual(student.quantile(1 - probability), -value, accuracy: 1e-8 * value)
    }
    XCTAssertEqual(StudentT(degreesOfFreedom: 1).quantile(0.9), tan(0.4 * Double.pi), accuracy: 1e-10)
    let two = 2 * 0.4 / (2 * 0.9 * 0.1).squareRoot()
    XCTAssertEqual(StudentT(degreesOfFreedom: 2).quantile(0.9), two, accuracy: 1e-10)
    XCTAssertEqual(StudentT(degreesOfFreedom: 1e6).quantile(0.975), 1.959_966, accuracy: 2e-6)
    XCTAssertEqual(StudentT(degreesOfFreedom: 7).quantile(0.5), 0, accuracy: 1e-12)
  }

  func testMeanAndDeviation() {
    XCTAssertEqual(Statistics.mean([2, 4, 4, 4, 5, 5, 7, 9]), 5)
    XCTAssertEqual(Statistics.standardDeviation([2, 4, 4, 4, 5, 5, 7, 9]), (32.0 / 7).squareRoot(), accuracy: 1e-12)
    XCTAssertTrue(Statistics.mean([]).isNaN)
    XCTAssertTrue(Statistics.standardDeviation([1]).isNaN)
    XCTAssertEqual(Statistics.quantile(0.25, of: [4, 1, 2, 3]), 1.75)
  }

  /// Differences 1, 2, 3: mean 2, s.d. 1, half-width t(0.975, 2) / √3.
  func testPairedDifference() {
    let difference = PairedDifference([11, 22, 33], minus: [10, 20, 30])
    XCTAssertEqual(difference.mean, 2)
    let half = 4.302_652_729_9 / 3.0.squareRoot()
    XCTAssertEqual(difference.interval.lower, 2 - half, accuracy: 1e-9)
    XCTAssertEqual(difference.interval.upper, 2 + half, accuracy: 1e-9)
    XCTAssertNil(difference.isPositive)
    XCTAssertEqual(PairedDifference(differences: [2, 2.1, 1.9]).isPositive, true)
    XCTAssertEqual(PairedDifference(differences: [-2, -2.1, -1.9]).isPositive, false)
    XCTAssertNil(PairedDifference(differences: [5]).isPositive, "one pair decides nothing")
  }

  func testBootstrapIsAFunctionOfItsStream() {
    func interval(_ seed: UInt64) -> Interval {
      var state = seed
      return Statistics.bootstrapInterval(of: (0..<100).map(Double.init)) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Double(state >> 11) * 0x1p-53
      }
    }
    XCTAssertEqual(interval(1), interval(1))
    XCTAssertNotEqual(interval(1), interval(2))
    // The normal approximation: 49.5 ± 1.96 · 28.87 / 10.
    XCTAssertEqual(interval(1).lower, 43.84, accuracy: 0.6)
    XCTAssertEqual(interval(1).upper, 55.16, accuracy: 0.6)
  }

  /// Numbers in [0, 1) from a linear congruential generator.
  private func uniform(_ seed: UInt64) -> () -> Double {
    var state = seed
    return {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) * 0x1p-53
    }
  }

  func testHolmsCorrection() {
    // 3 · 0.01, 2 · 0.03, and 1 · 0.04, which may not fall below the one before.
    let corrected = Statistics.holm([0.01, 0.04, 0.03])
    for (found, expected) in zip(corrected, [0.03, 0.06, 0.06]) { XCTAssertEqual(found, expected, accuracy: 1e-12) }
    XCTAssertEqual(Statistics.holm([0.6, 0.9]), [1, 1])
    XCTAssertEqual(Statistics.holm([0.2]), [0.2])
    XCTAssertEqual(Statistics.holm([]), [])
  }

  func testPairedBootstrapOverRunsAndImages() {
    // Runs differ by nothing: the interval is that of 400 images, ± 1.96 · s / √400.
    let images = (0..<400).map { $0 % 4 == 0 ? 1.0 : 0 }
    let same = PairedBootstrap([images, images, images], uniform: uniform(1))
    XCTAssertEqual(same.mean, 0.25)
    let half = 1.96 * (0.25 * 0.75 / 400).squareRoot()
    XCTAssertEqual(same.interval.lower, 0.25 - half, accuracy: 0.008)
    XCTAssertEqual(same.interval.upper, 0.25 + half, accuracy: 0.008)
    XCTAssertEqual(same.isPositive, true)
    XCTAssertEqual(same.pValue, 2.0 / 2000, accuracy: 1e-12)
    // Images differ by nothing: the interval is that of the runs.
    let runs = PairedBootstrap([0.1, 0.3].map { [Double](repeating: $0, count: 50) }, uniform: uniform(2))
    XCTAssertEqual(runs.interval.lower, 0.1, accuracy: 1e-9)
    XCTAssertEqual(runs.interval.upper, 0.3, accuracy: 1e-9)
    XCTAssertEqual(same, PairedBootstrap([images, images, images], uniform: uniform(1)))
    let odd = (0..<37).map { sin(Double($0)) }
    let pair = [1, 3].map { PairedBootstrap([odd, odd], uniform: uniform($0)) }
    XCTAssertNotEqual(pair[0], pair[1])
    let single = PairedBootstrap([images], uniform: uniform(1))
    XCTAssertNil(single.isPositive, "one run decides nothing")
    XCTAssertEqual(single.pValue, 1)
    let none = PairedBootstrap([[0, 0], [0, 0]], uniform: uniform(1))
    XCTAssertNil(none.isPositive)
    XCTAssertEqual(none.pValue, 1)
  }

  func testACorrectedComparisonWithinTheNoiseSaysSo() {
    let images = (0..<100).map { $0 % 5 == 0 ? 1.0 : $0 % 9 == 0 ? -1 : 0 }
    let slight = PairedBootstrap([images, images], uniform: uniform(4))
    XCTAssertEqual(slight.isPositive, true)
    XCTAssertEqual(CorrectedComparison.corrected([slight])[0].verdict, "better")
    // The same among fifty is not beyond chance.
    let many = CorrectedComparison.corrected([PairedBootstrap](repeating: slight, count: 50))
    XCTAssertEqual(many[0].verdict, "within the noise")
    let claim = Claim("It helps.", comparison: many[0])
    XCTAssertNil(claim.holds)
    XCTAssertTrue(claim.evidence.contains("within the noise"), claim.evidence)
  }

  func testNumberFormats() {
    XCTAssertEqual(NumberFormat.fixed(-0.001), "0.00")
    XCTAssertEqual(NumberFormat.fixed(-1.5, digits: 1), "−1.5")
    XCTAssertEqual(NumberFormat.fixed(.nan), "n/a")
    XCTAssertEqual(NumberFormat.signed(0.3), "+0.30")
    XCTAssertEqual(NumberFormat.percent(0.8656), "86.56 %")
    XCTAssertEqual(NumberFormat.meanAndDeviation([0.86, 0.88], scale: 100), "87.00 ± 1.41")
    XCTAssertEqual(NumberFormat.meanAndDeviation([0.86], scale: 100), "86.00")
    XCTAssertEqual(NumberFormat.count(27351), "27\u{202f}351")
    XCTAssertEqual(NumberFormat.count(-1_000_000), "−1\u{202f}000\u{202f}000")
    XCTAssertEqual(NumberFormat.difference(PairedDifference(differences: [1])), "+1.00 [one pair: no interval]")
    XCTAssertEqual(
      NumberFormat.difference(PairedDifference(differences: [1, 2, 3]), digits: 1), "+2.0 [−0.5, 4.5]")
  }
}
