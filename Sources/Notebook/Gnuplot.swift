import Foundation

/// The program that draws the figures.
struct Gnuplot {
  let executable: URL

  /// Looks for gnuplot in PATH.
  /// - Throws: `NotebookError.gnuplotMissing`.
  init(path: String? = ProcessInfo.processInfo.environment["PATH"]) throws {
    let candidates = (path ?? "").split(separator: ":").map { URL(fileURLWithPath: "\($0)/gnuplot") }
    guard let found = candidates.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
      throw NotebookError.gnuplotMissing
    }
    executable = found
  }

  /// Draws a figure as SVG.
  /// - Parameter folder: A folder for gnuplot's script and output, which are removed again.
  /// - Throws: `NotebookError.gnuplotFailed` with gnuplot's own complaint.
  func svg(of figure: some Figure, in folder: URL) throws -> Data {
    let script = folder.appendingPathComponent("figure.gnuplot")
    let drawing = folder.appendingPathComponent("figure.svg")
    let complaints = folder.appendingPathComponent("figure.log")
    defer { for file in [script, drawing, complaints] { try? FileManager.default.removeItem(at: file) } }
    let terminal = """
      set terminal svg noenhanced size \(figure.size.width),\(figure.size.height) fixed font 'Helvetica,13' \
      background '#ffffff' rounded
      set output 'figure.svg'

      """
    func failure(_ message: String) -> NotebookError { .gnuplotFailed(figure: figure.title, message: message) }
    do {
      try Data((terminal + figure.script).utf8).write(to: script)
      try Data().write(to: complaints)
      let process = Process()
      process.executableURL = executable
      process.arguments = ["-d", script.lastPathComponent]
      process.currentDirectoryURL = folder
      process.environment = ["PATH": "/usr/bin:/bin", "LC_ALL": "C", "HOME": folder.path]
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = FileHandle.nullDevice
      process.standardError = try FileHandle(forWritingTo: complaints)
      try process.run()
      process.waitUntilExit()
      guard process.terminationStatus == 0 else {
        try checkRoom(in: folder)
        throw failure(Self.firstComplaint(String(decoding: try Data(contentsOf: complaints), as: UTF8.self)))
      }
      let text = String(decoding: try Data(contentsOf: drawing), as: UTF8.self)
      guard text.contains("</svg>") else {
        try checkRoom(in: folder)
        throw failure("it drew nothing")
      }
      return Data(Self.cleaned(text, title: figure.title).utf8)
    } catch let error as NotebookError {
      throw error
    } catch {
      try checkRoom(in: folder)
      throw failure("\(error.localizedDescription)")
    }
  }

  /// gnuplot does not say that the disk is full.
  /// - Throws: `NotebookError.folderUnwritable` where a file of a figure's size cannot be written.
  private func checkRoom(in folder: URL) throws {
    let probe = folder.appendingPathComponent("figure.probe")
    defer { try? FileManager.default.removeItem(at: probe) }
    do { try Data(count: 1 << 17).write(to: probe) } catch {
      throw NotebookError.folderUnwritable(folder: folder.path, reason: SystemReason.of(error))
    }
  }

  /// gnuplot prints the line, a caret, and then "file, line N: message".
  private static func firstComplaint(_ text: String) -> String {
    let lines = text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }
    return lines.last { $0.contains("line") } ?? lines.last ?? "no message"
  }

  /// Names the figure for screen readers, takes out gnuplot's version, which differs between machines, and names
  /// fonts to fall back on.
  static func cleaned(_ svg: String, title: String) -> String {
    var text = svg
    if let range = text.range(of: "<title>[^<]*</title>", options: .regularExpression) {
      text.replaceSubrange(range, with: "<title>\(escaped(title))</title>")
    }
    if let range = text.range(of: "<desc>[^<]*</desc>\n?", options: .regularExpression) {
      text.replaceSubrange(range, with: "")
    }
    return text.replacingOccurrences(
      of: "font-family=\"Helvetica\"", with: "font-family=\"Helvetica, Arial, Liberation Sans, sans-serif\"")
  }

  private static func escaped(_ text: String) -> String {
    text.replacingOccurrences(of: "&", with: "&amp;").replacingOccurrences(of: "<", with: "&lt;")
  }
}
