import XCTest

@testable import Engine

/// Operations at sizes that are cut into pieces, against plain loops. The values are small integers, whose sums and
/// products are exact in float32: one element too few or too many shows.
final class LargeShapeTests: XCTestCase {
  private func integers(_ shape: [Int], salt: Int) -> Tensor {
    Tensor(formulaValues(shape, salt: salt, scale: 3.5).values.map { $0.rounded() }, shape: shape)
  }

  /// The position along each axis of an element.
  private func position(_ index: Int, _ shape: [Int]) -> [Int] {
    var rest = index
    var position = shape
    for axis in shape.indices.reversed() {
      position[axis] = rest % shape[axis]
      rest /= shape[axis]
    }
    return position
  }

  /// The offset in a tensor of `shape` of the element that broadcasts to a position of a larger one.
  private func offset(_ position: [Int], _ shape: [Int]) -> Int {
    zip(position.suffix(shape.count), shape).reduce(0) { $0 * $1.1 + ($1.1 == 1 ? 0 : $1.0) }
  }

  func testSums() {
    let cases: [([Int], [Int])] = [
      ([65536], [0]), ([65537], [0]), ([200_001], [0]), ([3, 150_000], [1]), ([150_000, 3], [0]), ([2, 40_000, 3], [1]),
      ([4, 50, 60, 24], [0, 1, 2]), ([4, 50, 60, 24], [1, 2]), ([4, 50, 60, 24], [3]), ([4, 50, 60, 24], [0, 3]),
      ([300, 7, 50], [1]), ([300, 7, 50], [0, 2]), ([300, 7, 50], [0, 1, 2]), ([40_000, 2], [1]),
      ([1, 70_000, 1], [0, 2]),
    ]
    for (shape, axes) in cases {
      let x = integers(shape, salt: 1)
      let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
      var expected = [Double](repeating: 0, count: kept.elementCount)
      for (index, value) in x.values.enumerated() { expected[offset(position(index, shape), kept)] += Double(value) }
      assertClose(x.sum(axes, keepingAxes: true), shape: kept, expected, tolerance: 0, "\(shape) over \(axes)")
    }
  }

  func testEveryChoiceOfAxes() {
    let shape = [2, 3, 1, 4]
    let x = integers(shape, salt: 2)
    for choice in 0..<16 {
      let axes = (0..<4).filter { choice >> $0 & 1 == 1 }
      let kept = shape.indices.map { axes.contains($0) ? 1 : shape[$0] }
      var expected = [Double](repeating: 0, count: kept.elementCount)
      for (index, value) in x.values.enumerated() { expected[offset(position(index, shape), kept)] += Double(value) }
      assertClose(x.sum(axes, keepingAxes: true), shape: kept, expected, tolerance: 0, "over \(axes)")
      XCTAssertEqual(x.sum(axes).shape, shape.indices.filter { !axes.contains($0) }.map { shape[$0] })
    }
  }

  func testEveryOrderOfAxes() {
    func orders(_ axes: [Int]) -> [[Int]] {
      axes.isEmpty ? [[]] : axes.flatMap { first in orders(axes.filter { $0 != first }).map { [first] + $0 } }
    }
    for shape in [[3, 9, 10, 33], [2, 1, 5, 4], [1, 3, 2, 0]] {
      let x = integers(shape, salt: 3)
      let values = x.values
      for order in orders([0, 1, 2, 3]) {
        let turned = order.map { shape[$0] }
        let expected = (0..<x.count).map { index -> Double in
          let place = position(index, turned)
          var source = [0, 0, 0, 0]
          for (axis, old) in order.enumerated() { source[old] = place[axis] }
          return Double(values[offset(source, shape)])
        }
        assertClose(x.transposed(order), shape: turned, expected, tolerance: 0, "\(shape) as \(order)")
      }
    }
  }

  func testBroadcasting() {
    let cases: [([Int], [Int])] = [
      ([3, 70, 80, 5], [3, 1, 1, 5]), ([3, 70, 80, 5], [5]), ([3, 70, 80, 5], [3, 70, 80, 1]), ([200, 1], [1, 300]),
      ([1], [70_000]), ([3, 1, 200], [90, 1]), ([2, 1, 3, 1, 100], [1, 40, 1, 5, 1]), ([40_001], [40_001]),
      ([1, 70, 80, 5], [3, 70, 80, 5]), ([], [70_000]),
    ]
    for (left, right) in cases {
      let (a, b) = (integers(left, salt: 3), integers(right, salt: 4))
      let shape = broadcastShape(left, right)
      let (p, q) = (a.values, b.values)
      let pairs = (0..<shape.elementCount).map { index -> (Double, Double) in
        let place = position(index, shape)
        return (Double(p[offset(place, left)]), Double(q[offset(place, right)]))
      }
      // Not commutative, so that exchanged operands show.
      assertClose(a - b, shape: shape, pairs.map { $0.0 - $0.1 }, tolerance: 0, "\(left) - \(right)")
      assertClose(b - a, shape: shape, pairs.map { $0.1 - $0.0 }, tolerance: 0, "\(right) - \(left)")
      let repeated = a.broadcast(to: shape)
      assertClose(repeated, shape: shape, pairs.map(\.0), tolerance: 0, "\(left) repeated to \(shape)")
    }
  }

  func testProductsSummedByChannel() {
    let (x, y) = (integers([3, 50, 60, 7], salt: 5), integers([3, 50, 60, 7], salt: 6))
    for target in [[3, 1, 1, 7], [1, 1, 1, 7], [7], [3, 1, 1, 1], [3, 50, 1, 7], [1], []] {
      XCTAssertEqual(sumOfProducts(x, y, to: target).values, (x * y).sum(to: target).values, "\(target)")
    }
  }

  func testMovement() {
    let shape = [3, 50, 40, 9]
    let x = integers(shape, salt: 7)
    let values = x.values
    for order in [[0, 3, 1, 2], [3, 2, 1, 0], [1, 0, 2, 3], [0, 2, 1, 3], [2, 3, 0, 1]] {
      let target = order.map { shape[$0] }
      let expected = (0..<x.count).map { index -> Double in
        let place = position(index, target)
        var source = shape
        for (to, from) in order.enumerated() { source[from] = place[to] }
        return Double(values[offset(source, shape)])
      }
      assertClose(x.transposed(order), shape: target, expected, tolerance: 0, "transposed \(order)")
    }
    for (axis, range) in [(0, 1..<3), (1, 7..<43), (2, 0..<39), (3, 8..<9)] {
      let part = x.slice(axis, range)
      let expected = (0..<part.count).map { index -> Double in
        var place = position(index, part.shape)
        place[axis] += range.lowerBound
        return Double(values[offset(place, shape)])
      }
      assertClose(part, shape: part.shape, expected, tolerance: 0, "slice \(axis) \(range)")
      let (before, after) = (range.lowerBound, shape[axis] - range.upperBound)
      let joined = concatenated(
        [x.slice(axis, 0..<before), part, x.slice(axis, range.upperBound..<shape[axis])], axis: axis)
      XCTAssertTrue(bits(joined) == bits(x), "cut and joined along axis \(axis)")
      XCTAssertEqual(part.padded(axis, before: before, after: after).shape, shape)
      XCTAssertEqual(part.padded(axis, before: before, after: after).sum().item, part.sum().item)
    }
  }

  func testSoftmaxRows() {
    let x = formulaValues([500, 37], salt: 8, scale: 20)
    let expected = (0..<500).flatMap { row -> [Double] in
      let powers = x.values[(row * 37)..<(row * 37 + 37)].map { exp(Double($0)) }
      let total = powers.reduce(0, +)
      return powers.map { $0 / total }
    }
    assertClose(x.softmax(), shape: x.shape, expected, tolerance: 1e-6)
    assertClose(x.logSoftmax(), shape: x.shape, expected.map { log($0) }, tolerance: 1e-6)
  }

  func testBatchNormStatistics() {
    // Every value beside its negative: the mean is exactly 0 and the sum of squares exact.
    let half = integers([2, 50, 60, 24], salt: 9)
    let x = concatenated([half, -half], axis: 0)
    let (_, mean, variance) = batchNormTraining(x, scale: .ones([24]), offset: .zeros([24]), epsilon: 1e-5)
    // The pieces' means are rounded, so the whole is exact to some units in the last place only.
    for channel in 0..<24 { XCTAssertEqual(mean.values[channel], 0, accuracy: 1e-7) }
    assertClose(variance, (x * x).mean([0, 1, 2]), tolerance: 2e-6)
  }

  /// Sixteen short rows are done at once, and what is left over row by row.
  func testShortRowsBesideMany() {
    for width in [1, 2, 12, 16, 17, 63, 64, 70] {
      for rows in [1, 2, 15, 16, 33, 5000] {
        let (x, row) = (formulaValues([rows, width], salt: 11), formulaValues([1, width], salt: 12))
        let (values, repeated) = (x.values, row.values)
        for (result, f) in [
          (x - row, { $0 - $1 }), (row - x, { $1 - $0 }), (row * x, { $1 * $0 }),
        ] as [(Tensor, (Float, Float) -> Float)] {
          XCTAssertEqual(
            result.values, values.indices.map { f(values[$0], repeated[$0 % width]) }, "\(rows) rows of \(width)")
        }
      }
    }
  }

  /// Few channels, many and odd numbers of them go different ways through a filter: each must be filtered as if it stood
  /// alone.
  func testAFilterTreatsEachChannelAlike() {
    let filters = [
      UpFIRDown.blur(padding: (2, 1)), .blur(up: 2, padding: (2, 1), gain: 4), .blur(down: 2, padding: (1, 1)),
      UpFIRDown(taps: [0.5, -0.25, 1], up: 3, down: 2, padding: (1, -1)),
    ]
    for channels in [1, 2, 3, 4, 5, 16, 19, 33] {
      let x = formulaValues([2, 7, 6, channels], salt: 10)
      for filter in filters {
        let whole = upFIRDown(x, filter)
        for channel in 0..<channels {
          let alone = upFIRDown(x.slice(3, channel..<(channel + 1)), filter)
          XCTAssertEqual(whole.slice(3, channel..<(channel + 1)).values, alone.values, "\(filter), \(channels) channels")
        }
      }
    }
  }

  func testFiltersAndPooling() {
    let x = integers([2, 61, 58, 12], salt: 10)
    // Taps of integers; the two-dimensional filter by plain loops.
    let (taps, up, down, before) = ([1, -2, 3] as [Float], 2, 3, 2)
    let filtered = upFIRDown(x, UpFIRDown(taps: taps, up: up, down: down, padding: (before, 1)))
    XCTAssertEqual(filtered.shape, [2, 41, 39, 12])
    let values = x.values
    let expected = (0..<filtered.count).map { index -> Double in
      let place = position(index, filtered.shape)
      var sum: Float = 0
      for ky in 0..<3 {
        for kx in 0..<3 {
          let (y, column) = (place[1] * down + ky - before, place[2] * down + kx - before)
          guard y >= 0, column >= 0, y % up == 0, column % up == 0, y / up < 61, column / up < 58 else { continue }
          sum += taps[2 - ky] * taps[2 - kx] * values[offset([place[0], y / up, column / up, place[3]], x.shape)]
        }
      }
      return Double(sum)
    }
    assertClose(filtered, shape: filtered.shape, expected, tolerance: 0, "up-FIR-down")

    let pooled = maxPool2d(x, kernel: 3, Window(stride: 2, padding: 1))
    let largest = (0..<pooled.count).map { index -> Double in
      let place = position(index, pooled.shape)
      var best = -Float.infinity
      for y in max(0, 2 * place[1] - 1)...min(60, 2 * place[1] + 1) {
        for column in max(0, 2 * place[2] - 1)...min(57, 2 * place[2] + 1) {
          best = max(best, values[offset([place[0], y, column, place[3]], x.shape)])
        }
      }
      return Double(best)
    }
    assertClose(pooled, shape: [2, 31, 29, 12], largest, tolerance: 0, "maxPool2d")

    let even = x.slice(1, 0..<60)
    XCTAssertTrue(inverseHaarTransform(haarTransform(even)).values == even.values)
    XCTAssertEqual(haarTransform(even).squared().sum().item, even.squared().sum().item, "the transform is orthonormal")
  }
}
