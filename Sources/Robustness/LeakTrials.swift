import Foundation

/// What valgrind, and the process's size, say about the libraries in C.
public struct LeakOutcome: Codable, Sendable {
  public var rounds: Int
  /// Resident bytes after a quarter of the rounds, and at the end.
  public var quarter, end: Int
  public var valgrindRounds: Int
  /// Bytes that nothing points to any more, and errors of memory in our code or the libraries. Nil where valgrind is not
  /// there.
  public var lostBytes, errors: Int?
}

/// Rounds through the libraries in C.
struct LeakTrials {
  let folder: URL

  func run(rounds: Int, valgrindRounds: Int) throws -> LeakOutcome {
    let end = try Worker.run("boundaries rounds=\(rounds)")
    guard end.status == 0, let answer = Worker.answer(end), let quarter = answer.peakBytes, let bytes = answer.bytes
    else {
      throw RobustnessError.noAnswer(request: "boundaries", message: end.summary)
    }
    var outcome = LeakOutcome(rounds: rounds, quarter: quarter, end: bytes, valgrindRounds: valgrindRounds)
    let tools = ["/usr/bin/valgrind", "/usr/bin/strip"]
    guard valgrindRounds > 0, tools.allSatisfy(FileManager.default.isExecutableFile) else { return outcome }
    // valgrind cannot read what Swift writes for debuggers.
    let bare = folder.appendingPathComponent("bare")
    _ = try Child(URL(fileURLWithPath: tools[1]), ["-g", "-o", bare.path, Worker.program.path]).wait()
    let report = try Child(
      URL(fileURLWithPath: tools[0]),
      ["--leak-check=full", "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite", "--fair-sched=yes"]
        + [bare.path, "--worker", "boundaries rounds=\(valgrindRounds)"]
    ).wait(atMost: 1800)
    guard report.status == 0 else {
      throw RobustnessError.noAnswer(request: "boundaries under valgrind", message: report.summary)
    }
    outcome.lostBytes = Self.lostBytes(report.complaints)
    outcome.errors = Self.errors(report.complaints)
    return outcome
  }

  static func lostBytes(_ report: String) -> Int? {
    if report.contains("All heap blocks were freed") { return 0 }
    guard let range = report.range(of: "definitely lost:") else { return nil }
    let digits = report[range.upperBound...].drop { $0 == " " }.prefix { $0.isNumber || $0 == "," }
    return Int(digits.replacingOccurrences(of: ",", with: ""))
  }

  /// Wrong accesses, wherever they are, and values that depend on memory nobody wrote, but for those within Swift's own
  /// runtime, which builds its tables of types so.
  static func errors(_ report: String) -> Int {
    let lines = report.split(separator: "\n").map { $0.drop { $0 != " " }.trimmingCharacters(in: .whitespaces) }
    return lines.enumerated().filter { place, line in
      if line.hasPrefix("Invalid ") || line.hasPrefix("Mismatched free") { return true }
      guard line.hasPrefix("Conditional jump") || line.hasPrefix("Use of uninit") || line.hasPrefix("Syscall param")
      else { return false }
      return place + 1 < lines.count && !lines[place + 1].contains("libswiftCore.so")
    }.count
  }
}
