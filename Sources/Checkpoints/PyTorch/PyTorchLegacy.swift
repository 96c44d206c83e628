/// PyTorch's files before 1.6: pickles one after another (a magic number, the protocol, facts about the system, the
/// object, the keys of its storages), then each storage as a count of eight bytes and its numbers.
enum PyTorchLegacy {
  /// The first bytes: a pickle of 0x1950a86a20f9469cfc6c, which newer Pythons may frame.
  static let magic: [UInt8] = [0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19]

  static func isLegacy(_ head: [UInt8]) -> Bool {
    // PROTO n, then perhaps a frame, then the number; or the number's line of protocol 0 or 1.
    (0..<16).contains { head.dropFirst($0).starts(with: magic) }
      || head.starts(with: Array("L119547037146038801333356L\n".utf8))
  }

  /// - Throws: `CheckpointError`.
  static func read(_ source: ByteSource) throws -> CheckpointValue {
    var position = 0
    /// Reads the next pickle, and gives its value with the reader that holds it.
    func next(_ persistent: PickleReader.Persistent? = nil) throws -> (PickleValue, PickleReader) {
      let reader = PickleReader(source, from: position, persistent: persistent)
      let value = try reader.load()
      position = reader.position
      return (value, reader)
    }
    _ = try next()
    guard case (.integer(1001), _) = try next() else {
      throw source.error(.unsupported("another legacy protocol than 1001"), at: position)
    }
    let (system, systemReader) = try next()
    var isBigEndian = false
    if case .dictionary(let facts) = try PickleTree(systemReader).value(system),
      case .bool(false)? = facts["little_endian"]
    {
      isBigEndian = true
    }

    let storages = PyTorchStorages { key, byteCount, reader in
      // Its bytes come behind the pickles of the same file.
      guard byteCount <= source.count else {
        throw reader.error(.tensor("the storage \(key) has \(byteCount) bytes in a file of \(source.count)"))
      }
      return CheckpointStorage(
        name: "storage \(key)", file: source.file, byteCount: byteCount, isBigEndian: isBigEndian, .awaited)
    }
    let (root, reader) = try next(storages.resolve)
    let value = try PickleTree(reader).value(root)

    let (keys, keysReader) = try next()
    for key in try keysReader.elements(keys) {
      guard let key = PyTorchStorages.text(key), let storage = storages.storages[key] else {
        throw source.error(.pickle("it lists a storage that no tensor uses"), at: position)
      }
      guard storage.isAwaited else { throw source.error(.duplicateKey("storage \(key)"), at: position) }
      position = try place(storage, in: source, at: position, isBigEndian: isBigEndian)
    }
    if let missing = storages.storages.first(where: { $0.value.isAwaited }) {
      throw source.error(.truncated("the storage \(missing.key) is missing"), at: position)
    }
    return value
  }

  /// Finds a storage's numbers: behind their count, in eight bytes.
  ///
  /// - Returns: The place behind them.
  static func place(_ storage: CheckpointStorage, in source: ByteSource, at position: Int, isBigEndian: Bool) throws
    -> Int
  {
    // The count is of elements, whose size only the pickle knows: the bytes announced there decide.
    let head = try source.bytes(at: position, count: 8)
    let count = (isBigEndian ? head : head.reversed()).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    let start = position + 8
    guard storage.byteCount <= source.count - start else {
      throw source.error(
        .truncated("\(storage.name) has \(storage.byteCount) bytes where \(source.count - start) are left"), at: start)
    }
    let sizes = [1, 2, 4, 8].map { UInt64(storage.byteCount / $0) }
    guard sizes.contains(count) else {
      throw source.error(.tensor("\(storage.name) has \(count) elements and \(storage.byteCount) bytes"), at: position)
    }
    storage.arrive(in: source, at: start)
    return start + storage.byteCount
  }
}
