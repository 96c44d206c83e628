import Foundation

/// A block of float32 memory, 64-byte aligned, returned to the pool when the last tensor lets go of it.
final class Storage: @unchecked Sendable {
  let pointer: UnsafeMutablePointer<Float>
  let count: Int
  /// What kernels made of the values, if anything; nil after a change of them.
  var derived: DerivedWeights?

  /// Memory for `count` values with undefined contents.
  init(count: Int) {
    self.count = count
    pointer = BufferPool.shared.take(count)
  }

  deinit { BufferPool.shared.give(pointer, count) }
}

/// Keeps freed buffers for the next tensors: small ones for those of about the same size, the last one freed first, as
/// it may still be in cache; large ones in an arena.
///
/// A training step makes the same shapes again and again. Mapping, zeroing and unmapping tens of megabytes for each
/// costs more than many of the operations on them.
public final class BufferPool: @unchecked Sendable {
  static let shared = BufferPool()

  private struct State {
    /// By `sizeNumber`.
    var free = [[UnsafeMutableRawPointer]](repeating: [], count: BufferPool.sizeNumber(BufferPool.large))
    var arena = SpanArena()
    var liveBytes = 0
    var peakLiveBytes = 0
  }
  /// A lock of the system's, which the Thread Sanitizer knows; `Mutex` it does not.
  private let lock = NSLock()
  private var state = State()
  /// Bytes from which buffers come from the arena: the system's large pages.
  private static let large = 2 << 20

  /// Sizes are rounded up to quarters of a power of two, so at most a fifth of a buffer is unused; those of the arena
  /// to pages.
  private static func byteSize(_ count: Int) -> Int {
    let bytes = max(count * MemoryLayout<Float>.stride, 256)
    if bytes >= large { return SpanArena.rounded(bytes) }
    let quarter = 1 << max(6, Int.bitWidth - bytes.leadingZeroBitCount - 3)
    return (bytes + quarter - 1) / quarter * quarter
  }

  /// The place of a size below `large` among all there are: four to each power of two.
  private static func sizeNumber(_ size: Int) -> Int {
    let shift = Int.bitWidth - size.leadingZeroBitCount - 3
    return 4 * shift + size >> shift
  }

  func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    let size = Self.byteSize(count)
    let cached: UnsafeMutableRawPointer? = lock.withLock {
      state.liveBytes += size
      state.peakLiveBytes = max(state.peakLiveBytes, state.liveBytes)
      if size >= Self.large { return state.arena.take(size) }
      return state.free[Self.sizeNumber(size)].popLast()
    }
    guard let raw = cached ?? Self.allocate(size) else {
      fatalError("out of memory: could not allocate \(size >> 20) MiB; use a smaller batch or image size")
    }
    return raw.bindMemory(to: Float.self, capacity: max(count, 1))
  }

  func give(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) {
    let size = Self.byteSize(count)
    let raw = UnsafeMutableRawPointer(pointer)
    lock.withLock {
      state.liveBytes -= size
      if size >= Self.large { state.arena.give(raw, size) } else { state.free[Self.sizeNumber(size)].append(raw) }
    }
  }

  private static func allocate(_ size: Int) -> UnsafeMutableRawPointer? {
    var memory: UnsafeMutableRawPointer?
    return size < large && posix_memalign(&memory, 64, size) == 0 ? memory : nil
  }

  /// Frees every buffer that no tensor uses.
  public static func trim() {
    let buffers = shared.lock.withLock {
      shared.state.arena.trim()
      defer { for number in shared.state.free.indices { shared.state.free[number] = [] } }
      return shared.state.free.flatMap { $0 }
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
