/// Reads the JSON of a safetensors header: an object of tensors, and `__metadata__`. Stricter than JSON: a key stands
/// once, and a tensor has its three fields and no other.
struct SafeTensorsScanner {
  typealias Reason = SafeTensorsError.Reason

  struct Tensor {
    let key: String
    let type: String
    let shape: [Int]
    let offsets: [Int]
  }

  private let bytes: [UInt8]
  private var position = 0
  /// The key whose value is being read.
  private var key: String?

  private(set) var tensors: [Tensor] = []
  private(set) var metadata: [String: String] = [:]

  /// - Throws: `SafeTensorsError.Reason`.
  init(_ header: [UInt8]) throws {
    bytes = header
    var keys: Set<String> = []
    try object { scanner, key in
      guard keys.insert(key).inserted else { throw Reason.duplicateKey(key) }
      scanner.key = key
      if key == "__metadata__" {
        try scanner.object { scanner, name in scanner.metadata[name] = try scanner.string() }
      } else {
        try scanner.tensor(key)
      }
      scanner.key = nil
    }
    guard peek() == nil else { throw malformed }
  }

  private var malformed: Reason { .header("it is not a JSON object") }

  /// The value is well-formed, but not of the kind that is needed.
  private var mismatch: Reason {
    guard let key else { return malformed }
    let expected =
      key == "__metadata__" ? "strings" : "dtype, shape and data_offsets, with whole numbers of at most 64 bits"
    return .entry(key: key, "it needs \(expected)")
  }

  private mutating func tensor(_ key: String) throws {
    var type: String?
    var shape: [Int]?
    var offsets: [Int]?
    try object { scanner, field in
      switch field {
      case "dtype" where type == nil: type = try scanner.string()
      case "shape" where shape == nil: shape = try scanner.numbers()
      case "data_offsets" where offsets == nil: offsets = try scanner.numbers()
      default: throw scanner.mismatch
      }
    }
    guard let type, let shape, let offsets else { throw mismatch }
    tensors.append(Tensor(key: key, type: type, shape: shape, offsets: offsets))
  }

  /// The next byte that is no space, which stays.
  private mutating func peek() -> UInt8? {
    while position < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[position]) { position += 1 }
    return position < bytes.count ? bytes[position] : nil
  }

  private mutating func accept(_ character: Unicode.Scalar) -> Bool {
    guard peek() == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// Takes the first byte of a value, or says whether another value stands there or none.
  private mutating func open(_ character: Unicode.Scalar) throws {
    if accept(character) { return }
    guard let found = peek(), "\"{[-0123456789tfn".utf8.contains(found) else { throw malformed }
    throw mismatch
  }

  private mutating func object(_ member: (inout SafeTensorsScanner, String) throws -> Void) throws {
    try open("{")
    if accept("}") { return }
    repeat {
      guard peek() == UInt8(ascii: "\"") else { throw malformed }
      let name = try string()
      guard accept(":") else { throw malformed }
      try member(&self, name)
    } while accept(",")
    guard accept("}") else { throw malformed }
  }

  private mutating func numbers() throws -> [Int] {
    try open("[")
    var result: [Int] = []
    if accept("]") { return result }
    repeat {
      _ = peek()
      let token = bytes[position...].prefix { "+-.0123456789eE".utf8.contains($0) }
      guard !token.isEmpty else { throw peek() == nil ? malformed : mismatch }
      guard let value = Int(String(decoding: token, as: UTF8.self)) else { throw mismatch }
      position += token.count
      result.append(value)
    } while accept(",")
    guard accept("]") else { throw malformed }
    return result
  }

  private mutating func string() throws -> String {
    try open("\"")
    var units: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      switch byte {
      case UInt8(ascii: "\""):
        guard let text = String(validating: units, as: UTF8.self) else { throw malformed }
        return text
      case UInt8(ascii: "\\"): units += try escape().utf8
      case 0..<0x20: throw malformed
      default: units.append(byte)
      }
    }
    throw malformed
  }

  /// What stands after a backslash.
  private mutating func escape() throws -> String {
    guard position < bytes.count else { throw malformed }
    let code = bytes[position]
    position += 1
    switch code {
    case UInt8(ascii: "n"): return "\n"
    case UInt8(ascii: "t"): return "\t"
    case UInt8(ascii: "r"): return "\r"
    case UInt8(ascii: "b"): return "\u{8}"
    case UInt8(ascii: "f"): return "\u{c}"
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return String(Unicode.Scalar(code))
    case UInt8(ascii: "u"):
      var units = [try unit()]
      if UTF16.isLeadSurrogate(units[0]) {
        guard bytes[position...].starts(with: Array("\\u".utf8)) else { throw malformed }
        position += 2
        units.append(try unit())
      }
      guard let text = String(validating: units, as: UTF16.self) else { throw malformed }
      return text
    default: throw malformed
    }
  }

  private mutating func unit() throws -> UInt16 {
    let digits = bytes[position...].prefix(4)
    guard digits.count == 4, digits.allSatisfy({ Unicode.Scalar($0).properties.isASCIIHexDigit }),
      let value = UInt16(String(decoding: digits, as: UTF8.self), radix: 16)
    else { throw malformed }
    position += 4
    return value
  }
}
