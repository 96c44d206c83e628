import Engine
import Foundation

/// What a piece of work costs on this machine.
struct StepCost: Equatable {
  var seconds = 0.0
  /// Multiplications and additions of matrix products and convolutions.
  var operations = 0.0
  /// The most memory it held beyond what the process held before.
  var bytes = 0.0

  static func + (a: StepCost, b: StepCost) -> StepCost {
    StepCost(seconds: a.seconds + b.seconds, operations: a.operations + b.operations, bytes: max(a.bytes, b.bytes))
  }

  /// As many times the time and the operations; memory stays.
  static func * (a: StepCost, factor: Double) -> StepCost {
    StepCost(seconds: a.seconds * factor, operations: a.operations * factor, bytes: a.bytes)
  }

  /// The cost with batches of another size, on the straight line through two measured sizes.
  static func line(
    _ small: (batch: Int, cost: StepCost), _ large: (batch: Int, cost: StepCost), at batch: Int
  ) -> StepCost {
    let way = Double(batch - small.batch) / Double(large.batch - small.batch)
    func value(_ path: KeyPath<StepCost, Double>) -> Double {
      let (a, b) = (small.cost[keyPath: path], large.cost[keyPath: path])
      // Noise in short measurements must not make larger batches cheaper.
      return b > a ? a + (b - a) * way : b * Double(batch) / Double(large.batch)
    }
    return StepCost(seconds: value(\.seconds), operations: value(\.operations), bytes: value(\.bytes))
  }

  /// Measures with the whole batch, or where pictures are large with two small ones, and draws the line.
  static func measured(batch: Int, side: Int, _ measure: (Int) throws -> StepCost) rethrows -> StepCost {
    if side <= 64 || batch <= 4 { return try measure(batch) }
    return line((2, try measure(2)), (4, try measure(4)), at: batch)
  }
}

/// Times pieces of work, and finds the memory that all of them need together.
final class CostMeter {
  /// Runs `body` in a process that has given back what it did not need, and gives the most memory it held.
  static func bytes(_ body: (CostMeter) throws -> Void) rethrows -> Double {
    ResidentMemory.release()
    let before = ResidentMemory.bytes
    let canReset = ResidentMemory.resetPeak()
    _ = BufferPool.takePeakBytes()
    try body(CostMeter())
    if canReset, let before, let peak = ResidentMemory.peakBytes { return Double(max(0, peak - before)) }
    return Double(BufferPool.takePeakBytes())
  }

  /// Does a piece of work and tells its time and operations.
  func lap(_ work: () throws -> Void) rethrows -> StepCost {
    let (start, before) = (ProcessInfo.processInfo.systemUptime, OperationCounter.total)
    try work()
    return StepCost(
      seconds: ProcessInfo.processInfo.systemUptime - start, operations: Double(OperationCounter.total - before))
  }
}
