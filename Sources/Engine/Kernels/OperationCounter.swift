import Synchronization

/// Counts the multiplications and additions of all matrix products, for cost estimates.
public enum OperationCounter {
  private static let counter = Atomic<Int>(0)

  /// Floating-point operations since the start of the process.
  public static var total: Int { counter.load(ordering: .relaxed) }

  @inline(__always)
  static func add(_ operations: Int) { counter.wrappingAdd(operations, ordering: .relaxed) }
}
