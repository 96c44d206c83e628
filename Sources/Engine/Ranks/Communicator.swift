import Foundation

/// The processes ("ranks", MPI's word) that compute one thing together, seen from one of them.
///
/// All ranks call the same functions in the same order, with the same counts and shapes. Only one thread of a rank
/// calls them. Sums are added in the order of the ranks, wherever these run: the same number of ranks gives the same
/// bits, and all of them get the same.
public protocol Communicator: AnyObject {
  /// This process's number, from 0.
  var rank: Int { get }
  /// How many there are.
  var size: Int { get }
  /// How many of them run on this machine.
  var sizeOnHost: Int { get }

  /// Waits until all ranks are here.
  func barrier()

  /// Replaces every rank's bytes by those of one.
  func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int)

  /// Every rank's values, rank after rank; all give as many.
  func gather(_ values: UnsafeBufferPointer<Float>) -> [Float]

  /// Replaces values by their sums over the ranks.
  func allReduce(_ values: UnsafeMutableBufferPointer<Float>)

  /// The same, begun: the values must be left alone until `wait` returns.
  func startAllReduce(_ values: UnsafeMutableBufferPointer<Float>) -> any PendingReduction

  /// Lets what was begun go on. Cheap; called often.
  func progress()

  /// Ends all ranks, after the reason was printed with this rank's number.
  func abort(_ reason: String, exitCode: Int32) -> Never

  /// Waits for all ranks and leaves; nothing may be called afterwards.
  func leave()
}

/// An all-reduce that was begun.
public protocol PendingReduction: AnyObject {
  func wait()
}

/// One process by itself: every sum is the value, every gathering the part.
public final class SingleProcess: Communicator {
  public static let shared = SingleProcess()

  public let rank = 0
  public let size = 1
  public let sizeOnHost = 1

  private final class Done: PendingReduction {
    func wait() {}
  }

  public func barrier() {}
  public func broadcast(_ bytes: UnsafeMutableRawBufferPointer, from root: Int) {}
  public func gather(_ values: UnsafeBufferPointer<Float>) -> [Float] { Array(values) }
  public func allReduce(_ values: UnsafeMutableBufferPointer<Float>) {}
  public func startAllReduce(_ values: UnsafeMutableBufferPointer<Float>) -> any PendingReduction { Done() }
  public func progress() {}
  public func leave() {}

  public func abort(_ reason: String, exitCode: Int32) -> Never {
    FileHandle.standardError.write(Data((reason + "\n").utf8))
    exit(exitCode)
  }
}

extension Communicator {
  /// Sums of some numbers over the ranks.
  public func sums(_ values: [Float]) -> [Float] {
    var values = values
    values.withUnsafeMutableBufferPointer { allReduce($0) }
    return values
  }

  /// Every rank's numbers, rank after rank.
  public func gather(_ values: [Float]) -> [Float] { values.withUnsafeBufferPointer { gather($0) } }

  /// A number of one rank, for all.
  public func broadcast(_ value: Int, from root: Int = 0) -> Int {
    var value = value
    withUnsafeMutableBytes(of: &value) { broadcast($0, from: root) }
    return value
  }

  /// A text of one rank, for all.
  public func broadcast(_ text: String, from root: Int = 0) -> String {
    var bytes = Array(text.utf8)
    let count = broadcast(bytes.count, from: root)
    if rank != root { bytes = [UInt8](repeating: 0, count: count) }
    bytes.withUnsafeMutableBytes { broadcast($0, from: root) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Adds parts of equal length, one behind the other in memory, in their order.
public func sumInOrder(
  _ parts: UnsafePointer<Float>, count: Int, of number: Int, into result: UnsafeMutablePointer<Float>
) {
  GEMM.addInOrder(parts, pieces: number, count: count, into: result)
}
