import Foundation

/// What can keep a report from being written. Each message is one line and says what to do.
public enum NotebookError: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// The experiment's own source, whose prose makes the report, cannot be read.
  case sourceMissing(String)
  /// An output names a line that the source does not have: a helper recorded its own line.
  case lineOutsideSource(line: Int, source: String, lines: Int)
  case gnuplotMissing
  /// gnuplot refused a figure; the message is its own.
  case gnuplotFailed(figure: String, message: String)
  case folderUnwritable(folder: String, reason: String)
  /// The folder holds a README.md or figures that no experiment wrote.
  case folderForeign(folder: String, file: String)
  /// Two `value`s carry one name.
  case repeatedValue(name: String, line: Int)
  /// A sheet could not be encoded as PNG.
  case sheetFailed(caption: String, reason: String)

  public var description: String {
    switch self {
    case .sourceMissing(let path):
      return "\(path): cannot be read, but the report is woven from it; run the experiment from its package"
    case .lineOutsideSource(let line, let source, let lines):
      return "\(source): an output was recorded for line \(line), which is no code of its \(lines) lines; "
        + "a function that records outputs must take `line: Int = #line` and pass it on"
    case .gnuplotMissing:
      return "gnuplot, which draws the figures, is not in PATH; install it (Debian: apt-get install gnuplot-nox)"
    case .gnuplotFailed(let figure, let message):
      return "figure “\(figure)”: gnuplot failed: \(message); version 5.2 or newer is needed"
    case .folderUnwritable(let folder, let reason):
      return "\(folder): the report cannot be written here (\(reason)); free it or choose another folder with --out"
    case .folderForeign(let folder, let file):
      return "\(folder): holds a \(file) that no experiment wrote; choose another folder with --out"
    case .repeatedValue(let name, let line):
      return "line \(line): a value named “\(name)” was recorded before; give each value a name of its own"
    case .sheetFailed(let caption, let reason):
      return "sheet “\(caption)”: cannot be encoded as PNG: \(reason)"
    }
  }

  public var errorDescription: String? { description }
}
