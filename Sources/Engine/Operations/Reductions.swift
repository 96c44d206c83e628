import Foundation

extension Tensor {
  /// The sum over some axes (default: all). `keepingAxes` leaves them with size 1.
  public func sum(_ axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    let reduced = Set((axes ?? Array(shape.indices)).map { $0 < 0 ? $0 + rank : $0 })
    precondition(reduced.allSatisfy(shape.indices.contains), "axes \(axes ?? []) do not fit the shape \(shape)")
    let kept = shape.indices.map { reduced.contains($0) ? 1 : shape[$0] }
    let final = keepingAxes ? kept : shape.indices.filter { !reduced.contains($0) }.map { shape[$0] }
    return recorded(reduceSum(self, over: reduced, shape: final), from: [self]) { g, _, _ in
      [g.reshaped(kept).broadcast(to: self.shape)]
    }
  }

  /// The mean over some axes (default: all).
  public func mean(_ axes: [Int]? = nil, keepingAxes: Bool = false) -> Tensor {
    let total = sum(axes, keepingAxes: keepingAxes)
    return total * (Float(total.count) / Float(max(count, 1)))
  }

  /// The adjoint of broadcasting: sums over the axes along which a tensor of `target` shape was repeated.
  func sum(to target: [Int]) -> Tensor {
    if shape == target { return self }
    let lead = rank - target.count
    let axes = shape.indices.filter { $0 < lead || (target[$0 - lead] == 1 && shape[$0] != 1) }
    return axes.isEmpty ? reshaped(target) : sum(axes).reshaped(target)
  }

  /// Repeats along axes of size 1 (and new leading ones) to the given shape.
  public func broadcast(to target: [Int]) -> Tensor {
    if shape == target { return self }
    precondition(broadcastShape(shape, target) == target, "\(shape) does not broadcast to \(target)")
    let value = mapPairs(self, Tensor(0), to: target) { $0.each { x, _ in x } }
    return recorded(value, from: [self]) { g, _, _ in [g.sum(to: self.shape)] }
  }

  /// The index of the largest element of each row: [N, C] → N labels. The first of equals wins.
  public func argmax() -> [Int] {
    precondition(rank == 2, "argmax takes rows of scores [N, C]; the shape is \(shape)")
    return (0..<shape[0]).map { row in
      let scores = UnsafeBufferPointer(start: pointer + row * shape[1], count: shape[1])
      var best = 0
      for (index, score) in scores.enumerated() where score > scores[best] { best = index }
      return best
    }
  }

  /// e^x over the sum of e^x along the last axis.
  public func softmax() -> Tensor {
    let value = mapRows(self) { row, out, count in
      let total = exponentials(row, out, count).total
      for i in 0..<count { out[i] /= total }
    }
    return recorded(value, from: [self]) { g, y, _ in
      let weighted = g * y
      return [weighted - y * weighted.sum([-1], keepingAxes: true)]
    }
  }

  /// The logarithm of softmax along the last axis.
  public func logSoftmax() -> Tensor {
    let value = mapRows(self) { row, out, count in
      let (total, largest) = exponentials(row, out, count)
      let shift = largest + Foundation.log(total)
      for i in 0..<count { out[i] = row[i] - shift }
    }
    return recorded(value, from: [self]) { g, _, _ in
      [g - self.softmax() * g.sum([-1], keepingAxes: true)]
    }
  }
}

/// Writes e^(x - max) of a row and returns their sum and the maximum.
private func exponentials(_ row: UnsafePointer<Float>, _ out: UnsafeMutablePointer<Float>, _ count: Int)
  -> (total: Float, largest: Float)
{
  // Lanes beyond the row's end repeat a value of the row, so they do not change its maximum.
  var largest = Lanes(repeating: -.infinity)
  Lanes.forEachRun(0, count) { i, n in
    let x = Lanes(row + i, n)
    largest = largest.replacing(with: x, where: x .> largest)
  }
  let maximum = largest.max()
  Lanes.forEachRun(0, count) { i, n in (Lanes(row + i, n) - maximum).exponential().store(out + i, n) }
  return (sumOfRun(out, count), maximum)
}

/// Calls `body` for each row along the last axis.
private func mapRows(
  _ x: Tensor, _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
) -> Tensor {
  let span = Trace.open("softmax", "\(x.shape)", operations: 3 * x.count, bytes: 8 * x.count)
  defer { Trace.close(span) }
  let result = Tensor(uninitialized: x.shape)
  let width = x.shape.last ?? 1
  guard x.count > 0 else { return result }
  Parallel.ranges(x.count / width, grain: max(1, 4096 / width)) { start, end in
    for row in start..<end { body(x.pointer + row * width, result.pointer + row * width, width) }
  }
  return result
}

// MARK: - Kernels

/// The sum over a set of axes, one run of neighbouring axes after the other, the last first.
private func reduceSum(_ x: Tensor, over axes: Set<Int>, shape: [Int]) -> Tensor {
  let span = Trace.open("sum", "\(x.shape) \(axes.sorted())", operations: x.count, bytes: 4 * x.count)
  defer { Trace.close(span) }
  var sizes = x.shape
  var values = x
  var axis = x.rank - 1
  while axis >= 0 {
    guard axes.contains(axis) else {
      axis -= 1
      continue
    }
    var first = axis
    while first > 0 && axes.contains(first - 1) { first -= 1 }
    let outer = sizes[..<first].reduce(1, *)
    let middle = sizes[first...axis].reduce(1, *)
    let inner = sizes[(axis + 1)...].reduce(1, *)
    values = sumMiddle(values, outer: outer, middle: middle, inner: inner)
    for reduced in first...axis { sizes[reduced] = 1 }
    axis = first - 1
  }
  return Tensor(shape: shape, storage: values.storage)
}

/// [outer, middle, inner] → [outer, inner].
private func sumMiddle(_ x: Tensor, outer: Int, middle: Int, inner: Int) -> Tensor {
  let result = Tensor(uninitialized: [outer, inner])
  let (p, o) = (x.pointer, result.pointer)
  if inner == 1 {
    // Long rows are cut into pieces of fixed length, whose sums are added in order.
    let chunk = 1 << 16
    let chunks = max(1, (middle + chunk - 1) / chunk)
    if chunks == 1 {
      Parallel.ranges(outer, grain: max(1, 32768 / max(middle, 1))) { start, end in
        for row in start..<end { o[row] = sumOfRun(p + row * middle, middle) }
      }
      return result
    }
    let partial = Storage(count: outer * chunks)
    Parallel.pieces(outer * chunks) { piece in
      let (row, part) = piece.quotientAndRemainder(dividingBy: chunks)
      partial.pointer[piece] = sumOfRun(p + row * middle + part * chunk, min(chunk, middle - part * chunk))
    }
    for row in 0..<outer { o[row] = sumOfRun(partial.pointer + row * chunks, chunks) }
    return result
  }
  return sumRows(p, outer: outer, middle: middle, inner: inner)
}

/// The sum of a contiguous run: 32 running sums, so that it is fast and its rounding error small.
func sumOfRun(_ x: UnsafePointer<Float>, _ count: Int) -> Float {
  var low = SIMD16<Float>.zero
  var high = SIMD16<Float>.zero
  let raw = UnsafeRawPointer(x)
  var i = 0
  while i &+ 32 <= count {
    low += raw.loadUnaligned(fromByteOffset: i &* 4, as: SIMD16<Float>.self)
    high += raw.loadUnaligned(fromByteOffset: i &* 4 &+ 64, as: SIMD16<Float>.self)
    i &+= 32
  }
  var total = (low + high).sum()
  while i < count {
    total += x[i]
    i &+= 1
  }
  return total
}
