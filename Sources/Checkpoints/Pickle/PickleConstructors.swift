/// The constructors that pickles of weights call, done here.
extension PickleReader {
  /// What the call makes, or nil for a name that is none of them.
  func construct(_ global: PickleGlobal, _ arguments: [PickleValue]) throws -> PickleValue? {
    switch global.module {
    case "collections": return try collection(global.name, arguments)
    case "builtins", "__builtin__": return try builtin(global.name, arguments)
    case "torch._utils": return try rebuild(global.name, arguments)
    case "torch._tensor" where global.name == "_rebuild_from_type_v2":
      // (function, type, its arguments, state): a tensor with attributes.
      guard arguments.count >= 3, case .node(let index) = arguments[0], case .global(let inner) = node(index).kind,
        inner.module == "torch._utils", let made = try rebuild(inner.name, try elements(arguments[2]))
      else { throw error(.unsupported("a tensor rebuilt by an unknown function")) }
      return made
    case "torch.nn.parameter" where ["Parameter", "Buffer"].contains(global.name),
      "torch.nn" where global.name == "Parameter":
      return arguments.first
    case "torch" where global.name == "Size":
      return try make(.tuple, try copy(arguments.first))
    case "torch.jit._pickle":
      // Lists and values with the name of their TorchScript type.
      let known = ["build_intlist", "build_doublelist", "build_boollist", "build_tensorlist", "restore_type_tag"]
      return known.contains(global.name) ? arguments.first : nil
    case "_codecs" where global.name == "encode":
      guard case .string(let text)? = arguments.first else { throw malformed("_codecs.encode without a text") }
      try spend(text.utf8.count)
      // Protocols before 3 write bytes as Latin-1.
      let scalars = text.unicodeScalars
      return .bytes(scalars.allSatisfy { $0.value < 256 } ? scalars.map { UInt8($0.value) } : Array(text.utf8))
    case "copy_reg", "copyreg":
      // Objects of protocols 0 and 1, and of classes with `__slots__`: the class stands first.
      let known = ["_reconstructor", "__newobj__", "__newobj_ex__"]
      guard known.contains(global.name), let first = arguments.first else { return nil }
      try spend(arguments.count)
      return try call(first, Array(arguments.dropFirst()), isNew: true)
    case "numpy.core.multiarray", "numpy._core.multiarray": return try numpy(global, arguments)
    default: return nil
    }
  }

  /// The elements of a list or tuple that a call is given, if any.
  private func copy(_ argument: PickleValue?) throws -> [PickleValue] {
    let values = try argument.map(elements) ?? []
    try spend(values.count)
    return values
  }

  private func collection(_ name: String, _ arguments: [PickleValue]) throws -> PickleValue? {
    switch name {
    case "OrderedDict", "Counter", "defaultdict":
      let made = try make(.dictionary(isOrdered: name == "OrderedDict"))
      guard case .node(let place) = made else { return made }
      for argument in arguments {
        guard case .node(let index) = argument else { continue }
        try spend(node(index).pairs.count + node(index).items.count)
        switch node(index).kind {
        case .dictionary: node(place).pairs += node(index).pairs
        case .list, .tuple:
          // Python 2 gives a list of pairs.
          for pair in node(index).items {
            let both = try elements(pair)
            guard both.count == 2 else { throw malformed("a pair of \(both.count)") }
            node(place).pairs += both
          }
        default: break
        }
      }
      return made
    default: return nil
    }
  }

  private func builtin(_ name: String, _ arguments: [PickleValue]) throws -> PickleValue? {
    switch name {
    case "set", "frozenset": return try make(.set, try copy(arguments.first))
    case "list": return try make(.list, try copy(arguments.first))
    case "tuple": return try make(.tuple, try copy(arguments.first))
    case "dict" where arguments.isEmpty: return try make(.dictionary(isOrdered: false))
    case "bytearray", "bytes":
      guard let first = arguments.first else { return .bytes([]) }
      if case .bytes = first { return first }
      guard case .string(let text) = first else { return nil }
      try spend(text.utf8.count)
      return .bytes(text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) })
    default: return nil
    }
  }

  /// PyTorch's functions that make a tensor of a storage.
  private func rebuild(_ name: String, _ arguments: [PickleValue]) throws -> PickleValue? {
    switch name {
    case "_rebuild_tensor", "_rebuild_tensor_v2", "_rebuild_tensor_v3":
      guard arguments.count >= 4 else { throw malformed("\(name) with \(arguments.count) arguments") }
      guard case .node(let index) = arguments[0], case .storage(let view) = node(index).kind else {
        throw malformed("\(name) without a storage")
      }
      let type: NumberType
      if name == "_rebuild_tensor_v3" {
        guard arguments.count >= 7 else { throw malformed("\(name) with \(arguments.count) arguments") }
        type = try numberType(arguments[6])
      } else {
        guard let known = view.type else { throw malformed("a tensor without a type") }
        type = known
      }
      return try make(.tensor(try tensor(type, view, arguments[1], arguments[2], arguments[3])))
    case "_rebuild_parameter", "_rebuild_parameter_with_state":
      guard let first = arguments.first else { throw malformed("\(name) without a tensor") }
      return first
    case "_rebuild_qtensor": throw error(.unsupported("a quantised tensor"))
    case "_rebuild_sparse_tensor", "_rebuild_sparse_csr_tensor": throw error(.unsupported("a sparse tensor"))
    case "_rebuild_nested_tensor": throw error(.unsupported("a nested tensor"))
    case "_rebuild_meta_tensor_no_storage":
      throw error(.unsupported("a tensor on the meta device, which has no values"))
    default: return nil
    }
  }

  /// A tensor of a part of a storage; offset and strides count elements.
  private func tensor(
    _ type: NumberType, _ view: PickleStorage, _ offset: PickleValue, _ shape: PickleValue, _ strides: PickleValue
  ) throws -> CheckpointTensor {
    guard case .integer(let offset) = offset else { throw malformed("an offset that is no number") }
    let unit = view.type?.size ?? 1
    let (elementStart, available) = (view.start * unit / type.size, view.count * unit / type.size)
    guard offset >= 0, offset <= available else {
      throw error(.tensor("it begins at element \(offset) of the storage \(view.storage.name), which has \(available)"))
    }
    return try CheckpointTensor(
      type, shape: try integers(shape), strides: try integers(strides), offset: elementStart + offset, in: view.storage,
      available: elementStart + available)
  }

  private func integers(_ value: PickleValue) throws -> [Int] {
    let values = try elements(value)
    guard values.count <= 64 else { throw error(.tensor("\(values.count) axes")) }
    return try values.map {
      guard case .integer(let number) = $0 else {
        throw error(.tensor("a size or stride that is no number of 64 bits"))
      }
      return number
    }
  }

  /// The type of a `torch.dtype`.
  private func numberType(_ value: PickleValue) throws -> NumberType {
    guard case .node(let index) = value, case .global(let global) = node(index).kind, global.module == "torch" else {
      throw malformed("a tensor without a type")
    }
    guard let type = NumberType(rawValue: global.name) else {
      throw error(.unsupported("numbers of the type \(global)"))
    }
    return type
  }

  /// Records that their attributes turn into tensors: NumPy's arrays, and tensors of PyTorch before 0.2.
  func rebuilt(_ global: PickleGlobal, _ record: PickleNode, _ state: PickleValue) throws -> CheckpointTensor? {
    if global.module == "numpy" && global.name == "ndarray" { return try array(try elements(state)) }
    guard global.module == "torch" || global.module == "torch.cuda", global.name.hasSuffix("Tensor"),
      let parts = try? elements(state), parts.count == 4, case .node(let index) = parts[0],
      case .storage(let view) = node(index).kind, let type = view.type
    else { return nil }
    return try tensor(type, view, parts[1], parts[2], parts[3])
  }
}
