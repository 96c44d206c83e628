import Engine
import Foundation

extension StateDictionary {
  /// Fills every parameter and buffer of a module, or none.
  ///
  /// - Parameter prefix: Only names that begin with it are considered, without it: `g_ema.` for one network of a file
  ///   that holds several.
  /// - Throws: One `StateMismatch` that lists all missing, unused and misshapen keys.
  public func load(into module: Module, prefix: String = "") throws {
    let comparison = StateComparison(self, module, prefix: prefix)
    guard comparison.mismatch.isEmpty else { throw comparison.mismatch }
    comparison.assign()
  }

  /// Fills what fits by name and shape, and leaves the rest of the module as it was.
  ///
  /// - Returns: What was left out, if anything: the same lists that `load(into:)` would have thrown.
  public func loadLeniently(into module: Module, prefix: String = "") -> StateMismatch {
    let comparison = StateComparison(self, module, prefix: prefix)
    comparison.assign()
    return comparison.mismatch
  }
}

/// Every way in which a state dictionary and a module differ.
public struct StateMismatch: Error, Equatable, CustomStringConvertible, LocalizedError {
  /// A name that only one side has, and the closest name of the other.
  public struct Key: Equatable, Sendable {
    public let name: String
    public let nearest: String?
  }

  /// A name that both have, with different shapes in PyTorch's order.
  public struct Shape: Equatable, Sendable {
    public let name: String
    public let expected: [Int]
    public let found: [Int]
  }

  /// Where the dictionary came from.
  public let source: String
  /// The module's type.
  public let module: String
  /// Names that the module has and the dictionary lacks.
  public internal(set) var missing: [Key] = []
  /// Names that the dictionary has and the module lacks.
  public internal(set) var unused: [Key] = []
  public internal(set) var misshapen: [Shape] = []

  public var isEmpty: Bool { missing.isEmpty && unused.isEmpty && misshapen.isEmpty }

  public var description: String {
    if isEmpty { return "\(source): every tensor fits \(module)" }
    func line(_ kind: String, _ key: Key) -> String {
      "  \(kind): \(key.name)" + (key.nearest.map { " (nearest: \($0))" } ?? "")
    }
    let lines =
      missing.map { line("missing", $0) } + unused.map { line("unused", $0) }
      + misshapen.map { "  misshapen: \($0.name) has the shape \($0.found), not \($0.expected)" }
    return "\(source) does not fit \(module): \(missing.count) missing, \(unused.count) unused and "
      + "\(misshapen.count) misshapen tensors; choose the settings it was trained with, or load leniently\n"
      + lines.joined(separator: "\n")
  }

  public var errorDescription: String? { description }
}

/// A module's states beside the dictionary's tensors.
private struct StateComparison {
  private(set) var mismatch: StateMismatch
  private var fitting: [(state: ModuleState, value: Tensor)] = []

  init(_ dictionary: StateDictionary, _ module: Module, prefix: String) {
    let given = dictionary.entries(withPrefix: prefix)
    mismatch = StateMismatch(source: dictionary.source, module: "\(type(of: module))")
    let states = module.states
    var missing: [String] = []
    for (key, state) in states {
      guard let value = given[key] else {
        missing.append(key)
        continue
      }
      let expected = state.layout.exportedShape(state.value.shape)
      if value.shape == expected {
        fitting.append((state, value))
      } else {
        mismatch.misshapen.append(.init(name: prefix + key, expected: expected, found: value.shape))
      }
    }
    let wanted = Set(states.map(\.key))
    let unused = given.keys.filter { !wanted.contains($0) }
    // A renamed tensor is missing under one name and unused under the other, so those are compared first.
    let existing = unused.isEmpty ? given.keys : unused
    let accepted = missing.isEmpty ? states.map(\.key) : missing
    mismatch.missing = missing.map {
      .init(name: prefix + $0, nearest: nearestName(to: $0, in: existing).map { prefix + $0 })
    }
    mismatch.unused = unused.map {
      .init(name: prefix + $0, nearest: nearestName(to: $0, in: accepted).map { prefix + $0 })
    }
  }

  func assign() {
    for (state, value) in fitting { state.set(state.layout.imported(value)) }
  }
}
