import Engine
import Foundation

/// What is done to a batch of pictures before the classifier sees it.
public enum BatchMixing: Codable, Hashable, Sendable {
  case none
  /// Pictures and targets are blended with those of another picture of the batch, λ ~ Beta(α, α) (Zhang et al. 2018,
  /// "mixup: Beyond Empirical Risk Minimization").
  case mixup(alpha: Float)
  /// A rectangle is replaced by that of another picture of the batch, and the targets are blended by its share of the
  /// area, 1 - λ with λ ~ Beta(α, α) (Yun et al. 2019, "CutMix").
  case cutMix(alpha: Float)
  /// Each picture is moved (and nothing else): turns, mirrorings, shifts.
  case geometric(Augmentation)

  /// Whether a rank needs the pictures of others too.
  var needsWholeBatch: Bool {
    switch self {
    case .none, .geometric: false
    case .mixup, .cutMix: true
    }
  }

  /// - Parameters:
  ///   - pictures: [N,H,W,3]: of a shared batch the rank's own, or all of them where `needsWholeBatch`.
  ///   - labels: Of the whole batch.
  ///   - share: Which pictures of the batch are wanted; nil for all.
  ///   - stream: Gives all random numbers of this step.
  func callAsFunction(
    _ pictures: Tensor, _ labels: [Int], share: BatchShare? = nil, stream: inout RandomStream
  ) -> MixedBatch {
    let share = share ?? .whole(labels.count)
    switch self {
    case .none:
      return MixedBatch(pictures: pictures, labels: labels)
    case .mixup(let alpha):
      let weight = betaDistributed(alpha, stream: &stream)
      let order = stream.permutation(labels.count)
      return MixedBatch(
        pictures: share.part(of: pictures * weight + pictures.rows(order) * (1 - weight)), labels: labels,
        partners: (order.map { labels[$0] }, 1 - weight))
    case .cutMix(let alpha):
      let (height, width) = (pictures.shape[1], pictures.shape[2])
      let weight = betaDistributed(alpha, stream: &stream)
      let order = stream.permutation(labels.count)
      let cut = CutRectangle(height: height, width: width, area: 1 - weight, stream: &stream)
      return MixedBatch(
        pictures: share.part(of: cut.pasted(from: pictures.rows(order), into: pictures)), labels: labels,
        partners: (order.map { labels[$0] }, Float(cut.count) / Float(height * width)))
    case .geometric(let augmentation):
      let moved = augmentation(pictures, isReal: true, share: share, stream: &stream)
      return MixedBatch(pictures: moved, labels: labels)
    }
  }
}

/// Pictures whose target may be two labels.
struct MixedBatch {
  /// Of a shared batch the rank's own.
  let pictures: Tensor
  /// Of the whole batch.
  let labels: [Int]
  /// The other label of each picture, and its share of the target, one for the whole batch.
  var partners: (labels: [Int], share: Float)?

  /// A loss of labels, blended as the targets are.
  func loss(_ loss: ([Int]) -> Tensor) -> Tensor {
    guard let partners else { return loss(labels) }
    return loss(labels) * (1 - partners.share) + loss(partners.labels) * partners.share
  }
}

/// A rectangle of a share of a picture's area about a random centre, cut off at the border.
struct CutRectangle {
  let rows: Range<Int>
  let columns: Range<Int>

  var count: Int { rows.count * columns.count }

  init(height: Int, width: Int, area: Float, stream: inout RandomStream) {
    let side = area.squareRoot()
    func range(_ length: Int) -> Range<Int> {
      let (centre, half) = (stream.integer(below: length), Int(Float(length) * side) / 2)
      return max(0, centre - half)..<min(length, centre + half)
    }
    rows = range(height)
    columns = range(width)
  }

  /// Pictures [N,H,W,C] with what others have inside the rectangle.
  func pasted(from others: Tensor, into pictures: Tensor) -> Tensor {
    let (height, width) = (pictures.shape[1], pictures.shape[2])
    var inside = [Float](repeating: 0, count: height * width)
    for y in rows { for x in columns { inside[y * width + x] = 1 } }
    let mask = Tensor(inside, shape: [1, height, width, 1])
    return pictures * (1 - mask) + others * mask
  }
}

/// A draw from Beta(α, α), by Jöhnk's rejection of pairs of powers of uniform numbers.
func betaDistributed(_ alpha: Float, stream: inout RandomStream) -> Float {
  precondition(alpha > 0, "a Beta distribution needs a positive α")
  while true {
    // 1 - u lies in (0, 1], so that the sum is never zero but by underflow, which is drawn again.
    let x = pow(Double(1 - stream.uniform()), 1 / Double(alpha))
    let y = pow(Double(1 - stream.uniform()), 1 / Double(alpha))
    if x + y <= 1, x + y > 0 { return Float(x / (x + y)) }
  }
}
