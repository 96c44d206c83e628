/// PyTorch's files since 1.6 (and 1.4, where asked for), and TorchScript archives: a zip with `NAME/data.pkl` and one
/// entry per storage.
enum PyTorchZip {
  /// - Throws: `CheckpointError`.
  static func read(_ source: ByteSource) throws -> (value: CheckpointValue, isScript: Bool) {
    let archive = try ZipReader(source)
    let pickles = archive.entries.keys.filter { $0 == "data.pkl" || $0.hasSuffix("/data.pkl") }
    // The folder is named after the file it was first saved to.
    guard let path = pickles.min(by: { ($0.utf8.count, $0) < ($1.utf8.count, $1) }), let pickle = archive.entries[path]
    else { throw source.error(.archive("it has no data.pkl, so it is no PyTorch file")) }
    let folder = String(path.dropLast("data.pkl".count))

    var isBigEndian = false
    if let order = archive.entries[folder + "byteorder"] {
      switch String(decoding: try archive.bytes(order), as: UTF8.self) {
      case "little": break
      case "big": isBigEndian = true
      case let other: throw source.error(.archive("the byte order \(other.prefix(40)) is neither little nor big"))
      }
    }
    let storages = PyTorchStorages { key, byteCount, reader in
      let name = folder + "data/" + key
      // PyTorch 1.4, where this format had to be asked for, called the folder `tensors`.
      guard let entry = archive.entries[name] ?? archive.entries[folder + "tensors/" + key] else {
        throw reader.error(.archive("the entry \(name) is missing"))
      }
      return CheckpointStorage(
        name: name, file: source.file, byteCount: entry.size, isBigEndian: isBigEndian, .zip(archive, entry))
    }
    let bytes = MemoryBytes(try archive.bytes(pickle), file: source.file, entry: path)
    let reader = PickleReader(bytes, persistent: storages.resolve)
    let root = try reader.load()
    let isScript = archive.entries[folder + "constants.pkl"] != nil
    return (try PickleTree(reader).value(root), isScript)
  }
}
