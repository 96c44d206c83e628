import Foundation

/// Standard error, as a terminal with one line that is redrawn, or as a plain log.
public final class Console: @unchecked Sendable {
  public static let standardError = Console(
    isTerminal: isatty(2) == 1 && ProcessInfo.processInfo.environment["TERM"] != "dumb",
    write: { FileHandle.standardError.write(Data($0.utf8)) })

  let isTerminal: Bool
  /// Whether the terminal's locale has letters beyond ASCII.
  let drawsLines: Bool = {
    let environment = ProcessInfo.processInfo.environment
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"].compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
    return locale.uppercased().contains("UTF")
  }()
  private let write: (String) -> Void
  private let lock = NSLock()
  private var hasLine = false
  private var label: String? = ""

  init(isTerminal: Bool, write: @escaping (String) -> Void) {
    self.isTerminal = isTerminal
    self.write = write
  }

  /// Columns of the terminal now; 80 if it does not tell.
  var width: Int {
    var size = winsize()
    return ioctl(2, UInt(TIOCGWINSZ), &size) == 0 && size.ws_col > 0 ? Int(size.ws_col) : 80
  }

  /// Puts a text before every line, such as a process's number among several; nil says nothing any more.
  public func setLabel(_ label: String?) { lock.withLock { self.label = label } }

  /// Prints a line; a progress line being drawn gives way.
  public func say(_ message: String) {
    lock.withLock {
      guard let label else { return }
      write((hasLine ? "\r\u{1b}[K" : "") + label + message + "\n")
      hasLine = false
    }
  }

  /// Draws the line that the next one overwrites.
  func draw(_ line: String) {
    lock.withLock {
      guard let label else { return }
      write("\r" + label + line + "\u{1b}[K")
      hasLine = true
    }
  }

  /// Takes the drawn line away.
  func erase() {
    lock.withLock {
      if hasLine { write("\r\u{1b}[K") }
      hasLine = false
    }
  }
}
