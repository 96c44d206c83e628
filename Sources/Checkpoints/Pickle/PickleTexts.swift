import Foundation

/// Numbers and texts that the oldest protocol writes as lines.
extension PickleReader {
  func textValue(_ opcode: PickleOpcode) throws -> PickleValue {
    switch opcode {
    case .int:
      let line = try inputLine(limit: 4096)
      if line == Array("00".utf8) { return .bool(false) }
      if line == Array("01".utf8) { return .bool(true) }
      return .integer(try decimal(line))
    case .long:
      var line = try inputLine(limit: 4096)
      if line.last == UInt8(ascii: "L") { line.removeLast() }
      return try bigDecimal(line)
    case .float:
      let text = String(decoding: try inputLine(limit: 4096), as: UTF8.self)
      guard let value = Double(text) else { throw malformed("\(text.prefix(40)) is no number") }
      return .float(value)
    case .string:
      let line = try inputLine(limit: remaining)
      guard line.count >= 2, let quote = line.first, quote == line.last, quote == 0x27 || quote == 0x22 else {
        throw malformed("a text without quotation marks")
      }
      return .string(python2Text(unescaped(Array(line[1..<(line.count - 1)]))))
    default: return .string(rawUnicode(try inputLine(limit: remaining)))
    }
  }

  /// Python 2's `str` holds bytes, which are text of an unknown encoding: UTF-8 if they can be, else Latin-1.
  func python2Text(_ bytes: [UInt8]) -> String {
    String(validating: bytes, as: UTF8.self) ?? String(String.UnicodeScalarView(bytes.map { Unicode.Scalar($0) }))
  }

  /// A number of two's complement bytes, the least significant first.
  func integer(_ bytes: [UInt8]) -> PickleValue {
    guard bytes.count <= 8 else { return .bigInteger(bytes) }
    guard let last = bytes.last else { return .integer(0) }
    var value = last & 0x80 == 0 ? UInt64(0) : .max
    for byte in bytes.reversed() { value = value << 8 | UInt64(byte) }
    return .integer(Int(Int64(bitPattern: value)))
  }

  func decimal(_ line: [UInt8]) throws -> Int {
    let text = String(decoding: line, as: UTF8.self).trimmingCharacters(in: .whitespaces)
    guard let value = Int(text) else { throw malformed("\(text.prefix(40)) is no whole number of 64 bits") }
    return value
  }

  /// A decimal number of any length, as bytes where 64 bits do not hold it.
  private func bigDecimal(_ line: [UInt8]) throws -> PickleValue {
    if let value = Int(String(decoding: line, as: UTF8.self)) { return .integer(value) }
    let isNegative = line.first == UInt8(ascii: "-")
    var bytes: [UInt8] = [0]
    for digit in line.dropFirst(isNegative ? 1 : 0) {
      guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { throw malformed("a digit is missing") }
      var carry = Int(digit - UInt8(ascii: "0"))
      for place in bytes.indices {
        carry += 10 * Int(bytes[place])
        bytes[place] = UInt8(carry & 0xff)
        carry >>= 8
      }
      if carry > 0 { bytes.append(UInt8(carry)) }
    }
    bytes.append(0)
    if isNegative {
      var carry = 1
      for place in bytes.indices {
        carry += Int(~bytes[place])
        bytes[place] = UInt8(carry & 0xff)
        carry >>= 8
      }
    }
    // As few bytes as hold the sign, which is how binary protocols write it.
    while let last = bytes.last, bytes.count > 1, last == (bytes[bytes.count - 2] < 0x80 ? 0 : 0xff) {
      bytes.removeLast()
    }
    return .bigInteger(bytes)
  }

  /// Python's escapes in a quoted text, as bytes.
  private func unescaped(_ bytes: [UInt8]) -> [UInt8] {
    var result: [UInt8] = []
    var place = 0
    while place < bytes.count {
      let byte = bytes[place]
      guard byte == UInt8(ascii: "\\"), place + 1 < bytes.count else {
        result.append(byte)
        place += 1
        continue
      }
      let next = bytes[place + 1]
      place += 2
      switch next {
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "r"): result.append(13)
      case UInt8(ascii: "t"): result.append(9)
      case UInt8(ascii: "x"):
        let digits = bytes[place...].prefix(2)
        if digits.count == 2, let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 16) {
          result.append(value)
          place += 2
        }
      default: result.append(next)
      }
    }
    return result
  }

  /// Latin-1 with `\uXXXX` and `\UXXXXXXXX`.
  private func rawUnicode(_ bytes: [UInt8]) -> String {
    var units: [UInt16] = []
    var place = 0
    while place < bytes.count {
      let rest = bytes[place...]
      let length = rest.starts(with: Array("\\u".utf8)) ? 4 : rest.starts(with: Array("\\U".utf8)) ? 8 : 0
      let digits = rest.dropFirst(2).prefix(length)
      if length > 0, digits.count == length, let value = UInt32(String(decoding: digits, as: UTF8.self), radix: 16) {
        if let scalar = Unicode.Scalar(value) {
          units += Array(String(scalar).utf16)
        } else {
          units.append(UInt16(truncatingIfNeeded: value))
        }
        place += 2 + length
      } else {
        units.append(UInt16(bytes[place]))
        place += 1
      }
    }
    return String(decoding: units, as: UTF16.self)
  }
}
