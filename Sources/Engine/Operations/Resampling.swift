/// How pixels are weighted when a picture changes size; when it shrinks the filter is widened, as Pillow's.
public enum ResamplingFilter: String, Codable, Sendable {
  /// A triangle.
  case bilinear
  /// The cubic with a = -1/2.
  case bicubic

  var reach: Double { self == .bilinear ? 1 : 2 }

  func callAsFunction(_ x: Double) -> Double {
    let x = abs(x)
    switch self {
    case .bilinear: return max(0, 1 - x)
    case .bicubic:
      if x >= 2 { return 0 }
      return x < 1 ? (1.5 * x - 2.5) * x * x + 1 : ((-0.5 * x + 2.5) * x - 4) * x + 2
    }
  }
}

/// x [N,H,W,C] → [N,height,width,C], differentiable to any order: CLIP sees drawn pictures at its own size.
public func resized(_ x: Tensor, height: Int, width: Int, filter: ResamplingFilter = .bicubic) -> Tensor {
  precondition(x.rank == 4, "resized takes [N,H,W,C]; the shape is \(x.shape)")
  precondition(height > 0 && width > 0 && x.shape[1] > 0 && x.shape[2] > 0, "pictures have at least one pixel")
  if x.shape[1] == height && x.shape[2] == width { return x }
  return mixed(
    x, rows: filter.weights(from: x.shape[1], to: height), columns: filter.weights(from: x.shape[2], to: width))
}

extension ResamplingFilter {
  /// What each of `outputs` pixels takes of each of `inputs`: [outputs, inputs].
  fileprivate func weights(from inputs: Int, to outputs: Int) -> Tensor {
    let scale = Double(inputs) / Double(outputs)
    let stretch = max(1, scale)
    var values = [Float](repeating: 0, count: outputs * inputs)
    for output in 0..<outputs {
      let centre = (Double(output) + 0.5) * scale
      let first = max(0, Int((centre - reach * stretch + 0.5).rounded(.down)))
      let end = min(inputs, max(first + 1, Int((centre + reach * stretch + 0.5).rounded(.down))))
      let weights = (first..<end).map { self((Double($0) - centre + 0.5) / stretch) }
      let total = weights.reduce(0, +)
      for (offset, weight) in weights.enumerated() { values[output * inputs + first + offset] = Float(weight / total) }
    }
    return Tensor(values, shape: [outputs, inputs])
  }
}

/// A linear map of the rows and one of the columns: x [N,H,W,C], rows [H',H], columns [W',W] → [N,H',W',C].
func mixed(_ x: Tensor, rows: Tensor, columns: Tensor) -> Tensor {
  let wide = matmul(x.transposed([0, 3, 1, 2]), columns, transposeB: true)
  let high = matmul(wide.transposed([0, 1, 3, 2]), rows, transposeB: true)
  return high.transposed([0, 3, 2, 1])
}
