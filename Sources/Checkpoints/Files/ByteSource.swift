import Foundation

/// Bytes that can be read at any place.
protocol ByteSource: AnyObject {
  var count: Int { get }
  /// The file's path, for messages.
  var file: String { get }
  /// The entry of an archive that the bytes are, for messages.
  var entry: String? { get }
  /// Fills the buffer from the given place. The caller has checked that so many bytes are there.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws
}

extension ByteSource {
  /// A copy of some bytes.
  ///
  /// - Throws: `CheckpointError` where the source ends before them.
  func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    guard offset >= 0, count >= 0, count <= self.count - offset else {
      throw error(.truncated("it has \(self.count) bytes, and \(count) are wanted"), at: offset)
    }
    return try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }

  /// An error at a place of this source.
  func error(_ reason: CheckpointError.Reason, at offset: Int? = nil) -> CheckpointError {
    let parts = [entry, offset.map { "byte \($0)" }].compactMap { $0 }
    return CheckpointError(file: file, place: parts.isEmpty ? nil : parts.joined(separator: ", "), reason: reason)
  }
}

/// A file on disk, read where it is asked for.
final class FileBytes: ByteSource {
  let count: Int
  let file: String
  var entry: String? { nil }
  let descriptor: Int32

  init(_ url: URL) throws {
    file = url.path
    func failure() -> CheckpointError {
      CheckpointError(file: url.path, reason: .unreadable(String(cString: strerror(errno))))
    }
    // Without waiting for the writer of a pipe.
    descriptor = open(url.path, O_RDONLY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw failure() }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
      close(descriptor)
      throw failure()
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw CheckpointError(file: url.path, reason: .unreadable("it is not a file"))
    }
    count = Int(status.st_size)
  }

  deinit { close(descriptor) }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    guard let base = buffer.baseAddress else { return }
    var done = 0
    while done < buffer.count {
      let got = pread(descriptor, base + done, buffer.count - done, off_t(offset + done))
      if got < 0 && errno == EINTR { continue }
      guard got >= 0 else { throw error(.unreadable(String(cString: strerror(errno))), at: offset + done) }
      guard got > 0 else { throw error(.truncated("it became shorter while it was read"), at: offset + done) }
      done += got
    }
  }
}

/// Bytes in memory.
final class MemoryBytes: ByteSource {
  let file: String
  let entry: String?
  let contents: [UInt8]
  var count: Int { contents.count }

  init(_ contents: [UInt8], file: String, entry: String? = nil) {
    self.contents = contents
    self.file = file
    self.entry = entry
  }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    contents.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + buffer.count)]))
    }
  }
}

/// A run of another source's bytes.
final class PartBytes: ByteSource {
  private let whole: ByteSource
  private let start: Int
  let count: Int
  let entry: String?
  var file: String { whole.file }

  /// - Throws: `CheckpointError` where the whole does not reach so far.
  init(_ whole: ByteSource, start: Int, count: Int, entry: String?) throws {
    guard start >= 0, count >= 0, start <= whole.count, count <= whole.count - start else {
      throw whole.error(.truncated("\(entry ?? "a part") needs \(count) bytes"), at: start)
    }
    self.whole = whole
    self.start = start
    self.count = count
    self.entry = entry
  }

  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    try whole.read(at: start + offset, into: buffer)
  }
}
