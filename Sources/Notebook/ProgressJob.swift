import Foundation

/// A job of several parts whose relative costs are known beforehand: adds "[3/9]" to each part's progress, and how
/// long the whole will still take.
///
/// The estimate is the time that the parts done so far took, per unit of their weight, times the weight that is left.
/// Parts that turn out to be done already are skipped and count on neither side.
public final class ProgressJob {
  private let parts: [(name: String, weight: Double)]
  private let console: Console
  private let now: () -> Double
  private let columns: (() -> Int)?
  private var current: Int?
  private var started = 0.0
  private var currentStartShare = 0.0
  private var closed: Set<Int> = []
  private var spentSeconds = 0.0
  private var spentWeight = 0.0

  /// - Parameter parts: In their order; weights are in any unit, such as expected seconds or multiplications.
  public convenience init(of parts: [(name: String, weight: Double)]) {
    self.init(of: parts, console: .standardError, now: ProgressBar.clock, columns: nil)
  }

  init(
    of parts: [(name: String, weight: Double)], console: Console, now: @escaping () -> Double, columns: (() -> Int)?
  ) {
    self.parts = parts
    self.console = console
    self.now = now
    self.columns = columns
  }

  /// Starts a part, which ends the one before.
  /// - Parameter done: Steps of the part that an earlier run did.
  public func begin(_ name: String, title: String? = nil, total: Int, done: Int = 0) -> ProgressBar {
    closeCurrent()
    current = index(of: name)
    started = now()
    currentStartShare = Double(done) / Double(max(total, 1))
    return ProgressBar(
      title ?? name, total: total, done: done, job: self, console: console, now: now, columns: columns)
  }

  /// Says that a part need not be done, because its result is stored.
  public func skip(_ name: String) {
    closeCurrent()
    closed.insert(index(of: name))
  }

  /// Ends the last part.
  public func finish() { closeCurrent() }

  private func index(of name: String) -> Int {
    guard let index = parts.firstIndex(where: { $0.name == name }) else {
      preconditionFailure("the job has no part named \(name)")
    }
    return index
  }

  private func closeCurrent() {
    guard let part = current else { return }
    closed.insert(part)
    spentSeconds += now() - started
    spentWeight += parts[part].weight * (1 - currentStartShare)
    current = nil
  }

  var position: String { "[\((current ?? parts.count - 1) + 1)/\(parts.count)]" }

  /// "about 11 min left in all"; nil in the last part, and while too little is known: before five seconds and a
  /// fiftieth of the weight.
  func remaining(currentShare: Double, at time: Double) -> String? {
    guard let part = current else { return nil }
    let seconds = spentSeconds + time - started
    let weight = spentWeight + parts[part].weight * max(0, currentShare - currentStartShare)
    let waiting = parts.indices.filter { $0 != part && !closed.contains($0) }.reduce(0) { $0 + parts[$1].weight }
    let left = waiting + parts[part].weight * (1 - currentShare)
    guard waiting > 0, seconds >= 5, weight > 0, weight >= 0.02 * (weight + left) else { return nil }
    return "about \(ProgressBar.duration(seconds / weight * left)) left in all"
  }
}
