import XCTest

@testable import Engine

/// The formula behind every fixture's inputs, as `formula_values` of Tests/Fixtures/engine_fixtures.py: values in
/// shift ± scale that look random, a 32-bit integer hash of (position, salt).
func formulaValues(_ shape: [Int], salt: Int, scale: Double = 1, shift: Double = 0) -> Tensor {
  let values = (0..<shape.elementCount).map { position -> Float in
    var h = UInt32(truncatingIfNeeded: (position + 1) * 2_654_435_761 + salt * 40503)
    h ^= h >> 15
    h = h &* 0x85eb_ca6b
    h ^= h >> 13
    return Float((Double(h >> 8) * 0x1p-23 - 1) * scale + shift)
  }
  return Tensor(values, shape: shape)
}

/// Formula values at least `distance` away from zero: functions with a kink at zero are smooth around them.
func valuesAwayFromZero(_ shape: [Int], salt: Int, distance: Float = 0.375) -> Tensor {
  Tensor(formulaValues(shape, salt: salt).values.map { $0 + ($0 < 0 ? -distance : distance) }, shape: shape)
}

/// The largest difference of two lists over the largest magnitude of the expected one; NaN counts as infinite.
func relativeDifference(_ actual: [Float], _ expected: [Double]) -> Double {
  let largest = max(expected.map(abs).max() ?? 0, 1e-30)
  let differences = zip(actual, expected).map { abs(Double($0) - $1) }
  return differences.allSatisfy(\.isFinite) ? (differences.max() ?? 0) / largest : .infinity
}

/// Asserts equal shapes, and values within `tolerance` times the largest expected magnitude (at least `floor`, for
/// values that ought to cancel to zero).
func assertClose(
  _ actual: Tensor, _ expected: Tensor, tolerance: Double, floor: Double = 1e-3, _ what: String = "",
  file: StaticString = #filePath, line: UInt = #line
) {
  assertClose(
    actual, shape: expected.shape, expected.values.map(Double.init), tolerance: tolerance, floor: floor, what,
    file: file, line: line)
}

func assertClose(
  _ actual: Tensor, shape: [Int], _ expected: [Double], tolerance: Double, floor: Double = 1e-3, _ what: String = "",
  file: StaticString = #filePath, line: UInt = #line
) {
  guard actual.shape == shape else {
    return XCTFail("\(what): the shape is \(actual.shape), not \(shape)", file: file, line: line)
  }
  let largest = max(expected.map(abs).max() ?? 0, floor)
  for (index, (value, wanted)) in zip(actual.values, expected).enumerated()
  where !(abs(Double(value) - wanted) <= tolerance * largest) {
    return XCTFail(
      "\(what): element \(index) of \(shape) is \(value), not \(wanted); tolerance \(tolerance) of \(largest)",
      file: file, line: line)
  }
}

/// The bit patterns of all elements.
func bits(_ tensor: Tensor) -> [UInt32] { tensor.values.map(\.bitPattern) }
