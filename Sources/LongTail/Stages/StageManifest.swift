import Foundation
import Notebook

/// `stage.json` in each result: what it was made from, and the size and checksum of each of its files.
struct StageManifest: Codable, Equatable {
  static let fileName = "stage.json"

  struct Input: Codable, Equatable {
    var name: String
    var hash: String
  }

  struct File: Codable, Equatable {
    var path: String
    var bytes: Int
    var sha256: String
  }

  var name: String
  var version: Int
  /// The settings' canonical JSON.
  var settings: String
  var inputs: [Input]
  var hash: String
  var files: [File]

  /// Lists a finished folder's files.
  static func describe(_ folder: URL) throws -> [File] {
    try DurableFiles.list(folder).filter { $0 != fileName }.map { path in
      let file = folder.appendingPathComponent(path)
      return File(path: path, bytes: try size(of: file), sha256: try Checksum.sha256(ofFile: file))
    }
  }

  func encoded() throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return try encoder.encode(self) + Data("\n".utf8)
  }

  /// Why a stored folder is not the result that its manifest describes; nil if it is.
  static func fault(of folder: URL, hash: String) -> String? {
    guard let data = try? Data(contentsOf: folder.appendingPathComponent(fileName)) else {
      return "has no \(fileName)"
    }
    guard let manifest = try? JSONDecoder().decode(StageManifest.self, from: data) else {
      return "has a damaged \(fileName)"
    }
    guard manifest.hash == hash else { return "belongs to another stage" }
    guard let present = try? DurableFiles.list(folder).filter({ $0 != fileName }) else { return "cannot be read" }
    if let extra = Set(present).subtracting(manifest.files.map(\.path)).min() {
      return "has a file \(extra) that its \(fileName) does not list"
    }
    // A path that is not in the folder's own list may lead out of it.
    if let missing = Set(manifest.files.map(\.path)).subtracting(present).min() { return "lacks its file \(missing)" }
    for file in manifest.files {
      let url = folder.appendingPathComponent(file.path)
      guard let bytes = try? size(of: url) else { return "lacks its file \(file.path)" }
      guard bytes == file.bytes else { return "has \(bytes) of \(file.bytes) bytes of \(file.path)" }
      guard (try? Checksum.sha256(ofFile: url)) == file.sha256 else { return "has a damaged \(file.path)" }
    }
    return nil
  }

  private static func size(of file: URL) throws -> Int {
    (try FileManager.default.attributesOfItem(atPath: file.path)[.size] as? NSNumber)?.intValue ?? -1
  }
}
