/// A float32 array of any rank, contiguous, row-major; pictures are [N, H, W, C].
///
/// Tensors are values: no operation changes one (optimizers, which own their parameters, are the exception).
/// A tensor made from a tracked one remembers how, so that `gradients(of:withRespectTo:)` can walk back.
/// Tensor operations are called from one thread at a time; they use the others themselves.
public final class Tensor: @unchecked Sendable {
  public let shape: [Int]
  let storage: Storage
  /// How this tensor was made; nil for data and leaves.
  private(set) var record: Record?
  /// Whether gradients flow through this tensor.
  public let isTracked: Bool

  /// The number of elements.
  public var count: Int { storage.count }
  public var rank: Int { shape.count }

  init(shape: [Int], storage: Storage, record: Record? = nil, isTracked: Bool = false) {
    self.shape = shape
    self.storage = storage
    self.record = record
    self.isTracked = isTracked || record != nil
  }

  /// Forgets how this tensor was made, after a backward pass that nothing will follow.
  func letGoOfRecord() {
    guard let made = record.take() else { return }
    record = Record.spent
    Record.release(made)
  }

  deinit {
    if record != nil { Record.release(record.take()!) }
  }

  /// A tensor with undefined contents, for a kernel to fill.
  convenience init(uninitialized shape: [Int]) {
    self.init(shape: shape, storage: Storage(count: shape.elementCount))
  }

  /// A tensor of given values in row-major order.
  public convenience init(_ values: [Float], shape: [Int]) {
    precondition(
      values.count == shape.elementCount, "\(values.count) values do not fill the shape \(shape)")
    self.init(uninitialized: shape)
    values.withUnsafeBufferPointer {
      if let base = $0.baseAddress { pointer.update(from: base, count: values.count) }
    }
  }

  /// A scalar, shape [].
  public convenience init(_ value: Float) { self.init([value], shape: []) }

  /// A tensor of one value.
  public convenience init(repeating value: Float, shape: [Int]) {
    self.init(uninitialized: shape)
    pointer.update(repeating: value, count: count)
  }

  public static func zeros(_ shape: [Int]) -> Tensor { Tensor(repeating: 0, shape: shape) }
  public static func ones(_ shape: [Int]) -> Tensor { Tensor(repeating: 1, shape: shape) }

  /// Standard normal values times `scale`, drawn in row-major order.
  public static func normal(_ shape: [Int], scale: Float = 1, from stream: inout RandomStream) -> Tensor {
    let result = Tensor(uninitialized: shape)
    stream.fillNormal(result.pointer, count: result.count, scale: scale)
    return result
  }

  /// Uniform values in [low, high), drawn in row-major order.
  public static func uniform(_ shape: [Int], _ low: Float, _ high: Float, from stream: inout RandomStream) -> Tensor {
    let result = Tensor(uninitialized: shape)
    for i in 0..<result.count { result.pointer[i] = stream.uniform(low, high) }
    return result
  }

  /// One row per label, 1 at the label and 0 elsewhere: [N, classes].
  public static func oneHot(_ labels: [Int], classes: Int) -> Tensor {
    let result = Tensor.zeros([labels.count, classes])
    for (row, label) in labels.enumerated() {
      precondition((0..<classes).contains(label), "label \(label) is outside 0..<\(classes)")
      result.pointer[row * classes + label] = 1
    }
    return result
  }

  var pointer: UnsafeMutablePointer<Float> { storage.pointer }

  /// All elements in row-major order.
  public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }

  /// The value of a one-element tensor.
  public var item: Float {
    precondition(count == 1, "item needs one element; the shape is \(shape)")
    return pointer[0]
  }

  /// Reads the elements in place, in row-major order.
  public func withElements<R>(_ body: (UnsafeBufferPointer<Float>) throws -> R) rethrows -> R {
    try body(UnsafeBufferPointer(start: pointer, count: count))
  }

  /// Writes the elements in place. For owners of state (optimizers, moving averages, loaders): a graph recorded
  /// before the change must not be walked after it.
  public func withMutableElements<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
    defer { valuesChanged() }
    return try body(UnsafeMutableBufferPointer(start: pointer, count: count))
  }

  /// Whoever writes into a tensor that operations may have read says so.
  func valuesChanged() { storage.derived = nil }

  /// The same values, from which no gradient flows back.
  public var detached: Tensor { isTracked ? Tensor(shape: shape, storage: storage) : self }

  /// A leaf of the same values to differentiate with respect to.
  public var tracked: Tensor { Tensor(shape: shape, storage: storage, isTracked: true) }

  /// An untracked copy with memory of its own.
  public func copy() -> Tensor {
    let result = Tensor(uninitialized: shape)
    result.pointer.update(from: pointer, count: count)
    return result
  }

  /// Whether every element is finite.
  public var isFinite: Bool {
    // The sum of zeros times finite values is zero; an infinity or NaN makes it NaN. Eight lanes at a time: training
    // looks at some hundred million values in every step of the full-size networks.
    withElements { elements in
      var sums = SIMD8<Float>.zero
      let whole = elements.count / 8 * 8
      for start in stride(from: 0, to: whole, by: 8) {
        let values = UnsafeRawPointer(elements.baseAddress! + start).loadUnaligned(as: SIMD8<Float>.self)
        sums += values * 0
      }
      var rest = sums.sum()
      for index in whole..<elements.count { rest += elements[index] * 0 }
      return rest == 0
    }
  }
}

extension [Int] {
  /// The number of elements of a tensor of this shape.
  public var elementCount: Int { reduce(1, *) }
}
