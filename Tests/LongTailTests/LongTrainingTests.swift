import Foundation
import XCTest

@testable import LongTail

/// `tgn train-generator` as a process that is killed, and that runs out of room.
final class LongTrainingTests: XCTestCase {
  private let augmented = ["--augment", "--ada_length", "300", "--save-every", "2"]

  /// Waits until a run has saved its state once more, or has ended.
  private func waitForASave(_ run: CommandRunner.Run, _ state: URL, after former: Data?) {
    while run.process.isRunning {
      if let now = try? Data(contentsOf: state), now != former { return }
      usleep(2000)
    }
  }

  /// A run that is politely stopped once it has saved its state.
  ///
  /// - Returns: The run and its exit status.
  @discardableResult
  private func stopped(_ work: TinyWorkflow, _ name: String, _ state: URL, after former: Data? = nil) throws
    -> (run: CommandRunner.Run, status: Int32)
  {
    let run = try work.command.start(work.training(name, iterations: 1000, augmented))
    waitForASave(run, state, after: former)
    kill(run.process.processIdentifier, SIGTERM)
    return (run, run.wait())
  }

  func testARunKilledFourTimesEqualsOneThatWasNot() throws {
    let work = try TinyWorkflow()
    let steps = 40
    XCTAssertEqual(try work.command.run(work.training("whole", iterations: steps, augmented)).status, 0)

    let state = work.file("killed/generator.training.safetensors")
    // Between two saves, at once after one, a little later, and politely.
    for (number, (signal, pause)) in [(SIGKILL, 40_000), (SIGKILL, 0), (SIGKILL, 7_000), (SIGTERM, 15_000)].enumerated() {
      let former = try? Data(contentsOf: state)
      let run = try work.command.start(work.training("killed", iterations: steps, augmented))
      waitForASave(run, state, after: former)
      usleep(UInt32(pause))
      XCTAssertTrue(run.process.isRunning, "kill \(number) came too late: \(run.said)")
      kill(run.process.processIdentifier, signal)
      let status = run.wait()
      if signal == SIGKILL {
        XCTAssertEqual(run.process.terminationReason, .uncaughtSignal)
      } else {
        XCTAssertEqual(status, 128 + SIGTERM, run.said)
        XCTAssertTrue(run.said.contains("run the same command again"), run.said)
      }
      if number > 0 { XCTAssertTrue(run.said.contains("going on after step"), run.said) }
      XCTAssertFalse(FileManager.default.fileExists(atPath: work.file("killed/\(steps).pt").path))
    }
    let last = try work.command.run(work.training("killed", iterations: steps, augmented))
    XCTAssertEqual(last.status, 0, last.said)

    // Networks, moving averages, moments, mean path length, strength of the augmentation, losses; and the sheets.
    for name in ["\(steps).pt", "10.pt", "losses.csv", "sample-\(steps).png", "sample-10.png"] {
      XCTAssertEqual(
        try Data(contentsOf: work.file("whole/\(name)")), try Data(contentsOf: work.file("killed/\(name)")), name)
    }
    XCTAssertFalse(FileManager.default.fileExists(atPath: state.path), "the state is gone when a run has finished")
    let left = try FileManager.default.contentsOfDirectory(atPath: work.file("killed").path)
    XCTAssertFalse(left.contains { $0.hasSuffix(".temporary") }, "\(left)")
    let checkpoint = try GeneratorCheckpoint(contentsOf: work.file("killed/\(steps).pt"))
    guard case .float(let strength)? = checkpoint.file.root.value(at: "ada_aug_p") else { return XCTFail("no ada_aug_p") }
    XCTAssertGreaterThan(strength, 0, "the augmentation must have had a part in it")
  }

  func testAFullDiskLeavesTheFormerState() throws {
    let work = try TinyWorkflow()
    let state = work.file("full/generator.training.safetensors")
    try stopped(work, "full", state)
    let saved = try Data(contentsOf: state)

    let second = try work.command.run(
      work.training("full", iterations: 1000, augmented), fileLimit: saved.count / 1024 / 2)
    XCTAssertEqual(second.status, 1, second.said)
    XCTAssertTrue(second.said.contains("could not be saved"), second.said)
    XCTAssertTrue(second.said.contains("is still there"), second.said)
    XCTAssertEqual(try Data(contentsOf: state), saved)
    let left = try FileManager.default.contentsOfDirectory(atPath: work.file("full").path)
    XCTAssertFalse(left.contains { $0.contains("temporary") || $0.contains("writing") }, "\(left)")

    // With room again it goes on from there.
    let (third, status) = try stopped(work, "full", state, after: saved)
    XCTAssertEqual(status, 128 + SIGTERM, third.said)
    XCTAssertTrue(third.said.contains("going on after step"), third.said)
  }

  func testOtherSettingsDoNotGoOnFromAState() throws {
    let work = try TinyWorkflow()
    let state = work.file("other/generator.training.safetensors")
    try stopped(work, "other", state)
    let second = try work.command.run(work.training("other", iterations: 1000, augmented + ["--recipe", "released"]))
    XCTAssertEqual(second.status, 1)
    XCTAssertTrue(second.said.contains("other settings"), second.said)
  }
}
