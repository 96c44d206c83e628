import Checkpoints
import Engine
import Foundation

/// A network that classifies pictures, with the keys of its public PyTorch weights.
public protocol Backbone: Module {
  /// The key of the last layers, such as `fc`: what is replaced for other classes.
  var headKey: String { get }

  /// Scores of the classes: pictures [N,H,W,3] → [N, classes].
  func logits(_ x: Tensor) -> Tensor
}

extension Backbone {
  /// Fills all but the head from public weights, whose head is for ImageNet's classes: a warm start as the released
  /// `model_finetune.py` makes. The head stays as it is.
  ///
  /// Spellings of older PyTorch versions are understood: DenseNet's `norm.1` for `norm1`, and no count of batches.
  /// (To fill the head too, use `StateDictionary.load(into:)`.)
  ///
  /// - Parameter isLenient: Leaves what does not fit by key and shape as it was, and returns what that is.
  /// - Throws: If strict, `StateMismatch`, which lists all keys of the trunk that are missing, unused or misshapen.
  @discardableResult
  public func loadTrunk(_ weights: StateDictionary, isLenient: Bool = false) throws -> StateMismatch {
    // The head of a ResNet is `fc` or `fc.0`, of which the file may have either.
    let head = (headKey.split(separator: ".").first.map(String.init) ?? headKey) + "."
    var adapted = StateDictionary(source: weights.source)
    for (key, value) in weights.entries where !key.hasPrefix(head) { adapted[modernKey(key)] = value }
    for (key, value) in StateDictionary(self).entries where key.hasPrefix(head) { adapted[key] = value }
    adapted = adapted.addingBatchCounts(of: self)
    if !isLenient { try adapted.load(into: self) }
    return adapted.loadLeniently(into: self)
  }
}

extension StateDictionary {
  /// The same with a count of zero for each batch norm that has none: files of PyTorch before 0.4.1, and those
  /// converted from other frameworks.
  func addingBatchCounts(of module: Module) -> StateDictionary {
    var result = self
    for (key, state) in module.states where key.hasSuffix(".num_batches_tracked") && self[key] == nil {
      result[key] = Tensor.zeros(state.value.shape)
    }
    return result
  }
}

/// torchvision's first DenseNets: `denselayer1.norm.1.weight` is now `denselayer1.norm1.weight`.
private func modernKey(_ key: String) -> String {
  guard key.contains("denselayer") else { return key }
  return ["norm.1", "norm.2", "conv.1", "conv.2"].reduce(key) { key, part in
    key.replacingOccurrences(of: ".\(part).", with: ".\(part.replacingOccurrences(of: ".", with: "")).")
  }
}
