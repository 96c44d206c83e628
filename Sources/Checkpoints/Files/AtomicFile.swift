import Foundation

/// A file that appears whole under its name, or not at all.
public enum AtomicFile {
  /// Writes under a temporary name beside the target, syncs, and renames.
  ///
  /// - Parameter body: Calls its argument for each run of bytes, in order.
  /// - Throws: `AtomicFile.Failure`; the target is then as it was.
  public static func write(to url: URL, _ body: ((UnsafeRawBufferPointer) throws -> Void) throws -> Void) throws {
    let temporary = url.path + ".\(getpid()).temporary"
    let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    guard descriptor >= 0 else { throw Failure(path: url.path, step: "create", code: errno) }
    do {
      try body { try writeAll($0, to: descriptor, path: url.path) }
      guard fsync(descriptor) == 0 else { throw Failure(path: url.path, step: "sync", code: errno) }
      guard rename(temporary, url.path) == 0 else { throw Failure(path: url.path, step: "rename", code: errno) }
    } catch {
      close(descriptor)
      unlink(temporary)
      throw error
    }
    close(descriptor)
    // The new name itself is on the disk only when the folder is.
    let folder = open(url.deletingLastPathComponent().path, O_RDONLY)
    if folder >= 0 {
      fsync(folder)
      close(folder)
    }
  }

  public static func write(_ data: Data, to url: URL) throws {
    try write(to: url) { put in try data.withUnsafeBytes { try put($0) } }
  }

  /// What the system refused to do.
  public struct Failure: Error, Equatable, CustomStringConvertible, LocalizedError {
    public let path: String
    public let step: String
    public let code: Int32

    public var description: String { "\(path): could not \(step) the file: \(String(cString: strerror(code)))" }
    public var errorDescription: String? { description }
  }

  private static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, path: String) throws {
    guard let base = bytes.baseAddress else { return }
    var written = 0
    while written < bytes.count {
      let count = Foundation.write(descriptor, base + written, bytes.count - written)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw Failure(path: path, step: "write", code: count == 0 ? ENOSPC : errno) }
      written += count
    }
  }
}
