import Foundation

/// The machine's memory that this process holds, as Linux counts it; nil on other systems.
public enum ResidentMemory {
  /// Bytes held now.
  public static var bytes: Int? { status("VmRSS:") }

  /// The most bytes held since the process began, or since `resetPeak`.
  public static var peakBytes: Int? { status("VmHWM:") }

  /// Sets the high-water mark to what is held now. False where the system does not let us.
  @discardableResult
  public static func resetPeak() -> Bool {
    let file = URL(fileURLWithPath: "/proc/self/clear_refs")
    return (try? FileHandle(forWritingTo: file).write(contentsOf: Data("5".utf8))) != nil
  }

  /// Gives the buffers that no tensor uses, and what the allocator keeps for later, back to the system.
  public static func release() {
    BufferPool.trim()
    _ = trimAllocator?(0)
  }

  /// glibc's `malloc_trim`, which its Swift module leaves out; nil where there is none.
  private static let trimAllocator: (@convention(c) (Int) -> Int32)? =
    dlsym(nil, "malloc_trim").map { unsafeBitCast($0, to: (@convention(c) (Int) -> Int32).self) }

  /// A line of the process's status, which the system counts in KiB.
  private static func status(_ name: String) -> Int? {
    ProcessStatus.line(name)?.split { $0 == " " || $0 == "\t" }.compactMap { Int($0) }.first.map { $0 << 10 }
  }
}
