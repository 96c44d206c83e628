import Engine

/// Our answers beside one file's golden values.
public final class GoldenComparison {
  /// One quantity of the file.
  public struct Entry: Sendable {
    public let key: String
    /// The largest difference, relative to the golden record's largest absolute value.
    public let error: Double
    public let tolerance: Double
    /// Whether the tolerance was widened to what rounding alone does to our own answers.
    public var isWidened = false
    public var passed: Bool { error <= tolerance }
  }

  public let golden: GoldenCase
  public private(set) var entries: [Entry] = []
  /// The engine's peak memory during the case, in bytes.
  public internal(set) var peakBytes = 0
  public internal(set) var seconds = 0.0

  public init(_ golden: GoldenCase) { self.golden = golden }

  /// Holds a tensor in PyTorch's order of axes against a record: its shape, its values at the record's positions, its
  /// mean, standard deviation and largest absolute value.
  public func check(_ key: String, _ ours: Tensor, tolerance: Double) throws {
    let record = try golden.record(key)
    guard ours.shape == record.shape else {
      throw GoldenError(path: golden.path, reason: "\(key) has the shape \(record.shape); ours is \(ours.shape)")
    }
    let error = ours.withElements { values -> Double in
      var (sum, squares, largest) = (0.0, 0.0, 0.0)
      for value in values {
        sum += Double(value)
        squares += Double(value) * Double(value)
        largest = max(largest, abs(Double(value)))
      }
      let count = Double(max(1, values.count))
      let mean = sum / count
      let std = max(0, squares / count - mean * mean).squareRoot()
      let differences =
        zip(record.index, record.value).map { Double(values[$0]) - $1 }
        + [mean - record.mean, std - record.std, largest - record.absmax]
      return largestOf(differences)
    }
    add(key, error / max(record.absmax, .leastNormalMagnitude), tolerance)
  }

  /// Holds a picture [N,H,W,C] against a record in PyTorch's order.
  public func check(_ key: String, picture: Tensor, tolerance: Double) throws {
    try check(key, picture.detached.transposed([0, 3, 1, 2]), tolerance: tolerance)
  }

  /// Holds a number against the file's.
  public func check(_ key: String, _ ours: Float, tolerance: Double) throws {
    let expected = try golden.number(key)
    add(key, largestOf([Double(ours) - expected]) / max(abs(expected), .leastNormalMagnitude), tolerance)
  }

  /// Holds lists of whole numbers against the file's, which must be the same: the error is the share of lists that
  /// differ.
  public func check(_ key: String, rows: [[Int]]) throws {
    let expected = try golden.integerRows(key)
    guard rows.count == expected.count else {
      throw GoldenError(path: golden.path, reason: "\(key) has \(expected.count) lists; ours are \(rows.count)")
    }
    add(key, Double(zip(rows, expected).filter { $0 != $1 }.count) / Double(max(1, rows.count)), 0)
  }

  /// Gradients by named parameters against all records `prefix` + key.
  ///
  /// - Parameters:
  ///   - gradients: Takes the gradients by the given parameters, in order.
  ///   - nudged: Where rounding alone may exceed the tolerance: the same gradients for inputs that differ in the last
  ///     bits. It is asked only if the tolerance does not suffice; what our own answers then differ by, times two and
  ///     at most 5 %, is the tolerance.
  public func check(
    gradientsOf module: Module, prefix: String, tolerance: Double, nudged: (([Tensor]) -> [[Tensor]])? = nil,
    _ gradients: ([Tensor]) -> [Tensor]
  ) throws {
    let keys = golden.records(withPrefix: prefix)
    let parameters = Dictionary(uniqueKeysWithValues: module.parameters.map { ($0.key, $0.parameter) })
    let wanted = try keys.map { key in
      guard let parameter = parameters[String(key.dropFirst(prefix.count))] else {
        throw GoldenError(path: golden.path, reason: "\(key) names no parameter of \(type(of: module))")
      }
      return parameter
    }
    let answers = gradients(wanted.map(\.value))
    let first = entries.count
    for ((key, parameter), gradient) in zip(zip(keys, wanted), answers) {
      try check(key, parameter.layout.exported(gradient), tolerance: tolerance)
    }
    guard let nudged, !entries[first...].allSatisfy(\.passed) else { return }
    let others = nudged(wanted.map(\.value))
    for (index, key) in keys.enumerated() where !entries[first + index].passed {
      let scale = max(try golden.record(key).absmax, .leastNormalMagnitude)
      let spread = others.map { Double((answers[index] - $0[index]).absolute().values.max() ?? 0) / scale }.max() ?? 0
      let entry = entries[first + index]
      let widened = max(tolerance, min(0.05, 2 * spread))
      entries[first + index] = Entry(key: key, error: entry.error, tolerance: widened, isWidened: widened > tolerance)
    }
  }

  /// Quantities of the file that were held against nothing.
  public var unchecked: [String] {
    let done = Set(entries.map(\.key))
    return golden.quantities.filter { !done.contains($0) }
  }

  public var passed: Bool { !entries.isEmpty && entries.allSatisfy(\.passed) }

  /// The entry that comes closest to its tolerance or exceeds it most.
  public var worst: Entry? {
    // A NaN is worse than everything.
    entries.max { a, b in !(a.error / a.tolerance).isNaN && !(a.error / a.tolerance >= b.error / b.tolerance) }
  }

  private func add(_ key: String, _ error: Double, _ tolerance: Double) {
    entries.append(Entry(key: key, error: error, tolerance: tolerance))
  }
}

/// The largest absolute value; NaN where one is NaN.
private func largestOf(_ differences: [Double]) -> Double {
  differences.reduce(0) { $0.isNaN || $1.isNaN ? .nan : max($0, abs($1)) }
}
