import Foundation

/// Where a text stops being JSON.
public struct JSONError: Error, Equatable, CustomStringConvertible {
  public let line: Int
  public let reason: String

  public var description: String { "line \(line): \(reason); the file is no JSON as the experiments write it" }
}

extension JSONValue {
  /// Reads a document. What `prettyPrinted` wrote comes back as it was: whole numbers stay apart from others.
  ///
  /// - Throws: `JSONError`, which names the line.
  public init(parsing data: Data) throws {
    var parser = JSONParser(bytes: Array(data))
    self = try parser.document()
  }

  /// The value as a number; what is not finite was written as a text.
  public var double: Double? {
    switch self {
    case .integer(let value): return Double(value)
    case .number(let value): return value
    case .string("-nan"): return .nan  // as older reports spelled it
    case .string(let text) where ["nan", "inf", "-inf"].contains(text): return Double(text)
    default: return nil
    }
  }

  public var integer: Int? { if case .integer(let value) = self { value } else { nil } }
  public var string: String? { if case .string(let value) = self { value } else { nil } }
  public var bool: Bool? { if case .bool(let value) = self { value } else { nil } }
  public var array: [JSONValue]? { if case .array(let values) = self { values } else { nil } }
  public var object: [String: JSONValue]? { if case .object(let fields) = self { fields } else { nil } }

  /// All elements as numbers; nil if one is none.
  public var doubles: [Double]? {
    guard let array else { return nil }
    let values = array.compactMap(\.double)
    return values.count == array.count ? values : nil
  }

  /// All elements as texts; nil if one is none.
  public var strings: [String]? {
    guard let array else { return nil }
    let values = array.compactMap(\.string)
    return values.count == array.count ? values : nil
  }

  /// A field of an object; nil where there is none, or no object.
  public subscript(name: String) -> JSONValue? { object?[name] }
}

/// Reads bytes from left to right; nesting is limited, so that no file can exhaust the stack.
private struct JSONParser {
  let bytes: [UInt8]
  var position = 0
  var depth = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws -> JSONValue {
    let value = try value()
    skipSpace()
    guard position == bytes.count else { throw error("more text after the end") }
    return value
  }

  private func error(_ reason: String) -> JSONError {
    JSONError(line: 1 + bytes[..<min(position, bytes.count)].filter { $0 == 10 }.count, reason: reason)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 32 || byte == 10 || byte == 13 || byte == 9 { position += 1 }
  }

  private mutating func take(_ character: Character) -> Bool {
    skipSpace()
    guard next == character.asciiValue else { return false }
    position += 1
    return true
  }

  private mutating func value() throws -> JSONValue {
    skipSpace()
    depth += 1
    defer { depth -= 1 }
    guard depth < 100 else { throw error("nested too deeply") }
    switch next {
    case nil: throw error("the text ends too early")
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "["):
      position += 1
      var values: [JSONValue] = []
      if take("]") { return .array([]) }
      repeat { values.append(try value()) } while take(",")
      guard take("]") else { throw error("expected , or ]") }
      return .array(values)
    case UInt8(ascii: "{"):
      position += 1
      var fields: [String: JSONValue] = [:]
      if take("}") { return .object([:]) }
      repeat {
        skipSpace()
        guard next == UInt8(ascii: "\"") else { throw error("expected a name in quotes") }
        let name = try string()
        guard fields[name] == nil else { throw error("the name “\(name)” stands here twice") }
        guard take(":") else { throw error("expected : after “\(name)”") }
        fields[name] = try value()
      } while take(",")
      guard take("}") else { throw error("expected , or }") }
      return .object(fields)
    default: return try word()
    }
  }

  /// true, false, null or a number.
  private mutating func word() throws -> JSONValue {
    let start = position
    while let byte = next, !" \n\r\t,]}:".utf8.contains(byte) { position += 1 }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    switch text {
    case "true": return .bool(true)
    case "false": return .bool(false)
    case "null": return .null
    default:
      let isNumber = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
      if isNumber, let value = Int(text) { return .integer(value) }
      if isNumber, let value = Double(text), value.isFinite { return .number(value) }
      throw error("“\(text.prefix(20))” is neither a number nor true, false or null")
    }
  }

  private mutating func string() throws -> String {
    position += 1
    var result: [UInt8] = []
    while let byte = next, byte != UInt8(ascii: "\"") {
      position += 1
      guard byte == UInt8(ascii: "\\") else {
        guard byte >= 32 else { throw error("a text goes over the end of its line") }
        result.append(byte)
        continue
      }
      guard let escaped = next else { break }
      position += 1
      switch escaped {
      case UInt8(ascii: "n"): result.append(10)
      case UInt8(ascii: "t"): result.append(9)
      case UInt8(ascii: "r"): result.append(13)
      case UInt8(ascii: "b"): result.append(8)
      case UInt8(ascii: "f"): result.append(12)
      case UInt8(ascii: "u"):
        let digits = String(decoding: bytes[position..<min(position + 4, bytes.count)], as: UTF8.self)
        guard digits.count == 4, let code = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(code) else {
          throw error("\\u\(digits) names no character")
        }
        position += 4
        result.append(contentsOf: String(Character(scalar)).utf8)
      default: result.append(escaped)
      }
    }
    guard next != nil else { throw error("a text does not end") }
    position += 1
    guard let text = String(validatingUTF8: result.map { CChar(bitPattern: $0) } + [0]),
      text.utf8.count == result.count
    else { throw error("a text that is not UTF-8") }
    return text
  }
}
