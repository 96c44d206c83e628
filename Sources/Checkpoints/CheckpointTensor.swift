import Engine

/// A tensor in a file: what it is, and how to get its values. Nothing is read before it is asked for.
public struct CheckpointTensor {
  public let type: NumberType
  public let shape: [Int]
  /// Elements between neighbours along each axis.
  let strides: [Int]
  /// Elements from the start of the storage.
  let offset: Int
  let storage: CheckpointStorage

  /// A tensor of an open file, checked against its storage.
  ///
  /// - Parameter available: The elements of the storage that it may reach.
  /// - Throws: `CheckpointFault` where a size is negative or overflows, or where it reaches outside.
  init(
    _ type: NumberType, shape: [Int], strides: [Int], offset: Int, in storage: CheckpointStorage, available: Int
  ) throws {
    func wrong(_ why: String) -> CheckpointFault { CheckpointFault(.tensor(why)) }
    guard strides.count == shape.count else { throw wrong("\(shape.count) sizes with \(strides.count) strides") }
    guard shape.allSatisfy({ $0 >= 0 }), strides.allSatisfy({ $0 >= 0 }), offset >= 0 else {
      throw wrong("a negative number in the sizes \(shape), the strides \(strides) or the offset \(offset)")
    }
    guard shape.count <= 64 else { throw wrong("\(shape.count) axes") }
    guard type.byteCount(of: shape) != nil else { throw wrong("the sizes \(shape) overflow") }
    if !shape.contains(0) {
      // The farthest element.
      var last = offset
      for (size, stride) in zip(shape, strides) {
        let (reach, overflow) = (size - 1).multipliedReportingOverflow(by: stride)
        let (sum, overflowed) = last.addingReportingOverflow(reach)
        guard !overflow, !overflowed else { throw wrong("the sizes \(shape) with the strides \(strides) overflow") }
        last = sum
      }
      guard last < available else {
        throw wrong("element \(last) of the storage \(storage.name), which has \(available)")
      }
    }
    self.type = type
    self.shape = shape
    self.strides = strides
    self.offset = offset
    self.storage = storage
  }

  /// Values in memory, to be written.
  public init(_ tensor: Tensor) {
    type = .float32
    shape = tensor.shape
    strides = rowMajorStrides(tensor.shape)
    offset = 0
    storage = CheckpointStorage(tensor)
  }

  /// Row-major values one after another: the whole of a storage.
  init(_ type: NumberType, shape: [Int], _ contents: CheckpointStorage) throws {
    try self.init(
      type, shape: shape, strides: rowMajorStrides(shape), offset: 0, in: contents,
      available: contents.byteCount / type.size)
  }

  /// The number of elements.
  public var count: Int { shape.elementCount }
  /// The bytes that its elements take, in its own type.
  public var byteCount: Int { count * type.size }

  /// Whether two descriptors mean the same elements of one storage.
  func isSame(as other: CheckpointTensor) -> Bool {
    storage === other.storage && type == other.type && offset == other.offset && shape == other.shape
      && strides == other.strides
  }

  /// Whether the elements lie one after another in row-major order.
  var isContiguous: Bool {
    var expected = 1
    for (size, stride) in zip(shape, strides).reversed() where size != 1 {
      if stride != expected { return false }
      expected *= size
    }
    return true
  }

  /// The values as float32: float32 in the machine's order goes straight into the tensor's memory.
  ///
  /// - Throws: `CheckpointError` where the file cannot be read, or is damaged.
  public func load() throws -> Tensor {
    try checkSize()
    let result = Tensor.zeros(shape)
    guard count > 0 else { return result }
    try result.withMutableElements { out in
      guard isContiguous else {
        return try gathered().withUnsafeBytes { type.widen($0, into: out) }
      }
      if type == .float32 && !storage.isBigEndian {
        return try storage.read(at: offset * 4, into: UnsafeMutableRawBufferPointer(out))
      }
      var done = 0
      try storage.stream(at: offset * type.size, count: byteCount) { piece in
        let elements = piece.count / type.size
        let target = UnsafeMutableBufferPointer(rebasing: out[done..<(done + elements)])
        if storage.isBigEndian {
          var swapped = [UInt8](piece)
          swapBytes(&swapped, size: type.size)
          swapped.withUnsafeBytes { type.widen($0, into: target) }
        } else {
          type.widen(piece, into: target)
        }
        done += elements
      }
    }
    return result
  }

  /// The elements in row-major order and their own type, little-endian.
  ///
  /// - Throws: `CheckpointError`.
  public func withBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
    if let tensor = storage.tensor { return try tensor.withElements { try body(UnsafeRawBufferPointer($0)) } }
    try checkSize()
    guard count > 0 else { return try body(UnsafeRawBufferPointer(start: nil, count: 0)) }
    if !isContiguous { return try gathered().withUnsafeBytes(body) }
    var bytes = try storage.bytes(at: offset * type.size, count: byteCount)
    if storage.isBigEndian { swapBytes(&bytes, size: type.size) }
    return try bytes.withUnsafeBytes(body)
  }

  /// A stride of zero repeats elements without end, so what is made of a small file is bounded.
  private func checkSize() throws {
    let limit = max(storage.byteCount, 1 << 20)
    guard byteCount <= limit || isContiguous else {
      throw CheckpointError(
        file: storage.file, place: storage.name,
        reason: .tooLarge("\(shape) repeats the \(storage.byteCount) bytes of its storage to \(byteCount)"))
    }
  }

  /// Copies strided elements into row-major order.
  private func gathered() throws -> [UInt8] {
    let size = type.size
    // Only what lies between the first and the last element is read.
    let span = zip(shape, strides).reduce(1) { $0 + ($1.0 - 1) * $1.1 }
    let bytes = try storage.bytes(at: offset * size, count: span * size)
    var result = [UInt8](repeating: 0, count: byteCount)
    bytes.withUnsafeBytes { from in
      result.withUnsafeMutableBytes { to in
        func copy<Stored: FixedWidthInteger>(_: Stored.Type) {
          var index = [Int](repeating: 0, count: shape.count)
          var place = 0
          let inner = shape.last ?? 1
          let step = strides.last ?? 0
          for start in stride(from: 0, to: count, by: inner) {
            for i in 0..<inner {
              let value = from.loadUnaligned(fromByteOffset: (place + i * step) * size, as: Stored.self)
              to.storeBytes(of: value, toByteOffset: (start + i) * size, as: Stored.self)
            }
            // The next row, as an odometer counts.
            var axis = shape.count - 2
            while axis >= 0 {
              index[axis] += 1
              place += strides[axis]
              if index[axis] < shape[axis] { break }
              place -= index[axis] * strides[axis]
              index[axis] = 0
              axis -= 1
            }
          }
        }
        switch size {
        case 1: copy(UInt8.self)
        case 2: copy(UInt16.self)
        case 4: copy(UInt32.self)
        default: copy(UInt64.self)
        }
      }
    }
    if storage.isBigEndian { swapBytes(&result, size: size) }
    return result
  }
}

/// A reason whose file and place the caller knows.
struct CheckpointFault: Error {
  let reason: CheckpointError.Reason
  init(_ reason: CheckpointError.Reason) { self.reason = reason }
}

/// Elements between neighbours along each axis of a contiguous tensor.
func rowMajorStrides(_ shape: [Int]) -> [Int] {
  var strides = [Int](repeating: 1, count: shape.count)
  for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] &* max(1, shape[axis + 1]) }
  return strides
}

/// Turns numbers of `size` bytes around.
private func swapBytes(_ bytes: inout [UInt8], size: Int) {
  guard size > 1 else { return }
  for start in stride(from: 0, to: bytes.count, by: size) { bytes[start..<(start + size)].reverse() }
}
