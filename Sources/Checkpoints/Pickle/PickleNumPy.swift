/// NumPy's scalars and arrays, which keep their bytes inside the pickle.
extension PickleReader {
  func numpy(_ global: PickleGlobal, _ arguments: [PickleValue]) throws -> PickleValue? {
    switch global.name {
    case "scalar":
      guard arguments.count == 2, let (type, isBigEndian) = try description(arguments[0]) else { return nil }
      guard case .bytes(let bytes) = arguments[1], bytes.count == type.size else {
        throw malformed("a NumPy scalar of another size than its type")
      }
      let raw = (isBigEndian ? bytes : bytes.reversed()).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      switch type {
      case .float64: return .float(Double(bitPattern: raw))
      case .bool: return .bool(raw != 0)
      case .uint64 where raw > UInt64(Int.max): return .float(Double(raw))
      case .uint64, .uint32, .uint16, .uint8: return .integer(Int(raw))
      case .int64, .int32, .int16, .int8:
        let unused = UInt64(64 - 8 * type.size)
        return .integer(Int(Int64(bitPattern: raw << unused) >> Int64(unused)))
      case .float32, .float16, .bfloat16:
        var value: [Float] = [0]
        let ordered = isBigEndian ? bytes.reversed() : bytes
        value.withUnsafeMutableBufferPointer { out in ordered.withUnsafeBytes { type.widen($0, into: out) } }
        return .float(Double(value[0]))
      }
    case "_reconstruct":
      // (ndarray, an empty shape, a type): all that matters comes with its state.
      guard let first = arguments.first else { throw malformed("_reconstruct of nothing") }
      guard case .node(let index) = first, case .global(let kind) = node(index).kind, kind.module == "numpy" else {
        throw error(.unsupported("a subclass of NumPy's array"))
      }
      return try make(.record(kind, arguments: []))
    default: return nil
    }
  }

  /// A tensor of an array's state: version, shape, type, whether columns come first, bytes.
  func array(_ state: [PickleValue]) throws -> CheckpointTensor? {
    guard state.count == 5, let (type, isBigEndian) = try description(state[2]), case .bytes(let bytes) = state[4]
    else {
      return nil
    }
    let sizes = try elements(state[1])
    guard sizes.count <= 64 else { throw error(.tensor("\(sizes.count) axes")) }
    let shape = try sizes.map { value -> Int in
      guard case .integer(let size) = value, size >= 0 else { throw error(.tensor("a size that is no number")) }
      return size
    }
    guard type.byteCount(of: shape) == bytes.count else {
      throw error(.tensor("\(bytes.count) bytes for the shape \(shape)"))
    }
    var strides = rowMajorStrides(shape)
    if case .bool(true) = state[3] { strides = rowMajorStrides(shape.reversed()).reversed() }
    let source = MemoryBytes(bytes, file: input.source.file, entry: input.source.entry)
    let storage = CheckpointStorage(
      name: "NumPy array", file: input.source.file, byteCount: bytes.count, isBigEndian: isBigEndian,
      .bytes(source, start: 0))
    return try CheckpointTensor(
      type, shape: shape, strides: strides, offset: 0, in: storage, available: bytes.count / type.size)
  }

  /// The type that a `numpy.dtype` describes, such as `f4`; nil for another, which leaves an inert record.
  private func description(_ value: PickleValue) throws -> (type: NumberType, isBigEndian: Bool)? {
    guard case .node(let index) = value, case .record(let global, let arguments) = node(index).kind,
      "\(global)" == "numpy.dtype", case .string(let code)? = arguments.first
    else { return nil }
    let types: [String: NumberType] = [
      "f8": .float64, "f4": .float32, "f2": .float16, "i8": .int64, "i4": .int32, "i2": .int16, "i1": .int8,
      "u8": .uint64, "u4": .uint32, "u2": .uint16, "u1": .uint8, "b1": .bool,
    ]
    guard let type = types[code] else { return nil }
    var isBigEndian = false
    if let state = node(index).state, let parts = try? elements(state), parts.count > 1, case .string(">") = parts[1] {
      isBigEndian = true
    }
    return (type, isBigEndian)
  }
}
