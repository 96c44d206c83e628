import Foundation
import Notebook

/// The folder of a public data set. Names in annotations come from strangers: nothing outside the folder is opened.
public struct DataFolder: Sendable {
  public let root: URL
  /// The folder's own path without links, ending in "/".
  private let realRoot: String

  /// - Throws: `ImportError.missingFolder`
  public init(_ root: URL, contents: String = "the data set") throws {
    var isFolder: ObjCBool = false
    guard FileManager.default.fileExists(atPath: root.path, isDirectory: &isFolder), isFolder.boolValue,
      let real = Self.realPath(root.path)
    else { throw ImportError.missingFolder(root.path, contents: contents) }
    self.root = root.standardizedFileURL
    realRoot = real.hasSuffix("/") ? real : real + "/"
  }

  /// The absolute path of a path in this folder.
  public func url(_ path: String) -> URL { root.appendingPathComponent(path) }

  /// The path in this folder of a file or folder that an annotation names; nil where there is none.
  ///
  /// - Parameters:
  ///   - name: As the annotation has it.
  ///   - folder: Where it should lie, relative to this folder.
  ///   - place: Where the name was read, for the error.
  /// - Throws: `ImportError.leadsOutside` for absolute names, "..", and links that end outside this folder.
  public func find(_ name: String, in folder: String = "", named place: AnnotationPlace) throws -> String? {
    let parts = name.split(separator: "/", omittingEmptySubsequences: false)
    guard !name.hasPrefix("/"), !parts.contains(".."), !name.contains("\0"), !name.contains("..\\") else {
      throw ImportError.leadsOutside(place, path: name.replacingOccurrences(of: "\0", with: "\\0"))
    }
    let path = folder.isEmpty ? name : folder + "/" + name
    guard !name.isEmpty, let real = Self.realPath(root.path + "/" + path) else { return nil }
    guard real.hasPrefix(realRoot) else { throw ImportError.leadsOutside(place, path: name) }
    return path
  }

  /// The first of some folders that is there.
  ///
  /// - Throws: `ImportError.missingFolder` naming the first where none is.
  func folder(_ candidates: [String], contents: String) throws -> String {
    for candidate in candidates {
      if try isFolder(candidate) { return candidate }
    }
    throw ImportError.missingFolder(url(candidates[0]).path, contents: contents)
  }

  func isFolder(_ path: String) throws -> Bool {
    guard try find(path, named: .init(root.path)) != nil else { return false }
    var isFolder: ObjCBool = false
    return FileManager.default.fileExists(atPath: url(path).path, isDirectory: &isFolder) && isFolder.boolValue
  }

  /// The first of some files that is there.
  func file(_ candidates: [String]) throws -> String? {
    try candidates.first { try find($0, named: .init(root.path)) != nil && !isFolder($0) }
  }

  /// The names in a folder, hidden ones left out, in the order of their bytes.
  ///
  /// - Throws: `ImportError.unreadable`
  func names(in folder: String) throws -> [String] {
    do {
      return try FileManager.default.contentsOfDirectory(atPath: url(folder).path)
        .filter { !$0.hasPrefix(".") }.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    } catch {
      throw ImportError.unreadable(file: url(folder).path, reason: SystemReason.of(error))
    }
  }

  static let pictureEndings: Set = ["jpg", "jpeg", "png"]
  private static let otherPictureEndings: Set = ["bmp", "tif", "tiff", "gif", "webp", "jp2", "ppm"]

  /// The pictures that lie in a folder itself.
  ///
  /// - Throws: `ImportError.unreadableKind` for pictures in other formats, which must not be lost silently.
  func pictures(in folder: String) throws -> [String] {
    let names = try names(in: folder)
    if let other = names.first(where: { Self.otherPictureEndings.contains(FileName.ending(of: $0)) }) {
      throw ImportError.unreadableKind(file: url(folder + "/" + other).path)
    }
    return names.filter { Self.pictureEndings.contains(FileName.ending(of: $0)) }
  }

  /// The pictures of a folder and of those in it, by their names without ending; the first of equals.
  ///
  /// Linked folders are not entered.
  func pictureIndex(of folder: String) throws -> [String: String] {
    var result = [String: String]()
    for picture in try pictures(in: folder) {
      let stem = FileName.stem(of: picture)
      if result[stem] == nil { result[stem] = folder + "/" + picture }
    }
    for name in try names(in: folder) where !Self.pictureEndings.contains(FileName.ending(of: name)) {
      let inner = folder + "/" + name
      let type = try? FileManager.default.attributesOfItem(atPath: url(inner).path)[.type] as? FileAttributeType
      if type == .typeDirectory { result.merge(try pictureIndex(of: inner)) { first, _ in first } }
    }
    return result
  }

  private static func realPath(_ path: String) -> String? {
    guard let real = realpath(path, nil) else { return nil }
    defer { free(real) }
    return String(cString: real)
  }
}
