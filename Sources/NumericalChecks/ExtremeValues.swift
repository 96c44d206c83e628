import Engine
import Foundation

/// Operations at the edges of float32: very large and very small values, infinities, what is no number.
public struct ExtremeCheck: Codable, Sendable {
  public let name: String
  /// What was expected and measured.
  public let finding: String
  public let holds: Bool
  /// What was counted for it.
  public let counts: [Int]

  public init(name: String, finding: String, holds: Bool, counts: [Int] = []) {
    self.name = name
    self.finding = finding
    self.holds = holds
    self.counts = counts
  }

  /// All checks.
  public static func all(seed: UInt64) -> [ExtremeCheck] {
    var stream = RandomStream(seed: seed, name: "extreme values")
    return products(&stream) + convolutions(&stream) + rows() + normalizations(&stream)
  }

  // MARK: - Products and convolutions against sums in double precision

  /// A bilinear map, in float32 and in double precision.
  private struct Bilinear {
    let name: String
    let shapes: (a: [Int], b: [Int])
    let fast: (Tensor, Tensor) -> Tensor
    /// Calls its argument with the places of two factors and of the sum that their product belongs to.
    let terms: ((Int, Int, Int) -> Void) -> Void
    /// Largest error, of the sum of the products' magnitudes.
    let bound: Double
  }

  private static let product = Bilinear(
    name: "matrix product", shapes: ([130, 70], [70, 90]), fast: { matmul($0, $1) },
    terms: { body in
      for i in 0..<130 { for l in 0..<70 { for j in 0..<90 { body(i * 70 + l, l * 90 + j, i * 90 + j) } } }
    }, bound: 1e-5)

  private static func convolution(_ name: String, _ x: [Int], _ kernel: Int, _ outputs: Int, stride: Int, bound: Double)
    -> Bilinear
  {
    let window = Window(stride: stride, padding: kernel / 2)
    let (outHeight, outWidth) = ((x[1] - 1) / stride + 1, (x[2] - 1) / stride + 1)
    return Bilinear(
      name: name, shapes: (x, [kernel, kernel, x[3], outputs]), fast: { conv2d($0, $1, window) },
      terms: { body in
        for place in 0..<(x[0] * outHeight * outWidth) {
          let (picture, row, column) = (place / outWidth / outHeight, place / outWidth % outHeight, place % outWidth)
          for tap in 0..<(kernel * kernel) {
            let h = row * stride + tap / kernel - kernel / 2
            let w = column * stride + tap % kernel - kernel / 2
            guard (0..<x[1]).contains(h), (0..<x[2]).contains(w) else { continue }
            for i in 0..<x[3] {
              for o in 0..<outputs {
                body(((picture * x[1] + h) * x[2] + w) * x[3] + i, (tap * x[3] + i) * outputs + o, place * outputs + o)
              }
            }
          }
        }
      }, bound: bound)
  }

  private static func products(_ stream: inout RandomStream) -> [ExtremeCheck] {
    [scales(product, &stream)] + overflow(product, &stream) + [propagation(product, &stream)]
  }

  private static func convolutions(_ stream: inout RandomStream) -> [ExtremeCheck] {
    // Large enough that its shape chooses Winograd's method, and one that strides, which it cannot.
    let winograd = convolution("3 × 3 convolution (Winograd)", [32, 10, 9, 24], 3, 16, stride: 1, bound: 2e-5)
    let direct = convolution("3 × 3 convolution, stride 2", [8, 9, 9, 8], 3, 8, stride: 2, bound: 1e-5)
    return [winograd, direct].flatMap {
      [scales($0, &stream)] + overflow($0, &stream) + [propagation($0, &stream)]
    }
  }

  private static func sums(_ map: Bilinear, _ a: Tensor, _ b: Tensor, count: Int) -> (sum: [Double], size: [Double]) {
    let (p, q) = (a.values.map(Double.init), b.values.map(Double.init))
    var (sum, size) = ([Double](repeating: 0, count: count), [Double](repeating: 0, count: count))
    map.terms { i, j, o in
      let product = p[i] * q[j]
      sum[o] += product
      size[o] += abs(product)
    }
    return (sum, size)
  }

  /// The error keeps its bound from where products almost vanish to where they almost overflow.
  private static func scales(_ map: Bilinear, _ stream: inout RandomStream) -> ExtremeCheck {
    var worst = 0.0
    let scales: [(Float, Float)] = [(1, 1), (1e-15, 1e-15), (1e15, 1e15), (1e-30, 1e30), (1e30, 1e-30), (1e-38, 1e20)]
    for (left, right) in scales {
      let a = Tensor.uniform(map.shapes.a, -left, left, from: &stream)
      let b = Tensor.uniform(map.shapes.b, -right, right, from: &stream)
      let y = map.fast(a, b).values
      let (sum, size) = sums(map, a, b, count: y.count)
      let largest = size.max() ?? 0
      // Winograd's method spreads the rounding of large neighbours: errors are measured by the largest sum.
      for (value, exact) in zip(y, sum) { worst = max(worst, abs(Double(value) - exact) / largest) }
      if !y.allSatisfy(\.isFinite) { worst = .infinity }
    }
    return ExtremeCheck(
      name: "\(map.name): factors from 10⁻³⁸ to 10³⁰",
      finding: "error at most \(scientific(worst)) of the largest sum of magnitudes; bound \(scientific(map.bound))",
      holds: worst <= map.bound)
  }

  /// Beyond the range nothing finite and wrong comes out; below it, nothing but what rounds to zero.
  private static func overflow(_ map: Bilinear, _ stream: inout RandomStream) -> [ExtremeCheck] {
    let a = Tensor.uniform(map.shapes.a, 1e19, 2e19, from: &stream)
    let b = Tensor.uniform(map.shapes.b, 1e20, 2e20, from: &stream)
    let large = map.fast(a, b).values
    let wrong = large.filter(\.isFinite).count
    let c = Tensor.uniform(map.shapes.a, -1e-24, 1e-24, from: &stream)
    let d = Tensor.uniform(map.shapes.b, -1e-24, 1e-24, from: &stream)
    let small = map.fast(c, d).values.map(abs).max() ?? 0
    return [
      ExtremeCheck(
        name: "\(map.name): sums beyond float32", finding: "\(wrong) of \(large.count) came out finite",
        holds: wrong == 0, counts: [wrong, large.count]),
      ExtremeCheck(
        name: "\(map.name): sums below float32's smallest",
        finding: "largest result \(scientific(Double(small)))", holds: Double(small) < 1e-40),
    ]
  }

  /// What is no number, or infinite, reaches every sum that it is a term of.
  private static func propagation(_ map: Bilinear, _ stream: inout RandomStream) -> ExtremeCheck {
    var (lost, reached, count) = (0, 0, 0)
    for (isLeft, bad) in [(true, Float.nan), (false, .nan), (true, .infinity), (false, -.infinity)] {
      let a = Tensor.uniform(map.shapes.a, 0.5, 1, from: &stream)
      let b = Tensor.uniform(map.shapes.b, 0.5, 1, from: &stream)
      let place = stream.integer(below: isLeft ? a.count : b.count)
      (isLeft ? a : b).withMutableElements { $0[place] = bad }
      let y = map.fast(a, b).values
      var depends = [Bool](repeating: false, count: y.count)
      map.terms { i, j, o in if (isLeft ? i : j) == place { depends[o] = true } }
      for (value, isDependent) in zip(y, depends) where isDependent && value.isFinite { lost += 1 }
      reached += depends.filter { $0 }.count
      count += 1
    }
    return ExtremeCheck(
      name: "\(map.name): NaN and infinities",
      finding: "\(reached - lost) of \(reached) dependent sums are not finite, in \(count) trials", holds: lost == 0,
      counts: [reached - lost, reached, count])
  }

  // MARK: - Rows

  private static func rows() -> [ExtremeCheck] {
    // Below the smallest normal number.
    let tiny = Float.leastNormalMagnitude / 128
    let hard: [[Float]] = [
      [1e30, -1e30, 0, 1e30], [-1e30, -1e30, -1e30, -1e30], [3e38, -3e38, 3e38, 0], [88, 89, 90, -200],
      [tiny, 2 * tiny, 0, -tiny], [0, 0, 0, 0], [-.infinity, 0, 1, -.infinity], [1e4, 0, -1e4, 5],
    ]
    let x = Tensor(hard.flatMap { $0 }, shape: [hard.count, 4]).tracked
    let (probability, logarithm) = (x.softmax(), x.logSoftmax())
    let sums = probability.sum([1]).values.map { abs(Double($0) - 1) }.max() ?? .infinity
    var worst = 0.0
    for (row, values) in hard.enumerated() {
      let largest = Double(values.max()!)
      let total = values.reduce(0.0) { $0 + exp(Double($1) - largest) }
      for (column, value) in values.enumerated() {
        let exact = Double(value) - largest - log(total)
        let found = Double(logarithm.values[row * 4 + column])
        let bothInfinite = exact == -.infinity && found == -.infinity
        // Beyond float32's range the exact value rounds to infinity.
        let isRounded = exact < -Double(Float.greatestFiniteMagnitude) && found == -.infinity
        // The values are shifted by the whole log-sum-exp, so what is lost is of the row's own size.
        if !bothInfinite && !isRounded { worst = max(worst, abs(found - exact) / max(1, abs(exact), abs(largest))) }
      }
    }
    let finite = Tensor(hard.prefix(6).flatMap { $0 }, shape: [6, 4]).tracked
    let slopes = gradients(of: finite.logSoftmax().softmax().squared().sum(), withRespectTo: [finite])[0]
    let loss = crossEntropy(finite, [0, 1, 2, 3, 0, 1])
    let byLogits = gradients(of: loss, withRespectTo: [finite])[0]
    let spoilt = Tensor([0, .nan, 1, 2, 3, 4], shape: [2, 3]).softmax().values
    let tails = Tensor([-1e30, -200, 0, 200, 1e30], shape: [5]).tracked
    let soft = tails.softplus()
    let softSlopes = gradients(of: soft.sum(), withRespectTo: [tails])[0].values
    return [
      ExtremeCheck(
        name: "softmax of rows from -3·10³⁸ to 3·10³⁸", finding: "sums off one by at most \(scientific(sums))",
        holds: sums < 1e-6),
      ExtremeCheck(
        name: "logarithm of softmax (log-sum-exp)",
        finding: "error at most \(scientific(worst)) of the row's largest magnitude",
        holds: worst < 1e-6),
      ExtremeCheck(
        name: "their gradients, and cross-entropy's", finding: "all finite: \(slopes.isFinite && byLogits.isFinite)",
        holds: slopes.isFinite && byLogits.isFinite),
      ExtremeCheck(
        name: "softmax of a row with NaN", finding: "that row is NaN, the next is not",
        holds: spoilt.prefix(3).allSatisfy(\.isNaN) && spoilt.suffix(3).allSatisfy(\.isFinite)),
      ExtremeCheck(
        name: "softplus from -10³⁰ to 10³⁰", finding: "values \(soft.values.map { scientific(Double($0)) })",
        holds: soft.isFinite && soft.values[4] == 1e30 && soft.values[0] == 0 && softSlopes == [0, 0, 0.5, 1, 1]),
    ]
  }

  // MARK: - Normalisations

  private static func normalizations(_ stream: inout RandomStream) -> [ExtremeCheck] {
    func normalised(_ x: Tensor) -> (output: Tensor, isFinite: Bool) {
      let channels = x.shape.last!
      let (x, scale, offset) = (
        x.tracked, Tensor.uniform([channels], 0.5, 1.5, from: &stream).tracked,
        Tensor.uniform([channels], -1, 1, from: &stream).tracked
      )
      let y = batchNormTraining(x, scale: scale, offset: offset, epsilon: 1e-5).output
      let first = gradients(of: y.squared().sum(), withRespectTo: [x, scale, offset], recording: true)
      let second = gradients(of: first[0].squared().sum(), withRespectTo: [x, scale, offset])
      let isFinite = ([y] + first + second).allSatisfy(\.isFinite)
      return ((y - offset) / scale, isFinite)
    }
    let constant = normalised(Tensor(repeating: 1000, shape: [4, 5, 5, 20]))
    let single = normalised(Tensor.uniform([1, 1, 1, 12], -1, 1, from: &stream))
    let picture = normalised(Tensor.uniform([1, 6, 6, 12], -1, 1, from: &stream))
    // A deviation of one on a mean of ten thousand: one pass over sums of squares would lose it.
    let shifted = Tensor.normal([64, 4, 4, 3], from: &stream) + 1e4
    let far = normalised(shifted).output.values
    let values = shifted.values
    var worst = 0.0
    for channel in 0..<3 {
      let places = stride(from: channel, to: values.count, by: 3)
      let mean = places.reduce(0) { $0 + Double(values[$1]) } / Double(values.count / 3)
      let variance = places.reduce(0) { $0 + pow(Double(values[$1]) - mean, 2) } / Double(values.count / 3)
      for place in places {
        worst = max(worst, abs((Double(values[place]) - mean) / (variance + 1e-5).squareRoot() - Double(far[place])))
      }
    }
    let row = Tensor(repeating: -5, shape: [3, 7]).tracked
    let layer = layerNorm(row, scale: .ones([7]), offset: .zeros([7]), epsilon: 1e-5)
    let byRow = gradients(of: (layer + 1).squared().sum(), withRespectTo: [row])[0]
    func largest(_ x: Tensor) -> Double { Double(x.values.map(abs).max() ?? .nan) }
    return [
      ExtremeCheck(
        name: "batch norm of channels without variance",
        finding: "largest value \(scientific(largest(constant.output))) before scale and offset; gradients to the "
          + "second order finite: \(constant.isFinite)", holds: largest(constant.output) < 1e-4 && constant.isFinite),
      ExtremeCheck(
        name: "batch norm of one picture of one pixel",
        finding: "largest value \(scientific(largest(single.output))); finite: \(single.isFinite)",
        holds: largest(single.output) < 1e-4 && single.isFinite),
      ExtremeCheck(
        name: "batch norm of one picture", finding: "finite: \(picture.isFinite)", holds: picture.isFinite),
      ExtremeCheck(
        name: "batch norm of a deviation of 1 on a mean of 10⁴", finding: "error at most \(scientific(worst))",
        holds: worst < 2e-2),
      ExtremeCheck(
        name: "layer norm of constant rows",
        finding: "largest value \(scientific(largest(layer))); gradient finite: \(byRow.isFinite)",
        holds: largest(layer) < 1e-4 && byRow.isFinite),
    ]
  }

  /// Such as 1.5e-06.
  private static func scientific(_ value: Double) -> String {
    value == 0 ? "0" : String(format: "%.1e", value)
  }
}
