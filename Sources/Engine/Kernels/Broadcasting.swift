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
    for depth in 0..<result.count {
      let size = result[result.count - 1 - depth]
      let aSize = depth < a.count ? a[a.count - 1 - depth] : 1
      let bSize = depth < b.count ? b[b.count - 1 - depth] : 1
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

  /// Calls `body` for rows `start ..< end` of the innermost of several axes, with as many at once as stand side by side
  /// on the next: the first row, how many, and where each operand's first starts.
  func forEachBlock(_ start: Int, _ end: Int, _ body: (_ row: Int, _ rows: Int, _ a: Int, _ b: Int) -> Void) {
    let next = axes[1]
    var row = start
    while row < end {
      var (rest, first) = row.quotientAndRemainder(dividingBy: next.size)
      var (a, b) = (first * next.a, first * next.b)
      for axis in axes.dropFirst(2) {
        let position: Int
        (rest, position) = rest.quotientAndRemainder(dividingBy: axis.size)
        a += position * axis.a
        b += position * axis.b
      }
      let rows = min(next.size - first, end - row)
      body(row, rows, a, b)
      row += rows
    }
  }
}

/// Rows of two operands, each of which may be one value in a row and one row for all, and where the results go.
struct PairRows {
  let a, b: UnsafePointer<Float>
  let isAOne, isBOne: Bool
  let out: UnsafeMutablePointer<Float>
  /// Elements of a row.
  let count: Int
  let streaming: Bool
  var rows = 1
  /// How far each operand's rows lie apart.
  var aStep = 0
  var bStep = 0

  /// Writes `f` of each pair. It stands in the closure that loops are given, so that `f` becomes part of its machine
  /// code; a function that the closure had captured would be called for every sixteen values.
  @inline(__always)
  func each(_ f: (Lanes, Lanes) -> Lanes) {
    for row in 0..<rows {
      let (a, b, out) = (a + row &* aStep, b + row &* bStep, out + row &* count)
      if isAOne && isBOne {
        out.update(repeating: f(Lanes(repeating: a[0]), Lanes(repeating: b[0]))[0], count: count)
      } else if isAOne {
        let one = Lanes(repeating: a[0])
        Lanes.forEachRun(0, count) { i, n in f(one, Lanes(b + i, n)).store(out + i, n, streaming: streaming) }
      } else if isBOne {
        let one = Lanes(repeating: b[0])
        Lanes.forEachRun(0, count) { i, n in f(Lanes(a + i, n), one).store(out + i, n, streaming: streaming) }
      } else {
        Lanes.forEachRun(0, count) { i, n in
          f(Lanes(a + i, n), Lanes(b + i, n)).store(out + i, n, streaming: streaming)
        }
      }
    }
  }
}

/// Neighbouring elements, and where the results go.
struct ElementRun {
  let x: UnsafePointer<Float>
  let out: UnsafeMutablePointer<Float>
  let count: Int
  let streaming: Bool

  /// Writes `f` of each, as `PairRows.each` does.
  @inline(__always)
  func each(_ f: (Lanes) -> Lanes) {
    Lanes.forEachRun(0, count) { i, n in f(Lanes(x + i, n)).store(out + i, n, streaming: streaming) }
  }
}

/// A function of each pair of elements, broadcast to the common shape, or to a larger one that is asked for.
///
/// - Parameter body: Is given rows of them, on all threads: `{ $0.each { $0 + $1 } }`.
func mapPairs(
  _ a: Tensor, _ b: Tensor, to target: [Int]? = nil, name: StaticString = #function, _ body: (PairRows) -> Void
) -> Tensor {
  let shape = target ?? broadcastShape(a.shape, b.shape)
  let span = Trace.open(
    "\(name)", "\(a.shape) \(b.shape)", operations: shape.elementCount,
    bytes: 4 * (a.count + b.count + shape.elementCount))
  defer { Trace.close(span) }
  let result = Tensor(uninitialized: shape)
  let (p, q, o) = (a.pointer, b.pointer, result.pointer)
  let streaming = Lanes.streams(result.count)
  if result.count == 0 { return result }
  let plan = BroadcastPlan(a.shape, b.shape, result: shape)
  let inner = plan.axes[0].size
  let (isAOne, isBOne) = (plan.axes[0].a == 0, plan.axes[0].b == 0)
  if plan.axes.count == 1 {
    Parallel.ranges(inner) { start, end in
      body(
        PairRows(
          a: isAOne ? p : p + start, b: isBOne ? q : q + start, isAOne: isAOne, isBOne: isBOne, out: o + start,
          count: end - start, streaming: streaming))
    }
    return result
  }
  // A short row beside many, such as a bias beside pixels: sixteen copies of it make whole runs of lanes.
  if plan.axes.count == 2 && inner < 64 && !isAOne && !isBOne && (plan.axes[1].a == 0) != (plan.axes[1].b == 0) {
    let isARepeated = plan.axes[1].a == 0
    let copies = Storage(count: 16 * inner)
    for copy in 0..<16 { (copies.pointer + copy * inner).update(from: isARepeated ? p : q, count: inner) }
    let (x, y) = (isARepeated ? copies.pointer : p, isARepeated ? q : copies.pointer)
    Parallel.ranges(result.count / inner, grain: max(16, 8192 / inner)) { start, end in
      for row in stride(from: start, to: end, by: 16) {
        let (first, count) = (row &* inner, min(16, end &- row) &* inner)
        body(
          PairRows(
            a: isARepeated ? x : x + first, b: isARepeated ? y + first : y, isAOne: false, isBOne: false,
            out: o + first, count: count, streaming: streaming))
      }
    }
    return result
  }
  Parallel.ranges(result.count / inner, grain: max(1, 8192 / inner)) { start, end in
    plan.forEachBlock(start, end) { row, rows, aOffset, bOffset in
      body(
        PairRows(
          a: p + aOffset, b: q + bOffset, isAOne: isAOne, isBOne: isBOne, out: o + row * inner, count: inner,
          streaming: streaming, rows: rows, aStep: plan.axes[1].a, bStep: plan.axes[1].b))
    }
  }
  return result
}

/// A function of each element.
///
/// - Parameter body: Is given runs of them, on all threads: `{ $0.each { $0.squareRoot() } }`.
func mapElements(_ x: Tensor, name: StaticString = #function, _ body: (ElementRun) -> Void) -> Tensor {
  let span = Trace.open("\(name)", "\(x.shape)", operations: x.count, bytes: 8 * x.count)
  defer { Trace.close(span) }
  let result = Tensor(uninitialized: x.shape)
  let (p, o) = (x.pointer, result.pointer)
  let streaming = Lanes.streams(result.count)
  Parallel.ranges(result.count) { start, end in
    body(ElementRun(x: p + start, out: o + start, count: end - start, streaming: streaming))
  }
  return result
}
