import Engine

/// Calls `body` with each row of `a` and its squared Euclidean distances to all rows of `b`.
///
/// |x|² + |y|² - 2x·y: one matrix product for many rows, off by rounding where two rows are nearly equal.
func forEachRowOfSquaredDistances(
  from a: DoubleRows, to b: DoubleRows, _ body: (_ row: Int, _ distances: UnsafeMutableBufferPointer<Double>) -> Void
) {
  let lengths = (0..<b.count).map { row in b[row].reduce(0) { $0 + $1 * $1 } }
  let block = 256
  for start in stride(from: 0, to: a.count, by: block) {
    let range = start..<min(a.count, start + block)
    var products = a.innerProducts(range, with: b)
    products.withUnsafeMutableBufferPointer { products in
      for row in range {
        let length = a[row].reduce(0) { $0 + $1 * $1 }
        let first = (row - start) * b.count
        for column in 0..<b.count {
          products[first + column] = max(0, length + lengths[column] - 2 * products[first + column])
        }
        body(row, UnsafeMutableBufferPointer(rebasing: products[first..<(first + b.count)]))
      }
    }
  }
}

/// The picture of a list that is nearest to a given one.
public struct NearestPicture: Codable, Equatable, Sendable {
  /// Its position in the list.
  public var index: Int
  /// The Euclidean distance of the features.
  public var distance: Double
}

/// For each generated picture the nearest training picture: is it copying?
///
/// - Parameters:
///   - generated: Features [N,C].
///   - training: Features [M,C], M ≥ 1.
/// - Throws: `MetricError`.
public func nearestPictures(to generated: Tensor, in training: Tensor) throws -> [NearestPicture] {
  let (generated, training) = (DoubleRows(generated), DoubleRows(training))
  guard generated.count > 0 else { return [] }
  try requireComparable(generated, training, measure: "the nearest training picture", atLeast: 1)
  var result: [NearestPicture] = []
  forEachRowOfSquaredDistances(from: generated, to: training) { row, distances in
    let nearest = distances.indices.min { distances[$0] < distances[$1] }!
    // Once more from the differences: a copy's distance is zero, not what rounding leaves.
    let square = zip(generated[row], training[nearest]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    result.append(NearestPicture(index: nearest, distance: square.squareRoot()))
  }
  return result
}

/// The mean distance of two different rows of [N,C]; NaN for fewer than two.
func meanPairDistance(_ x: Tensor) -> Double {
  let rows = DoubleRows(x)
  var total = 0.0
  forEachRowOfSquaredDistances(from: rows, to: rows) { row, distances in
    for (column, square) in distances.enumerated() where column != row { total += square.squareRoot() }
  }
  return total / Double(rows.count * (rows.count - 1))
}
