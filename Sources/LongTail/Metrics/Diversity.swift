import Engine

/// A perceptual distance of pictures, pair by pair: two batches [n,H,W,3] to n distances.
public typealias PictureDistance = (_ a: Tensor, _ b: Tensor) throws -> [Float]

/// How much the pictures of one class differ: the mean distance of two of them. With LPIPS as the distance, LPIPS
/// diversity.
///
/// - Parameters:
///   - pictures: Of one class [N,H,W,3], N ≥ 2.
///   - pairs: How many random pairs to look at; nil for all N(N - 1)/2, which is also the limit.
///   - batchSize: Pairs given to `distance` at once.
/// - Throws: `MetricError`, or what `distance` throws.
public func diversity(
  of pictures: Tensor, pairs: Int? = nil, batchSize: Int = 32, stream: inout RandomStream, distance: PictureDistance
) throws -> Double {
  let count = pictures.shape[0]
  guard count >= 2 else { throw MetricError.tooFew(measure: "diversity", pictures: count, needed: 2) }
  var chosen: [(Int, Int)] = []
  if let pairs, pairs < count * (count - 1) / 2 {
    chosen = (0..<max(1, pairs)).map { _ in
      let first = stream.integer(below: count)
      let other = stream.integer(below: count - 1)
      return (first, other < first ? other : other + 1)
    }
  } else {
    for first in 0..<count { for second in (first + 1)..<max(count, first + 1) { chosen.append((first, second)) } }
  }
  var total = 0.0
  for start in stride(from: 0, to: chosen.count, by: max(1, batchSize)) {
    let batch = chosen[start..<min(chosen.count, start + max(1, batchSize))]
    let distances = try distance(pictures.rows(batch.map(\.0)), pictures.rows(batch.map(\.1)))
    total += distances.reduce(0) { $0 + Double($1) }
  }
  guard total.isFinite else { throw MetricError.notFinite(measure: "diversity") }
  return total / Double(chosen.count)
}
