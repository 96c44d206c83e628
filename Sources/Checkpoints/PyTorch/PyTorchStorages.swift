/// The storages that a PyTorch pickle names by its persistent identifiers, found or awaited.
final class PyTorchStorages {
  /// Makes a storage of so many bytes on its first mention.
  typealias Maker = (_ key: String, _ byteCount: Int, _ reader: PickleReader) throws -> CheckpointStorage

  private(set) var storages: [String: CheckpointStorage] = [:]
  private let make: Maker

  init(_ make: @escaping Maker) { self.make = make }

  /// What an identifier stands for: `('storage', class, key, device, count)`, with a part of it as a sixth where legacy
  /// files name a view; `('module', class, …)` is the class itself.
  func resolve(_ identifier: PickleValue, _ reader: PickleReader) throws -> PickleValue {
    let parts = try reader.elements(identifier)
    guard let first = parts.first, let kind = Self.text(first) else {
      throw reader.malformed("an identifier without a kind")
    }
    if kind == "module", parts.count >= 2 { return parts[1] }
    guard kind == "storage", parts.count >= 5, let key = Self.text(parts[2]), case .integer(let count) = parts[4] else {
      throw reader.malformed("an identifier that is no storage")
    }
    let type = try Self.type(parts[1], reader)
    guard count >= 0, let bytes = (type ?? .uint8).byteCount(of: [count]) else {
      throw reader.error(.tensor("the storage \(key) has \(count) elements"))
    }
    let storage = try storages[key] ?? make(key, bytes, reader)
    storages[key] = storage
    guard bytes <= storage.byteCount else {
      throw reader.error(.tensor("the storage \(key) is wanted with \(bytes) bytes and has \(storage.byteCount)"))
    }
    var (start, length) = (0, count)
    if parts.count > 5, case .node = parts[5] {
      let view = try reader.elements(parts[5])
      guard view.count == 3, case .integer(let offset) = view[1], case .integer(let size) = view[2], offset >= 0,
        size >= 0, offset <= count, size <= count - offset
      else { throw reader.error(.tensor("a view reaches outside of the storage \(key)")) }
      (start, length) = (offset, size)
    }
    return try reader.make(.storage(.init(storage: storage, type: type, start: start, count: length)))
  }

  /// The numbers of a storage class; nil for untyped storages.
  static func type(_ value: PickleValue, _ reader: PickleReader) throws -> NumberType? {
    guard case .node(let index) = value, case .global(let global) = reader.node(index).kind else {
      throw reader.malformed("a storage without a class")
    }
    let name = global.name
    if name == "UntypedStorage" || name == "_UntypedStorage" { return nil }
    if let type = NumberType(storageClass: name) { return type }
    if name.hasPrefix("Q") { throw reader.error(.unsupported("a quantised tensor (\(global))")) }
    throw reader.error(.unsupported("numbers of the type \(global)"))
  }

  /// A text, or a number as text: keys are either.
  static func text(_ value: PickleValue) -> String? {
    switch value {
    case .string(let text): text
    case .integer(let number): String(number)
    case .bytes(let bytes): String(decoding: bytes, as: UTF8.self)
    default: nil
    }
  }
}
