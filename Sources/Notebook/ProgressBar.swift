import Foundation

/// Tells on standard error how far a loop has come, for anything that takes over two seconds.
///
/// On a terminal it is one line, redrawn at most ten times a second; in a log, a plain line at each tenth of the work
/// and every ten seconds, less often in long runs. What ends within two seconds says nothing.
/// (Not `Progress`, which Foundation has taken.)
public final class ProgressBar {
  private let title: String
  private let total: Int
  private let console: Console
  private let now: () -> Double
  private let columns: () -> Int
  private weak var job: ProgressJob?
  private let start: Double
  private let lock = NSLock()

  private var done: Int
  private let doneAtStart: Int
  private var detail = ""
  private var lastShown: Double
  private var lastTenth: Int
  /// Seconds per step of the recent past, and the time and step it was last brought up to date.
  private var pace: Double?
  private var paceTime: Double
  private var paceStep: Int
  private var isFinished = false

  /// - Parameters:
  ///   - title: What is being done: "Training the generator".
  ///   - total: The number of steps.
  ///   - done: Steps that an earlier run did; they do not count for the speed.
  public convenience init(_ title: String, total: Int, done: Int = 0) {
    self.init(title, total: total, done: done, job: nil, console: .standardError)
  }

  init(
    _ title: String, total: Int, done: Int = 0, job: ProgressJob?, console: Console,
    now: @escaping () -> Double = ProgressBar.clock, columns: (() -> Int)? = nil
  ) {
    self.title = title
    self.total = max(total, 1)
    self.job = job
    self.console = console
    self.now = now
    self.columns = columns ?? { console.width }
    self.done = done
    doneAtStart = done
    start = now()
    lastShown = start
    lastTenth = done * 10 / self.total
    paceTime = start
    paceStep = done
  }

  /// Seconds of a clock that is never set back.
  static func clock() -> Double { Double(DispatchTime.now().uptimeNanoseconds) * 1e-9 }

  /// The done share, 0...1.
  var share: Double { lock.withLock { Double(min(done, total)) / Double(total) } }

  /// Marks steps as done.
  /// - Parameter detail: Shown at the end of the line: "loss 0.53".
  public func advance(by steps: Int = 1, detail: String = "") {
    lock.withLock {
      done = min(done + steps, total)
      if !detail.isEmpty { self.detail = detail }
      show(at: now())
    }
  }

  /// Marks all steps up to a number as done.
  public func advance(to step: Int, detail: String = "") {
    let missing = lock.withLock { step - done }
    advance(by: max(missing, 0), detail: detail)
  }

  /// Ends the report, with one line if it took over two seconds.
  public func finish(_ message: String = "") {
    lock.withLock {
      guard !isFinished else { return }
      isFinished = true
      console.erase()
      let elapsed = now() - start
      if elapsed >= 2 {
        let text = message.isEmpty ? detail : message
        console.say("\(prefix)\(title): done in \(Self.duration(elapsed))" + (text.isEmpty ? "" : ", \(text)"))
      }
    }
  }

  deinit { if !isFinished { console.erase() } }

  private var prefix: String { job.map { "\($0.position) " } ?? "" }

  private func show(at time: Double) {
    guard !isFinished else { return }
    let elapsed = time - start
    if console.isTerminal {
      guard elapsed >= 0.5, time - lastShown >= 0.1 else { return }
      lastShown = time
      measure(at: time)
      console.draw(line(at: time, width: columns() - 1))
      return
    }
    let tenth = done * 10 / total
    let waited = time - lastShown
    let pause = max(10, elapsed / 50)
    guard elapsed >= 2, lastShown == start || waited >= pause || (tenth > lastTenth && waited >= 2) else { return }
    lastShown = time
    lastTenth = tenth
    measure(at: time)
    console.say(plainLine(at: time))
  }

  /// Averages the pace over about the last twenty seconds, so that the time left neither jumps nor lags.
  private func measure(at time: Double) {
    let seconds = time - paceTime
    guard done > paceStep, seconds > 0 else { return }
    let recent = seconds / Double(done - paceStep)
    let weight = pace == nil ? 1 : 1 - exp(-seconds / 20)
    pace = (pace ?? recent) * (1 - weight) + recent * weight
    paceTime = time
    paceStep = done
  }

  /// "3.1/s", or "2.5 s each" for slow steps.
  private var speed: String? {
    pace.flatMap { $0 <= 0 ? nil : $0 <= 1 ? "\(Self.short(1 / $0))/s" : "\(Self.short($0)) s each" }
  }

  private func timeLeft(at time: Double) -> String? {
    guard let pace, done < total else { return nil }
    // Steps since the last measure have used part of the time already.
    return Self.duration(max(0, pace * Double(total - paceStep) - (time - paceTime))) + " left"
  }

  private func plainLine(at time: Double) -> String {
    let share = Double(done) / Double(total)
    let parts = [
      "\(prefix)\(title): \(done)/\(total) (\(Int(share * 100)) %)", speed, timeLeft(at: time),
      detail.isEmpty ? nil : detail, job?.remaining(currentShare: share, at: time),
    ]
    return parts.compactMap { $0 }.joined(separator: ", ")
  }

  /// The line for a terminal. What does not fit is left out: first the bar, then the fact with the highest rank.
  private func line(at time: Double, width: Int) -> String {
    let share = Double(done) / Double(total)
    let facts: [(rank: Int, text: String?)] = [
      (0, "\(Int(share * 100)) %"), (5, "\(done)/\(total)"), (4, speed), (1, timeLeft(at: time)),
      (2, job?.remaining(currentShare: share, at: time)), (3, detail.isEmpty ? nil : detail),
    ]
    let head = prefix + title
    var tail = ""
    for highest in stride(from: 5, through: 0, by: -1) {
      tail = facts.filter { $0.rank <= highest }.compactMap(\.text).joined(separator: "  ")
      if head.count + 2 + tail.count <= width { break }
    }
    let room = min(30, width - head.count - tail.count - 4)
    if room < 8 { return String((head + "  " + tail).prefix(max(width, 0))) }
    let filled = Int(share * Double(room))
    let marks = console.drawsLines ? ("━", "─") : ("#", ".")
    let bar = String(repeating: marks.0, count: filled) + String(repeating: marks.1, count: room - filled)
    return head + "  " + bar + "  " + tail
  }

  private static func short(_ value: Double) -> String {
    String(format: value < 9.95 ? "%.1f" : "%.0f", value)
  }

  /// "8 s", "3 min 20 s", "11 min", "2 h 5 min".
  public static func duration(_ seconds: Double) -> String {
    let whole = Int(seconds.rounded())
    if whole < 60 { return "\(whole) s" }
    if whole < 600 { return whole % 60 == 0 ? "\(whole / 60) min" : "\(whole / 60) min \(whole % 60) s" }
    let minutes = Int((seconds / 60).rounded())
    if minutes < 60 { return "\(minutes) min" }
    return minutes % 60 == 0 ? "\(minutes / 60) h" : "\(minutes / 60) h \(minutes % 60) min"
  }
}
