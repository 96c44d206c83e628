import Foundation

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
  return resampled(
    x, rows: SparseMap(from: x.shape[1], to: height, filter), columns: SparseMap(from: x.shape[2], to: width, filter))
}

/// A linear map along one axis, of which each output sees few inputs.
private struct SparseMap {
  let inputs: Int
  /// For each output, its inputs and their weights.
  let terms: [[(input: Int, weight: Float)]]

  var transposed: SparseMap {
    var result = [[(input: Int, weight: Float)]](repeating: [], count: inputs)
    for (output, all) in terms.enumerated() {
      for term in all { result[term.input].append((output, term.weight)) }
    }
    return SparseMap(inputs: terms.count, terms: result)
  }

  init(inputs: Int, terms: [[(input: Int, weight: Float)]]) {
    self.inputs = inputs
    self.terms = terms
  }

  init(from inputs: Int, to outputs: Int, _ filter: ResamplingFilter) {
    let scale = Double(inputs) / Double(outputs)
    let stretch = max(1, scale)
    let reach = filter.reach * stretch
    self.inputs = inputs
    terms = (0..<outputs).map { output in
      let centre = (Double(output) + 0.5) * scale
      let first = max(0, Int((centre - reach + 0.5).rounded(.down)))
      let end = max(first + 1, min(inputs, Int((centre + reach + 0.5).rounded(.down))))
      let weights = (first..<min(end, inputs)).map { filter((Double($0) - centre + 0.5) / stretch) }
      let total = weights.reduce(0, +)
      return weights.enumerated().map { (first + $0.offset, Float($0.element / total)) }
    }
  }
}

private func resampled(_ x: Tensor, rows: SparseMap, columns: SparseMap) -> Tensor {
  let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  let (outHeight, outWidth) = (rows.terms.count, columns.terms.count)
  let result = Tensor(uninitialized: [batch, outHeight, outWidth, channels])
  let span = Trace.open("resized", "\(x.shape) \(result.shape)", operations: 8 * result.count, bytes: 4 * (x.count + result.count))
  defer { Trace.close(span) }
  let rowLength = width * channels
  Parallel.ranges(batch * outHeight, grain: max(1, 16384 / max(1, outWidth * channels))) { start, end in
    let line = Storage(count: rowLength)
    for row in start..<end {
      let (image, y) = row.quotientAndRemainder(dividingBy: outHeight)
      line.pointer.update(repeating: 0, count: rowLength)
      for term in rows.terms[y] {
        let source = x.pointer + (image * height + term.input) * rowLength
        let weight = Lanes(repeating: term.weight)
        Lanes.forEachRun(0, rowLength) { i, n in
          Lanes(line.pointer + i, n).addingProduct(Lanes(source + i, n), weight).store(line.pointer + i, n)
        }
      }
      let out = result.pointer + row * outWidth * channels
      out.update(repeating: 0, count: outWidth * channels)
      for (column, terms) in columns.terms.enumerated() {
        for term in terms {
          let source = line.pointer + term.input &* channels
          for c in 0..<channels { out[column &* channels &+ c].addProduct(source[c], term.weight) }
        }
      }
    }
  }
  return recorded(result, from: [x]) { g, _, _ in
    [resampled(g, rows: rows.transposed, columns: columns.transposed)]
  }
}
