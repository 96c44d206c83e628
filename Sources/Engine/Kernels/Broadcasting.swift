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
/// A picture [N,H,W,C] times a style [N,1,1,C] becomes the three axes [N, H·W, C].
private struct BroadcastPlan {
  var sizes: [Int] = []
  var aStrides: [Int] = []
  var bStrides: [Int] = []

  init(_ a: [Int], _ b: [Int], result: [Int]) {
    func strides(_ shape: [Int]) -> [Int] {
      var strides = [Int](repeating: 0, count: result.count)
      var step = 1
      for axis in stride(from: shape.count - 1, through: 0, by: -1) {
        strides[axis + result.count - shape.count] = shape[axis] == 1 ? 0 : step
        step *= shape[axis]
      }
      return strides
    }
    let aAll = strides(a)
    let bAll = strides(b)
    for axis in result.indices where result[axis] != 1 {
      if let last = sizes.indices.last, aStrides[last] == aAll[axis] * result[axis],
        bStrides[last] == bAll[axis] * result[axis]
      {
        sizes[last] *= result[axis]
        aStrides[last] = aAll[axis]
        bStrides[last] = bAll[axis]
      } else {
        sizes.append(result[axis])
        aStrides.append(aAll[axis])
        bStrides.append(bAll[axis])
      }
    }
    if sizes.isEmpty {
      sizes = [1]
      aStrides = [1]
      bStrides = [1]
    }
  }
}

/// `f` of each pair of elements, broadcast to the common shape, or to a larger one that is asked for.
@inline(__always)
func mapPairs(_ a: Tensor, _ b: Tensor, to target: [Int]? = nil, _ f: (Float, Float) -> Float) -> Tensor {
  let shape = target ?? broadcastShape(a.shape, b.shape)
  let result = Tensor(uninitialized: shape)
  let (p, q, o) = (a.pointer, b.pointer, result.pointer)
  if a.shape == shape && b.shape == shape {
    Parallel.ranges(result.count) { start, end in
      var i = start
      while i < end {
        o[i] = f(p[i], q[i])
        i &+= 1
      }
    }
    return result
  }
  if result.count == 0 { return result }
  let plan = BroadcastPlan(a.shape, b.shape, result: shape)
  let inner = plan.sizes.last!
  let aInner = plan.aStrides.last!
  let bInner = plan.bStrides.last!
  let outer = plan.sizes.dropLast()
  let rows = result.count / inner
  Parallel.ranges(rows, grain: max(1, 32768 / inner)) { start, end in
    for row in start..<end {
      var rest = row
      var aOffset = 0
      var bOffset = 0
      for axis in outer.indices.reversed() {
        let position = rest % outer[axis]
        rest /= outer[axis]
        aOffset += position * plan.aStrides[axis]
        bOffset += position * plan.bStrides[axis]
      }
      let x = p + aOffset
      let y = q + bOffset
      let out = o + row * inner
      var i = 0
      if aInner != 0 && bInner != 0 {
        while i < inner {
          out[i] = f(x[i], y[i])
          i &+= 1
        }
      } else if aInner != 0 {
        let constant = y[0]
        while i < inner {
          out[i] = f(x[i], constant)
          i &+= 1
        }
      } else if bInner == 0 {
        out.update(repeating: f(x[0], y[0]), count: inner)
      } else {
        let constant = x[0]
        while i < inner {
          out[i] = f(constant, y[i])
          i &+= 1
        }
      }
    }
  }
  return result
}

/// `f` of each element.
@inline(__always)
func mapElements(_ x: Tensor, _ f: (Float) -> Float) -> Tensor {
  let result = Tensor(uninitialized: x.shape)
  let (p, o) = (x.pointer, result.pointer)
  Parallel.ranges(result.count) { start, end in
    var i = start
    while i < end {
      o[i] = f(p[i])
      i &+= 1
    }
  }
  return result
}
