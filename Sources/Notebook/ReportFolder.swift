import Foundation

/// The folder of a report: `README.md`, `results.json` and `figures/`. Everything is written beside its place first,
/// so that a run that fails leaves the former report as it was.
struct ReportFolder {
  static let marker = "results.json"
  static let temporary = ".writing"
  /// What `results.json` holds. 2: rules of cells, bases of claims, outputs in order, settings, data, checksums.
  /// Reports without a number are of the first kind.
  static let format = 2
  let url: URL

  /// Makes the folder and checks that it can be written and holds no one else's files.
  /// - Throws: `NotebookError.folderUnwritable`, `.folderForeign`.
  func prepare() throws {
    let files = FileManager.default
    let probe = url.appendingPathComponent(".writable")
    do {
      try files.createDirectory(at: url, withIntermediateDirectories: true)
      try Data("a report can be written here\n".utf8).write(to: probe)
      try files.removeItem(at: probe)
    } catch { throw unwritable(error) }
    let marker = url.appendingPathComponent(Self.marker)
    if let data = try? Data(contentsOf: marker) {
      guard String(decoding: data, as: UTF8.self).contains("\"provenance\"") else { throw foreign(Self.marker) }
    } else {
      for name in [Self.marker, "README.md", "figures"] {
        if files.fileExists(atPath: url.appendingPathComponent(name).path) { throw foreign(name) }
      }
    }
  }

  /// Writes a whole report; figures of a former run disappear.
  /// - Parameter fill: Writes all files into the folder it is given.
  func write(_ fill: (URL) throws -> Void) throws {
    try prepare()
    let files = FileManager.default
    let temporary = url.appendingPathComponent(Self.temporary)
    defer { try? files.removeItem(at: temporary) }
    do {
      try? files.removeItem(at: temporary)
      let new = temporary.appendingPathComponent("new")
      let old = temporary.appendingPathComponent("old")
      try files.createDirectory(at: new.appendingPathComponent("figures"), withIntermediateDirectories: true)
      try files.createDirectory(at: old, withIntermediateDirectories: true)
      try fill(new)
      if try files.contentsOfDirectory(atPath: new.appendingPathComponent("figures").path).isEmpty {
        try files.removeItem(at: new.appendingPathComponent("figures"))
      }
      // The marker first: whatever a killed run leaves, the next one knows the folder for a report's.
      try replace([Self.marker, "figures", "README.md"], from: new, keeping: old)
    } catch let error as NotebookError { throw error } catch { throw unwritable(error) }
  }

  /// Puts each new file or folder in the old one's place, and all the old ones back if that fails half way.
  private func replace(_ names: [String], from new: URL, keeping old: URL) throws {
    let files = FileManager.default
    var moved: [(from: URL, to: URL)] = []
    func move(_ from: URL, _ to: URL) throws {
      guard files.fileExists(atPath: from.path) else { return }
      try files.moveItem(at: from, to: to)
      moved.append((from, to))
    }
    do {
      for name in names {
        try move(url.appendingPathComponent(name), old.appendingPathComponent(name))
        try move(new.appendingPathComponent(name), url.appendingPathComponent(name))
      }
    } catch {
      for step in moved.reversed() { try? files.moveItem(at: step.to, to: step.from) }
      throw error
    }
  }

  private func foreign(_ name: String) -> NotebookError { .folderForeign(folder: url.path, file: name) }

  private func unwritable(_ error: Error) -> NotebookError {
    .folderUnwritable(folder: url.path, reason: SystemReason.of(error))
  }
}

/// The system's own words for a failure, on one line.
public enum SystemReason {
  public static func of(_ error: Error) -> String {
    var inner = error as NSError
    while let next = inner.userInfo[NSUnderlyingErrorKey] as? NSError { inner = next }
    if inner.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(inner.code))) }
    if inner.domain == NSCocoaErrorDomain, inner.code == CocoaError.fileWriteUnknown.rawValue {
      return "the system refused to write, for one because of a limit on the size of files"
    }
    let text = error.localizedDescription.split(separator: "\n").joined(separator: " ")
    return text.replacingOccurrences(of: "The operation could not be completed. ", with: "")
  }
}
