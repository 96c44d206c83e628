/// Writes a pickle of protocol 2 that PyTorch's `weights_only` unpickler reads.
struct PickleWriter {
  private(set) var bytes: [UInt8] = [PickleOpcode.proto.rawValue, 2]
  /// The tensors met, each to be written as the storage of its number.
  private(set) var tensors: [CheckpointTensor] = []
  private var known: [ObjectIdentifier: [Int]] = [:]

  /// - Throws: `CheckpointFault` with the path of what has no such form.
  init(_ root: CheckpointValue) throws {
    try write(root, path: "", depth: 0)
    put(.stop)
  }

  private mutating func write(_ value: CheckpointValue, path: String, depth: Int) throws {
    guard depth < PickleTree.depthLimit else {
      throw CheckpointFault(.tooLarge("\(depth) levels of nesting at \(path)"))
    }
    func below(_ name: some CustomStringConvertible) -> String { path.isEmpty ? "\(name)" : "\(path).\(name)" }
    switch value {
    case .none: put(.none)
    case .bool(let value): put(value ? .newTrue : .newFalse)
    case .integer(let value): put(value)
    case .float(let value):
      put(.binFloat)
      bytes.append(number: value.bitPattern.byteSwapped)
    case .string(let text): try put(text)
    case .bytes(let data):
      // As Python does: Latin-1 text, and the call that turns it back.
      put(module: "_codecs", "encode")
      put(.mark)
      try put(String(String.UnicodeScalarView(data.map { Unicode.Scalar($0) })))
      try put("latin1")
      put(.tuple)
      put(.reduce)
    case .list(let elements):
      put(.emptyList)
      put(.mark)
      for (index, element) in elements.enumerated() { try write(element, path: below(index), depth: depth + 1) }
      put(.appends)
    case .tuple(let elements):
      put(.mark)
      for (index, element) in elements.enumerated() { try write(element, path: below(index), depth: depth + 1) }
      put(.tuple)
    case .dictionary(let dictionary): try write(dictionary, path: path, depth: depth)
    case .tensor(let tensor): try write(tensor)
    case .record(let record): try write(record, path: path, depth: depth)
    }
  }

  private mutating func write(_ dictionary: CheckpointDictionary, path: String, depth: Int) throws {
    if dictionary.isOrdered { putOrderedDict() } else { put(.emptyDict) }
    put(.mark)
    for (key, value) in dictionary.entries {
      switch key {
      case .string(let text): try put(text)
      case .integer(let number): put(number)
      case .other(let text):
        throw CheckpointFault(.unsupported("the key \(text) at \(path.isEmpty ? "the root" : path)"))
      }
      try write(value, path: path.isEmpty ? "\(key)" : "\(path).\(key)", depth: depth + 1)
    }
    put(.setItems)
  }

  private mutating func write(_ record: CheckpointRecord, path: String, depth: Int) throws {
    switch (record.module, record.name) {
    case ("argparse", "Namespace"):
      // Not among what `weights_only` knows: its options become a dictionary.
      try write(record.attributes ?? CheckpointDictionary(), path: path, depth: depth)
    case ("torch", "device"):
      put(module: "torch", "device")
      try write(.tuple(record.arguments), path: path, depth: depth + 1)
      put(.reduce)
    case ("torch", let name) where NumberType(rawValue: name) != nil: put(module: "torch", name)
    case ("builtins", "set"):
      put(module: "__builtin__", "set")
      try write(.tuple([record.contents ?? .list([])]), path: path, depth: depth + 1)
      put(.reduce)
    default:
      let place = path.isEmpty ? "the root" : path
      throw CheckpointFault(.unsupported("a \(record.module).\(record.name) at \(place), which PyTorch would not open"))
    }
  }

  private mutating func write(_ tensor: CheckpointTensor) throws {
    let number = place(of: tensor)
    let isTyped = tensor.type.storageClass != nil
    put(module: "torch._utils", isTyped ? "_rebuild_tensor_v2" : "_rebuild_tensor_v3")
    put(.mark)
    put(.mark)
    try put("storage")
    if let name = tensor.type.storageClass {
      put(module: "torch", name)
    } else {
      put(module: "torch.storage", "UntypedStorage")
    }
    try put("\(number)")
    try put("cpu")
    put(isTyped ? tensor.count : tensor.byteCount)
    put(.tuple)
    put(.binPersID)
    put(0)
    for numbers in [tensor.shape, rowMajorStrides(tensor.shape)] {
      put(.mark)
      for number in numbers { put(number) }
      put(.tuple)
    }
    // No gradient, no hooks.
    put(.newFalse)
    putOrderedDict()
    if !isTyped { put(module: "torch", tensor.type.rawValue) }
    put(.tuple)
    put(.reduce)
  }

  /// The number of the storage that a tensor is written to; the same tensor twice is written once.
  private mutating func place(of tensor: CheckpointTensor) -> Int {
    let storage = ObjectIdentifier(tensor.storage)
    if let same = known[storage]?.first(where: { tensors[$0].isSame(as: tensor) }) { return same }
    known[storage, default: []].append(tensors.count)
    tensors.append(tensor)
    return tensors.count - 1
  }

  private mutating func put(_ opcode: PickleOpcode) { bytes.append(opcode.rawValue) }

  private mutating func put(module: String, _ name: String) {
    put(.global)
    bytes += "\(module)\n\(name)\n".utf8
  }

  private mutating func putOrderedDict() {
    put(module: "collections", "OrderedDict")
    put(.emptyTuple)
    put(.reduce)
  }

  private mutating func put(_ text: String) throws {
    guard let count = UInt32(exactly: text.utf8.count) else { throw CheckpointFault(.tooLarge("a text of 4 GB")) }
    put(.binUnicode)
    bytes.append(number: count)
    bytes += text.utf8
  }

  private mutating func put(_ number: Int) {
    if let small = Int32(exactly: number) {
      put(.binInt)
      bytes.append(number: small)
    } else {
      put(.long1)
      bytes.append(8)
      bytes.append(number: Int64(number))
    }
  }
}
