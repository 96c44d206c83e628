import Engine

/// Tensors by name, in the order and the shapes of PyTorch's `state_dict`.
public struct StateDictionary {
  /// All names, in order.
  public private(set) var keys: [String] = []
  /// Where the tensors came from, for error messages: a file's path, or a description.
  public var source: String
  private var tensors: [String: Tensor] = [:]

  public init(source: String = "state dictionary") { self.source = source }

  /// Copies of all parameters and buffers of a module, in PyTorch's order of axes.
  ///
  /// - Parameter prefix: Put before each key, such as `g_ema.`.
  public init(_ module: Module, prefix: String = "") {
    self.init(source: "\(type(of: module))")
    for (key, state) in module.states { self[prefix + key] = state.layout.exported(state.value).copy() }
  }

  public var count: Int { keys.count }

  /// The tensor of a name. Setting a new name appends it; setting nil removes it.
  public subscript(key: String) -> Tensor? {
    get { tensors[key] }
    set {
      if let newValue {
        if tensors.updateValue(newValue, forKey: key) == nil { keys.append(key) }
      } else if tensors.removeValue(forKey: key) != nil {
        keys.removeAll { $0 == key }
      }
    }
  }

  /// All names and tensors, in order.
  public var entries: [(key: String, value: Tensor)] { keys.map { ($0, tensors[$0]!) } }

  /// The entries whose names begin with a prefix, without it.
  public func entries(withPrefix prefix: String) -> StateDictionary {
    var result = StateDictionary(source: source)
    for key in keys where key.hasPrefix(prefix) { result[String(key.dropFirst(prefix.count))] = tensors[key] }
    return result
  }

  /// Adds all entries of another dictionary, each name with a prefix.
  public mutating func merge(_ other: StateDictionary, prefix: String = "") {
    for (key, value) in other.entries { self[prefix + key] = value }
  }
}
