import Foundation
import LongTail
import Notebook

/// One part of the experiment: trials whose outcomes are kept one by one, so that a stopped run goes on after the last.
struct Section {
  let context: StageContext
  /// How many trials run at once.
  let jobs: Int
  /// A folder for the trials' own files.
  let folder: URL

  /// Runs trials 0..<count, or those of them that no earlier run finished.
  ///
  /// - Throws: The first error of a trial, once those that run have ended.
  func trials<Outcome: Codable>(_ count: Int, _ trial: @escaping (Int) throws -> Outcome) throws -> [Outcome] {
    var done: [Int: Outcome] = [:]
    if let data = context.checkpoint("trials.json") {
      done = (try? JSONDecoder().decode([Int: Outcome].self, from: data)) ?? [:]
    }
    let bar = ProgressBar(context.name, total: count, done: done.count)
    let waiting = (0..<count).filter { done[$0] == nil }
    let lock = NSLock()
    var next = 0
    var failure: Error?
    DispatchQueue.concurrentPerform(iterations: max(1, min(jobs, waiting.count))) { _ in
      while let number = lock.withLock({ () -> Int? in
        guard next < waiting.count, failure == nil else { return nil }
        next += 1
        return waiting[next - 1]
      }) {
        do {
          let outcome = try trial(number)
          try lock.withLock {
            done[number] = outcome
            try context.replaceAtomically(try JSONEncoder().encode(done), "trials.json")
            bar.advance()
          }
        } catch {
          lock.withLock { if failure == nil { failure = error } }
        }
      }
    }
    if let failure { throw failure }
    bar.finish()
    return (0..<count).compactMap { done[$0] }
  }
}
