extension Tensor {
  /// The same elements in another shape; one size may be -1.
  public func reshaped(_ newShape: [Int]) -> Tensor {
    if newShape == shape { return self }
    var target = newShape
    if let free = target.firstIndex(of: -1) {
      let known = target.enumerated().reduce(1) { $1.offset == free ? $0 : $0 * $1.element }
      target[free] = known == 0 ? 0 : count / known
    }
    precondition(target.elementCount == count, "\(shape) does not reshape to \(newShape)")
    return recorded(Tensor(shape: target, storage: storage), from: [self]) { g, _, _ in [g.reshaped(self.shape)] }
  }

  /// Axes in another order: result axis k is this tensor's axis `order[k]`.
  public func transposed(_ order: [Int]) -> Tensor {
    precondition(order.sorted() == Array(shape.indices), "\(order) does not order the axes of \(shape)")
    if order == Array(shape.indices) { return self }
    var inverse = order
    for (to, from) in order.enumerated() { inverse[from] = to }
    return recorded(permute(self, order), from: [self]) { g, _, _ in [g.transposed(inverse)] }
  }

  /// Elements `range` along one axis.
  public func slice(_ axis: Int, _ range: Range<Int>) -> Tensor {
    let axis = axis < 0 ? axis + rank : axis
    precondition(range.lowerBound >= 0 && range.upperBound <= shape[axis], "\(range) is outside axis \(axis) of \(shape)")
    if range == 0..<shape[axis] { return self }
    var target = shape
    target[axis] = range.count
    let result = Tensor(uninitialized: target)
    copyBlocks(self, result, axis: axis, from: range.lowerBound, to: 0, length: range.count)
    return recorded(result, from: [self]) { g, _, _ in
      [g.padded(axis, before: range.lowerBound, after: self.shape[axis] - range.upperBound)]
    }
  }

  /// Zeros before and after along one axis.
  public func padded(_ axis: Int, before: Int, after: Int) -> Tensor {
    let axis = axis < 0 ? axis + rank : axis
    precondition(before >= 0 && after >= 0, "padding by \(before) and \(after): use slice to crop")
    if before == 0 && after == 0 { return self }
    var target = shape
    target[axis] += before + after
    let result = Tensor.zeros(target)
    copyBlocks(self, result, axis: axis, from: 0, to: before, length: shape[axis])
    return recorded(result, from: [self]) { g, _, _ in [g.slice(axis, before..<(before + self.shape[axis]))] }
  }

  /// Rows along axis 0, in the order of `indices`, repeats allowed: an embedding look-up.
  public func rows(_ indices: [Int]) -> Tensor {
    precondition(indices.allSatisfy { (0..<shape[0]).contains($0) }, "a row index is outside 0..<\(shape[0])")
    let width = shape.dropFirst().reduce(1, *)
    let result = Tensor(uninitialized: [indices.count] + shape.dropFirst())
    for (row, index) in indices.enumerated() {
      (result.pointer + row * width).update(from: pointer + index * width, count: width)
    }
    return recorded(result, from: [self]) { g, _, _ in [g.addedIntoRows(indices, of: self.shape[0])] }
  }

  /// The adjoint of `rows`: row k is added to row `indices[k]` of a zero tensor.
  func addedIntoRows(_ indices: [Int], of total: Int) -> Tensor {
    let width = shape.dropFirst().reduce(1, *)
    let result = Tensor.zeros([total] + shape.dropFirst())
    for (row, index) in indices.enumerated() {
      let (source, target) = (pointer + row * width, result.pointer + index * width)
      for i in 0..<width { target[i] += source[i] }
    }
    return recorded(result, from: [self]) { g, _, _ in [g.rows(indices)] }
  }
}

/// Joins tensors along one axis; all other sizes must agree.
public func concatenated(_ tensors: [Tensor], axis: Int) -> Tensor {
  precondition(!tensors.isEmpty, "nothing to concatenate")
  let axis = axis < 0 ? axis + tensors[0].rank : axis
  var target = tensors[0].shape
  target[axis] = tensors.reduce(0) { $0 + $1.shape[axis] }
  let result = Tensor(uninitialized: target)
  var starts: [Int] = []
  var start = 0
  for tensor in tensors {
    var expected = target
    expected[axis] = tensor.shape[axis]
    precondition(tensor.shape == expected, "\(tensor.shape) does not join \(tensors[0].shape) along axis \(axis)")
    copyBlocks(tensor, result, axis: axis, from: 0, to: start, length: tensor.shape[axis])
    starts.append(start)
    start += tensor.shape[axis]
  }
  return recorded(result, from: tensors) { g, _, needed in
    tensors.indices.map { needed[$0] ? g.slice(axis, starts[$0]..<(starts[$0] + tensors[$0].shape[axis])) : nil }
  }
}

// MARK: - Kernels

/// Copies `length` steps along `axis` from position `from` of `source` to position `to` of `target`.
private func copyBlocks(_ source: Tensor, _ target: Tensor, axis: Int, from: Int, to: Int, length: Int) {
  let inner = source.shape[(axis + 1)...].reduce(1, *)
  let outer = source.shape[..<axis].reduce(1, *)
  let (sourceStep, targetStep) = (source.shape[axis] * inner, target.shape[axis] * inner)
  let run = length * inner
  guard run > 0 else { return }
  let span = Trace.open("copy", "\(source.shape) \(target.shape)", bytes: 8 * outer * run)
  defer { Trace.close(span) }
  Parallel.ranges(outer, grain: max(1, 65536 / run)) { start, end in
    for block in start..<end {
      (target.pointer + block * targetStep + to * inner)
        .update(from: source.pointer + block * sourceStep + from * inner, count: run)
    }
  }
}

private func permute(_ x: Tensor, _ order: [Int]) -> Tensor {
  let target = order.map { x.shape[$0] }
  let result = Tensor(uninitialized: target)
  guard x.count > 0 else { return result }
  let span = Trace.open("transpose", "\(x.shape) \(order)", bytes: 8 * x.count)
  defer { Trace.close(span) }
  // Matrices turned over, where each of their axes may be several of the tensor's.
  let kept = order.indices.first { order[$0] != $0 } ?? x.rank
  let turned = Array(order[kept...])
  if !turned.isEmpty, turned == Array(turned[0]..<x.rank) + Array(kept..<turned[0]) {
    let rows = x.shape[kept..<turned[0]].reduce(1, *)
    let columns = x.shape[turned[0]...].reduce(1, *)
    let matrix = rows * columns
    for at in stride(from: 0, to: x.count, by: matrix) {
      Transposition.transpose(x.pointer + at, rows: rows, columns: columns, into: result.pointer + at)
    }
    return result
  }
  var strides = [Int](repeating: 1, count: x.rank)
  for axis in stride(from: x.rank - 2, through: 0, by: -1) { strides[axis] = strides[axis + 1] * x.shape[axis + 1] }
  let moved = order.map { strides[$0] }
  let inner = target.last!
  let step = moved.last!
  Parallel.ranges(x.count / inner, grain: max(1, 16384 / inner)) { start, end in
    for row in start..<end {
      var rest = row
      var offset = 0
      for axis in stride(from: target.count - 2, through: 0, by: -1) {
        offset += rest % target[axis] * moved[axis]
        rest /= target[axis]
      }
      let source = x.pointer + offset
      let out = result.pointer + row * inner
      if step == 1 {
        out.update(from: source, count: inner)
      } else {
        for i in 0..<inner { out[i] = source[i * step] }
      }
    }
  }
  return result
}
