import Foundation
import Imaging

/// The folder layout of the released code:
///
/// ```
/// ROOT/anno/DIOR_train.txt     lines "LABEL/FILE.jpg LABEL"
/// ROOT/anno/classes.txt        lines "0 airplane" (may be missing)
/// ROOT/train/LABEL/FILE.jpg
/// ```
/// and `test` alike. Windows line ends, a byte order mark, blank lines and file names with spaces are accepted.
public struct TGNLayout: Sendable {
  public enum Split: String, CaseIterable, Codable, Sendable {
    case train, test
  }

  /// The folder that holds `anno`, `train` and `test`.
  public let root: URL

  public init(root: URL) {
    self.root = root
  }

  /// Reads one half of the data set. Images are named, not opened.
  ///
  /// Classes are named by `anno/classes.txt`, else by the annotation's prefix (DIOR, DOTA, FGSC), else by number.
  ///
  /// - Parameter requiresEveryClass: Refuses a half that lacks a class, which no training or measure can do without.
  /// - Throws: `TGNLayoutError`
  public func read(_ split: Split, requiresEveryClass: Bool = true) throws -> ObjectDataset {
    let annotation = try annotationFile(split)
    let lines = try annotatedImages(in: annotation)
    let classNames = try self.classNames(annotation: annotation, largestLabel: lines.map(\.label).max() ?? 0)

    let folder = try existingFolder(root.appendingPathComponent(split.rawValue)).path
    let dataFolder = try DataFolder(root)
    var firstLines = [String: Int](minimumCapacity: lines.count)
    var items = [ObjectDataset.Item]()
    items.reserveCapacity(lines.count)
    for entry in lines {
      guard classNames.indices.contains(entry.label) else {
        throw TGNLayoutError.unknownLabel(
          file: annotation.path, line: entry.line, label: entry.label, classCount: classNames.count)
      }
      let path = "\(folder)/\(entry.image)"
      if let firstLine = firstLines.updateValue(entry.line, forKey: entry.image) {
        throw TGNLayoutError.duplicate(
          file: annotation.path, line: entry.line, firstLine: firstLine, image: entry.image)
      }
      let isThere: Bool
      do {
        let place = AnnotationPlace(annotation.path, line: entry.line)
        isThere = try dataFolder.find(entry.image, in: split.rawValue, named: place) != nil
      } catch {
        throw TGNLayoutError.leadsOutside(file: annotation.path, line: entry.line, image: entry.image)
      }
      // Not a folder, and nothing that would be waited for, such as a pipe.
      var item = stat()
      guard isThere, stat(path, &item) == 0, item.st_mode & S_IFMT == S_IFREG else {
        throw TGNLayoutError.missingImage(file: annotation.path, line: entry.line, image: path)
      }
      items.append(.init(label: entry.label, source: .file(URL(fileURLWithPath: path, isDirectory: false))))
    }

    let dataset = ObjectDataset(classNames: classNames, items: items)
    guard requiresEveryClass else { return dataset }
    if classNames.count < 2 { throw TGNLayoutError.singleClass(file: annotation.path) }
    if let empty = dataset.counts.firstIndex(of: 0) {
      throw TGNLayoutError.classWithoutImages(file: annotation.path, label: empty, name: classNames[empty])
    }
    return dataset
  }

  var annotationFolder: URL { root.appendingPathComponent("anno") }
  var classFile: URL { annotationFolder.appendingPathComponent("classes.txt") }

  /// The one file `anno/*_SPLIT.txt`.
  private func annotationFile(_ split: Split) throws -> URL {
    _ = try existingFolder(root)
    let folder = try existingFolder(annotationFolder)
    let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
      .filter { $0.hasSuffix("_\(split.rawValue).txt") && !$0.hasPrefix(".") }.sorted()
    guard let file = files.first else {
      throw TGNLayoutError.missingAnnotation(folder: folder.path, split: split.rawValue)
    }
    guard files.count == 1 else { throw TGNLayoutError.severalAnnotations(folder: folder.path, files: files) }
    return folder.appendingPathComponent(file)
  }

  private func existingFolder(_ url: URL) throws -> URL {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue else {
      throw TGNLayoutError.missingFolder(url.path)
    }
    return url
  }

  private struct AnnotatedImage {
    let line: Int
    let image: String
    let label: Int
  }

  /// The lines of an annotation: the label is the last word, the rest is the file.
  private func annotatedImages(in file: URL) throws -> [AnnotatedImage] {
    let result = try Self.lines(of: file).map { line, text -> AnnotatedImage in
      guard let space = text.lastIndex(where: \.isWhitespace) else {
        throw TGNLayoutError.lineWithoutLabel(file: file.path, line: line, text: text)
      }
      let label = String(text[text.index(after: space)...])
      guard let number = Int(label), number >= 0 else {
        // "0/my file.jpg" lacks its label; "0/file.jpg ship" has a wrong one.
        let isFileName = DataFolder.pictureEndings.contains(FileName.ending(of: label))
        throw isFileName
          ? TGNLayoutError.lineWithoutLabel(file: file.path, line: line, text: text)
          : TGNLayoutError.labelNotANumber(file: file.path, line: line, label: label)
      }
      return AnnotatedImage(line: line, image: text[..<space].trimmingCharacters(in: .whitespaces), label: number)
    }
    if result.isEmpty { throw TGNLayoutError.emptyAnnotation(file: file.path) }
    return result
  }

  private func classNames(annotation: URL, largestLabel: Int) throws -> [String] {
    if FileManager.default.fileExists(atPath: classFile.path) { return try Self.classNames(in: classFile) }
    if let known = KnownClasses.names(forAnnotation: annotation.lastPathComponent) { return known }
    // A mistyped label must not ask for a billion names; no layout of this kind has that many classes.
    return (0...min(largestLabel, 9_999)).map(String.init)
  }

  /// The names of a `classes.txt`, in label order.
  static func classNames(in file: URL) throws -> [String] {
    var names = [String]()
    for (line, text) in try lines(of: file) {
      let words = text.split(maxSplits: 1, whereSeparator: \.isWhitespace)
      guard words.count == 2, let number = Int(words[0]) else {
        throw TGNLayoutError.badClassLine(file: file.path, line: line, text: text)
      }
      guard number == names.count else {
        throw TGNLayoutError.classOutOfOrder(file: file.path, line: line, expected: names.count)
      }
      let name = words[1].trimmingCharacters(in: .whitespaces)
      guard !names.contains(name) else {
        throw TGNLayoutError.repeatedClassName(file: file.path, line: line, name: name)
      }
      names.append(name)
    }
    if names.isEmpty { throw TGNLayoutError.badClassLine(file: file.path, line: 1, text: "") }
    return names
  }

  /// The lines with text in them, trimmed, with their numbers from 1.
  private static func lines(of file: URL) throws -> [(line: Int, text: String)] {
    guard let data = try? Data(contentsOf: file), var text = String(data: data, encoding: .utf8) else {
      throw TGNLayoutError.unreadable(file: file.path)
    }
    if text.hasPrefix("\u{feff}") { text.removeFirst() }
    return text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .map { ($0.offset + 1, $0.element.trimmingCharacters(in: .whitespaces)) }
      .filter { !$0.1.isEmpty }
  }
}
