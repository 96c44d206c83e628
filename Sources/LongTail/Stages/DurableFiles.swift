import Foundation

/// Files that are either whole or not there, also after a power cut: written beside their place, synced, renamed.
enum DurableFiles {
  /// Replaces a file by new content in one step.
  static func replace(_ file: URL, with data: Data) throws {
    let temporary = file.deletingLastPathComponent().appendingPathComponent(".\(file.lastPathComponent).writing")
    do {
      try data.write(to: temporary)
      try synchronize(temporary)
    } catch {
      try? FileManager.default.removeItem(at: temporary)
      throw error
    }
    try move(temporary, to: file)
  }

  /// Renames and makes the new name last. A file in the target's place is replaced; a folder must not be there.
  static func move(_ source: URL, to target: URL) throws {
    guard rename(source.path, target.path) == 0 else { throw systemError() }
    try synchronize(target.deletingLastPathComponent())
  }

  /// Writes everything below a folder, and the folder, through to the disk.
  static func synchronizeTree(_ folder: URL) throws {
    var isFolder: ObjCBool = false
    for name in try FileManager.default.contentsOfDirectory(atPath: folder.path) {
      let item = folder.appendingPathComponent(name)
      _ = FileManager.default.fileExists(atPath: item.path, isDirectory: &isFolder)
      if isFolder.boolValue { try synchronizeTree(item) } else { try synchronize(item) }
    }
    try synchronize(folder)
  }

  /// Writes a file or a folder's list of names through to the disk.
  static func synchronize(_ item: URL) throws {
    let descriptor = open(item.path, O_RDONLY)
    guard descriptor >= 0 else { throw systemError() }
    defer { close(descriptor) }
    // Some file systems cannot sync a folder, and say EINVAL.
    if fsync(descriptor) != 0 && errno != EINVAL { throw systemError() }
  }

  /// The paths of all files below a folder, relative to it, in order. Links are listed, not followed.
  static func list(_ folder: URL) throws -> [String] {
    var files: [String] = []
    func visit(_ prefix: String) throws {
      let here = folder.appendingPathComponent(prefix)
      for name in try FileManager.default.contentsOfDirectory(atPath: here.path).sorted() {
        let path = prefix.isEmpty ? name : prefix + "/" + name
        var item = stat()
        let isFolder = lstat(folder.appendingPathComponent(path).path, &item) == 0 && item.st_mode & S_IFMT == S_IFDIR
        if isFolder { try visit(path) } else { files.append(path) }
      }
    }
    try visit("")
    return files
  }

  private static func systemError() -> NSError { NSError(domain: NSPOSIXErrorDomain, code: Int(errno)) }
}
