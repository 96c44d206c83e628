import Engine
import Foundation

/// Loads batches in a thread of its own, a few ahead of the training that takes them.
///
/// ```swift
/// let loader = try BatchLoader(images, settings: settings, fromStep: resumedStep)
/// while let batch = try loader.next() { … }
/// ```
public final class BatchLoader {
  public let stepsPerEpoch: Int
  private let queue: BatchQueue

  /// Batches without end, from a step on.
  ///
  /// - Parameters:
  ///   - images: The data set, whose decoded pictures several loaders can share.
  ///   - queueLength: How many batches are held ready.
  ///   - parallel: With whom each batch is shared.
  /// - Throws: `BatchLoaderError` for settings that give no batches.
  public convenience init(
    _ images: DecodedImages, settings: BatchSettings, fromStep step: Int = 0, queueLength: Int = 2,
    parallel: DataParallel = .single
  ) throws {
    try self.init(
      images, plan: BatchPlan(for: images.dataset, settings: settings), queueLength: queueLength,
      rank: parallel.communicator.rank, of: parallel.communicator.size
    ) { _ in step..<Int.max }
  }

  /// The batches of one epoch.
  ///
  /// - Throws: `BatchLoaderError` for settings that give no batches.
  public convenience init(
    _ images: DecodedImages, settings: BatchSettings, epoch: Int, queueLength: Int = 2
  ) throws {
    try self.init(images, plan: BatchPlan(for: images.dataset, settings: settings), queueLength: queueLength) {
      $0.steps(ofEpoch: epoch)
    }
  }

  private init(
    _ images: DecodedImages, plan: BatchPlan, queueLength: Int, rank: Int = 0, of ranks: Int = 1,
    steps: (BatchPlan) -> Range<Int>
  ) throws {
    precondition(queueLength > 0, "a queue holds at least one batch")
    precondition(plan.settings.side == images.side, "the settings' side is not that of the decoded images")
    stepsPerEpoch = plan.stepsPerEpoch
    let queue = BatchQueue(capacity: queueLength)
    self.queue = queue
    let steps = steps(plan)
    // The thread holds the queue and the images, never the loader, so that the loader's end can end the thread.
    let thread = Thread {
      var plan = plan
      do {
        for step in steps {
          let entries = plan.entries(atStep: step)
          let batch = try images.batch(
            entries, share: BatchShare(of: entries.count, rank: rank, ranks: ranks))
          guard queue.put(batch) else { break }
        }
        queue.finish(with: nil)
      } catch {
        queue.finish(with: error)
      }
    }
    thread.name = "batches: \(plan.settings.streamName)"
    thread.start()
  }

  /// The next batch; nil after the last. Waits until it is loaded.
  ///
  /// - Throws: What went wrong in loading it (`ImageError`), now and in every later call.
  public func next() throws -> Batch? { try queue.take() }

  deinit { queue.close() }
}

/// A bounded queue between one loading thread and one consumer.
private final class BatchQueue: @unchecked Sendable {
  private let condition = NSCondition()
  private let capacity: Int
  private var batches = [Batch]()
  private var failure: Error?
  private var isFinished = false
  private var isClosed = false

  init(capacity: Int) {
    self.capacity = capacity
  }

  /// Waits for room and adds a batch; false once the queue is closed.
  func put(_ batch: Batch) -> Bool {
    condition.lock()
    defer { condition.unlock() }
    while batches.count >= capacity && !isClosed { condition.wait() }
    if isClosed { return false }
    batches.append(batch)
    condition.broadcast()
    return true
  }

  /// Nothing more will be put. Batches that were put before a failure are still handed out.
  func finish(with error: Error?) {
    condition.lock()
    defer { condition.unlock() }
    failure = error
    isFinished = true
    condition.broadcast()
  }

  func take() throws -> Batch? {
    condition.lock()
    defer { condition.unlock() }
    while batches.isEmpty && !isFinished { condition.wait() }
    if batches.isEmpty {
      if let failure { throw failure }
      return nil
    }
    condition.broadcast()
    return batches.removeFirst()
  }

  /// Tells the thread to stop and waits until it has, at most for the batch that it is loading.
  func close() {
    condition.lock()
    defer { condition.unlock() }
    isClosed = true
    condition.broadcast()
    while !isFinished { condition.wait() }
  }
}
