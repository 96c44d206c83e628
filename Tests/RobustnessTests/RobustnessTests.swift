import Engine
import Fuzzing
import NumericalChecks
import XCTest

@testable import Robustness

/// The machinery that breaks things: it must see what is broken.
final class RobustnessTests: XCTestCase {
  private func folder() -> URL {
    RobustnessWorker.fastFolder().appendingPathComponent("robustness-test-\(UUID().uuidString)")
  }

  func testEveryLossHasItsGradients() {
    let outcomes = GradientProperty.check(GradientProperty.losses, cases: 120, seed: 20_260_101)
    for outcome in outcomes {
      XCTAssertGreaterThan(outcome.derivatives, 0, outcome.name)
      for problem in outcome.problems { XCTFail(problem) }
    }
  }

  func testOneImageBatches() {
    for check in OneImageBatches.checks(seed: 1) { XCTAssertTrue(check.holds, "\(check.name): \(check.finding)") }
  }

  /// A short look at every reader; `exp-robustness` looks longer.
  func testDamagedInputIsReadOrRefused() throws {
    for reader in InputFuzzing.Reader.allCases {
      let fuzzing = try InputFuzzing(reader, seed: 3, folder: folder())
      var read = 0
      for trial in 0..<60 {
        let (isRead, finding) = fuzzing.run(trial: trial)
        if let finding { XCTFail(finding) }
        if isRead { read += 1 }
      }
      if [.voc, .dota, .anno, .stageFile].contains(reader) { XCTAssertGreaterThan(read, 0, reader.rawValue) }
    }
  }

  func testATrialIsTheSameWhenRunAgain() throws {
    let fuzzing = try InputFuzzing(.sealedPNG, seed: 3, folder: folder())
    for trial in 0..<50 {
      let (first, again) = (fuzzing.run(trial: trial), fuzzing.run(trial: trial))
      XCTAssertEqual(first.isRead, again.isRead)
      XCTAssertEqual(first.finding, again.finding)
    }
  }

  func testChildrenReportHowTheyEnded() throws {
    let shell = URL(fileURLWithPath: "/bin/sh")
    let failed = try Child(shell, ["-c", "echo said; echo first >&2; echo last >&2; exit 3"]).wait()
    XCTAssertEqual(failed.status, 3)
    XCTAssertEqual(failed.output, "said\n")
    XCTAssertEqual(failed.summary, "status 3: last")
    let killed = try Child(shell, ["-c", "exec sleep 20"])
    killed.run(until: 0.05)
    XCTAssertTrue(killed.send(SIGKILL))
    XCTAssertEqual(killed.wait().signal, SIGKILL)
    let hung = try Child(URL(fileURLWithPath: "/bin/sleep"), ["20"]).wait(atMost: 0.1)
    XCTAssertTrue(hung.hung)
    XCTAssertThrowsError(try Child(URL(fileURLWithPath: "/nowhere"), [])) {
      XCTAssertTrue($0 is RobustnessError, "\($0)")
    }
  }

  func testEstimatesAreParsed() {
    let text = """
      part                          steps  operations   memory     time
      judge                           400       1.0 T   80 MiB   4 min
      generator full                 1200      20.5 T  1.5 GiB  10 min
      images full                       –           –        –        –
      in all                                                    14 min
      """
    XCTAssertEqual(MemoryTrials.parsed(text), ["judge": 80 << 20, "generator full": 3 << 29])
  }

  func testReportsOfValgrindAreParsed() {
    let report = """
      ==7== Conditional jump or move depends on uninitialised value(s)
      ==7==    at 0x70F90E6: swift_initEnumMetadataMultiPayload (in /usr/lib/libswiftCore.so)
      ==7== Conditional jump or move depends on uninitialised value(s)
      ==7==    at 0x70F90E6: png_read (in /usr/lib/libpng16.so.16)
      ==7== Invalid read of size 8
      ==7==    definitely lost: 1,234 bytes in 5 blocks
      """
    XCTAssertEqual(LeakTrials.lostBytes(report), 1234)
    XCTAssertEqual(LeakTrials.errors(report), 2)
    XCTAssertEqual(LeakTrials.lostBytes("==7== All heap blocks were freed -- no leaks are possible"), 0)
  }

  func testMessagesLoseTheirFolders() {
    XCTAssertEqual(
      RobustnessExperiment.withoutFolders("exp-x: /tmp/a-1/disk/store/.working: the disk is full; free a/b"),
      "exp-x: …/.working: the disk is full; free a/b")
  }
}
