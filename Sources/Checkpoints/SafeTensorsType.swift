import Engine

/// How a safetensors file stores numbers.
enum SafeTensorsType: String {
  case F64, F32, F16, BF16, I64, I32, I16, I8, U64, U32, U16, U8, BOOL

  /// Bytes per number.
  var size: Int {
    switch self {
    case .F64, .I64, .U64: 8
    case .F32, .I32, .U32: 4
    case .F16, .BF16, .I16, .U16: 2
    case .I8, .U8, .BOOL: 1
    }
  }

  /// The numbers as float32. The bytes are little-endian and may be unaligned; their count is the shape's.
  func tensor(_ bytes: UnsafeRawBufferPointer, shape: [Int]) -> Tensor {
    let result = Tensor.zeros(shape)
    result.withMutableElements { out in
      func read<Stored: BitwiseCopyable>(_: Stored.Type, _ value: (Stored) -> Float) {
        for i in out.indices {
          out[i] = value(bytes.loadUnaligned(fromByteOffset: i * MemoryLayout<Stored>.size, as: Stored.self))
        }
      }
      switch self {
      case .F64: read(UInt64.self) { Float(Double(bitPattern: UInt64(littleEndian: $0))) }
      case .F32: read(UInt32.self) { Float(bitPattern: UInt32(littleEndian: $0)) }
      case .F16: read(UInt16.self) { widened(half: UInt16(littleEndian: $0)) }
      case .BF16: read(UInt16.self) { Float(bitPattern: UInt32(UInt16(littleEndian: $0)) << 16) }
      case .I64: read(Int64.self) { Float(Int64(littleEndian: $0)) }
      case .I32: read(Int32.self) { Float(Int32(littleEndian: $0)) }
      case .I16: read(Int16.self) { Float(Int16(littleEndian: $0)) }
      case .I8: read(Int8.self) { Float($0) }
      case .U64: read(UInt64.self) { Float(UInt64(littleEndian: $0)) }
      case .U32: read(UInt32.self) { Float(UInt32(littleEndian: $0)) }
      case .U16: read(UInt16.self) { Float(UInt16(littleEndian: $0)) }
      case .U8: read(UInt8.self) { Float($0) }
      case .BOOL: read(UInt8.self) { $0 == 0 ? 0 : 1 }
      }
    }
    return result
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
