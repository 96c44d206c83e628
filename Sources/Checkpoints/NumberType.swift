/// How a checkpoint stores numbers.
public enum NumberType: String, CaseIterable, Sendable {
  case float64, float32, float16, bfloat16
  case int64, int32, int16, int8
  case uint64, uint32, uint16, uint8
  case bool

  /// Bytes per number.
  public var size: Int {
    switch self {
    case .float64, .int64, .uint64: 8
    case .float32, .int32, .uint32: 4
    case .float16, .bfloat16, .int16, .uint16: 2
    case .int8, .uint8, .bool: 1
    }
  }

  /// The bytes of a tensor of this type, or nil where a size is negative or a product overflows, here or as float32.
  func byteCount(of shape: [Int]) -> Int? {
    guard shape.allSatisfy({ $0 >= 0 }) else { return nil }
    // Sizes after a zero are multiplied too: an overflow is refused wherever it stands.
    var elements = 1
    for size in shape.sorted(by: >) {
      let (product, overflow) = elements.multipliedReportingOverflow(by: size)
      if overflow { return nil }
      elements = product
    }
    return elements.multipliedReportingOverflow(by: 8).overflow ? nil : elements * size
  }

  /// The type of a safetensors name, such as `BF16`.
  init?(safeTensorsName name: String) {
    guard let type = Self.allCases.first(where: { $0.safeTensorsName == name }) else { return nil }
    self = type
  }

  var safeTensorsName: String {
    switch self {
    case .float64: "F64"
    case .float32: "F32"
    case .float16: "F16"
    case .bfloat16: "BF16"
    case .int64: "I64"
    case .int32: "I32"
    case .int16: "I16"
    case .int8: "I8"
    case .uint64: "U64"
    case .uint32: "U32"
    case .uint16: "U16"
    case .uint8: "U8"
    case .bool: "BOOL"
    }
  }

  /// PyTorch's class of a storage of such numbers; nil where only its untyped storage holds them.
  var storageClass: String? {
    switch self {
    case .float64: "DoubleStorage"
    case .float32: "FloatStorage"
    case .float16: "HalfStorage"
    case .bfloat16: "BFloat16Storage"
    case .int64: "LongStorage"
    case .int32: "IntStorage"
    case .int16: "ShortStorage"
    case .int8: "CharStorage"
    case .uint8: "ByteStorage"
    case .bool: "BoolStorage"
    case .uint64, .uint32, .uint16: nil
    }
  }

  /// The type of PyTorch's storage class.
  init?(storageClass name: String) {
    guard let type = Self.allCases.first(where: { $0.storageClass == name }) else { return nil }
    self = type
  }

  /// Turns stored numbers into float32: half precision widens exactly, integers beyond 2²⁴ and float64 are rounded.
  ///
  /// - Parameter bytes: Little-endian, perhaps unaligned, as many numbers as `out` takes.
  func widen(_ bytes: UnsafeRawBufferPointer, into out: UnsafeMutableBufferPointer<Float>) {
    precondition(bytes.count == out.count * size, "\(bytes.count) bytes are not \(out.count) numbers of \(self)")
    func read<Stored: BitwiseCopyable>(_: Stored.Type, _ value: (Stored) -> Float) {
      for i in out.indices {
        out[i] = value(bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Stored>.size, as: Stored.self))
      }
    }
    switch self {
    case .float64: read(UInt64.self) { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
    case .float32: read(UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
    case .float16: read(UInt16.self) { widened(half: UInt16(littleEndian: $0)) }
    case .bfloat16: read(UInt16.self) { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
    case .int64: read(Int64.self) { Float(Int64(littleEndian: $0)) }
    case .int32: read(Int32.self) { Float(Int32(littleEndian: $0)) }
    case .int16: read(Int16.self) { Float(Int16(littleEndian: $0)) }
    case .int8: read(Int8.self) { Float($0) }
    case .uint64: read(UInt64.self) { Float(UInt64(littleEndian: $0)) }
    case .uint32: read(UInt32.self) { Float(UInt32(littleEndian: $0)) }
    case .uint16: read(UInt16.self) { Float(UInt16(littleEndian: $0)) }
    case .uint8: read(UInt8.self) { Float($0) }
    case .bool: read(UInt8.self) { $0 == 0 ? 0 : 1 }
    }
  }
}

/// IEEE half precision to single. By hand, as not every processor (nor Swift on every system) has the type.
private func widened(half bits: UInt16) -> Float {
  let sign = UInt32(bits & 0x8000) << 16
  let exponent = UInt32(bits >> 10) & 0x1f
  let fraction = UInt32(bits & 0x3ff)
  switch exponent {
  case 0: return Float(sign: sign == 0 ? .plus : .minus, exponent: 0, significand: Float(fraction) * 0x1p-24)
  case 31: return Float(bitPattern: sign | 0x7f80_0000 | fraction << 13)
  default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
  }
}
