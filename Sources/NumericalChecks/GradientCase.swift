import Engine

/// A function with inputs drawn at random, whose gradients are to be checked.
public struct GradientCase {
  public var inputs: [Tensor]
  public var tolerance: Double
  public var step: Float
  public var function: ([Tensor]) -> Tensor

  public init(
    _ inputs: [Tensor], tolerance: Double = 2e-3, step: Float = 0x1p-3, _ function: @escaping ([Tensor]) -> Tensor
  ) {
    self.inputs = inputs
    self.tolerance = tolerance
    self.step = step
    self.function = function
  }
}

/// An operation or a loss, of which cases are drawn.
public struct GradientProperty {
  public let name: String
  /// A case of random shapes, values and settings.
  public let draw: (inout Draw) -> GradientCase

  public init(_ name: String, draw: @escaping (inout Draw) -> GradientCase) {
    self.name = name
    self.draw = draw
  }

  /// What came of the cases of one property.
  public struct Outcome: Codable, Sendable {
    public var name: String
    public var cases = 0
    public var derivatives = 0
    /// The largest difference of all cases, of the largest gradient of its case.
    public var worst = 0.0
    public var problems: [String] = []
  }

  /// Checks one case, to the second order. It depends on the seed, the name and the number alone.
  public func check(seed: UInt64, number: Int) -> GradientCheck.Outcome {
    var draw = Draw(RandomStream(seed: seed, name: "gradient property \(name)", index: UInt64(number)))
    let one = self.draw(&draw)
    var outcome = GradientCheck.outcome(one.inputs, tolerance: one.tolerance, step: one.step, one.function)
    if let problem = outcome.problem { outcome.problem = "\(name), seed \(seed), case \(number): \(problem)" }
    return outcome
  }

  /// Checks so many cases, dealt out evenly.
  ///
  /// - Parameter after: Called after each case.
  public static func check(
    _ properties: [GradientProperty], cases: Int, seed: UInt64, after: () -> Void = {}
  ) -> [Outcome] {
    properties.enumerated().map { place, property in
      var outcome = Outcome(name: property.name)
      for number in 0..<((cases + properties.count - 1 - place) / properties.count) {
        let one = property.check(seed: seed, number: number)
        outcome.cases += 1
        outcome.derivatives += one.derivatives
        outcome.worst = max(outcome.worst, one.worst)
        if let problem = one.problem { outcome.problems.append(problem) }
        after()
      }
      return outcome
    }
  }
}

/// Random shapes and values.
public struct Draw {
  public var stream: RandomStream

  public init(_ stream: RandomStream) { self.stream = stream }

  /// A whole number of a range.
  public mutating func integer(_ range: ClosedRange<Int>) -> Int {
    range.lowerBound + stream.integer(below: range.count)
  }

  public mutating func flag() -> Bool { stream.chance(0.5) }

  public mutating func choice<Value>(_ values: [Value]) -> Value { values[stream.integer(below: values.count)] }

  public mutating func uniform(_ low: Float, _ high: Float) -> Float { stream.uniform(low, high) }

  /// Sides of 1 to `side`.
  public mutating func shape(rank: ClosedRange<Int>, side: Int = 3) -> [Int] {
    (0..<integer(rank)).map { _ in integer(1...side) }
  }

  /// Values in low...high.
  public mutating func values(_ shape: [Int], _ low: Float = -1, _ high: Float = 1) -> Tensor {
    .uniform(shape, low, high, from: &stream)
  }

  /// Values in ±1.375 that no step brings near zero: functions with a kink there are smooth around them.
  public mutating func awayFromZero(_ shape: [Int], distance: Float = 0.375) -> Tensor {
    Tensor(values(shape).values.map { $0 + ($0 < 0 ? -distance : distance) }, shape: shape)
  }

  /// Values half a unit apart in random order: no step changes which is the largest.
  public mutating func farApart(_ shape: [Int]) -> Tensor {
    let count = shape.elementCount
    return Tensor(stream.permutation(count).map { (Float($0) - Float(count) / 2) / 2 }, shape: shape)
  }

  /// A shape that broadcasts to the given one.
  public mutating func broadcastable(_ shape: [Int]) -> [Int] {
    let kept = shape.suffix(integer(0...shape.count))
    return kept.map { flag() ? $0 : 1 }
  }

  /// Some different axes of a tensor of a rank, one at least.
  public mutating func axes(rank: Int) -> [Int] { Array(stream.permutation(rank).prefix(integer(1...rank))) }
}
