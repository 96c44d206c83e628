import Foundation

/// A block of float32 memory, 64-byte aligned, returned to the pool when the last tensor lets go of it.
final class Storage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int

  /// Memory for `count` values with undefined contents.
  init(count: Int) {
    self.count = count
    pointer = BufferPool.shared.take(count)
  }

  deinit { BufferPool.shared.give(pointer, count) }
}

/// Keeps freed buffers for the next tensor of about the same size.
///
/// A training step makes the same shapes again and again. Mapping, zeroing and unmapping tens of megabytes for each
/// costs more than many of the operations on them.
public final class BufferPool: @unchecked Sendable {
  static let shared = BufferPool()

  private struct State {
    var free: [Int: [UnsafeMutableRawPointer]] = [:]
    var cachedBytes = 0
    var liveBytes = 0
    var peakLiveBytes = 0
  }
  /// A lock of the system's, which the Thread Sanitizer knows; `Mutex` it does not.
  private let lock = NSLock()
  private var state = State()
  private let cacheLimit = 6 << 30

  /// Sizes are rounded up to quarters of a power of two, so at most a fifth of a buffer is unused.
  private static func byteSize(_ count: Int) -> Int {
    let bytes = max(count * MemoryLayout<Float>.stride, 256)
    let quarter = 1 << max(6, Int.bitWidth - bytes.leadingZeroBitCount - 3)
    return (bytes + quarter - 1) / quarter * quarter
  }

  func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    let size = Self.byteSize(count)
    let cached: UnsafeMutableRawPointer? = lock.withLock {
      state.liveBytes += size
      state.peakLiveBytes = max(state.peakLiveBytes, state.liveBytes)
      guard let pointer = state.free[size]?.popLast() else { return nil }
      state.cachedBytes -= size
      return pointer
    }
    let raw = cached ?? Self.allocate(size)
    return raw.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  func give(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
    let size = Self.byteSize(count)
    let raw = UnsafeMutableRawPointer(pointer)
    let keep = lock.withLock {
      state.liveBytes -= size
      guard state.cachedBytes + size <= cacheLimit else { return false }
      state.free[size, default: []].append(raw)
      state.cachedBytes += size
      return true
    }
    if !keep { free(raw) }
  }

  private static func allocate(_ size: Int) -> UnsafeMutableRawPointer {
    let hugePage = 2 << 20
    var memory: UnsafeMutableRawPointer?
    let status = posix_memalign(&memory, size >= hugePage ? hugePage : 64, size)
    guard status == 0, let memory else {
      fatalError("out of memory: could not allocate \(size >> 20) MiB; use a smaller batch or image size")
    }
    #if os(Linux)
      if size >= hugePage { madvise(memory, size, MADV_HUGEPAGE) }
    #endif
    return memory
  }

  /// Frees every buffer that no tensor uses.
  public static func trim() {
    let buffers = shared.lock.withLock {
      let all = shared.state.free.values.flatMap { $0 }
      shared.state.free = [:]
      shared.state.cachedBytes = 0
      return all
    }
    for buffer in buffers { free(buffer) }
  }

  /// The most bytes that tensors held at once since the last call.
  public static func takePeakBytes() -> Int {
    shared.lock.withLock {
      defer { shared.state.peakLiveBytes = shared.state.liveBytes }
      return shared.state.peakLiveBytes
    }
  }
}
