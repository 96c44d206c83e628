import XCTest

@testable import LongTail

final class StageTests: XCTestCase {
  private struct Settings: Encodable {
    var width = 32
    var rate = 0.1
    var names = ["b": 1, "a": 2]
  }

  private struct Interrupted: Error {}

  private var folder = URL(fileURLWithPath: "/")
  private let files = FileManager.default
  private var said: [String] = []
  private let saidLock = NSLock()

  override func setUpWithError() throws {
    folder = files.temporaryDirectory.appendingPathComponent("stages-\(UUID().uuidString)")
    said = []
  }

  override func tearDown() { try? files.removeItem(at: folder) }

  private func store(fresh: Bool = false) throws -> StageStore {
    try StageStore(directory: folder, fresh: fresh) { line in self.saidLock.withLock { self.said.append(line) } }
  }

  private func stage(
    _ settings: Settings = Settings(), version: Int = 1, inputs: [StageResult] = []
  ) -> Stage<Settings> {
    Stage(name: "tail-model", version: version, settings: settings, inputs: inputs)
  }

  private func write(_ text: String) -> (StageContext) throws -> Void {
    { context in try context.write(Data(text.utf8), "weights/model.bin") }
  }

  private func text(_ result: StageResult) throws -> String {
    try String(contentsOf: result.file("weights/model.bin"), encoding: .utf8)
  }

  /// Nothing but results and the two hidden folders, which are empty of work.
  private func assertNothingIsLeft(results: Int, line: UInt = #line) throws {
    let names = try files.contentsOfDirectory(atPath: folder.path).filter { !$0.hasPrefix(".") }
    XCTAssertEqual(names.count, results, line: line)
    XCTAssertEqual(try files.contentsOfDirectory(atPath: folder.path + "/.working"), [], line: line)
  }

  func testAResultIsMadeOnceAndReused() throws {
    let made = try store().run(stage(), write("first"))
    XCTAssertFalse(made.wasReused)
    XCTAssertEqual(made.directory.lastPathComponent, "tail-model-\(made.hash.prefix(16))")
    let again = try store().run(stage()) { _ in XCTFail("the work was done twice") }
    XCTAssertTrue(again.wasReused)
    XCTAssertEqual(again.hash, made.hash)
    XCTAssertEqual(try text(again), "first")
    XCTAssertEqual(said, ["reusing tail-model \(made.hash.prefix(8))"])
    try assertNothingIsLeft(results: 1)
  }

  func testTheKeyIsAFunctionOfNameVersionSettingsAndInputs() throws {
    let store = try store()
    let base = try store.hash(of: stage())
    // What sha256sum says of
    // {"inputs":[],"name":"tail-model","settings":{"names":{"a":2,"b":1},"rate":0.1,"width":32},"version":1}
    XCTAssertEqual(base, "a40f327234c5bcba1b1efd25e10eaf77227bb909b50c6f56159c0fd2e95b6db0")
    XCTAssertEqual(base, try store.hash(of: stage()))
    XCTAssertNotEqual(base, try store.hash(of: stage(version: 2)))
    XCTAssertNotEqual(base, try store.hash(of: stage(Settings(rate: 0.2))))
    let one = try store.run(stage(Settings(width: 1)), write("one"))
    let two = try store.run(stage(Settings(width: 2)), write("two"))
    let hashes = try [[one], [two], [one, two], [two, one]].map { try store.hash(of: stage(inputs: $0)) }
    XCTAssertEqual(Set(hashes + [base]).count, 5)
  }

  func testTheManifestListsEveryFile() throws {
    let input = try store().run(stage(Settings(width: 1)), write("input"))
    let made = try store().run(stage(inputs: [input]), write("abc"))
    let data = try Data(contentsOf: made.file("stage.json"))
    let manifest = try JSONDecoder().decode(StageManifest.self, from: data)
    XCTAssertEqual(manifest.settings, #"{"names":{"a":2,"b":1},"rate":0.1,"width":32}"#)
    XCTAssertEqual(manifest.inputs, [.init(name: "tail-model", hash: input.hash)])
    // The SHA-256 of "abc", from FIPS 180-2.
    let sum = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    XCTAssertEqual(manifest.files, [.init(path: "weights/model.bin", bytes: 3, sha256: sum)])
  }

  func testFreshRemakesOncePerProcess() throws {
    _ = try store().run(stage(), write("old"))
    let fresh = try store(fresh: true)
    let remade = try fresh.run(stage(), write("new"))
    XCTAssertFalse(remade.wasReused)
    XCTAssertEqual(try text(remade), "new")
    XCTAssertTrue(try fresh.run(stage(), write("newer")).wasReused)
    XCTAssertEqual(try text(remade), "new")
    try assertNothingIsLeft(results: 1)
  }

  func testDamagedResultsAreRemade() throws {
    let damages: [(String, (URL) throws -> Void)] = [
      ("has no stage.json", { try self.files.removeItem(at: $0.appendingPathComponent("stage.json")) }),
      ("has a damaged stage.json", { try Data("{".utf8).write(to: $0.appendingPathComponent("stage.json")) }),
      ("lacks its file", { try self.files.removeItem(at: $0.appendingPathComponent("weights/model.bin")) }),
      ("has 2 of 5 bytes", { try Data("so".utf8).write(to: $0.appendingPathComponent("weights/model.bin")) }),
      ("has a damaged weights", { try Data("wrong".utf8).write(to: $0.appendingPathComponent("weights/model.bin")) }),
      ("does not list", { try Data().write(to: $0.appendingPathComponent("stray")) }),
    ]
    for (reason, damage) in damages {
      let made = try store().run(stage(), write("right"))
      try damage(made.directory)
      said = []
      let remade = try store().run(stage(), write("right"))
      XCTAssertFalse(remade.wasReused, reason)
      XCTAssertTrue(said.first?.contains(reason) == true, "said \(said), not “\(reason)”")
      XCTAssertEqual(try text(remade), "right")
    }
    try assertNothingIsLeft(results: 1)
  }

  func testAnInterruptedRunLeavesNoResultAndGoesOnFromItsCheckpoint() throws {
    XCTAssertThrowsError(
      try store().run(stage()) { context in
        XCTAssertNil(context.checkpoint("step"))
        try context.replaceAtomically(Data("1".utf8), "step")
        try context.replaceAtomically(Data("2".utf8), "step")
        try context.write(Data("half".utf8), "weights/model.bin")
        throw Interrupted()
      }
    ) { XCTAssertTrue($0 is Interrupted) }
    XCTAssertFalse(try store().contains(stage()))
    let result = try store().run(stage()) { context in
      XCTAssertEqual(try self.files.contentsOfDirectory(atPath: context.directory.path), [])
      XCTAssertEqual(context.checkpoint("step"), Data("2".utf8))
      XCTAssertEqual(try self.files.contentsOfDirectory(atPath: context.checkpointDirectory.path), ["step"])
      try self.write("whole")(context)
    }
    XCTAssertEqual(try text(result), "whole")
    try assertNothingIsLeft(results: 1)
  }

  func testARunThatFailsBeforeItsFirstCheckpointLeavesNothing() throws {
    XCTAssertThrowsError(
      try store().run(stage()) { context in
        try context.write(Data("half".utf8), "weights/model.bin")
        throw Interrupted()
      })
    try assertNothingIsLeft(results: 0)
  }

  /// What kill -9 leaves: a half-written result folder, a half-written checkpoint beside the last whole one.
  func testAKilledRunIsTidiedUp() throws {
    let key = try store().hash(of: stage())
    let working = folder.appendingPathComponent(".working/tail-model-\(key.prefix(16))")
    for (path, text) in [("result/part", "half"), ("checkpoints/step", "7"), ("checkpoints/.step.writing", "")] {
      let file = working.appendingPathComponent(path)
      try files.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    let result = try store().run(stage()) { context in
      XCTAssertEqual(context.checkpoint("step"), Data("7".utf8))
      try self.write("whole")(context)
    }
    XCTAssertFalse(files.fileExists(atPath: result.file("part").path))
    try assertNothingIsLeft(results: 1)
  }

  func testFreshIgnoresCheckpoints() throws {
    _ = try? store().run(stage()) { context in
      try context.replaceAtomically(Data("1".utf8), "step")
      throw Interrupted()
    }
    _ = try store(fresh: true).run(stage()) { context in
      XCTAssertNil(context.checkpoint("step"))
      try self.write("whole")(context)
    }
  }

  func testASecondRunWaitsForTheFirst() throws {
    let first = try store()
    let second = try store()
    let started = DispatchSemaphore(value: 0)
    let group = DispatchGroup()
    DispatchQueue.global().async(group: group) {
      do {
        _ = try first.run(self.stage()) { context in
          started.signal()
          for _ in 0..<500 where !self.saidLock.withLock({ !self.said.isEmpty }) { usleep(10_000) }
          try self.write("first")(context)
        }
      } catch { XCTFail("\(error)") }
    }
    started.wait()
    let result = try second.run(stage(), write("second"))
    group.wait()
    XCTAssertTrue(result.wasReused)
    XCTAssertEqual(try text(result), "first")
    XCTAssertTrue(said.first?.hasPrefix("waiting for process \(getpid()) on ") == true, "\(said)")
  }

  func testErrorsAreTypedAndOneLine() throws {
    func assert(_ body: @autoclosure () throws -> Any, _ expected: (StageError) -> Bool, line: UInt = #line) {
      XCTAssertThrowsError(try body(), line: line) { error in
        guard let error = error as? StageError, expected(error) else { return XCTFail("\(error)", line: line) }
        XCTAssertFalse("\(error)".contains("\n"), line: line)
      }
    }
    let store = try store()
    assert(try store.run(Stage(name: "../x", version: 1, settings: 1)) { _ in }) { $0 == .badName("../x") }
    assert(try store.run(stage(Settings(rate: .nan)), write(""))) {
      $0 == .badSettings(stage: "tail-model", reason: "rate is nan")
    }
    assert(try store.run(stage()) { _ in }) { $0 == .emptyResult(stage: "tail-model") }
    assert(try store.run(stage()) { _ in throw NSError(domain: NSPOSIXErrorDomain, code: Int(ENOSPC)) }) {
      if case .diskFull = $0 { return true }
      return false
    }
    let file = folder.appendingPathComponent("file")
    try Data().write(to: file)
    assert(try StageStore(directory: file.appendingPathComponent("store"))) {
      if case .unwritable = $0 { return true }
      return false
    }
    try assertNoResult()
  }

  private func assertNoResult() throws {
    XCTAssertEqual(try files.contentsOfDirectory(atPath: folder.path).filter { $0.hasPrefix("tail-model") }, [])
  }
}
