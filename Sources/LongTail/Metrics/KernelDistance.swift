import Engine

/// The kernel distance of two lists of features: KID, where the features are Inception's (Bińkowski et al. 2018).
public struct KernelDistance: Equatable, Sendable {
  /// The mean over subsets of the squared maximum mean discrepancy.
  public var mean: Double
  /// Its deviation between subsets (of the population, as in the authors' code).
  public var deviation: Double
}

/// The mean over random subsets of the unbiased squared maximum mean discrepancy under the kernel (x·y / C + 1)³.
///
/// - Parameters:
///   - real: [N,C].
///   - fake: [M,C].
///   - subsets: How many are drawn; 100 is the standard.
///   - subsetSize: Pictures of each list in a subset, without repeats; 1000 is the standard.
/// - Throws: `MetricError` where a list is shorter than a subset.
public func kernelDistance(
  real: Tensor, fake: Tensor, subsets: Int = 100, subsetSize: Int = 1000, stream: inout RandomStream
) throws -> KernelDistance {
  let (real, fake) = (DoubleRows(real), DoubleRows(fake))
  try requireComparable(real, fake, measure: "the kernel distance", atLeast: max(2, subsetSize))
  let values = (0..<subsets).map { _ in
    func subset(_ rows: DoubleRows) -> DoubleRows {
      rows.rows(Array(stream.permutation(rows.count).prefix(subsetSize)))
    }
    return squaredDiscrepancy(subset(real), subset(fake))
  }
  let count = Double(max(1, subsets))
  let mean = values.reduce(0, +) / count
  let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / count
  return KernelDistance(mean: mean, deviation: variance.squareRoot())
}

/// The unbiased estimate: no picture is compared with itself.
private func squaredDiscrepancy(_ a: DoubleRows, _ b: DoubleRows) -> Double {
  func kernel(_ product: Double) -> Double {
    let value = product / Double(a.width) + 1
    return value * value * value
  }
  func withinMean(_ rows: DoubleRows) -> Double {
    let products = rows.innerProducts(0..<rows.count, with: rows)
    var sum = 0.0
    for (at, product) in products.enumerated() where at / rows.count != at % rows.count { sum += kernel(product) }
    return sum / Double(rows.count * (rows.count - 1))
  }
  let across = a.innerProducts(0..<a.count, with: b).reduce(0) { $0 + kernel($1) } / Double(a.count * b.count)
  return withinMean(a) + withinMean(b) - 2 * across
}
