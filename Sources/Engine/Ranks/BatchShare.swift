/// Which pictures of a batch one of several ranks has: every `ranks`-th, from the one of its own number on.
///
/// Random numbers are drawn for the whole batch and a rank keeps its own, so that N ranks see what one rank with the
/// whole batch would see. (Neighbours in a rank are `ranks` apart in the batch: the discriminator's groups of pictures,
/// which are spread over the batch, then mostly lie within a rank.)
public struct BatchShare: Equatable, Sendable {
  /// Pictures of the whole batch.
  public let total: Int
  public let rank: Int
  public let ranks: Int

  public init(of total: Int, rank: Int, ranks: Int) {
    precondition(total >= 0 && (0..<ranks).contains(rank), "rank \(rank) of \(ranks) has no share of \(total) pictures")
    self.total = total
    self.rank = rank
    self.ranks = ranks
  }

  /// All pictures.
  public static func whole(_ total: Int) -> BatchShare { BatchShare(of: total, rank: 0, ranks: 1) }

  public var isWhole: Bool { ranks == 1 }
  /// Where in the batch this rank's pictures stand.
  public var places: StrideTo<Int> { stride(from: rank, to: total, by: ranks) }
  /// How many pictures this rank has.
  public var count: Int { count(ofRank: rank) }
  func count(ofRank rank: Int) -> Int { max(0, (total - rank + ranks - 1) / ranks) }

  /// The same rank's share of the batch's first pictures.
  public func prefix(_ count: Int) -> BatchShare { BatchShare(of: min(total, count), rank: rank, ranks: ranks) }

  /// This rank's elements of the batch's.
  public func part<Element>(of whole: [Element]) -> [Element] {
    precondition(whole.count == total, "\(whole.count) elements are not those of a batch of \(total)")
    return isWhole ? whole : places.map { whole[$0] }
  }

  /// This rank's rows of the batch's.
  public func part(of whole: Tensor) -> Tensor {
    precondition(whole.shape[0] == total, "\(whole.shape) has not the rows of a batch of \(total)")
    return isWhole ? whole : whole.rows(Array(places))
  }

  /// This rank's part of a mean over the batch, from the mean over its own pictures. The parts' sum over the ranks is
  /// the batch's mean, and so with their gradients.
  public func part(ofMean mean: Tensor) -> Tensor { isWhole ? mean : mean * (Float(count) / Float(max(1, total))) }

  /// Standard normal values for each picture, [count] + shape, of those drawn for the whole batch in its order.
  public func normal(_ shape: [Int], from stream: inout RandomStream) -> Tensor {
    guard !isWhole else { return .normal([total] + shape, from: &stream) }
    let width = shape.elementCount
    var rows: [Tensor] = []
    for place in 0..<total {
      if place % ranks == rank {
        rows.append(.normal([1] + shape, from: &stream))
      } else {
        stream.skipNormals(width)
      }
    }
    return rows.isEmpty ? .zeros([0] + shape) : concatenated(rows, axis: 0)
  }
}
