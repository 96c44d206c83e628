import Engine

/// Training that has left the numbers.
public struct DivergedError: Error, CustomStringConvertible {
  /// Such as "the generator's loss" or "the gradient of the generator's loss by generator.conv1.conv.weight".
  public let quantity: String
  public let step: Int
  /// Where to go on from: the last state that was saved, if one was.
  public var lastGood: (file: String, steps: Int)?

  public var description: String {
    "\(quantity) is not finite at step \(step); lower the learning rate and run again: "
      + (lastGood.map { "\($0.file) holds the state after step \($0.steps), where it goes on" }
        ?? "nothing was saved before it, so it starts anew")
  }
}

func requireFinite(_ value: Float, _ quantity: @autoclosure () -> String, step: Int) throws {
  if !value.isFinite { throw DivergedError(quantity: quantity(), step: step) }
}

/// - Parameter keys: The name of the parameter that each gradient belongs to.
func requireFinite(_ gradients: [Tensor], keys: [String], of quantity: String, step: Int) throws {
  var areFinite = [Bool](repeating: true, count: gradients.count)
  areFinite.withUnsafeMutableBufferPointer { areFinite in
    Parallel.pieces(gradients.count) { areFinite[$0] = gradients[$0].isFinite }
  }
  if let first = areFinite.firstIndex(of: false) {
    throw DivergedError(quantity: "the gradient of \(quantity) by \(keys[first])", step: step)
  }
}
