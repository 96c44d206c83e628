import Foundation
import Synchronization

/// A record of where the time goes: one span for each operation of the engine, with its arithmetic and its traffic.
///
/// Off by default, and then an operation pays for one test. Spans are kept for the thread that started the trace;
/// operations inside other operations are their children, and their time is not counted twice.
public final class Trace: @unchecked Sendable {
  /// One operation's run.
  public struct Span: Sendable {
    public let name: String
    /// The shapes it worked on, as text.
    public let detail: String
    /// Seconds since the trace started.
    public let start: Double
    public fileprivate(set) var duration: Double
    /// The part of `duration` that belongs to operations inside this one.
    public fileprivate(set) var inner = 0.0
    /// Multiplications and additions of the direct method, whatever the kernel did instead.
    public let operations: Int
    /// Bytes of the operands and the result, each counted once.
    public let bytes: Int
    /// `duration` without `inner`.
    public var ownDuration: Double { duration - inner }
  }

  nonisolated(unsafe) fileprivate static var current: Trace?
  private let thread = pthread_self()
  private let origin = DispatchTime.now().uptimeNanoseconds
  private let limit: Int
  private var open: [Int] = []
  public private(set) var spans: [Span] = []
  /// Whether there were more operations than the limit allows.
  public private(set) var isFull = false

  private init(limit: Int) { self.limit = limit }

  /// Records the operations that `body` runs.
  public static func recording<R>(_ body: () throws -> R) rethrows -> (result: R, trace: Trace) {
    let trace = start()
    defer { stop() }
    return (try body(), trace)
  }

  /// Starts a trace that lasts until `stop()`.
  /// - Parameter limit: How many spans are kept; later operations are not recorded.
  @discardableResult
  public static func start(limit: Int = .max) -> Trace {
    let trace = Trace(limit: limit)
    current = trace
    return trace
  }

  public static func stop() { current = nil }

  private var now: Double { Double(DispatchTime.now().uptimeNanoseconds - origin) * 1e-9 }

  fileprivate func begin(_ name: String, _ detail: String, _ operations: Int, _ bytes: Int) -> Bool {
    guard pthread_equal(thread, pthread_self()) != 0 else { return false }
    guard spans.count < limit else {
      isFull = true
      return false
    }
    open.append(spans.count)
    spans.append(Span(name: name, detail: detail, start: now, duration: 0, operations: operations, bytes: bytes))
    return true
  }

  fileprivate func end() {
    let index = open.removeLast()
    spans[index].duration = now - spans[index].start
    if let parent = open.last { spans[parent].inner += spans[index].duration }
  }

  /// The total of each operation, the most expensive first.
  public func totals(byShape: Bool = false) -> [Total] {
    var totals: [String: Total] = [:]
    for span in spans {
      let key = byShape ? "\(span.name) \(span.detail)" : span.name
      var total = totals[key] ?? Total(name: key)
      total.calls += 1
      total.seconds += span.ownDuration
      total.operations += span.operations
      total.bytes += span.bytes
      totals[key] = total
    }
    return totals.values.sorted { ($0.seconds, $1.name) > ($1.seconds, $0.name) }
  }

  /// All spans of one operation together.
  public struct Total: Sendable {
    public let name: String
    public var calls = 0
    public var seconds = 0.0
    public var operations = 0
    public var bytes = 0
  }

  /// The trace in Chrome's format, for chrome://tracing and Perfetto.
  public func chromeFormat() -> Data {
    let events: [[String: Any]] = spans.map { span in
      [
        "name": span.name, "ph": "X", "pid": 1, "tid": 1, "ts": span.start * 1e6, "dur": span.duration * 1e6,
        "args": ["shapes": span.detail, "operations": span.operations, "bytes": span.bytes],
      ]
    }
    let object: [String: Any] = ["traceEvents": events, "displayTimeUnit": "ms"]
    return (try? JSONSerialization.data(withJSONObject: object, options: .sortedKeys)) ?? Data()
  }
}

extension Trace {
  /// Opens a span of the current trace, if there is one; `close` it with `defer`.
  @inline(__always)
  static func open(
    _ name: @autoclosure () -> String, _ detail: @autoclosure () -> String = "",
    operations: @autoclosure () -> Int = 0, bytes: @autoclosure () -> Int = 0
  ) -> Bool {
    guard let trace = current else { return false }
    return trace.begin(name(), detail(), operations(), bytes())
  }

  @inline(__always)
  static func close(_ isOpen: Bool) {
    if isOpen { current?.end() }
  }
}
