import Engine

/// Our answers beside one file's golden values.
public final class GoldenComparison {
  /// One quantity of the file.
  public struct Entry: Sendable {
    public let key: String
    /// The largest difference, relative to the golden record's largest absolute value.
    public let error: Double
    public let tolerance: Double
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

  /// Gradients by named parameters against all records `prefix` + key.
  ///
  /// - Parameter gradients: Takes the gradients by the given parameters, in order.
  public func check(
    gradientsOf module: Module, prefix: String, tolerance: Double, _ gradients: ([Tensor]) -> [Tensor]
  ) throws {
    let keys = golden.records(withPrefix: prefix)
    let parameters = Dictionary(uniqueKeysWithValues: module.parameters.map { ($0.key, $0.parameter) })
    let wanted = try keys.map { key in
      guard let parameter = parameters[String(key.dropFirst(prefix.count))] else {
        throw GoldenError(path: golden.path, reason: "\(key) names no parameter of \(type(of: module))")
      }
      return parameter
    }
    for ((key, parameter), gradient) in zip(zip(keys, wanted), gradients(wanted.map(\.value))) {
      try check(key, parameter.layout.exported(gradient), tolerance: tolerance)
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
