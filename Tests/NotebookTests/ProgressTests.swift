import XCTest

@testable import Notebook

final class ProgressTests: XCTestCase {
  private final class Screen: @unchecked Sendable {
    var text = ""
    var time = 0.0
    func console(terminal: Bool) -> Console { Console(isTerminal: terminal) { self.text += $0 } }
  }

  private func run(
    _ screen: Screen, terminal: Bool, steps: Int, seconds: Double, columns: Int = 80, detail: String = ""
  ) {
    let bar = ProgressBar(
      "Training", total: steps, job: nil, console: screen.console(terminal: terminal), now: { screen.time },
      columns: { columns })
    for _ in 0..<steps {
      screen.time += seconds
      bar.advance(detail: detail)
    }
    bar.finish("loss 0.50")
  }

  func testWhatIsShortSaysNothing() {
    let screen = Screen()
    run(screen, terminal: false, steps: 19, seconds: 0.1)
    XCTAssertEqual(screen.text, "")
  }

  func testALogGetsFewPlainLines() {
    let screen = Screen()
    run(screen, terminal: false, steps: 1000, seconds: 0.1)
    let lines = screen.text.split(separator: "\n")
    XCTAssertEqual(lines.first, "Training: 20/1000 (2 %), 10/s, 1 min 38 s left")
    XCTAssertEqual(lines.last, "Training: done in 1 min 40 s, loss 0.50")
    XCTAssertTrue((10...22).contains(lines.count), "\(lines.count) lines")
    XCTAssertFalse(screen.text.contains("\r"))
  }

  func testALongRunIsToldMoreAndMoreSeldom() {
    let screen = Screen()
    run(screen, terminal: false, steps: 36_000, seconds: 1)
    XCTAssertLessThan(screen.text.split(separator: "\n").count, 300)
  }

  func testATerminalLineFitsAndIsDrawnTenTimesASecondAtMost() {
    for columns in [20, 40, 80, 200] {
      let screen = Screen()
      run(screen, terminal: true, steps: 1000, seconds: 0.01, columns: columns, detail: "loss 0.53, accuracy 0.9")
      let drawn = screen.text.components(separatedBy: "\r").filter { $0.hasPrefix("Training") }
      XCTAssertTrue((50...101).contains(drawn.count), "\(drawn.count) lines drawn in ten seconds")
      for line in drawn.dropLast() {
        XCTAssertLessThan(line.replacingOccurrences(of: "\u{1b}[K", with: "").count, columns)
      }
    }
  }

  func testAJobTellsTheTimeLeftInAll() {
    let screen = Screen()
    let job = ProgressJob(
      of: [("a", 10), ("b", 10), ("c", 20), ("d", 30)], console: screen.console(terminal: false),
      now: { screen.time }, columns: nil)
    job.skip("b")
    let bar = job.begin("a", total: 10)
    XCTAssertEqual(job.position, "[1/4]")
    XCTAssertNil(job.remaining(currentShare: 0.1, at: 1), "nothing is known after a second")
    screen.time = 10
    bar.advance(to: 10)
    bar.finish()
    // Ten of weight took ten seconds; fifty are left.
    let next = job.begin("c", total: 10)
    XCTAssertEqual(job.remaining(currentShare: 0, at: 10), "about 50 s left in all")
    screen.time = 30
    next.advance(to: 5)
    // Twenty of weight took thirty seconds; forty are left.
    XCTAssertEqual(job.remaining(currentShare: 0.5, at: 30), "about 1 min left in all")
    XCTAssertTrue(screen.text.contains("[3/4] c: 5/10 (50 %)"))
  }

  func testDurations() {
    let known = [(8.4, "8 s"), (200, "3 min 20 s"), (300, "5 min"), (660, "11 min"), (7500, "2 h 5 min"), (7200, "2 h")]
    for (seconds, text) in known { XCTAssertEqual(ProgressBar.duration(seconds), text) }
  }
}
