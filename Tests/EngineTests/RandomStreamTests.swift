import XCTest

@testable import Engine

final class RandomStreamTests: XCTestCase {
  private typealias Words = (UInt32, UInt32, UInt32, UInt32)

  /// The known answers of Random123 (Salmon et al. 2011), philox4x32 with ten rounds.
  func testPhiloxKnownAnswers() {
    let ones = UInt32.max
    let cases: [(counter: Words, key: (UInt32, UInt32), answer: Words)] = [
      ((0, 0, 0, 0), (0, 0), (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8)),
      ((ones, ones, ones, ones), (ones, ones), (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd)),
      // The digits of π.
      (
        (0x243f_6a88, 0x85a3_08d3, 0x1319_8a2e, 0x0370_7344), (0xa409_3822, 0x299f_31d0),
        (0xd16c_fe09, 0x94fd_cceb, 0x5001_e420, 0x2412_6ea1)
      ),
    ]
    for (counter, key, answer) in cases {
      XCTAssertTrue(RandomStream.philox(counter: counter, key: key) == answer)
    }
  }

  private func words(_ count: Int, seed: UInt64 = 1, _ name: String, index: UInt64 = 0) -> [UInt32] {
    var stream = RandomStream(seed: seed, name: name, index: index)
    return (0..<count).map { _ in stream.next32() }
  }

  func testAStreamIsAFunctionOfSeedNameAndIndex() {
    XCTAssertEqual(words(100, "noise"), words(100, "noise"))
    // No word in common, where 400 of 2³² would meet by chance once in 50 000 runs.
    let streams = [
      words(100, "noise"), words(100, seed: 2, "noise"), words(100, "noisf"), words(100, "noise", index: 1),
      words(100, "noise", index: 1 << 32), words(100, ""), words(100, "enoise"),
    ]
    for (i, a) in streams.enumerated() {
      for b in streams[..<i] { XCTAssertTrue(Set(a).isDisjoint(with: b), "stream \(i) repeats another") }
    }
  }

  func testNeighbouringStreamsAreUncorrelated() {
    func uniforms(seed: UInt64, _ name: String, index: UInt64) -> [Double] {
      var stream = RandomStream(seed: seed, name: name, index: index)
      return (0..<20_000).map { _ in Double(stream.uniform()) - 0.5 }
    }
    let base = uniforms(seed: 1, "a", index: 0)
    for other in [
      uniforms(seed: 2, "a", index: 0), uniforms(seed: 1, "b", index: 0), uniforms(seed: 1, "a", index: 1),
      Array(base.dropFirst()), Array(base.dropFirst(4)),
    ] {
      let correlation = zip(base, other).reduce(0) { $0 + $1.0 * $1.1 } / Double(other.count) * 12
      // Five standard deviations of 1/√20 000.
      XCTAssertEqual(correlation, 0, accuracy: 0.036)
    }
  }

  func testUniformMoments() {
    var stream = RandomStream(seed: 3, name: "uniform")
    let count = 200_000
    var sums = [Double](repeating: 0, count: 4)
    var bins = [Int](repeating: 0, count: 16)
    for _ in 0..<count {
      let value = stream.uniform()
      XCTAssertTrue(value >= 0 && value < 1)
      for power in 0..<4 { sums[power] += pow(Double(value), Double(power + 1)) }
      bins[Int(value * 16)] += 1
    }
    // The moments of U(0,1) are 1/(k+1); their standard errors here are below 0.0007.
    for power in 0..<4 { XCTAssertEqual(sums[power] / Double(count), 1 / Double(power + 2), accuracy: 0.0035) }
    let expected = Double(count) / 16
    let chiSquared = bins.reduce(0) { $0 + pow(Double($1) - expected, 2) / expected }
    XCTAssertLessThan(chiSquared, 45, "χ² with 15 degrees of freedom; 45 has a chance of 10⁻⁴")
  }

  func testNormalMoments() {
    var stream = RandomStream(seed: 4, name: "normal")
    let count = 200_000
    var moments = [Double](repeating: 0, count: 5)
    var previous = 0.0
    var product = 0.0
    for _ in 0..<count {
      let value = Double(stream.normal())
      for power in 1...4 { moments[power] += pow(value, Double(power)) / Double(count) }
      product += value * previous / Double(count)
      previous = value
    }
    // Five standard errors: √(1, 2, 15, 96)/√count.
    XCTAssertEqual(moments[1], 0, accuracy: 0.0112)
    XCTAssertEqual(moments[2], 1, accuracy: 0.0159)
    XCTAssertEqual(moments[3], 0, accuracy: 0.0433)
    XCTAssertEqual(moments[4], 3, accuracy: 0.1096)
    XCTAssertEqual(product, 0, accuracy: 0.0112, "the two values of one Box-Muller pair are uncorrelated")
  }

  func testBoundsAreKept() {
    var stream = RandomStream(seed: 5, name: "bounds")
    var seen = Set<Int>()
    for _ in 0..<1000 {
      let value = stream.integer(below: 7)
      XCTAssertTrue((0..<7).contains(value))
      seen.insert(value)
      XCTAssertEqual(stream.integer(below: 1), 0)
      XCTAssertFalse(stream.chance(0))
      XCTAssertTrue(stream.chance(1))
      let uniform = stream.uniform(-2, 3)
      XCTAssertTrue(uniform >= -2 && uniform < 3)
    }
    XCTAssertEqual(seen.count, 7)
    // Between neighbouring floats nearly every sum rounds up: the upper bound must still be excluded.
    let next = Float(1).nextUp
    XCTAssertTrue((0..<1000).allSatisfy { _ in stream.uniform(1, next) == 1 })
    XCTAssertEqual(stream.uniform(2, 2), 2)
  }

  func testPermutations() {
    var stream = RandomStream(seed: 6, name: "permutation")
    var counts: [[Int]: Int] = [:]
    for _ in 0..<6000 { counts[stream.permutation(3), default: 0] += 1 }
    XCTAssertEqual(counts.count, 6)
    // Six orders, 1000 each, standard deviation 29.
    for (order, count) in counts { XCTAssertEqual(Double(count), 1000, accuracy: 145, "\(order)") }
    XCTAssertEqual(stream.permutation(100).sorted(), Array(0..<100))
    XCTAssertEqual(stream.permutation(0), [])
  }

  func testTensorsAreDrawnInRowMajorOrder() {
    var (a, b) = (RandomStream(seed: 7, name: "t"), RandomStream(seed: 7, name: "t"))
    let tensor = Tensor.normal([2, 3], scale: 2, from: &a)
    XCTAssertEqual(tensor.values, (0..<6).map { _ in 2 * b.normal() })
    let uniform = Tensor.uniform([5], -1, 2, from: &a)
    XCTAssertEqual(uniform.values, (0..<5).map { _ in b.uniform(-1, 2) })
    XCTAssertEqual(a.next(), b.next(), "both have drawn as much")
  }

  func testManyNormalValuesAreThoseDrawnOneByOne() {
    let cases = [(9001, 0, 0), (9001, 1, 0), (4096, 2, 0), (9000, 3, 1), (7000, 0, 1), (3, 0, 0), (0, 0, 0)]
    for (count, before, normals) in cases {
      var (a, b) = (RandomStream(seed: 7, name: "many"), RandomStream(seed: 7, name: "many"))
      // Some numbers drawn before, so that the stream is inside a block, or has a normal value left over.
      for _ in 0..<before { XCTAssertEqual(a.next32(), b.next32()) }
      for _ in 0..<normals { XCTAssertEqual(a.normal(), b.normal()) }
      let tensor = Tensor.normal([count], scale: 0.5, from: &a)
      XCTAssertEqual(tensor.values, (0..<count).map { _ in 0.5 * b.normal() }, "\(count) after \(before)")
      XCTAssertEqual(a.normal(), b.normal(), "both have drawn as much")
    }
  }
}
