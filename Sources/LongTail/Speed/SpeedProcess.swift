import Foundation

/// A process that measures and is asked line by line: one of ours, or the PyTorch script.
final class SpeedProcess {
  /// The program's version, from its first line.
  let version: String
  private let name: String
  private let process = Process()
  private let requests = Pipe()
  private let answers = Pipe()
  private let complaints: URL
  private var unread = Data()

  /// - Parameter name: What errors call it.
  /// - Throws: `SpeedError.notStarted`, or `.ended` if it does not say that it is ready.
  init(_ name: String, executable: URL, arguments: [String]) throws {
    // A process that has died must be an error of the next request, not the end of this one.
    signal(SIGPIPE, SIG_IGN)
    self.name = name
    complaints = FileManager.default.temporaryDirectory.appendingPathComponent("speed-\(UUID().uuidString).log")
    version = try Self.started(
      process, name, executable: executable, arguments: arguments, requests: requests, answers: answers,
      complaints: complaints, unread: &unread)
  }

  deinit {
    // Asked to end, not cut off: a pipe closed by hand and again by its owner may by then be another process's.
    try? requests.fileHandleForWriting.write(contentsOf: Data("quit\n".utf8))
    if process.isRunning { process.waitUntilExit() }
    try? FileManager.default.removeItem(at: complaints)
  }

  private static func started(
    _ process: Process, _ name: String, executable: URL, arguments: [String], requests: Pipe, answers: Pipe,
    complaints: URL, unread: inout Data
  ) throws -> String {
    do {
      try Data().write(to: complaints)
      process.standardError = try FileHandle(forWritingTo: complaints)
      process.executableURL = executable
      process.arguments = arguments
      process.standardInput = requests
      process.standardOutput = answers
      try process.run()
    } catch {
      try? FileManager.default.removeItem(at: complaints)
      throw SpeedError.notStarted(program: name, reason: error.localizedDescription)
    }
    guard let line = nextLine(of: answers, unread: &unread), let answer = decoded(line), let version = answer.ready
    else {
      process.waitUntilExit()
      let message = lastComplaint(complaints, of: process)
      try? FileManager.default.removeItem(at: complaints)
      throw SpeedError.ended(program: name, request: "start", message: message)
    }
    return version
  }

  /// Sends one request and waits for its answer.
  /// - Throws: `SpeedError.ended` or `.refused`.
  func ask(_ request: String) throws -> SpeedAnswer {
    do {
      try requests.fileHandleForWriting.write(contentsOf: Data((request + "\n").utf8))
    } catch where process.isRunning {
      let reason = "the request could not be sent: \(error.localizedDescription)"
      throw SpeedError.refused(program: name, request: request, message: reason)
    } catch {
      // It has ended; what it said last is told below.
    }
    guard let line = Self.nextLine(of: answers, unread: &unread) else {
      process.waitUntilExit()
      throw SpeedError.ended(program: name, request: request, message: Self.lastComplaint(complaints, of: process))
    }
    guard let answer = Self.decoded(line) else {
      throw SpeedError.refused(program: name, request: request, message: "it answered “\(line.prefix(80))”")
    }
    if let message = answer.error { throw SpeedError.refused(program: name, request: request, message: message) }
    return answer
  }

  private static func decoded(_ line: String) -> SpeedAnswer? {
    try? JSONDecoder().decode(SpeedAnswer.self, from: Data(line.utf8))
  }

  /// The next line, or nil at the end.
  private static func nextLine(of pipe: Pipe, unread: inout Data) -> String? {
    while true {
      if let end = unread.firstIndex(of: 10) {
        let line = String(decoding: unread[..<end], as: UTF8.self)
        unread = Data(unread[unread.index(after: end)...])
        return line
      }
      let more = pipe.fileHandleForReading.availableData
      if more.isEmpty { return nil }
      unread += more
    }
  }

  /// The last line that an ended process said, or how it ended. Signal 9 is what the system sends when memory runs out.
  private static func lastComplaint(_ file: URL, of process: Process) -> String {
    let text = (try? String(contentsOf: file, encoding: .utf8)) ?? ""
    if let line = text.split(separator: "\n").last { return String(line.prefix(200)) }
    let how = process.terminationReason == .uncaughtSignal ? "signal" : "status"
    return "it said nothing; \(how) \(process.terminationStatus)"
  }
}
