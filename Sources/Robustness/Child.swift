import Foundation

/// A process under test.
final class Child {
  /// How it ended.
  struct Outcome {
    /// Its exit status, where it ended by itself.
    var status: Int32?
    /// The signal that ended it, where one did.
    var signal: Int32?
    var seconds: Double
    /// Whether it had to be killed because it did not end.
    var hung = false
    var output, complaints: String

    /// What it said last: of an error, the whole message.
    var lastLine: String { complaints.split(whereSeparator: \.isNewline).last.map(String.init) ?? "" }

    /// Such as "status 1: exp-dior-ablation: no space", on one line.
    var summary: String {
      let how = hung ? "hung" : status.map { "status \($0)" } ?? "signal \(signal ?? 0)"
      return lastLine.isEmpty ? how : "\(how): \(lastLine)"
    }
  }

  private let process = Process()
  private let output: URL
  private let complaints = Complaints()
  private let start = DispatchTime.now()

  /// Starts a program.
  ///
  /// - Parameter environment: Variables beside those of this process.
  /// - Throws: `RobustnessError.notStarted`.
  init(_ executable: URL, _ arguments: [String], environment: [String: String] = [:]) throws {
    output = FileManager.default.temporaryDirectory.appendingPathComponent("robustness-child-\(UUID().uuidString)")
    do {
      try Data().write(to: output)
      process.executableURL = executable
      process.arguments = arguments
      process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = try FileHandle(forWritingTo: output)
      // No file: limits on the size of files must not swallow the message.
      process.standardError = complaints.pipe
      try process.run()
    } catch {
      throw RobustnessError.notStarted(program: executable.path, reason: error.localizedDescription)
    }
    complaints.listen()
  }

  deinit { try? FileManager.default.removeItem(at: output) }

  var isRunning: Bool { process.isRunning }
  var pid: Int32 { process.processIdentifier }
  var seconds: Double { Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) * 1e-9 }

  /// Sends a signal, if it still runs.
  ///
  /// - Returns: Whether it did.
  @discardableResult
  func send(_ signal: Int32) -> Bool { process.isRunning && kill(process.processIdentifier, signal) == 0 }

  /// Lets it run until a time after its start.
  func run(until seconds: Double) {
    while process.isRunning && self.seconds < seconds {
      usleep(useconds_t(min(5000, max(100, (seconds - self.seconds) * 1e6))))
    }
  }

  /// Waits for its end, and kills it after so many seconds.
  func wait(atMost limit: Double = 300) -> Outcome {
    run(until: seconds + limit)
    let hung = process.isRunning
    if hung { send(SIGKILL) }
    process.waitUntilExit()
    let isSignal = process.terminationReason == .uncaughtSignal
    return Outcome(
      status: isSignal ? nil : process.terminationStatus, signal: isSignal ? process.terminationStatus : nil,
      seconds: seconds, hung: hung,
      output: String(decoding: FileManager.default.contents(atPath: output.path) ?? Data(), as: UTF8.self),
      complaints: complaints.text())
  }
}

/// Collects what a process says on its standard error.
private final class Complaints: @unchecked Sendable {
  let pipe = Pipe()
  private let lock = NSLock()
  private let ended = DispatchSemaphore(value: 0)
  private var data = Data()

  /// Reads until every writer has gone.
  func listen() {
    try? pipe.fileHandleForWriting.close()
    let thread = Thread { [self] in
      while case let more = pipe.fileHandleForReading.availableData, !more.isEmpty { lock.withLock { data += more } }
      ended.signal()
    }
    thread.start()
  }

  /// All that was said. Waits a little for the end, which a grandchild that lives on may put off.
  func text() -> String {
    _ = ended.wait(timeout: .now() + 2)
    return lock.withLock { String(decoding: data, as: UTF8.self) }
  }
}

/// What the system says about a process's memory, in bytes.
enum ResidentMemory {
  /// `VmRSS`, what it has now, or `VmHWM`, the most it ever had. Nil where the system does not tell.
  static func bytes(_ key: String, of pid: Int32 = getpid()) -> Int? {
    guard let status = try? String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8) else { return nil }
    let line = status.split(separator: "\n").first { $0.hasPrefix(key + ":") }
    return line?.split(separator: " ").compactMap { Int($0) }.first.map { $0 << 10 }
  }
}
