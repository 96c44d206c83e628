import Engine

/// Compares gradients of any order with central finite differences.
///
/// Values are float32, so a difference of values carries their rounding divided by the step: the steps are large
/// powers of two, taken exactly, and Richardson extrapolation removes the error they bring: with D(h) the central
/// difference, (4·D(h/2) - D(h)) / 3 is off by O(h⁴). Two extrapolations, from steps h and h/2 and from h/2 and h/4,
/// must agree, or the check declares itself unable to judge. Sums are taken in Double.
public enum GradientCheck {
  /// What came of a check.
  public struct Outcome: Equatable, Sendable {
    /// What is wrong, or why it could not be judged; nil if nothing is.
    public var problem: String?
    /// The largest difference between a gradient and its finite difference, of the largest gradient.
    public var worst = 0.0
    /// How many single derivatives were compared.
    public var derivatives = 0
  }

  /// What is wrong with the gradients of `f` at `inputs`, or nil; see `outcome`.
  public static func mismatch(
    _ inputs: [Tensor], order: Int = 2, tolerance: Double = 2e-3, step: Float = 0x1p-3,
    _ f: @escaping ([Tensor]) -> Tensor
  ) -> String? {
    outcome(inputs, order: order, tolerance: tolerance, step: step, f).problem
  }

  /// Checks the gradients of `f` at `inputs`.
  ///
  /// Order 1 checks the gradient of <f(x), s>. Order 2 checks, the same way, the function that maps (x, s) to that
  /// gradient, and so on. Values are computed without recording, which takes the fast gradients of fused operations;
  /// their derivatives with recording.
  ///
  /// - Parameter tolerance: Of the largest gradient (by any input). A wrong factor is off by far more.
  public static func outcome(
    _ inputs: [Tensor], order: Int = 2, tolerance: Double = 2e-3, step: Float = 0x1p-3,
    _ f: @escaping ([Tensor]) -> Tensor
  ) -> Outcome {
    var outcome = Outcome()
    check(inputs, order: 1, upTo: order, tolerance, step, into: &outcome) { [f($0)] }
    return outcome
  }

  private static func check(
    _ inputs: [Tensor], order: Int, upTo last: Int, _ tolerance: Double, _ step: Float, into outcome: inout Outcome,
    _ f: @escaping ([Tensor]) -> [Tensor]
  ) {
    let tracked = inputs.map { rounded($0).tracked }
    let outputs = f(tracked)
    let seeds = outputs.enumerated().map { index, output in
      var stream = RandomStream(seed: UInt64(order), name: "gradient seed", index: UInt64(index))
      return Tensor.uniform(output.shape, -1, 1, from: &stream)
    }
    let found = pullBack(outputs, seeds, to: tracked, recording: false).map { $0.values.map(Double.init) }
    let largest = max(1e-2, found.joined().map(abs).max() ?? 0)

    func value(_ x: [Tensor]) -> Double {
      zip(f(x), seeds).reduce(0) { total, pair in
        zip(pair.0.values, pair.1.values).reduce(total) { $0 + Double($1.0) * Double($1.1) }
      }
    }
    for (index, input) in tracked.enumerated() {
      for element in 0..<input.count {
        let (slope, spread) = derivative(at: tracked, input: index, element: element, step, value)
        let place = "order \(order), input \(index) \(input.shape), element \(element)"
        if !(spread <= 2 * tolerance * largest) {
          outcome.problem = "\(place): finite differences \(slope) are uncertain by \(spread); choose smoother inputs"
          return
        }
        let actual = found[index][element]
        let difference = abs(actual - slope)
        outcome.derivatives += 1
        outcome.worst = max(outcome.worst, difference / largest)
        if !(difference <= tolerance * largest + spread) {
          outcome.problem = "\(place): the gradient is \(actual), finite differences give \(slope) ± \(spread)"
          return
        }
      }
    }
    guard order < last else { return }
    let shapes = outputs.count
    check(inputs + seeds, order: order + 1, upTo: last, tolerance, step, into: &outcome) { x in
      // At a displaced point the inputs are plain values: track them here.
      let recording = x.contains(where: \.isTracked)
      let point = x.map { $0.isTracked ? $0 : $0.tracked }
      let variables = Array(point.dropLast(shapes))
      return pullBack(f(variables), Array(point.suffix(shapes)), to: variables, recording: recording)
    }
  }

  /// The gradient of Σ <output k, seed k>.
  private static func pullBack(_ outputs: [Tensor], _ seeds: [Tensor], to inputs: [Tensor], recording: Bool)
    -> [Tensor]
  {
    // One tensor of all outputs, so that a seed can be a variable.
    let all = concatenated(outputs.map { $0.reshaped([-1]) }, axis: 0)
    let seed = concatenated(seeds.map { $0.reshaped([-1]) }, axis: 0)
    return gradients(of: all, withRespectTo: inputs, seed: seed, recording: recording)
  }

  /// The extrapolated derivative by one element, and how far two extrapolations are apart.
  private static func derivative(
    at inputs: [Tensor], input: Int, element: Int, _ step: Float, _ value: ([Tensor]) -> Double
  ) -> (slope: Double, spread: Double) {
    func displaced(_ shift: Float) -> Double {
      var x = inputs.map(\.detached)
      x[input] = x[input].copy()
      x[input].withMutableElements { $0[element] += shift }
      return value(x)
    }
    let central = [step, step / 2, step / 4].map { (displaced($0) - displaced(-$0)) / Double(2 * $0) }
    let coarse = (4 * central[1] - central[0]) / 3
    let fine = (4 * central[2] - central[1]) / 3
    return (fine, abs(fine - coarse))
  }

  /// Multiples of 2⁻¹⁶, so that x ± step is exact.
  private static func rounded(_ x: Tensor) -> Tensor {
    Tensor(x.values.map { ($0 * 0x1p16).rounded() * 0x1p-16 }, shape: x.shape)
  }
}
