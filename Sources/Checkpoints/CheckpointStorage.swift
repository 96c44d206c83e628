import Engine

/// A run of numbers that tensors are views of.
final class CheckpointStorage {
  /// The entry or the key, for messages.
  let name: String
  let file: String
  let byteCount: Int
  /// Whether the most significant byte of a number comes first.
  let isBigEndian: Bool
  private var backing: Backing

  enum Backing {
    case zip(ZipReader, ZipReader.Entry)
    case bytes(ByteSource, start: Int)
    case tensor(Tensor)
    /// Not yet known: legacy files announce their storages before they hold them.
    case awaited
  }

  init(name: String, file: String, byteCount: Int, isBigEndian: Bool = false, _ backing: Backing) {
    self.name = name
    self.file = file
    self.byteCount = byteCount
    self.isBigEndian = isBigEndian
    self.backing = backing
  }

  init(_ tensor: Tensor) {
    name = "memory"
    file = "memory"
    byteCount = tensor.count * 4
    isBigEndian = false
    backing = .tensor(tensor)
  }

  /// The tensor in memory that this is, if it is one.
  var tensor: Tensor? { if case .tensor(let tensor) = backing { tensor } else { nil } }
  /// Whether the bytes have not been found yet.
  var isAwaited: Bool { if case .awaited = backing { true } else { false } }

  /// Says where the awaited bytes are.
  func arrive(in source: ByteSource, at start: Int) { backing = .bytes(source, start: start) }

  /// Fills the buffer from a place that was checked against `byteCount`.
  ///
  /// - Throws: `CheckpointError`.
  func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws {
    precondition(offset >= 0 && buffer.count <= byteCount - offset, "a read outside the storage")
    guard buffer.count > 0 else { return }
    switch backing {
    case .zip(let archive, let entry):
      if buffer.count == entry.size {
        try archive.read(entry, into: buffer)
      } else {
        try archive.read(entry, at: offset, into: buffer)
      }
    case .bytes(let source, let start): try source.read(at: start + offset, into: buffer)
    case .tensor(let tensor):
      tensor.withElements {
        buffer.copyMemory(
          from: UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer($0)[offset..<(offset + buffer.count)]))
      }
    case .awaited: throw CheckpointError(file: file, place: name, reason: .truncated("the storage \(name) is missing"))
    }
  }

  /// A copy of some bytes.
  func bytes(at offset: Int, count: Int) throws -> [UInt8] {
    try [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      try read(at: offset, into: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }

  /// Gives bytes in pieces of a whole number of eight bytes, but the last.
  func stream(at offset: Int, count: Int, _ use: (UnsafeRawBufferPointer) throws -> Void) throws {
    let pieceSize = 1 << 20
    if case .zip(let archive, let entry) = backing, count == entry.size {
      return try archive.stream(entry, pieceSize: min(pieceSize, max(8, count)), use)
    }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: min(pieceSize, count), alignment: 16)
    defer { buffer.deallocate() }
    for start in stride(from: 0, to: count, by: pieceSize) {
      let piece = UnsafeMutableRawBufferPointer(rebasing: buffer[..<min(pieceSize, count - start)])
      try read(at: offset + start, into: piece)
      try use(UnsafeRawBufferPointer(piece))
    }
  }

  /// Lets go of copies kept for views of this storage.
  func forget() { if case .zip(let archive, _) = backing { archive.forget() } }
}
