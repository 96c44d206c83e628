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
  @inline(__always)
  public static func pieces(_ count: Int, _ body: (Int) -> Void) {
    if count == 1 { return body(0) }
    ThreadPool.shared.run(count, body)
  }

  /// Cuts 0..<count into runs of `grain` and calls `body(start, end)` for each.
  @inline(__always)
  static func ranges(_ count: Int, grain: Int = 32768, _ body: (Int, Int) -> Void) {
    if count <= grain {
      if count > 0 { body(0, count) }
      return
    }
    ThreadPool.shared.run((count + grain - 1) / grain) { piece in
      body(piece * grain, min(count, (piece + 1) * grain))
    }
  }
}

/// Threads that wait for work: first spinning for some microseconds, as the next operation is usually near, then asleep.
private final class ThreadPool: @unchecked Sendable {
  static let shared = ThreadPool()

  /// One loop. Late threads may still hold it when it is done; they then find no piece left and never call `body`.
  ///
  /// Each thread first takes its own run of neighbouring pieces, then helps the others: so the same part of a picture
  /// mostly stays with the same core from operation to operation, and in its cache.
  private final class Job: @unchecked Sendable {
    final class Run {
      let next: Atomic<Int>
      let end: Int

      init(_ range: Range<Int>) {
        next = Atomic(range.lowerBound)
        end = range.upperBound
      }
    }

    let count: Int
    let runs: [Run]
    /// Nil once all pieces are done: the closure must not outlive the call that lent it.
    var body: ((Int) -> Void)?
    let done = Atomic<Int>(0)

    init(count: Int, threads: Int, body: @escaping (Int) -> Void) {
      self.count = count
      runs = (0..<threads).map { Run(($0 * count / threads)..<(($0 + 1) * count / threads)) }
      self.body = body
    }

    func work(_ thread: Int) {
      for offset in runs.indices {
        let run = runs[(thread + offset) % runs.count]
        while true {
          let piece = run.next.wrappingAdd(1, ordering: .relaxed).oldValue
          if piece >= run.end { break }
          perform(piece)
          done.wrappingAdd(1, ordering: .releasing)
        }
      }
    }

    /// Not inlined, so that the closure is let go of before the piece counts as done.
    @inline(never)
    private func perform(_ piece: Int) { body?(piece) }
  }

  private let busy = Atomic<Bool>(false)
  private let generation = Atomic<Int>(0)
  private let sleepers = Atomic<Int>(0)
  private let condition = NSCondition()
  private var job: Job?
  private var workers = 0
  private var wanted = ProcessInfo.processInfo.activeProcessorCount

  var threadCount: Int {
    get { condition.withLock { wanted } }
    set { condition.withLock { wanted = newValue } }
  }

  func run(_ count: Int, _ body: (Int) -> Void) {
    // A loop inside a loop, or on a second thread, runs where it is: the pieces and so the bits are the same.
    guard wanted > 1, count > 1, busy.exchange(true, ordering: .acquiring) == false else {
      for piece in 0..<count { body(piece) }
      return
    }
    withoutActuallyEscaping(body) { body in
      let job = Job(count: count, threads: wanted, body: body)
      condition.withLock {
        self.job = job
        while workers < wanted - 1 { startWorker() }
      }
      generation.wrappingAdd(1, ordering: .releasing)
      if sleepers.load(ordering: .sequentiallyConsistent) > 0 { condition.withLock { condition.broadcast() } }
      job.work(0)
      var spins = 0
      while job.done.load(ordering: .acquiring) < count {
        spins += 1
        if spins > 20_000 { sched_yield() } else { spinLoopHint() }
      }
      job.body = nil
    }
    busy.store(false, ordering: .releasing)
  }

  private func startWorker() {
    workers += 1
    let number = workers
    let thread = Thread { [unowned self] in
      var seen = 0
      while true {
        seen = waitForWork(after: seen)
        let (job, mayWork) = condition.withLock { (self.job, number < wanted) }
        if mayWork { job?.work(number) }
      }
    }
    thread.stackSize = 8 << 20
    thread.qualityOfService = .userInitiated
    thread.start()
  }

  /// Some hundred microseconds: operations of a small network follow each other faster than a sleeper wakes.
  private let spinLimit = 100_000

  private func waitForWork(after seen: Int) -> Int {
    for _ in 0..<spinLimit {
      let now = generation.load(ordering: .acquiring)
      if now != seen { return now }
      spinLoopHint()
    }
    condition.lock()
    defer { condition.unlock() }
    sleepers.wrappingAdd(1, ordering: .sequentiallyConsistent)
    defer { sleepers.wrappingSubtract(1, ordering: .sequentiallyConsistent) }
    while generation.load(ordering: .sequentiallyConsistent) == seen { condition.wait() }
    return generation.load(ordering: .acquiring)
  }
}

@inline(__always)
private func spinLoopHint() {
  // Swift offers no pause instruction; an atomic load is not optimised away and leaves the bus alone.
  _ = pauseCounter.load(ordering: .relaxed)
}

private let pauseCounter = Atomic<Int>(0)
