import Foundation

/// What a step of data-parallel training costs on a cluster: an arithmetic model, stated in the report.
///
/// compute = operations of a node's pictures / its rate; sums = buckets · 2 (N - 1) · latency + 2 (N - 1)/N · bytes /
/// bandwidth, as the two exchanges of `MPICommunicator` send them; small messages (batch normalisation's statistics,
/// losses) = their number · ⌈log₂ N⌉ · latency. Nodes are taken to be equal and never to wait for data.
public struct ClusterModel: Equatable, Sendable {
  /// Seconds for a message.
  public var latency: Double
  /// Bytes per second and node, each way.
  public var bandwidth: Double
  public var bucketBytes: Double

  /// What is trained.
  public struct Work: Equatable, Sendable {
    public var name: String
    public var operationsPerPicture: Double
    /// Operations per second of a node.
    public var nodeRate: Double
    /// Bytes of gradients summed in a step.
    public var bytes: Double
    /// Small messages of a step, each waited for.
    public var exchanges: Int
  }

  public struct Cost: Equatable, Sendable {
    public var compute, sums, exchanges: Double

    /// Seconds of a step whose sums wait for the end of the backward pass.
    public var seconds: Double { compute + sums + exchanges }
    /// The same where sums are hidden behind the backward pass, two thirds of the computing, as far as that goes.
    public var overlapped: Double { compute + max(0, sums - compute * 2 / 3) + exchanges }
  }

  public func cost(_ work: Work, nodes: Int, picturesPerNode: Double) -> Cost {
    let others = Double(nodes - 1)
    let buckets = (work.bytes / bucketBytes).rounded(.up)
    return Cost(
      compute: work.operationsPerPicture * picturesPerNode / work.nodeRate,
      sums: nodes == 1
        ? 0 : buckets * 2 * others * latency + 2 * others / Double(nodes) * work.bytes / bandwidth,
      exchanges: Double(work.exchanges) * log2(Double(nodes)).rounded(.up) * latency)
  }
}
