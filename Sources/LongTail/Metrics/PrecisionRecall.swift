import Engine

/// How many generated pictures look real, and how much of the real variety is generated.
///
/// A list of pictures covers the balls around them that reach to their k-th nearest neighbour (Kynkäänniemi et al.
/// 2019, "Improved Precision and Recall Metric for Assessing Generative Models").
public struct PrecisionRecall: Equatable, Sendable {
  /// The share of generated pictures that lie in a real picture's ball.
  public var precision: Double
  /// The share of real pictures that lie in a generated picture's ball.
  public var recall: Double

  /// - Parameters:
  ///   - real: Features [N,C].
  ///   - fake: Features [M,C].
  ///   - neighbours: k; 3 in the paper.
  /// - Throws: `MetricError` for fewer than k + 1 pictures in a list.
  public init(real: Tensor, fake: Tensor, neighbours: Int = 3) throws {
    let (real, fake) = (DoubleRows(real), DoubleRows(fake))
    try requireComparable(real, fake, measure: "precision and recall", atLeast: neighbours + 1)
    precision = share(of: fake, inBallsOf: real, neighbours)
    recall = share(of: real, inBallsOf: fake, neighbours)
  }
}

/// Precision and recall that outliers cannot inflate (Naeem et al. 2020, "Reliable Fidelity and Diversity Metrics for
/// Generative Models").
public struct DensityCoverage: Equatable, Sendable {
  /// The mean number of real balls that a generated picture lies in, over k; may exceed 1.
  public var density: Double
  /// The share of real balls with a generated picture inside.
  public var coverage: Double

  /// - Parameters:
  ///   - real: Features [N,C].
  ///   - fake: Features [M,C].
  ///   - neighbours: k; 5 in the paper.
  /// - Throws: `MetricError` for fewer than k + 1 real pictures, or no generated one.
  public init(real: Tensor, fake: Tensor, neighbours: Int = 5) throws {
    let (real, fake) = (DoubleRows(real), DoubleRows(fake))
    try requireComparable(real, real, measure: "density and coverage", atLeast: neighbours + 1)
    try requireComparable(real, fake, measure: "density and coverage", atLeast: 1)
    let radii = squaredRadii(real, neighbours)
    var (inside, covered) = (0, 0)
    forEachRowOfSquaredDistances(from: real, to: fake) { row, distances in
      // Strictly inside, as the authors' code has it.
      let count = distances.reduce(0) { $0 + ($1 < radii[row] ? 1 : 0) }
      inside += count
      if count > 0 { covered += 1 }
    }
    density = Double(inside) / Double(neighbours * fake.count)
    coverage = Double(covered) / Double(real.count)
  }
}

/// The squared distance of each row to its k-th nearest other row.
private func squaredRadii(_ rows: DoubleRows, _ neighbours: Int) -> [Double] {
  var result: [Double] = []
  forEachRowOfSquaredDistances(from: rows, to: rows) { row, distances in
    distances[row] = .infinity
    var nearest = [Double](repeating: .infinity, count: neighbours)
    for distance in distances where distance < nearest[neighbours - 1] {
      var place = neighbours - 1
      while place > 0 && distance < nearest[place - 1] {
        nearest[place] = nearest[place - 1]
        place -= 1
      }
      nearest[place] = distance
    }
    result.append(nearest[neighbours - 1])
  }
  return result
}

/// The share of `points` in at least one ball.
private func share(of points: DoubleRows, inBallsOf centres: DoubleRows, _ neighbours: Int) -> Double {
  let radii = squaredRadii(centres, neighbours)
  var inside = 0
  forEachRowOfSquaredDistances(from: points, to: centres) { _, distances in
    if distances.indices.contains(where: { distances[$0] <= radii[$0] }) { inside += 1 }
  }
  return Double(inside) / Double(points.count)
}
