import Foundation
import Synchronization

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
  private let state = Mutex(State())
  private let cacheLimit = 6 << 30

  /// Sizes are rounded up to quarters of a power of two, so at most a fifth of a buffer is unused.
  private static func byteSize(_ count: Int) -> Int {
    let bytes = max(count * MemoryLayout<Float>.stride, 256)
    let quarter = 1 << max(6, Int.bitWidth - bytes.leadingZeroBitCount - 3)
    return (bytes + quarter - 1) / quarter * quarter
  }

  func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    let size = Self.byteSize(count)
    let cached: UnsafeMutableRawPointer? = state.withLock {
      $0.liveBytes += size
      $0.peakLiveBytes = max($0.peakLiveBytes, $0.liveBytes)
      guard let pointer = $0.free[size]?.popLast() else { return nil }
      $0.cachedBytes -= size
      return pointer
    }
    let raw = cached ?? Self.allocate(size)
    return raw.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  func give(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
    let size = Self.byteSize(count)
    let raw = UnsafeMutableRawPointer(pointer)
    let keep = state.withLock {
      $0.liveBytes -= size
      guard $0.cachedBytes + size <= cacheLimit else { return false }
      $0.free[size, default: []].append(raw)
      $0.cachedBytes += size
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
    let buffers = shared.state.withLock { state in
      let all = state.free.values.flatMap { $0 }
      state.free = [:]
      state.cachedBytes = 0
      return all
    }
    for buffer in buffers { free(buffer) }
  }

  /// The most bytes that tensors held at once since the last call.
  public static func takePeakBytes() -> Int {
    shared.state.withLock { state in
      defer { state.peakLiveBytes = state.liveBytes }
      return state.peakLiveBytes
    }
  }
}
