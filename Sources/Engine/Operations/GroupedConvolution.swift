/// A convolution whose channels fall into groups that do not see each other: x [N,H,W,I], weight [K,K,I/groups,O] →
/// [N,H',W',O]. The g-th run of O/groups outputs reads the g-th run of I/groups inputs, as PyTorch's `groups`.
public func groupedConv2d(_ x: Tensor, _ weight: Tensor, _ window: Window = Window(), groups: Int) -> Tensor {
  precondition(
    x.rank == 4 && weight.rank == 4 && groups > 0 && x.shape[3] == groups * weight.shape[2]
      && weight.shape[3] % groups == 0,
    "groupedConv2d takes [N,H,W,I] and [K,K,I/\(groups),O]; the shapes are \(x.shape) and \(weight.shape)")
  if groups == 1 { return conv2d(x, weight, window) }
  if weight.shape[2] == 1 && weight.shape[3] == groups { return depthwiseConv2d(x, weight, window) }
  let result = withoutRecording {
    joined(zip(parts(x, groups), parts(weight, groups)).map { conv2d($0, $1, window) })
  }
  return recorded(result, from: [x, weight]) { g, _, needed in
    [
      needed[0] ? groupedInputGradient(g, weight, window, inputSize: (x.shape[1], x.shape[2]), groups: groups) : nil,
      needed[1]
        ? groupedWeightGradient(x, g, window, kernel: (weight.shape[0], weight.shape[1]), groups: groups) : nil,
    ]
  }
}

/// The gradient of `groupedConv2d` by its input: g [N,H',W',O], weight [K,K,I/groups,O] → [N,H,W,I].
private func groupedInputGradient(
  _ g: Tensor, _ weight: Tensor, _ window: Window, inputSize: (Int, Int), groups: Int
) -> Tensor {
  let result = withoutRecording {
    joined(
      zip(parts(g, groups), parts(weight, groups)).map { conv2dInputGradient($0, $1, window, inputSize: inputSize) })
  }
  return recorded(result, from: [g, weight]) { u, _, needed in
    [
      needed[0] ? groupedConv2d(u, weight, window, groups: groups) : nil,
      needed[1]
        ? groupedWeightGradient(u, g, window, kernel: (weight.shape[0], weight.shape[1]), groups: groups) : nil,
    ]
  }
}

/// The gradient of `groupedConv2d` by its weight: x [N,H,W,I], g [N,H',W',O] → [K,K,I/groups,O].
private func groupedWeightGradient(
  _ x: Tensor, _ g: Tensor, _ window: Window, kernel: (Int, Int), groups: Int
) -> Tensor {
  let result = withoutRecording {
    joined(zip(parts(x, groups), parts(g, groups)).map { conv2dWeightGradient($0, $1, window, kernel: kernel) })
  }
  return recorded(result, from: [x, g]) { v, _, needed in
    [
      needed[0] ? groupedInputGradient(g, v, window, inputSize: (x.shape[1], x.shape[2]), groups: groups) : nil,
      needed[1] ? groupedConv2d(x, v, window, groups: groups) : nil,
    ]
  }
}

/// The same as an ordinary convolution by a weight that is zero between different groups.
func groupedConv2dReference(_ x: Tensor, _ weight: Tensor, _ window: Window, groups: Int) -> Tensor {
  let (inputs, outputs) = (weight.shape[2], weight.shape[3])
  // Row i of the mask tells which outputs belong to input i's group.
  let membership = (0..<groups * inputs).flatMap { input in
    (0..<outputs).map { Float($0 / (outputs / groups) == input / inputs ? 1 : 0) }
  }
  let repeated = concatenated(Array(repeating: weight, count: groups), axis: 2)
  return conv2d(x, repeated * Tensor(membership, shape: [groups * inputs, outputs]), window)
}

/// The last axis cut into equal runs, each a tensor of its own.
private func parts(_ x: Tensor, _ groups: Int) -> [Tensor] {
  let width = x.shape[x.rank - 1] / groups
  // One pass brings each group's values together; the pieces are then contiguous.
  let together = x.reshaped([-1, groups, width]).transposed([1, 0, 2])
  return (0..<groups).map { together.slice(0, $0..<($0 + 1)).reshaped(x.shape.dropLast() + [width]) }
}

/// The inverse of `parts`.
private func joined(_ parts: [Tensor]) -> Tensor {
  let (shape, width) = (parts[0].shape, parts[0].shape[parts[0].rank - 1])
  let together = concatenated(parts.map { $0.reshaped([1, -1, width]) }, axis: 0)
  return together.transposed([1, 0, 2]).reshaped(shape.dropLast() + [width * parts.count])
}
