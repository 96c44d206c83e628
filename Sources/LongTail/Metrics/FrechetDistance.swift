import Engine

/// The normal distribution that fits a list of features best.
public struct FeatureStatistics: Sendable {
  public let mean: [Double]
  public let covariance: SymmetricMatrix

  /// - Parameter features: [N,C], N ≥ 2.
  /// - Throws: `MetricError`.
  public init(_ features: Tensor) throws {
    let rows = DoubleRows(features)
    try requireComparable(rows, rows, measure: "the Fréchet distance", atLeast: 2)
    mean = rows.mean
    covariance = rows.covariance
  }
}

/// |μ₁ - μ₂|² + tr(Σ₁ + Σ₂ - 2 (Σ₁Σ₂)^½), the squared Fréchet distance of two normal distributions: FID, where the
/// features are Inception's (Heusel et al. 2017).
///
/// The trace of (Σ₁Σ₂)^½ is that of (Σ₁^½ Σ₂ Σ₁^½)^½, which is symmetric: so singular covariances, of fewer pictures
/// than features, need no offset.
///
/// - Throws: `MetricError`.
public func frechetDistance(_ a: FeatureStatistics, _ b: FeatureStatistics) throws -> Double {
  guard a.mean.count == b.mean.count else { throw MetricError.widthsDiffer(a.mean.count, b.mean.count) }
  guard let root = a.covariance.squareRoot(), let eigenvalues = b.covariance.between(root).eigenvalues else {
    throw MetricError.notFinite(measure: "the Fréchet distance")
  }
  let shift = zip(a.mean, b.mean).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  let overlap = eigenvalues.reduce(0) { $0 + max(0, $1).squareRoot() }
  return shift + a.covariance.trace + b.covariance.trace - 2 * overlap
}

/// The same of two lists of features [N,C] and [M,C].
public func frechetDistance(_ a: Tensor, _ b: Tensor) throws -> Double {
  try frechetDistance(FeatureStatistics(a), FeatureStatistics(b))
}
