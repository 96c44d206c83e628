/// The mean of each window, by channel: x [N,H,W,C] → [N,H',W',C].
///
/// - Parameter countsPadding: Whether zeros beyond the picture count, as PyTorch's `count_include_pad`. Without, the
///   mean is of the pixels inside alone, as TensorFlow's.
public func averagePool2d(_ x: Tensor, kernel: Int, _ window: Window, countsPadding: Bool = true) -> Tensor {
  precondition(x.rank == 4, "averagePool2d takes [N,H,W,C]; the shape is \(x.shape)")
  precondition(2 * window.padding <= kernel, "averagePool2d pads by at most half its kernel: no window may be empty")
  let all = Float(kernel * kernel)
  let channels = x.shape[3]
  let mean = depthwiseConv2d(x, Tensor(repeating: 1 / all, shape: [kernel, kernel, 1, channels]), window)
  if countsPadding || window.padding == 0 { return mean }
  // How many of each window's pixels lie inside is a number for its row times one for its column.
  func inside(_ side: Int) -> [Float] {
    (0..<window.outputSize(side, kernel: kernel)).map {
      let first = $0 * window.stride - window.padding
      return Float(min(side, first + kernel) - max(0, first))
    }
  }
  let (rows, columns) = (inside(x.shape[1]), inside(x.shape[2]))
  let factors = rows.flatMap { row in columns.map { all / (row * $0) } }
  return mean * Tensor(factors, shape: [rows.count, columns.count, 1])
}

/// `maxPool2d` whose windows may reach beyond the last row and column, as PyTorch's `ceil_mode`: one more output where
/// a window that begins inside the picture would otherwise be left out.
public func maxPool2dRoundingUp(_ x: Tensor, kernel: Int, _ window: Window) -> Tensor {
  precondition(x.rank == 4, "maxPool2dRoundingUp takes [N,H,W,C]; the shape is \(x.shape)")
  func missing(_ side: Int) -> Int {
    let room = side + 2 * window.padding - kernel
    guard room >= 0 else { return 0 }
    // Where the next window would begin, counted from the first pixel of the padding.
    let last = (room + window.stride - 1) / window.stride * window.stride
    return last < side + window.padding ? last - room : 0
  }
  var y = x
  for axis in [1, 2] {
    let more = missing(x.shape[axis])
    guard more > 0 else { continue }
    // The last pixels again: a window that sees a copy sees the pixel too, which comes first and takes the gradient.
    let edge = y.slice(axis, (y.shape[axis] - 1)..<y.shape[axis])
    y = concatenated([y] + Array(repeating: edge, count: more), axis: axis)
  }
  return maxPool2d(y, kernel: kernel, window)
}

/// Means over a grid of `height` × `width` nearly equal cells, as PyTorch's `adaptive_avg_pool2d`: [N,H,W,C] →
/// [N,height,width,C].
public func adaptiveAveragePool2d(_ x: Tensor, height: Int, width: Int) -> Tensor {
  precondition(
    x.rank == 4 && x.shape[1] > 0 && x.shape[2] > 0 && height > 0 && width > 0,
    "adaptiveAveragePool2d takes [N,H,W,C]; the shape is \(x.shape)")
  /// Cell k covers ⌊k·side/cells⌋..<⌈(k+1)·side/cells⌉.
  func weights(_ side: Int, _ cells: Int) -> Tensor {
    let rows = (0..<cells).flatMap { cell in
      let range = (cell * side / cells)..<(((cell + 1) * side + cells - 1) / cells)
      return (0..<side).map { range.contains($0) ? 1 / Float(range.count) : 0 }
    }
    return Tensor(rows, shape: [cells, side])
  }
  if height == x.shape[1] && width == x.shape[2] { return x }
  return mixed(x, rows: weights(x.shape[1], height), columns: weights(x.shape[2], width))
}

/// Pictures at another size by two-point interpolation, without smoothing, as PyTorch's
/// `interpolate(mode="bilinear", align_corners=False)`: [N,H,W,C] → [N,height,width,C].
public func interpolatedBilinearly(_ x: Tensor, height: Int, width: Int) -> Tensor {
  precondition(
    x.rank == 4 && x.shape[1] > 0 && x.shape[2] > 0 && height > 0 && width > 0,
    "interpolatedBilinearly takes [N,H,W,C]; the shape is \(x.shape)")
  func weights(_ side: Int, _ newSide: Int) -> Tensor {
    var values = [Float](repeating: 0, count: newSide * side)
    for k in 0..<newSide {
      let centre = max(0, (Float(k) + 0.5) * (Float(side) / Float(newSide)) - 0.5)
      let first = min(Int(centre), side - 1)
      let second = min(first + 1, side - 1)
      let share = centre - Float(first)
      values[k * side + first] += 1 - share
      values[k * side + second] += share
    }
    return Tensor(values, shape: [newSide, side])
  }
  if height == x.shape[1] && width == x.shape[2] { return x }
  return mixed(x, rows: weights(x.shape[1], height), columns: weights(x.shape[2], width))
}
