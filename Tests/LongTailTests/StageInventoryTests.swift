import XCTest

@testable import LongTail

/// Looking at the store of finished stages, and cleaning it.
final class StageInventoryTests: XCTestCase {
  private struct Settings: Encodable {
    var width: Int
  }

  private struct Interrupted: Error {}

  private var folder = URL(fileURLWithPath: "/")

  override func setUp() {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("inventory-\(UUID().uuidString)")
  }

  override func tearDown() { try? FileManager.default.removeItem(at: folder) }

  @discardableResult
  private func make(_ name: String, bytes: Int, age: TimeInterval = 0) throws -> StageResult {
    let store = try StageStore(directory: folder, log: { _ in })
    let result = try store.run(Stage(name: name, version: 1, settings: Settings(width: bytes))) {
      try $0.write(Data(count: bytes), "model.bin")
    }
    try FileManager.default.setAttributes(
      [.modificationDate: Date().addingTimeInterval(-age)], ofItemAtPath: result.file("stage.json").path)
    return result
  }

  private func inventory() throws -> StageInventory { try StageInventory(directory: folder) }

  func testListing() throws {
    let made = try make("tail-model", bytes: 1000)
    try make("generator", bytes: 10)
    let store = try StageStore(directory: folder, log: { _ in })
    _ = try? store.run(Stage(name: "judge", version: 1, settings: 1)) { context in
      try context.replaceAtomically(Data(count: 77), "training")
      throw Interrupted()
    }
    let found = try inventory()
    XCTAssertEqual(found.entries.map(\.name), ["generator", "judge", "tail-model"])
    XCTAssertEqual(found.entries.map(\.kind), [.finished, .unfinished, .finished])
    XCTAssertEqual(found.entries[1].bytes, 77)
    XCTAssertGreaterThan(found.entries[2].bytes, 1000)
    XCTAssertEqual(found.entries(beginning: "tail").map(\.id), ["tail-model-\(made.hash.prefix(16))"])
    let description = try found.description(of: found.entries[2])
    XCTAssertEqual(description.settings, #"{"width":1000}"#)
    XCTAssertEqual(description.files.map(\.path), ["model.bin"])
    XCTAssertNil(found.fault(of: found.entries[2]))
    XCTAssertThrowsError(try StageInventory(directory: folder.appendingPathComponent("none"))) {
      guard case StageError.unreadableStore = $0 else { return XCTFail("\($0)") }
    }
  }

  func testAFlippedByteIsFoundAndTheStageMadeAgain() throws {
    let made = try make("tail-model", bytes: 1000)
    var bytes = try Data(contentsOf: made.file("model.bin"))
    bytes[501] ^= 4
    try bytes.write(to: made.file("model.bin"))
    XCTAssertEqual(try inventory().fault(of: inventory().entries[0]), "has a damaged model.bin")
    var said: [String] = []
    let store = try StageStore(directory: folder) { said.append($0) }
    let again = try store.run(Stage(name: "tail-model", version: 1, settings: Settings(width: 1000))) {
      try $0.write(Data(count: 1000), "model.bin")
    }
    XCTAssertFalse(again.wasReused)
    XCTAssertEqual(said, ["remaking tail-model \(made.hash.prefix(8)): the stored one has a damaged model.bin"])
    XCTAssertNil(try inventory().fault(of: inventory().entries[0]))
  }

  func testAManifestMayNotNameFilesElsewhere() throws {
    let made = try make("tail-model", bytes: 5)
    let outside = folder.appendingPathComponent("outside")
    try FileManager.default.moveItem(at: made.file("model.bin"), to: outside)
    let manifest = try String(contentsOf: made.file("stage.json"), encoding: .utf8)
    try Data(manifest.replacingOccurrences(of: "\"model.bin\"", with: "\"../outside\"").utf8)
      .write(to: made.file("stage.json"))
    XCTAssertEqual(StageManifest.fault(of: made.directory, hash: made.hash), "lacks its file ../outside")
  }

  func testSelectionByAgeAndSize() throws {
    for (name, age) in [("c", 30.0), ("a", 10), ("b", 20)] { try make(name, bytes: 10_000, age: age * 86_400) }
    let found = try inventory()
    func names(_ entries: [StageInventory.Entry]) -> [String] { entries.map(\.name) }
    XCTAssertEqual(names(found.selection(unusedFor: 15 * 86_400)), ["c", "b"])
    XCTAssertEqual(names(found.selection(keeping: 25_000)), ["c"])
    XCTAssertEqual(names(found.selection(keeping: 0)), ["c", "b", "a"])
    XCTAssertEqual(names(found.selection(unusedFor: 25 * 86_400, keeping: 15_000)), ["c", "b"])
    XCTAssertEqual(names(found.selection(unusedFor: 40 * 86_400, keeping: 1 << 30)), [])
  }

  func testRemovingAndWhatIsInUse() throws {
    try make("a", bytes: 10)
    try make("b", bytes: 10)
    let found = try inventory()
    let lock = try ProcessLock(folder.appendingPathComponent(".locks/\(found.entries[0].id)"), wait: .never)
    XCTAssertEqual(try inventory().entries[0].owner, .current)
    XCTAssertEqual(try inventory().selection(keeping: 0).map(\.name), ["b"])
    XCTAssertFalse(try found.remove(found.entries[0]), "a process works on it")
    withExtendedLifetime(lock) {}
    XCTAssertTrue(try found.remove(found.entries[1]))
    XCTAssertEqual(try inventory().entries.map(\.name), ["a"])
    try make("b", bytes: 10)
    XCTAssertEqual(try inventory().entries.map(\.name), ["a", "b"])
  }

  func testReuseCountsAsUse() throws {
    let made = try make("a", bytes: 10, age: 86_400)
    XCTAssertEqual(try inventory().selection(unusedFor: 3600).count, 1)
    let store = try StageStore(directory: folder, log: { _ in })
    let again = try store.run(Stage(name: "a", version: 1, settings: Settings(width: 10))) { _ in XCTFail("made again") }
    XCTAssertTrue(again.wasReused)
    XCTAssertEqual(try inventory().selection(unusedFor: 3600).count, 0)
    XCTAssertEqual(try inventory().fault(of: inventory().entries[0]), nil)
    withExtendedLifetime(made) {}
  }

  func testAStageOfAProcessThatEndedIsTakenOver() throws {
    let made = try make("a", bytes: 10)
    try FileManager.default.removeItem(at: made.directory)
    let former = ProcessOwner(host: ProcessOwner.current.host, pid: getpid(), started: "1@earlier")
    let name = made.directory.lastPathComponent
    try JSONEncoder().encode(former).write(to: folder.appendingPathComponent(".locks/\(name)"))
    var said: [String] = []
    let store = try StageStore(directory: folder) { said.append($0) }
    _ = try store.run(Stage(name: "a", version: 1, settings: Settings(width: 10))) {
      try $0.write(Data(count: 10), "model.bin")
    }
    XCTAssertEqual(said.count, 1)
    XCTAssertTrue(said[0].hasPrefix("taking over a "), "\(said)")
    XCTAssertTrue(said[0].contains("process \(getpid())"), "\(said)")
  }
}
