import CZip
import Foundation

/// The entries of a zip archive, through libzip, which checks each one's CRC. Opening reads only the directory.
///
/// Only plainly stored entries are read, as PyTorch writes them: nothing unpacks to more than the file holds.
final class ZipReader {
  struct Entry {
    let name: String
    let size: Int
    fileprivate let index: UInt64
    fileprivate let isPlain: Bool
  }

  let source: ByteSource
  /// By name.
  private(set) var entries: [String: Entry] = [:]
  private let archive: OpaquePointer
  /// libzip's archives are used by one thread at a time.
  private let lock = NSLock()
  /// The entry last read for a part of it: views of one storage come one after another.
  private var kept: (index: UInt64, bytes: [UInt8])?

  /// - Throws: `CheckpointError`.
  init(_ source: ByteSource) throws {
    self.source = source
    archive = try Self.open(source)
    let count = zip_get_num_entries(archive, 0)
    for index in 0..<UInt64(max(0, count)) {
      var status = zip_stat_t()
      let wanted = UInt64(ZIP_STAT_NAME | ZIP_STAT_SIZE | ZIP_STAT_COMP_METHOD | ZIP_STAT_ENCRYPTION_METHOD)
      guard zip_stat_index(archive, index, 0, &status) == 0, status.valid & wanted == wanted, let text = status.name
      else { throw source.error(.archive("entry \(index) of its directory cannot be read")) }
      let name = String(cString: text)
      let isPlain = status.comp_method == UInt16(ZIP_CM_STORE) && status.encryption_method == UInt16(ZIP_EM_NONE)
      guard !isPlain || status.size <= UInt64(source.count) else {
        throw source.error(.archive("\(name) claims \(status.size) bytes in a file of \(source.count)"))
      }
      let entry = Entry(name: name, size: Int(clamping: status.size), index: index, isPlain: isPlain)
      guard entries.updateValue(entry, forKey: name) == nil else { throw source.error(.duplicateKey(name)) }
    }
  }

  deinit { zip_discard(archive) }

  /// Fills the buffer, of exactly the entry's size, from the archive: no copy between.
  ///
  /// - Throws: `CheckpointError`, also where the entry's CRC is not that of its bytes.
  func read(_ entry: Entry, into buffer: UnsafeMutableRawBufferPointer) throws {
    precondition(buffer.count == entry.size, "an entry is read whole")
    var place = buffer
    try read(entry, pieceSize: max(1, entry.size)) { piece in
      let target = UnsafeMutableRawBufferPointer(rebasing: place[..<piece])
      place = UnsafeMutableRawBufferPointer(rebasing: place[piece...])
      return target
    } use: { _ in }
  }

  /// Gives the entry's bytes in pieces of `pieceSize`, the last one smaller.
  func stream(_ entry: Entry, pieceSize: Int, _ use: (UnsafeRawBufferPointer) throws -> Void) throws {
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: pieceSize, alignment: 16)
    defer { buffer.deallocate() }
    try read(entry, pieceSize: pieceSize) {
      UnsafeMutableRawBufferPointer(rebasing: buffer[..<$0])
    } use: { try use(UnsafeRawBufferPointer($0)) }
  }

  /// All bytes of an entry.
  func bytes(_ entry: Entry) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: entry.size) { buffer, initialized in
      try read(entry, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = entry.size
    }
  }

  /// Fills the buffer from the middle of an entry, which is read whole for its CRC and kept for the next part.
  func read(_ entry: Entry, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    let known = lock.withLock { kept?.index == entry.index ? kept?.bytes : nil }
    let whole = try known ?? bytes(entry)
    lock.withLock { kept = (entry.index, whole) }
    whole.withUnsafeBytes {
      buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<(offset + buffer.count)]))
    }
  }

  /// Lets go of what was kept.
  func forget() { lock.withLock { kept = nil } }

  private func read(
    _ entry: Entry, pieceSize: Int, target: (Int) -> UnsafeMutableRawBufferPointer,
    use: (UnsafeMutableRawBufferPointer) throws -> Void
  ) throws {
    guard entry.isPlain else {
      throw error(.unsupported("a compressed or encrypted entry"), entry)
    }
    try lock.withLock {
      guard let file = zip_fopen_index(archive, entry.index, 0) else {
        throw error(.archive(String(cString: zip_strerror(archive))), entry)
      }
      defer { zip_fclose(file) }
      var left = entry.size
      while left > 0 {
        let piece = target(min(left, pieceSize))
        var done = 0
        while done < piece.count {
          let got = zip_fread(file, piece.baseAddress! + done, UInt64(piece.count - done))
          guard got >= 0 else { throw error(.archive(String(cString: zip_file_strerror(file))), entry) }
          guard got > 0 else { throw error(.truncated("\(left - done) of its \(entry.size) bytes are missing"), entry) }
          done += Int(got)
        }
        try use(piece)
        left -= piece.count
      }
      // The CRC is compared when the end is met.
      var probe: UInt8 = 0
      guard zip_fread(file, &probe, 1) == 0 else {
        throw error(.archive(String(cString: zip_file_strerror(file))), entry)
      }
    }
  }

  private func error(_ reason: CheckpointError.Reason, _ entry: Entry) -> CheckpointError {
    CheckpointError(file: source.file, place: entry.name, reason: reason)
  }

  private static func open(_ source: ByteSource) throws -> OpaquePointer {
    var failure = zip_error_t()
    zip_error_init(&failure)
    defer { zip_error_fini(&failure) }
    if let file = source as? FileBytes {
      var code: Int32 = 0
      let descriptor = dup(file.descriptor)
      guard descriptor >= 0 else { throw source.error(.unreadable(String(cString: strerror(errno)))) }
      if let archive = zip_fdopen(descriptor, 0, &code) { return archive }
      close(descriptor)
      zip_error_fini(&failure)
      zip_error_init_with_code(&failure, code)
    } else {
      // libzip frees its own copy, so that the archive outlives no one.
      let bytes = try source.bytes(at: 0, count: source.count)
      if let copy = malloc(max(1, bytes.count)) {
        bytes.withUnsafeBytes { if let base = $0.baseAddress { copy.copyMemory(from: base, byteCount: $0.count) } }
        if let buffer = zip_source_buffer_create(copy, UInt64(bytes.count), 1, &failure) {
          if let archive = zip_open_from_source(buffer, ZIP_RDONLY, &failure) { return archive }
          zip_source_free(buffer)
        } else {
          free(copy)
        }
      }
    }
    throw source.error(.archive(String(cString: zip_error_strerror(&failure))))
  }
}
