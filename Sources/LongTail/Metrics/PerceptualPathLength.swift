import Engine
import Foundation

/// How abruptly pictures change on the way between two latents (Karras et al. 2019 and 2020; released `ppl.py`): the
/// mean of the perceptual distance of two pictures a step ε apart, over ε². With LPIPS as the distance, PPL.
public struct PerceptualPathLength: Equatable, Sendable {
  public struct Settings: Codable, Equatable, Sendable {
    /// Where the way runs: z, along a great circle, or w, along a line.
    public enum Space: String, Codable, Sendable { case z, w }
    public var space = Space.w
    /// Whether the step is anywhere on the way, or at its start (the standard of 2020).
    public var coversWholePath = false
    public var epsilon: Float = 1e-4
    /// 5000 in the released code.
    public var samples = 5000
    public var batchSize = 64
    /// Of the shortest and of the longest steps, the percentage that is left out.
    public var leftOutPercent = 1.0

    public init() {}
  }

  /// Of the steps kept.
  public var mean: Double
  /// All steps, in the order drawn.
  public var lengths: [Double]

  /// - Parameters:
  ///   - latentWidth: Of z.
  ///   - map: z [n, latentWidth] to w [n, …] for the samples of these numbers.
  ///   - draw: w to pictures [n,H,W,3] for the samples of these numbers. Called for the two ends of the same samples
  ///     one after the other: labels and noise must be the same, so let them depend on the numbers alone.
  ///   - distance: Such as LPIPS.
  /// - Throws: `MetricError`, or what `distance` throws.
  public init(
    _ settings: Settings = Settings(), latentWidth: Int, seed: UInt64,
    map: (_ z: Tensor, _ numbers: Range<Int>) -> Tensor, draw: (_ w: Tensor, _ numbers: Range<Int>) -> Tensor,
    distance: PictureDistance
  ) throws {
    var lengths: [Double] = []
    for start in stride(from: 0, to: settings.samples, by: max(1, settings.batchSize)) {
      let numbers = start..<min(settings.samples, start + max(1, settings.batchSize))
      // A stream for each sample, so that it is the same in any batch.
      var streams = numbers.map { RandomStream(seed: seed, name: "path length", index: UInt64($0)) }
      func latents() -> Tensor {
        concatenated(streams.indices.map { Tensor.normal([1, latentWidth], from: &streams[$0]) }, axis: 0)
      }
      let (from, to) = (latents(), latents())
      let share = streams.indices.map { settings.coversWholePath ? streams[$0].uniform() : 0 }
      let found = try withoutRecording { () -> [Float] in
        let ends = settings.space == .w ? (map(from, numbers), map(to, numbers)) : (from, to)
        let pictures = [share, share.map { $0 + settings.epsilon }].map { share in
          let between = settings.space == .w
            ? mixed(ends.0, ends.1, share) : map(mixedOnSphere(ends.0, ends.1, share), numbers)
          return draw(between, numbers)
        }
        return try distance(pictures[0], pictures[1])
      }
      lengths += found.map { Double($0) / (Double(settings.epsilon) * Double(settings.epsilon)) }
    }
    guard !lengths.isEmpty else { throw MetricError.tooFew(measure: "path length", pictures: 0, needed: 1) }
    guard lengths.allSatisfy(\.isFinite) else { throw MetricError.notFinite(measure: "path length") }
    self.lengths = lengths
    mean = meanWithoutExtremes(lengths, leftOutPercent: settings.leftOutPercent)
  }
}

/// The mean of the values from one percentile to its opposite, both included; each percentile is the value at or just
/// outside its place.
func meanWithoutExtremes(_ values: [Double], leftOutPercent percent: Double) -> Double {
  let sorted = values.sorted()
  let place = percent / 100 * Double(sorted.count - 1)
  let (low, high) = (sorted[Int(place.rounded(.down))], sorted[Int((Double(sorted.count - 1) - place).rounded(.up))])
  let kept = sorted.filter { low <= $0 && $0 <= high }
  return kept.reduce(0, +) / Double(kept.count)
}

/// A share of the way from a to b [n, …] on a straight line, a share for each row.
func mixed(_ a: Tensor, _ b: Tensor, _ share: [Float]) -> Tensor {
  a + (b - a) * Tensor(share, shape: [share.count] + Array(repeating: 1, count: a.rank - 1))
}

/// A share of the way from a to b [n,C] on a great circle; the result has length one.
func mixedOnSphere(_ a: Tensor, _ b: Tensor, _ share: [Float]) -> Tensor {
  let (start, end) = (unitLength(a), unitLength(b))
  let cosine = (start * end).sum([1], keepingAxes: true)
  let across = unitLength(end - start * cosine)
  let angles = zip(cosine.values, share).map { acos(min(1, max(-1, $0))) * $1 }
  func column(_ values: [Float]) -> Tensor { Tensor(values, shape: [values.count, 1]) }
  return unitLength(start * column(angles.map { cos($0) }) + across * column(angles.map { sin($0) }))
}
