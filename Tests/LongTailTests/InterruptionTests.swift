import Engine
import Foundation
import Notebook
import XCTest

@testable import LongTail

/// A signal ends a run after its step, saved, and the run goes on to the same bits.
final class InterruptionTests: XCTestCase {
  private final class Counter: Module {
    let value = Parameter(Tensor([0], shape: [1]))
  }

  private func train(_ file: URL, signalAt: Int?) throws -> Float {
    let model = Counter()
    var state = TrainingState()
    state.add("model", model)
    try TrainingRun("counting", file: file).run(steps: 10, state: state) { _ in
    } step: { step in
      model.value.set(Tensor([model.value.value.values[0] * 1.5 + Float(step)], shape: [1]))
      if step == signalAt { raise(SIGTERM) }
      return ""
    }
    return model.value.value.values[0]
  }

  func testASignalEndsTheRunAfterItsStep() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("interruption-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer {
      try? FileManager.default.removeItem(at: folder)
      for one in [SIGINT, SIGTERM] { signal(one, SIG_DFL) }
      Interruption.forget()
    }
    let whole = try train(folder.appendingPathComponent("whole"), signalAt: nil)
    Interruption.watch()
    let file = folder.appendingPathComponent("stopped")
    XCTAssertThrowsError(try train(file, signalAt: 4)) { error in
      XCTAssertEqual((error as? InterruptedError)?.done, 5)
      XCTAssertEqual((error as? InterruptedError)?.exitCode, 143)
    }
    Interruption.forget()
    XCTAssertEqual(try train(file, signalAt: nil), whole)
  }

  func testASignalInTheLastStepLetsTheRunEnd() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent("last-\(UUID().uuidString)")
    defer {
      for one in [SIGINT, SIGTERM] { signal(one, SIG_DFL) }
      Interruption.forget()
    }
    Interruption.watch()
    XCTAssertNoThrow(try train(file, signalAt: 9))
  }
}
