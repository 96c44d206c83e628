/// What a checkpoint holds: numbers, texts and tensors, nested as they were saved.
public indirect enum CheckpointValue {
  case none
  case bool(Bool)
  case integer(Int)
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case list([CheckpointValue])
  case tuple([CheckpointValue])
  case dictionary(CheckpointDictionary)
  case tensor(CheckpointTensor)
  case record(CheckpointRecord)
}

/// Values by key, in the order they were saved.
public struct CheckpointDictionary {
  public enum Key: Hashable, Sendable, CustomStringConvertible {
    case string(String)
    case integer(Int)
    /// A key of another kind, as Python would write it.
    case other(String)

    public var description: String {
      switch self {
      case .string(let text): text
      case .integer(let number): String(number)
      case .other(let text): text
      }
    }
  }

  public private(set) var keys: [Key] = []
  public private(set) var values: [CheckpointValue] = []
  /// Whether it was a `collections.OrderedDict`, as state dictionaries are.
  public var isOrdered: Bool
  private var places: [Key: Int] = [:]

  public init(isOrdered: Bool = false) { self.isOrdered = isOrdered }

  public var count: Int { keys.count }
  public var entries: [(key: Key, value: CheckpointValue)] { Array(zip(keys, values)).map { (key: $0, value: $1) } }

  /// The value of a key. Setting a new key appends it; setting nil leaves everything as it is.
  public subscript(key: Key) -> CheckpointValue? {
    get { places[key].map { values[$0] } }
    set {
      guard let newValue else { return }
      if let place = places[key] {
        values[place] = newValue
      } else {
        places[key] = keys.count
        keys.append(key)
        values.append(newValue)
      }
    }
  }

  public subscript(key: String) -> CheckpointValue? {
    get { self[.string(key)] }
    set { self[.string(key)] = newValue }
  }
}

/// An object of a class that nothing here knows or needs: its name and what it was made of. Inert: nothing was called.
public struct CheckpointRecord {
  /// The Python module, such as `argparse`.
  public let module: String
  /// The class, such as `Namespace`.
  public let name: String
  /// What its constructor would have been given.
  public let arguments: [CheckpointValue]
  /// Its attributes, usually a dictionary.
  public let state: CheckpointValue?
  /// What a class that is a list or a dictionary holds.
  public let contents: CheckpointValue?

  public init(
    module: String, name: String, arguments: [CheckpointValue] = [], state: CheckpointValue? = nil,
    contents: CheckpointValue? = nil
  ) {
    self.module = module
    self.name = name
    self.arguments = arguments
    self.state = state
    self.contents = contents
  }

  /// The attributes by name.
  public var attributes: CheckpointDictionary? {
    if case .dictionary(let attributes)? = state { attributes } else { nil }
  }
}

extension CheckpointValue {
  /// A dictionary of a module's tensors, to be written: PyTorch's `state_dict`.
  public init(_ dictionary: StateDictionary) {
    var result = CheckpointDictionary(isOrdered: true)
    for (key, value) in dictionary.entries { result[key] = .tensor(CheckpointTensor(value)) }
    self = .dictionary(result)
  }

  /// The nested values by name: a dictionary's entries, a list's elements by number, a record's attributes.
  public var children: [(name: String, value: CheckpointValue)] {
    switch self {
    case .list(let elements), .tuple(let elements): elements.enumerated().map { ("\($0.offset)", $0.element) }
    case .dictionary(let dictionary): dictionary.entries.map { ($0.key.description, $0.value) }
    case .record(let record): (record.contents?.children ?? []) + (record.state?.children ?? [])
    default: []
    }
  }

  /// The value at a path of names with dots between, such as `g_ema` or `g_optim.state.0.exp_avg`. Names may have dots
  /// themselves (`g_ema.conv1.weight`): the longest that fits is taken first. The empty path is the value itself.
  public func value(at path: String) -> CheckpointValue? {
    if path.isEmpty { return self }
    let children = self.children
    if let exact = children.first(where: { $0.name == path }) { return exact.value }
    let fitting = children.filter { path.hasPrefix($0.name + ".") }.sorted { $0.name.utf8.count > $1.name.utf8.count }
    for child in fitting {
      if let found = child.value.value(at: String(path.dropFirst(child.name.count + 1))) { return found }
    }
    return nil
  }

  /// All tensors below, with their paths, in order.
  ///
  /// A whole pickled or scripted `nn.Module` gives the keys of its `state_dict`: its attributes `_parameters`,
  /// `_buffers` and `_modules` leave no trace in them.
  public var tensors: [(path: String, tensor: CheckpointTensor)] {
    var result: [(path: String, tensor: CheckpointTensor)] = []
    collect("", into: &result)
    return result
  }

  private func collect(_ path: String, into result: inout [(path: String, tensor: CheckpointTensor)]) {
    if case .tensor(let tensor) = self { return result.append((path, tensor)) }
    let children = self.children
    let parts = ["_parameters", "_buffers", "_modules"]
    let isModule: Bool
    if case .record = self {
      isModule = parts.allSatisfy { part in children.contains { $0.name == part } }
    } else {
      isModule = false
    }
    for child in children {
      let isPart = isModule && parts.contains(child.name)
      child.value.collect(isPart ? path : path.isEmpty ? child.name : "\(path).\(child.name)", into: &result)
    }
  }
}
