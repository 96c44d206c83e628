/// How a parameter is stored here, against PyTorch's order in checkpoints.
public enum ParameterLayout: Sendable {
  /// The same in both.
  case same
  /// Here [K,K,I,O]; PyTorch [O,I,K,K].
  case convolution
  /// Here [K,K,I,O]; PyTorch [1,O,I,K,K] (StyleGAN2's modulated convolution).
  case modulatedConvolution
  /// Here [N,H,W,C]; PyTorch [N,C,H,W].
  case picture

  /// Axes to go from here to PyTorch's order.
  var order: [Int]? {
    switch self {
    case .same: nil
    case .convolution, .modulatedConvolution: [3, 2, 0, 1]
    case .picture: [0, 3, 1, 2]
    }
  }

  /// The shape in PyTorch's order of a tensor stored with the given shape.
  public func exportedShape(_ shape: [Int]) -> [Int] {
    guard let order else { return shape }
    return (self == .modulatedConvolution ? [1] : []) + order.map { shape[$0] }
  }

  /// From here to PyTorch's order.
  public func exported(_ value: Tensor) -> Tensor {
    guard let order else { return value.detached }
    return value.detached.transposed(order).reshaped(exportedShape(value.shape))
  }

  /// From PyTorch's order to ours.
  public func imported(_ value: Tensor) -> Tensor {
    guard let order else { return value }
    var inverse = order
    for (to, from) in order.enumerated() { inverse[from] = to }
    let plain = self == .modulatedConvolution ? value.reshaped(Array(value.shape.dropFirst())) : value
    return plain.transposed(inverse)
  }
}

/// Values that belong to a module: learned (`Parameter`) or kept (`Buffer`).
public class ModuleState {
  public fileprivate(set) var value: Tensor
  public let layout: ParameterLayout

  /// Takes a copy: optimizers and moving averages change states in place, and must not reach the tensor it came from.
  fileprivate init(_ value: Tensor, layout: ParameterLayout) {
    self.value = value.copy()
    self.layout = layout
  }

  /// Replaces the values; the shape stays.
  public func set(_ newValue: Tensor) {
    precondition(newValue.shape == value.shape, "\(newValue.shape) does not replace \(value.shape)")
    value = newValue.copy()
  }
}

/// A learned tensor.
public final class Parameter: ModuleState {
  /// Whether gradients are taken by it. Off for a network that only judges another.
  public var isTrainable = true {
    didSet { if isTrainable != oldValue { value = isTrainable ? value.detached.tracked : value.detached } }
  }

  public init(_ value: Tensor, _ layout: ParameterLayout = .same) {
    super.init(value, layout: layout)
    self.value = self.value.tracked
  }

  public override func set(_ newValue: Tensor) {
    super.set(newValue)
    if isTrainable { value = value.tracked }
  }
}

/// A tensor that is saved with a module but not learned: running statistics, fixed noise.
public final class Buffer: ModuleState {
  public init(_ value: Tensor, _ layout: ParameterLayout = .same) { super.init(value, layout: layout) }
}

/// A part of a network. Its parameters, buffers and sub-modules are its stored properties, and the path of property
/// names is PyTorch's key: `layer1.0.conv1.weight`.
open class Module {
  /// Whether batch statistics are used and updated, and dropout drops.
  public var isTraining = true {
    didSet { for (_, child) in children { child.isTraining = isTraining } }
  }

  public init() {}

  /// PyTorch's name of a stored property, where Swift's differs (a number, a reserved word).
  open func key(for property: String) -> String { property }

  /// PyTorch's name of an element of a stored array, such as `layer1.0`.
  open func key(for property: String, at index: Int) -> String { "\(key(for: property)).\(index)" }

  /// The direct sub-modules by key, in order of declaration.
  public var children: [(key: String, module: Module)] {
    storedProperties.flatMap { property, value -> [(key: String, module: Module)] in
      switch value {
      case let module as Module: [(key(for: property), module)]
      case let modules as [Module]: modules.enumerated().map { (key(for: property, at: $0.offset), $0.element) }
      default: []
      }
    }
  }

  /// All parameters and buffers of this module and those below, by PyTorch's key, in order of declaration.
  public var states: [(key: String, state: ModuleState)] {
    storedProperties.flatMap { property, value -> [(key: String, state: ModuleState)] in
      switch value {
      case let state as ModuleState: [(key(for: property), state)]
      case let states as [ModuleState]: states.enumerated().map { (key(for: property, at: $0.offset), $0.element) }
      case let module as Module: module.states.map { ("\(key(for: property)).\($0.key)", $0.state) }
      case let modules as [Module]:
        modules.enumerated().flatMap { index, module in
          module.states.map { ("\(key(for: property, at: index)).\($0.key)", $0.state) }
        }
      default: []
      }
    }
  }

  /// All learned tensors, by key.
  public var parameters: [(key: String, parameter: Parameter)] {
    states.compactMap { entry in (entry.state as? Parameter).map { (entry.key, $0) } }
  }

  /// The number of learned values.
  public var parameterCount: Int { parameters.reduce(0) { $0 + $1.parameter.value.count } }

  /// Turns gradients by all parameters on or off.
  public func setTrainable(_ isTrainable: Bool) {
    for (_, parameter) in parameters { parameter.isTrainable = isTrainable }
  }

  /// Copies all parameters and buffers of a module of the same structure.
  public func copyState(from other: Module) {
    for (mine, theirs) in zip(states, other.states) {
      precondition(mine.key == theirs.key, "structures differ at \(mine.key) and \(theirs.key)")
      mine.state.set(theirs.state.value)
    }
  }

  /// Stored properties by Swift's names, the super-class's first; an absent optional is left out.
  private var storedProperties: [(String, Any)] {
    var levels: [Mirror] = []
    var mirror: Mirror? = Mirror(reflecting: self)
    while let level = mirror {
      levels.append(level)
      mirror = level.superclassMirror
    }
    return levels.reversed().flatMap { level in
      level.children.compactMap { child -> (String, Any)? in
        guard let label = child.label else { return nil }
        let content = Mirror(reflecting: child.value)
        if content.displayStyle == .optional {
          guard let some = content.children.first?.value else { return nil }
          return (label, some)
        }
        return (label, child.value)
      }
    }
  }
}
