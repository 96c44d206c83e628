import XCTest

@testable import LongTail

/// Locks between processes: who holds one, and what a holder that ended leaves.
final class ProcessLockTests: XCTestCase {
  private var file = URL(fileURLWithPath: "/")

  override func setUpWithError() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("lock-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    file = folder.appendingPathComponent("stage")
  }

  override func tearDown() { try? FileManager.default.removeItem(at: file.deletingLastPathComponent()) }

  private func leave(_ owner: ProcessOwner, at url: URL) throws { try JSONEncoder().encode(owner).write(to: url) }

  /// A process that has ended, as its owner would have been written down while it ran.
  private func endedProcess() throws -> ProcessOwner {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sleep")
    process.arguments = ["5"]
    try process.run()
    let text = try String(contentsOfFile: "/proc/\(process.processIdentifier)/stat", encoding: .utf8)
    let ticks = text.split(separator: " ")[21]
    let boot = ProcessOwner.current.started.split(separator: "@")[1]
    let owner = ProcessOwner(
      host: ProcessOwner.current.host, pid: process.processIdentifier, started: "\(ticks)@\(boot)")
    XCTAssertEqual(owner.state, .running)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    return owner
  }

  func testStatesOfOwners() throws {
    XCTAssertEqual(ProcessOwner.current.state, .running)
    XCTAssertEqual(try endedProcess().state, .ended)
    var reused = ProcessOwner.current
    reused.started = "1@" + reused.started.split(separator: "@")[1]
    XCTAssertEqual(reused.state, .ended, "the same number, but another process")
    var elsewhere = reused
    elsewhere.host = "another.machine"
    XCTAssertEqual(elsewhere.state, .unknown)
  }

  func testTheHolderIsNamedAndLetsGo() throws {
    var lock: ProcessLock? = try ProcessLock(file, wait: .never)
    XCTAssertNil(lock?.abandonedBy)
    XCTAssertEqual(ProcessLock.owner(in: file), .current)
    XCTAssertThrowsError(try ProcessLock(file, wait: .never)) {
      XCTAssertEqual($0 as? ProcessLockError, .held(by: .current))
    }
    lock = nil
    XCTAssertNil(ProcessLock.owner(in: file))
    XCTAssertNil(try ProcessLock(file, wait: .never).abandonedBy)
  }

  func testAHolderThatEndedIsTakenOverFrom() throws {
    let former = try endedProcess()
    try leave(former, at: file)
    XCTAssertEqual(try ProcessLock(file, wait: .never).abandonedBy, former)
    try Data("no owner at all".utf8).write(to: file)
    XCTAssertNil(try ProcessLock(file, wait: .never).abandonedBy)
  }

  func testAFileThatWasRemovedAndMadeAnewIsLockedAnew() throws {
    let first = try ProcessLock(file, wait: .never)
    try FileManager.default.removeItem(at: file)
    // The lock on the file that is gone keeps nobody out of the new one.
    let second = try ProcessLock(file, wait: .never)
    withExtendedLifetime((first, second)) {}
  }

  /// A file system without locks of the system's.
  private func unlocked(_: Int32, _: Int32) -> Int32 {
    errno = EOPNOTSUPP
    return -1
  }

  func testWithoutTheSystemsLocksTheNameDecides() throws {
    var lock: ProcessLock? = try ProcessLock(file, wait: .never, systemLock: unlocked)
    XCTAssertThrowsError(try ProcessLock(file, wait: .never, systemLock: unlocked)) {
      XCTAssertEqual($0 as? ProcessLockError, .held(by: .current))
    }
    XCTAssertNotNil(lock)
    lock = nil
    XCTAssertNotNil(try ProcessLock(file, wait: .never, systemLock: unlocked))

    let claim = file.appendingPathExtension("claim")
    try leave(try endedProcess(), at: claim)
    lock = try ProcessLock(file, wait: .never, systemLock: unlocked)
    XCTAssertEqual(ProcessLock.owner(in: claim), .current, "the claim of a process that ended is taken over")
    XCTAssertNotNil(lock)
    lock = nil
    // Nobody here can tell whether a process on another machine still runs.
    try leave(ProcessOwner(host: "another.machine", pid: 1, started: "1@x"), at: claim)
    XCTAssertThrowsError(try ProcessLock(file, wait: .never, systemLock: unlocked))
  }

  func testWaitingNamesTheHolder() throws {
    final class Holder: @unchecked Sendable { var lock: ProcessLock? }
    let holder = Holder()
    holder.lock = try ProcessLock(file, wait: .never)
    var named: [ProcessOwner?] = []
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.3) { holder.lock = nil }
    _ = try ProcessLock(file, wait: .untilFree { named.append($0) })
    XCTAssertEqual(named, [.current])
    XCTAssertNil(holder.lock)
  }

  func testASignalEndsTheWaiting() throws {
    let lock = try ProcessLock(file, wait: .never)
    Interruption.watch()
    defer {
      Interruption.forget()
      for number in [SIGINT, SIGTERM] { signal(number, SIG_DFL) }
    }
    raise(SIGTERM)
    XCTAssertThrowsError(try ProcessLock(file, wait: .untilFree { _ in })) {
      XCTAssertEqual(($0 as? InterruptedError)?.exitCode, 128 + SIGTERM)
      XCTAssertTrue("\($0)".contains("waiting"), "\($0)")
    }
    withExtendedLifetime(lock) {}
  }
}
