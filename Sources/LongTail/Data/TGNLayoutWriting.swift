import Foundation
import Imaging

extension TGNLayout {
  /// Writes one half of a data set in this layout, with `anno/classes.txt`. Files are copied byte for byte, pictures
  /// in memory become PNG files, so that nothing is lost. The annotation is written last: where it is, all is.
  ///
  /// - Parameter name: The annotation's prefix: "DIOR" gives `anno/DIOR_train.txt`.
  /// - Throws: `TGNLayoutError` where the half is there already or the disk refuses; `ImageError`
  public func write(_ dataset: ObjectDataset, as split: Split, name: String) throws {
    let annotation = annotationFolder.appendingPathComponent("\(name)_\(split.rawValue).txt")
    if FileManager.default.fileExists(atPath: annotation.path) {
      throw TGNLayoutError.alreadyThere(file: annotation.path)
    }
    try Self.makeFolder(annotationFolder)
    try writeClassNames(dataset.classNames)

    let folder = root.appendingPathComponent(split.rawValue)
    for label in dataset.classNames.indices { try Self.makeFolder(folder.appendingPathComponent("\(label)")) }
    var used = Set<String>()
    var lines = ""
    for (index, item) in dataset.items.enumerated() {
      var image = "\(item.label)/\(Self.fileName(of: item, index: index))"
      if !used.insert(image).inserted {
        image = "\(item.label)/\(index)_\(Self.fileName(of: item, index: index))"
        used.insert(image)
      }
      try Self.write(item, to: folder.appendingPathComponent(image))
      lines += "\(image) \(item.label)\n"
    }
    try Self.write(lines, to: annotation)
  }

  private func writeClassNames(_ names: [String]) throws {
    if FileManager.default.fileExists(atPath: classFile.path) {
      guard try Self.classNames(in: classFile) == names else {
        throw TGNLayoutError.otherClasses(file: classFile.path)
      }
    } else {
      try Self.write(names.enumerated().map { "\($0) \($1)\n" }.joined(), to: classFile)
    }
  }

  private static func fileName(of item: ObjectDataset.Item, index: Int) -> String {
    switch item.source {
    case .file(let url): return url.lastPathComponent
    case .memory: return String(repeating: "0", count: max(0, 6 - "\(index)".count)) + "\(index).png"
    }
  }

  private static func write(_ item: ObjectDataset.Item, to target: URL) throws {
    switch item.source {
    case .memory(let image):
      try image.write(to: target)
    case .file(let url):
      // Left over from a writing that was broken off.
      try? FileManager.default.removeItem(at: target)
      try reporting(target) { try FileManager.default.copyItem(at: url, to: target) }
    }
  }

  private static func write(_ text: String, to url: URL) throws {
    try reporting(url) { try Data(text.utf8).write(to: url, options: .atomic) }
  }

  private static func makeFolder(_ url: URL) throws {
    try reporting(url) { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
  }

  private static func reporting(_ url: URL, _ work: () throws -> Void) throws {
    do { try work() } catch {
      throw TGNLayoutError.unwritable(file: url.path, reason: error.localizedDescription)
    }
  }
}
