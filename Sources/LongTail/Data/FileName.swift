/// Parts of the names that data sets give to files.
///
/// Foundation's `pathExtension` ends the process on some damaged names; here names are bytes, as file systems see them.
enum FileName {
  /// What follows the last slash.
  static func last(of path: String) -> String { String(path[lastStart(in: path)...]) }

  /// What follows the last dot of the name, in lower case; empty where there is none, or nothing before or after it.
  static func ending(of path: String) -> String {
    dot(in: path).map { path[path.utf8.index(after: $0)...].lowercased() } ?? ""
  }

  /// The path without its ending and the dot.
  static func stem(of path: String) -> String { dot(in: path).map { String(path[..<$0]) } ?? path }

  private static func lastStart(in path: String) -> String.Index {
    path.utf8.lastIndex(of: UInt8(ascii: "/")).map { path.utf8.index(after: $0) } ?? path.startIndex
  }

  private static func dot(in path: String) -> String.Index? {
    guard let dot = path.utf8.lastIndex(of: UInt8(ascii: ".")), dot > lastStart(in: path),
      path.utf8.index(after: dot) < path.endIndex
    else { return nil }
    return dot
  }
}
