import Checkpoints
import Foundation

/// Class names as annotations spell them, and the labels they stand for.
///
/// Letter case, spaces, hyphens and underscores do not matter: DOTA's `storage-tank` is also `Storage Tank`.
struct ClassList {
  let names: [String]
  private let labels: [String: Int]

  init(_ names: [String]) {
    self.names = names
    labels = Dictionary(names.enumerated().map { (Self.key($1), $0) }, uniquingKeysWith: { first, _ in first })
  }

  func label(of name: String) -> Int? { labels[Self.key(name)] }

  /// The label of a class folder: by name, or by number as in "3", "03", "3.landing craft", "3_landing craft".
  func label(ofFolder name: String) -> Int? {
    if let label = label(of: name) { return label }
    let digits = name.prefix { $0.isASCII && $0.isNumber }
    let rest = name.dropFirst(digits.count)
    guard let number = Int(digits), names.indices.contains(number) else { return nil }
    return rest.isEmpty || ".-_ ".contains(rest.first!) ? number : nil
  }

  /// - Throws: `ImportError.unknownClass` with the nearest name.
  func unknown(_ name: String, at place: AnnotationPlace) -> ImportError {
    .unknownClass(place, name: name, nearest: nearestName(to: name, in: names))
  }

  private static func key(_ name: String) -> String {
    name.lowercased().filter { !" -_".contains($0) }.precomposedStringWithCanonicalMapping
  }

  /// Reads a class list for `--classes`: one name a line, or lines "0 airplane" as in `anno/classes.txt`.
  ///
  /// - Throws: `ImportError` for a file that is no list of different names.
  static func read(_ file: URL) throws -> [String] {
    let lines = try AnnotationText(contentsOf: file).lines
    var isNumbered = !lines.isEmpty
    for (number, line) in lines.enumerated() {
      let words = line.text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
      if words.count < 2 || Int(words[0]) != number { isNumbered = false }
    }
    var names = [String]()
    for line in lines {
      let words = line.text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
      let name = isNumbered ? words[1].trimmingCharacters(in: .whitespaces) : line.text
      guard !names.contains(where: { key($0) == key(name) }) else {
        throw ImportError.badLine(.init(file.path, line: line.line), text: name, expected: "a name not yet in the list")
      }
      names.append(name)
    }
    guard names.count > 1 else {
      throw ImportError.badLine(.init(file.path), text: names.first ?? "", expected: "two or more class names")
    }
    return names
  }
}

extension ImportOptions {
  /// Reads the class list of `--classes`: one name a line, or lines "0 airplane".
  ///
  /// - Throws: `ImportError`
  public static func classNames(in file: URL) throws -> [String] { try ClassList.read(file) }
}
