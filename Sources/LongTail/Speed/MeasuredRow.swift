import Foundation
import Notebook

/// What was measured of one row.
public struct MeasuredRow: Sendable {
  public let row: SpeedRow
  /// Our seconds, one per round.
  public internal(set) var seconds: [Double] = []
  /// The most memory of our process.
  public internal(set) var peakBytes: Int?
  /// PyTorch's seconds in the same rounds, in each layout tried.
  public internal(set) var peers: [PeerTimes] = []
  /// Why PyTorch has no times here although it was at hand.
  public internal(set) var peerFailure: String?
  /// Our seconds on one thread and on all, in turn.
  public internal(set) var threadPairs: [(one: Double, all: Double)] = []
  /// Seconds of one run with the trace on, in all.
  public internal(set) var tracedSeconds = 0.0
  /// Where that run's time went.
  public internal(set) var operations: [OperationTotal] = []

  /// PyTorch in one memory layout.
  public struct PeerTimes: Sendable {
    /// “channels last”, or empty where only one layout was tried.
    public let layout: String
    public internal(set) var seconds: [Double] = []
    public internal(set) var peakBytes: Int?
  }

  init(_ row: SpeedRow) { self.row = row }

  /// PyTorch in its faster layout; nil where it was not at hand.
  public var peer: PeerTimes? {
    peers.filter { !$0.seconds.isEmpty }.min { Statistics.median($0.seconds) < Statistics.median($1.seconds) }
  }

  /// Our time over PyTorch's, one per round.
  public var ratios: [Double] { peer.map { zip(seconds, $0.seconds).map { $0 / $1 } } ?? [] }
  /// The median of the rounds; not a number without PyTorch.
  public var ratio: Double { Statistics.median(ratios) }

  /// Our peak memory over PyTorch's.
  public var memoryRatio: Double? {
    guard let ours = peakBytes, let theirs = peer?.peakBytes else { return nil }
    return Double(ours) / Double(theirs)
  }

  /// Time on one thread over time on all, one per pair.
  public var speedUps: [Double] { threadPairs.map { $0.one / $0.all } }
  public var speedUp: Double { Statistics.median(speedUps) }

  /// Multiplications and additions of all convolutions and matrix products, by the direct method.
  public var directOperations: Int { operations.filter(\.isProduct).reduce(0) { $0 + $1.operations } }
  /// Direct operations per second; not a number where there are none.
  public var rate: Double {
    directOperations == 0 ? .nan : Double(directOperations) / Statistics.median(seconds)
  }
  /// All operations over all bytes that they touch, each operand of each operation counted once.
  public var intensity: Double {
    let bytes = operations.reduce(0) { $0 + $1.bytes }
    return bytes == 0 ? .nan : Double(directOperations) / Double(bytes)
  }
}

/// All runs of one operation in a traced run.
public struct OperationTotal: Sendable {
  public let name: String
  public let calls: Int
  /// Without the operations inside it.
  public let seconds: Double
  public let operations: Int
  public let bytes: Int

  init(_ total: SpeedAnswer.Total) {
    (name, calls, seconds) = (total.name, total.calls, total.seconds)
    (operations, bytes) = (total.operations, total.bytes)
  }

  /// Convolutions and matrix products: what the direct method's operations are counted for.
  public var isProduct: Bool {
    ["conv2d", "matmul", "depthwise", "grouped"].contains { name.hasPrefix($0) }
  }
}

/// The times of a network at growing sizes.
public struct MeasuredSweep: Sendable {
  public let title: String
  /// Seconds at each size: the median of some runs.
  public let times: [(size: Int, seconds: Double)]

  /// Time per unit of work, relative to the smallest size; `work` is how the work should grow with the size.
  public func relativeCosts(_ work: (Int) -> Double) -> [(x: Double, y: Double)] {
    guard let first = times.first else { return [] }
    let unit = first.seconds / work(first.size)
    return times.map { (Double($0.size), $0.seconds / work($0.size) / unit) }
  }
}

extension Statistics {
  /// The middle value; not a number for no values.
  static func median(_ values: [Double]) -> Double { quantile(0.5, of: values) }
}
