import Engine

/// How keys of one naming become keys of another.
public enum KeyRule: Equatable, Sendable, CustomStringConvertible {
  /// Takes a prefix away, such as `module.` of `DataParallel`.
  case removePrefix(String)
  /// Puts one in front.
  case addPrefix(String)
  /// Replaces whole names between dots, such as KMDN's `shortcut` by torchvision's `downsample`.
  case replace([String], with: [String])

  /// The key under this rule; unchanged where the rule does not apply.
  public func renamed(_ key: String) -> String {
    switch self {
    case .removePrefix(let prefix): return key.hasPrefix(prefix) ? String(key.dropFirst(prefix.count)) : key
    case .addPrefix(let prefix): return prefix + key
    case .replace(let old, let new):
      let names = key.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
      guard !old.isEmpty, names.count >= old.count else { return key }
      for start in 0...(names.count - old.count) where Array(names[start..<(start + old.count)]) == old {
        return (names[..<start] + new + names[(start + old.count)...]).joined(separator: ".")
      }
      return key
    }
  }

  public var description: String {
    switch self {
    case .removePrefix(let prefix): "without \(prefix)"
    case .addPrefix(let prefix): "with \(prefix) in front"
    case .replace(let old, let new): "\(old.joined(separator: ".")) → \(new.joined(separator: "."))"
    }
  }

  /// The differences between the released files of one network: wrappers' prefixes, KMDN's and torchvision's names of
  /// a block's projection, and a head that is a layer or a `Sequential` of one.
  public static let common: [KeyRule] = [
    .removePrefix("module."), .removePrefix("_orig_mod."), .removePrefix("model."), .removePrefix("state_dict."),
    .replace(["shortcut"], with: ["downsample"]), .replace(["downsample"], with: ["shortcut"]),
    .replace(["fc", "0"], with: ["fc"]), .replace(["fc"], with: ["fc", "0"]),
  ]
}

extension StateDictionary {
  /// The same tensors under other keys.
  ///
  /// - Throws: `CheckpointError.Reason.duplicateKey` where two keys become one.
  public func renamed(by rule: KeyRule) throws -> StateDictionary {
    var result = StateDictionary(source: source)
    for (key, value) in entries {
      let new = rule.renamed(key)
      guard result[new] == nil else {
        throw CheckpointError(file: source, place: "\(rule)", reason: .duplicateKey(new))
      }
      result[new] = value
    }
    return result
  }

  /// The tensors under the keys of a module: of the rules, in their order, those are applied that make more keys fit.
  ///
  /// - Returns: The tensors, and the rules applied: none where the keys fit as they are.
  public func adapted(to module: Module, rules: [KeyRule] = KeyRule.common) -> (StateDictionary, applied: [KeyRule]) {
    let wanted = Set(module.states.map(\.key))
    func fitting(_ keys: [String]) -> Int { keys.count { wanted.contains($0) } }
    var result = self
    var applied: [KeyRule] = []
    for rule in rules {
      let keys = result.keys.map(rule.renamed)
      guard fitting(keys) > fitting(result.keys), let renamed = try? result.renamed(by: rule) else { continue }
      result = renamed
      applied.append(rule)
    }
    return (result, applied)
  }
}
