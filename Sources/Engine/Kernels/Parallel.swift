import CProcessor
import Foundation
import Synchronization

/// Loops over pieces of work on all threads.
///
/// The number of pieces depends on the work alone, never on the number of threads, and a piece's result does not
/// depend on who computes it: so results are the same bits on any number of threads.
public enum Parallel {
  /// How many threads work, the caller among them. Set it before training starts.
  public static var threadCount: Int {
    get { ThreadPool.shared.threadCount }
    set { ThreadPool.shared.threadCount = max(1, newValue) }
  }

  /// Calls `body(0) … body(count - 1)`, in any order and at once. Nested calls run on the calling thread.
  ///
  /// - Parameter values: How many values all pieces read and write, where that may be too few to wake other threads for.
  @inline(__always)
  public static func pieces(_ count: Int, values: Int = .max, _ body: (Int) -> Void) {
    if count == 1 || values < 16384 { return (0..<count).forEach(body) }
    ThreadPool.shared.run(count, body)
  }

  /// The length of equal shares of `count`: one, two or a multiple of four, so that two or four threads have as much
  /// to do.
  @inline(__always)
  static func equalLength(_ count: Int, atMost longest: Int) -> Int {
    let shares = (count + longest - 1) / longest
    let even = shares <= 2 ? max(1, shares) : shares.roundedUp(to: 4)
    return max(1, (count + even - 1) / even)
  }

  /// Cuts 0..<count into equal runs of at most `grain` and calls `body(start, end)` for each.
  @inline(__always)
  static func ranges(_ count: Int, grain: Int = 8192, _ body: (Int, Int) -> Void) {
    if count <= grain {
      if count > 0 { body(0, count) }
      return
    }
    // Whole cache lines, where it is single values that are counted.
    let equal = equalLength(count, atMost: grain)
    let length = grain % 16 == 0 && grain >= 1024 ? equal.roundedUp(to: 16) : equal
    ThreadPool.shared.run((count + length - 1) / length) { piece in
      body(piece * length, min(count, (piece + 1) * length))
    }
  }
}

/// Threads that wait for work: first spinning for some milliseconds, as the next operation is usually near, then asleep.
///
/// A loop of a small network takes a few microseconds, and each cache line that travels between cores a tenth of one.
/// So a loop is handed over in one line (`SharedLines.number` and what follows it), each thread claims pieces from a
/// line of its own, and tells only once, at the end, how many it has done.
private final class ThreadPool: @unchecked Sendable {
  static let shared = ThreadPool()

  /// The cache lines that threads share, as atomic numbers in memory of their own: no object, no counted references.
  private struct SharedLines {
    /// Numbers in a line and its neighbour, which processors fetch with it.
    private static let stride = 16
    private let numbers: UnsafeMutablePointer<Atomic<UInt>>

    init(threads: Int) {
      let count = (threads + 2) * Self.stride
      let memory = UnsafeMutableRawPointer.allocate(byteCount: count * 8, alignment: 128)
      numbers = memory.bindMemory(to: Atomic<UInt>.self, capacity: count)
      for index in 0..<count { (numbers + index).initialize(to: Atomic(0)) }
    }

    /// The loop's number: workers watch it.
    var number: UnsafeMutablePointer<Atomic<UInt>> { numbers }
    /// How many pieces the loop has.
    var count: UnsafeMutablePointer<Atomic<UInt>> { numbers + 1 }
    /// How many threads share them.
    var threads: UnsafeMutablePointer<Atomic<UInt>> { numbers + 2 }
    /// Where the caller's closure lies.
    var body: UnsafeMutablePointer<Atomic<UInt>> { numbers + 3 }
    /// How many pieces are not yet done.
    var remaining: UnsafeMutablePointer<Atomic<UInt>> { numbers + Self.stride }
    /// A thread's run: the loop's number in the upper half, the next piece in the lower one.
    func run(_ thread: Int) -> UnsafeMutablePointer<Atomic<UInt>> { numbers + (thread + 2) * Self.stride }
  }

  private static let mostThreads = 1024
  private let shared = SharedLines(threads: mostThreads)
  private let busy = Atomic<Bool>(false)
  private let sleepers = Atomic<Int>(0)
  private let condition = NSCondition()
  private var workers = 0
  private let wanted = Atomic<Int>(Cores.allowed)

  var threadCount: Int {
    get { wanted.load(ordering: .relaxed) }
    set { wanted.store(min(newValue, Self.mostThreads), ordering: .relaxed) }
  }

  func run(_ count: Int, _ body: (Int) -> Void) {
    let threads = threadCount
    // A loop inside a loop, or on a second thread, runs where it is: the pieces and so the bits are the same.
    guard threads > 1, count > 1, busy.exchange(true, ordering: .acquiring) == false else {
      for piece in 0..<count { body(piece) }
      return
    }
    if workers < threads - 1 { startWorkers(threads - 1) }
    withoutActuallyEscaping(body) { body in
      withUnsafePointer(to: body) { body in
        let number = (shared.number.pointee.load(ordering: .relaxed) &+ 1) & 0xFFFF_FFFF
        // The runs first: a worker that is still at the loop before finds nothing in them, whatever else it reads.
        for thread in 0..<threads {
          shared.run(thread).pointee.store(number << 32 | UInt(thread * count / threads), ordering: .releasing)
        }
        shared.remaining.pointee.store(UInt(count), ordering: .relaxed)
        shared.body.pointee.store(UInt(bitPattern: body), ordering: .releasing)
        shared.count.pointee.store(UInt(count), ordering: .releasing)
        shared.threads.pointee.store(UInt(threads), ordering: .releasing)
        shared.number.pointee.store(number, ordering: .sequentiallyConsistent)
        if sleepers.load(ordering: .sequentiallyConsistent) > 0 { condition.withLock { condition.broadcast() } }
        work(0, on: number)
        waitForOthers()
      }
    }
    busy.store(false, ordering: .releasing)
  }

  /// Not inlined, so that a profiler tells waiting from computing.
  @inline(never)
  private func waitForOthers() {
    var spins = 0
    while shared.remaining.pointee.load(ordering: .acquiring) > 0 {
      spins += 1
      if spins > 2_000 { sched_yield() } else { spin_pause() }
    }
  }

  /// Each thread first takes its own run of neighbouring pieces, then helps the others: so the same part of a picture
  /// mostly stays with the same core from operation to operation, and in its cache.
  private func work(_ thread: Int, on number: UInt) {
    let done = perform(thread, number)
    if done == 0 { return }
    // What the pieces wrote past the caches is no part of the order that atomics keep.
    finish_streaming()
    shared.remaining.pointee.wrappingSubtract(UInt(done), ordering: .releasing)
  }

  /// Not inlined, so that the closure is let go of before its pieces count as done. How many those are.
  @inline(never)
  private func perform(_ thread: Int, _ number: UInt) -> Int {
    let count = Int(shared.count.pointee.load(ordering: .acquiring))
    let threads = Int(shared.threads.pointee.load(ordering: .acquiring))
    guard thread < threads else { return 0 }
    var done = 0
    var body: ((Int) -> Void)?
    for offset in 0..<threads {
      let owner = thread + offset < threads ? thread + offset : thread + offset - threads
      let end = UInt((owner + 1) * count / threads)
      while let piece = claim(shared.run(owner), of: number, before: end) {
        if body == nil { body = UnsafePointer(bitPattern: shared.body.pointee.load(ordering: .acquiring))!.pointee }
        body!(piece)
        done += 1
      }
    }
    return done
  }

  /// The next piece of a run, unless it is used up or belongs to a later loop.
  ///
  /// Who has claimed a piece keeps the loop from ending until it says that it is done.
  @inline(__always)
  private func claim(_ run: UnsafeMutablePointer<Atomic<UInt>>, of number: UInt, before end: UInt) -> Int? {
    var next = run.pointee.load(ordering: .acquiring)
    while next >> 32 == number, next & 0xFFFF_FFFF < end {
      let (exchanged, original) = run.pointee.compareExchange(
        expected: next, desired: next + 1, ordering: .acquiringAndReleasing)
      if exchanged { return Int(next & 0xFFFF_FFFF) }
      next = original
    }
    return nil
  }

  private func startWorkers(_ count: Int) {
    while workers < count {
      workers += 1
      let number = workers
      let thread = Thread { [unowned self] in
        var seen: UInt = 0
        while true {
          seen = waitForWork(after: seen)
          work(number, on: seen)
        }
      }
      thread.stackSize = 8 << 20
      thread.qualityOfService = .userInitiated
      thread.start()
    }
  }

  /// Two to five milliseconds. A sleeper takes tens of microseconds to wake, on virtual cores more, and between the loops
  /// of a small network there may be some hundred microseconds that one thread spends alone.
  private let spinLimit = 100_000

  private func waitForWork(after seen: UInt) -> UInt {
    for _ in 0..<spinLimit {
      let now = shared.number.pointee.load(ordering: .acquiring)
      if now != seen { return now }
      spin_pause()
    }
    condition.lock()
    defer { condition.unlock() }
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    defer { sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
    while shared.number.pointee.load(ordering: .sequentiallyConsistent) == seen { condition.wait() }
    return shared.number.pointee.load(ordering: .acquiring)
  }
}
