/// PyTorch's first format: a tar of `storages`, `tensors` and `pickle`, in which tensors are persistent identifiers.
enum PyTorchTar {
  /// - Throws: `CheckpointError`.
  static func read(_ source: ByteSource) throws -> CheckpointValue {
    let files = try TarReader.entries(of: source)
    func file(_ name: String) throws -> PartBytes {
      guard let part = files[name] else { throw source.error(.archive("the entry \(name) is missing")) }
      return part
    }
    let storages = try readStorages(try file("storages"))
    let tensors = try readTensors(try file("tensors"), storages)
    let pickle = try file("pickle")
    let reader = PickleReader(pickle) { identifier, reader in
      if case .node(let index) = identifier, case .tuple = reader.node(index).kind {
        guard let container = reader.node(index).items.first else { throw reader.malformed("an empty identifier") }
        return container
      }
      guard let key = PyTorchStorages.text(identifier), let tensor = tensors[key] else {
        throw reader.malformed("an identifier of no tensor")
      }
      return try reader.make(.tensor(tensor))
    }
    let root = try reader.load()
    return try PickleTree(reader).value(root)
  }

  private typealias Part = (storage: CheckpointStorage, type: NumberType, start: Int, count: Int)

  /// A count; for each a pickle (key, device, class), eight bytes of count and the numbers; then a pickle of views
  /// (key, key of the whole, offset, count).
  private static func readStorages(_ source: PartBytes) throws -> [String: Part] {
    var position = 0
    func next() throws -> (PickleValue, PickleReader) {
      let reader = PickleReader(source, from: position)
      let value = try reader.load()
      position = reader.position
      return (value, reader)
    }
    var storages: [String: Part] = [:]
    for _ in 0..<(try count(try next().0, source, position)) {
      let (value, reader) = try next()
      let parts = try reader.elements(value)
      guard parts.count == 3, let key = PyTorchStorages.text(parts[0]) else { throw reader.malformed("no storage") }
      guard let type = try PyTorchStorages.type(parts[2], reader) else { throw reader.malformed("an untyped storage") }
      let elements = try number(source, at: position, Int64.self)
      let start = position + 8
      guard elements >= 0, let bytes = type.byteCount(of: [Int(elements)]), bytes <= source.count - start else {
        throw source.error(
          .truncated("the storage \(key) has \(elements) elements where \(source.count - start) bytes are left"),
          at: position)
      }
      let storage = CheckpointStorage(
        name: "storage \(key)", file: source.file, byteCount: bytes, .bytes(source, start: start))
      guard storages.updateValue((storage, type, 0, Int(elements)), forKey: key) == nil else {
        throw source.error(.duplicateKey("storage \(key)"), at: position)
      }
      position = start + bytes
    }
    let (views, reader) = try next()
    for view in try reader.elements(views) {
      let parts = try reader.elements(view)
      guard parts.count == 4, let key = PyTorchStorages.text(parts[0]), let root = PyTorchStorages.text(parts[1]),
        let whole = storages[root], case .integer(let offset) = parts[2], case .integer(let count) = parts[3],
        offset >= 0, count >= 0, offset <= whole.count, count <= whole.count - offset
      else { throw reader.error(.tensor("a view reaches outside of its storage")) }
      storages[key] = (whole.storage, whole.type, whole.start + offset, count)
    }
    return storages
  }

  /// A count; for each a pickle (key, key of the storage, class), then in binary the number of axes (four bytes and
  /// four of nothing), the sizes, the strides and the offset.
  private static func readTensors(_ source: PartBytes, _ storages: [String: Part]) throws -> [String: CheckpointTensor]
  {
    let first = PickleReader(source)
    let total = try count(try first.load(), source, first.position)
    var position = first.position
    var tensors: [String: CheckpointTensor] = [:]
    for _ in 0..<total {
      let reader = PickleReader(source, from: position)
      let parts = try reader.elements(try reader.load())
      position = reader.position
      guard parts.count == 3, let key = PyTorchStorages.text(parts[0]), let root = PyTorchStorages.text(parts[1]),
        let whole = storages[root]
      else { throw reader.malformed("a tensor of no storage") }
      let axes = Int(try number(source, at: position, Int32.self))
      guard (0...64).contains(axes) else { throw source.error(.tensor("\(axes) axes"), at: position) }
      position += 8
      let numbers = try (0..<(2 * axes + 1)).map { Int(try number(source, at: position + 8 * $0, Int64.self)) }
      let offset = numbers[2 * axes]
      guard offset >= 0, offset <= whole.count else {
        throw source.error(
          .tensor("it begins at element \(offset) of \(whole.storage.name), which has \(whole.count)"), at: position)
      }
      do {
        let tensor = try CheckpointTensor(
          whole.type, shape: Array(numbers[..<axes]), strides: Array(numbers[axes..<(2 * axes)]),
          offset: whole.start + offset, in: whole.storage, available: whole.start + whole.count)
        guard tensors.updateValue(tensor, forKey: key) == nil else {
          throw source.error(.duplicateKey("tensor \(key)"), at: position)
        }
      } catch let fault as CheckpointFault {
        throw source.error(fault.reason, at: position)
      }
      position += 8 * (2 * axes + 1)
    }
    return tensors
  }

  private static func count(_ value: PickleValue, _ source: ByteSource, _ position: Int) throws -> Int {
    guard case .integer(let count) = value, count >= 0, count <= source.count else {
      throw source.error(.pickle("a count is missing"), at: position)
    }
    return count
  }

  private static func number<Value: FixedWidthInteger & BitwiseCopyable>(
    _ source: ByteSource, at position: Int, _: Value.Type
  ) throws -> Value {
    let bytes = try source.bytes(at: position, count: MemoryLayout<Value>.size)
    return bytes.withUnsafeBytes { Value(littleEndian: $0.loadUnaligned(as: Value.self)) }
  }
}
