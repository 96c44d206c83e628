/// The shape of a pair of tensors combined element by element: NumPy's broadcasting rule.
func broadcastShape(_ a: [Int], _ b: [Int]) -> [Int] {
  if a == b { return a }
  let rank = max(a.count, b.count)
  var result = [Int](repeating: 1, count: rank)
  for axis in 0..<rank {
    let left = axis < rank - a.count ? 1 : a[axis - (rank - a.count)]
    let right = axis < rank - b.count ? 1 : b[axis - (rank - b.count)]
    precondition(left == right || left == 1 || right == 1, "shapes \(a) and \(b) do not broadcast")
    result[axis] = left == 1 ? right : left
  }
  return result
}

/// A loop over two broadcast operands: neighbouring axes that move alike are merged.
///
/// A picture [N,H,W,C] times a style [N,1,1,C] becomes the three axes C, H·W and N.
private struct BroadcastPlan {
  /// From the innermost one outwards: how long, and how far each operand moves at a step.
  private(set) var axes: [(size: Int, a: Int, b: Int)] = []

  init(_ a: [Int], _ b: [Int], result: [Int]) {
    axes.reserveCapacity(result.count + 1)
    var (aStep, bStep) = (1, 1)
    for depth in stride(from: 1, through: result.count, by: 1) {
      let size = result[result.count - depth]
      let aSize = depth <= a.count ? a[a.count - depth] : 1
      let bSize = depth <= b.count ? b[b.count - depth] : 1
      let axis = (size: size, a: aSize == 1 ? 0 : aStep, b: bSize == 1 ? 0 : bStep)
      if size != 1 {
        if let last = axes.last, axis.a == last.a * last.size, axis.b == last.b * last.size {
          axes[axes.count - 1].size *= size
        } else {
          axes.append(axis)
        }
      }
      aStep *= aSize
      bStep *= bSize
    }
    if axes.isEmpty { axes.append((1, 1, 1)) }
  }

  /// Calls `body` for rows `start ..< end` of the innermost axis, with where each operand's row starts.
  @inline(__always)
  func forEachRow(_ start: Int, _ end: Int, _ body: (_ row: Int, _ a: Int, _ b: Int) -> Void) {
    withUnsafeTemporaryAllocation(of: Int.self, capacity: axes.count) { position in
      var (rest, a, b) = (start, 0, 0)
      for axis in axes.indices.dropFirst() {
        position[axis] = rest % axes[axis].size
        rest /= axes[axis].size
        a += position[axis] * axes[axis].a
        b += position[axis] * axes[axis].b
      }
      for row in start..<end {
        body(row, a, b)
        var axis = 1
        while axis < axes.count {
          position[axis] += 1
          a += axes[axis].a
          b += axes[axis].b
          if position[axis] < axes[axis].size { break }
          a -= position[axis] * axes[axis].a
          b -= position[axis] * axes[axis].b
          position[axis] = 0
          axis += 1
        }
      }
    }
  }
}

/// `f` of each pair of elements, broadcast to the common shape, or to a larger one that is asked for.
@inline(__always)
func mapPairs(
  _ a: Tensor, _ b: Tensor, to target: [Int]? = nil, name: StaticString = #function, _ f: (Lanes, Lanes) -> Lanes
) -> Tensor {
  let shape = target ?? broadcastShape(a.shape, b.shape)
  let span = Trace.open(
    "\(name)", "\(a.shape) \(b.shape)", operations: shape.elementCount,
    bytes: 4 * (a.count + b.count + shape.elementCount))
  defer { Trace.close(span) }
  let result = Tensor(uninitialized: shape)
  let (p, q, o) = (a.pointer, b.pointer, result.pointer)
  let streaming = Lanes.streams(result.count)
  if a.shape == shape && b.shape == shape {
    Parallel.ranges(result.count) { start, end in
      Lanes.forEachRun(start, end) { i, n in
        f(Lanes(p + i, n), Lanes(q + i, n)).store(o + i, n, streaming: streaming)
      }
    }
    return result
  }
  if result.count == 0 { return result }
  let plan = BroadcastPlan(a.shape, b.shape, result: shape)
  let inner = plan.axes[0].size
  let (isARun, isBRun) = (plan.axes[0].a != 0, plan.axes[0].b != 0)
  // A short row beside many, such as a bias beside pixels: sixteen copies of it make whole runs of lanes.
  if plan.axes.count == 2 && inner < 64 && isARun && isBRun && (plan.axes[1].a == 0) != (plan.axes[1].b == 0) {
    let isARepeated = plan.axes[1].a == 0
    let copies = Storage(count: 16 * inner)
    for copy in 0..<16 { (copies.pointer + copy * inner).update(from: isARepeated ? p : q, count: inner) }
    let (x, y) = (isARepeated ? copies.pointer : p, isARepeated ? q : copies.pointer)
    Parallel.ranges(result.count / inner, grain: max(16, Parallel.elementsOfPiece / inner)) { start, end in
      for row in stride(from: start, to: end, by: 16) {
        let (first, count) = (row &* inner, min(16, end &- row) &* inner)
        let (x, y, out) = (isARepeated ? x : x + first, isARepeated ? y + first : y, o + first)
        Lanes.forEachRun(0, count) { i, n in f(Lanes(x + i, n), Lanes(y + i, n)).store(out + i, n, streaming: streaming) }
      }
    }
    return result
  }
  Parallel.ranges(result.count / inner, grain: max(1, Parallel.elementsOfPiece / inner)) { start, end in
    plan.forEachRow(start, end) { row, aOffset, bOffset in
      let (x, y, out) = (p + aOffset, q + bOffset, o + row &* inner)
      if isARun && isBRun {
        Lanes.forEachRun(0, inner) { i, n in
          f(Lanes(x + i, n), Lanes(y + i, n)).store(out + i, n, streaming: streaming)
        }
      } else if isARun {
        let constant = Lanes(repeating: y[0])
        Lanes.forEachRun(0, inner) { i, n in f(Lanes(x + i, n), constant).store(out + i, n, streaming: streaming) }
      } else {
        let constant = Lanes(repeating: x[0])
        if isBRun {
          Lanes.forEachRun(0, inner) { i, n in f(constant, Lanes(y + i, n)).store(out + i, n, streaming: streaming) }
        } else {
          out.update(repeating: f(constant, Lanes(repeating: y[0]))[0], count: inner)
        }
      }
    }
  }
  return result
}

/// `f` of each element.
@inline(__always)
func mapElements(_ x: Tensor, name: StaticString = #function, _ f: (Lanes) -> Lanes) -> Tensor {
  let span = Trace.open("\(name)", "\(x.shape)", operations: x.count, bytes: 8 * x.count)
  defer { Trace.close(span) }
  let result = Tensor(uninitialized: x.shape)
  let (p, o) = (x.pointer, result.pointer)
  let streaming = Lanes.streams(result.count)
  Parallel.ranges(result.count) { start, end in
    Lanes.forEachRun(start, end) { i, n in f(Lanes(p + i, n)).store(o + i, n, streaming: streaming) }
  }
  return result
}
