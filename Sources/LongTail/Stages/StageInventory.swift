import Foundation
import Notebook

/// What a store of finished stages holds, for looking at it and cleaning it.
public struct StageInventory {
  /// A result, or what a run left that is not finished.
  public struct Entry: Equatable, Sendable {
    public enum Kind: Equatable, Sendable {
      case finished
      /// What a killed run goes on from, or a run makes now.
      case unfinished
    }

    public var kind: Kind
    /// The stage's name and the beginning of its key, such as "tail-model-3fa9c1d200e4b871".
    public var id: String
    public var folder: URL
    public var bytes: Int
    /// When it was last made or reused.
    public var lastUsed: Date
    /// Who works on it now; nil where nobody does.
    public var owner: ProcessOwner?

    /// The stage's name without the key.
    public var name: String { id.split(separator: "-").dropLast().joined(separator: "-") }
  }

  public let directory: URL
  /// By name, finished ones before unfinished ones of the same name.
  public private(set) var entries: [Entry] = []

  /// - Throws: `StageError.unreadableStore` where there is no store.
  public init(directory: URL) throws {
    self.directory = directory
    let names: [String]
    do { names = try FileManager.default.contentsOfDirectory(atPath: directory.path) } catch {
      throw StageError.unreadableStore(path: directory.path, reason: SystemReason.of(error))
    }
    for name in names.sorted() where !name.hasPrefix(".") {
      let folder = directory.appendingPathComponent(name)
      // `runs`, the logs, is no result.
      guard FileManager.default.fileExists(atPath: folder.appendingPathComponent(StageManifest.fileName).path) else {
        continue
      }
      add(.finished, name, folder, used: folder.appendingPathComponent(StageManifest.fileName))
    }
    let working = directory.appendingPathComponent(StageStore.workingFolder)
    for name in ((try? FileManager.default.contentsOfDirectory(atPath: working.path)) ?? []).sorted() {
      let folder = working.appendingPathComponent(name)
      add(.unfinished, name, folder, used: folder)
    }
    entries.sort { ($0.id, $0.kind == .finished ? 0 : 1) < ($1.id, $1.kind == .finished ? 0 : 1) }
  }

  private mutating func add(_ kind: Entry.Kind, _ id: String, _ folder: URL, used: URL) {
    var newest = Self.modified(used)
    var bytes = 0
    for path in (try? DurableFiles.list(folder)) ?? [] {
      let file = folder.appendingPathComponent(path)
      bytes += ((try? FileManager.default.attributesOfItem(atPath: file.path))?[.size] as? NSNumber)?.intValue ?? 0
      if kind == .unfinished { newest = max(newest, Self.modified(file)) }
    }
    let owner = ProcessLock.owner(in: lockFile(id))
    entries.append(
      Entry(
        kind: kind, id: id, folder: folder, bytes: bytes, lastUsed: newest,
        owner: owner.flatMap { $0.state == .ended ? nil : $0 }))
  }

  private static func modified(_ item: URL) -> Date {
    (try? FileManager.default.attributesOfItem(atPath: item.path))?[.modificationDate] as? Date ?? .distantPast
  }

  private func lockFile(_ id: String) -> URL {
    directory.appendingPathComponent(StageStore.lockFolder).appendingPathComponent(id)
  }

  public var bytes: Int { entries.reduce(0) { $0 + $1.bytes } }

  /// The entries whose name and key begin so.
  public func entries(beginning prefix: String) -> [Entry] { entries.filter { $0.id.hasPrefix(prefix) } }

  /// What a finished result was made from: `stage.json`.
  /// - Throws: `StageError.unreadableStore`.
  public func description(of entry: Entry) throws -> StageDescription {
    let file = entry.folder.appendingPathComponent(StageManifest.fileName)
    do {
      let manifest = try JSONDecoder().decode(StageManifest.self, from: try Data(contentsOf: file))
      return StageDescription(
        name: manifest.name, version: manifest.version, hash: manifest.hash, settings: manifest.settings,
        inputs: manifest.inputs.map { ($0.name, $0.hash) }, files: manifest.files.map { ($0.path, $0.bytes) })
    } catch {
      throw StageError.unreadableStore(
        path: file.path, reason: error is DecodingError ? "it is damaged" : SystemReason.of(error))
    }
  }

  /// Why a finished result is not what its manifest says, by sizes and checksums; nil where it is.
  public func fault(of entry: Entry) -> String? {
    guard entry.kind == .finished else { return "is not finished" }
    guard let hash = try? description(of: entry).hash else { return "has a damaged \(StageManifest.fileName)" }
    guard entry.id.hasSuffix("-" + hash.prefix(16)) else { return "belongs to another stage" }
    return StageManifest.fault(of: entry.folder, hash: hash)
  }

  /// What to remove: entries that were not used for some time, and the longest unused until the rest fits.
  ///
  /// What a process works on now stays.
  public func selection(unusedFor age: TimeInterval? = nil, keeping limit: Int? = nil, now: Date = Date()) -> [Entry] {
    var rest = bytes
    return entries.filter { $0.owner == nil }.sorted { $0.lastUsed < $1.lastUsed }.filter { entry in
      let isOld = age.map { now.timeIntervalSince(entry.lastUsed) > $0 } ?? false
      let isTooMuch = limit.map { rest > $0 } ?? false
      if isOld || isTooMuch { rest -= entry.bytes }
      return isOld || isTooMuch
    }
  }

  /// Removes an entry, unless a process works on it. A result disappears in one step.
  ///
  /// - Returns: Whether it was removed.
  /// - Throws: `StageError.unremovable`.
  public func remove(_ entry: Entry) throws -> Bool {
    let lock: ProcessLock
    do { lock = try ProcessLock(lockFile(entry.id), wait: .never) } catch is ProcessLockError { return false } catch {
      throw StageError.unremovable(path: entry.folder.path, reason: SystemReason.of(error))
    }
    defer { withExtendedLifetime(lock) {} }
    do {
      let grave = directory.appendingPathComponent(StageStore.workingFolder)
        .appendingPathComponent(entry.id + ".removed")
      if entry.kind == .finished {
        try? FileManager.default.removeItem(at: grave)
        try DurableFiles.move(entry.folder, to: grave)
        try FileManager.default.removeItem(at: grave)
      } else {
        try FileManager.default.removeItem(at: entry.folder)
      }
      unlink(directory.appendingPathComponent(StageStore.clockFolder).appendingPathComponent(entry.id).path)
      // Who waits for this lock finds its file gone and makes it anew.
      unlink(lockFile(entry.id).path)
    } catch {
      throw StageError.unremovable(path: entry.folder.path, reason: SystemReason.of(error))
    }
    return true
  }
}

/// What a finished stage was made from, and what it holds.
public struct StageDescription {
  public let name: String
  public let version: Int
  public let hash: String
  /// JSON.
  public let settings: String
  public let inputs: [(name: String, hash: String)]
  public let files: [(path: String, bytes: Int)]
}
