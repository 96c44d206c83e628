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
  /// `MachinePeak.handOver` of all threads, beside each pair: it may change from one second to the next where a virtual
  /// machine's cores are moved.
  public internal(set) var handOvers: [Double] = []
  /// A traced run on one thread; nil where only one is used anyway.
  public internal(set) var oneThread: OneThreadTrace?
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
  /// The shortest time on one thread over the shortest on all: what is left when whatever else the machine did is taken
  /// out. Not a number without pairs.
  public var fastestSpeedUp: Double {
    guard let one = threadPairs.map(\.one).min(), let all = threadPairs.map(\.all).min() else { return .nan }
    return one / all
  }

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

/// How much of a row's work on one thread is in pieces that others can help with.
public struct OneThreadTrace: Sendable {
  /// Seconds under which an operation is hardly worth sharing: to fetch what another thread wrote takes microseconds.
  static let shortest = 5e-6

  /// Of a run without the trace, which itself takes time between operations.
  public let seconds: Double
  public let operations: Int
  /// Operations shorter than that, and their seconds.
  public let brief: Int
  public let briefSeconds: Double
  /// Seconds between operations: for the graph and for memory.
  public let secondsBetween: Double

  /// - Parameters:
  ///   - seconds: Of a run without the trace.
  ///   - answer: Of a run with it.
  init?(seconds: Double, _ answer: SpeedAnswer) {
    guard seconds > 0, let totals = answer.totals, let brief = answer.briefCalls,
      let briefSeconds = answer.briefSeconds
    else { return nil }
    (self.seconds, self.brief, self.briefSeconds) = (seconds, brief, briefSeconds)
    operations = totals.reduce(0) { $0 + $1.calls }
    secondsBetween = max(0, seconds - totals.reduce(0) { $0 + $1.seconds })
  }

  /// The share of the time that is brief or between.
  public var unshared: Double { (briefSeconds + secondsBetween) / seconds }

  /// How many times as fast some threads are, were all the rest shared perfectly and this not at all (Amdahl 1967).
  public func speedUp(threads: Int) -> Double { 1 / (unshared + (1 - unshared) / Double(threads)) }
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
