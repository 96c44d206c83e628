import Engine
import Foundation

/// Tensors in Hugging Face's safetensors format: eight bytes of header length, a JSON header, then the values.
///
/// Read as float32, whatever the file's types (integers beyond 2²⁴ and float64 are rounded), and written as float32;
/// the static `write` keeps types.
public struct SafeTensors {
  public var tensors: StateDictionary
  /// The strings of `__metadata__`.
  public var metadata: [String: String]

  public init(_ tensors: StateDictionary, metadata: [String: String] = [:]) {
    self.tensors = tensors
    self.metadata = metadata
  }

  /// Reads a file: each tensor once, straight into its memory where it is float32.
  ///
  /// - Throws: `SafeTensorsError`, which names the file and the key.
  public init(contentsOf url: URL) throws {
    let source: FileBytes
    do { source = try FileBytes(url) } catch { throw SafeTensorsError(file: url.path, error) }
    try self.init(source)
  }

  /// Reads the bytes of a file.
  ///
  /// - Parameter file: The name for error messages.
  public init(_ data: Data, file: String) throws { try self.init(MemoryBytes(Array(data), file: file)) }

  private init(_ source: ByteSource) throws {
    do {
      let header = try SafeTensorsHeader(source)
      metadata = header.metadata
      tensors = StateDictionary(source: source.file)
      for (key, tensor) in header.tensors { tensors[key] = try tensor.load() }
    } catch {
      throw SafeTensorsError(file: source.file, error)
    }
  }

  /// Writes a file of float32, whole or not at all.
  ///
  /// - Throws: `AtomicFile.Failure`.
  public func write(to url: URL) throws {
    try Self.write(tensors.entries.map { ($0.key, CheckpointTensor($0.value)) }, metadata: metadata, to: url)
  }

  /// Writes tensors in the types they have, one after another, so that no more than one is in memory.
  ///
  /// - Throws: `AtomicFile.Failure`; `CheckpointError` of the file that a tensor comes from.
  public static func write(
    _ tensors: [(key: String, tensor: CheckpointTensor)], metadata: [String: String] = [:], to url: URL
  ) throws {
    var offset = 0
    var parts: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key < $1.key }.map { "\(quoted($0.key)):\(quoted($0.value))" }
      parts.append("\"__metadata__\":{\(pairs.joined(separator: ","))}")
    }
    for (key, tensor) in tensors {
      let end = offset + tensor.byteCount
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      let type = tensor.type.safeTensorsName
      parts.append("\(quoted(key)):{\"dtype\":\"\(type)\",\"shape\":[\(shape)],\"data_offsets\":[\(offset),\(end)]}")
      offset = end
    }
    var header = Array("{\(parts.joined(separator: ","))}".utf8)
    // Values start at a multiple of eight bytes.
    header += repeatElement(UInt8(ascii: " "), count: (8 - header.count % 8) % 8)
    try AtomicFile.write(to: url) { put in
      try withUnsafeBytes(of: UInt64(header.count).littleEndian) { try put($0) }
      try header.withUnsafeBytes { try put($0) }
      for (_, tensor) in tensors { try tensor.withBytes { try put($0) } }
    }
  }
}

/// Why a safetensors file could not be read.
public struct SafeTensorsError: Error, Equatable, CustomStringConvertible, LocalizedError {
  public enum Reason: Error, Equatable, Sendable {
    case unreadable(String)
    case tooShort(bytes: Int)
    case headerLength(UInt64, fileSize: Int)
    case header(String)
    case entry(key: String, String)
    case unknownType(key: String, String)
    case shape(key: String, [Int])
    case offsets(key: String, start: Int, end: Int, String)
    case unusedBytes(Int)
    case duplicateKey(String)
  }

  public let file: String
  public let reason: Reason

  public var description: String {
    let what: String =
      switch reason {
      case .unreadable(let why): "cannot be read: \(why)"
      case .tooShort(let bytes): "holds \(bytes) bytes; a safetensors file begins with 8 bytes of header length"
      case .headerLength(let length, let size):
        "announces a header of \(length) bytes in a file of \(size); the file is cut short or of another format"
      case .header(let why): "has a malformed header: \(why)"
      case .entry(let key, let why): "has a malformed entry \(key): \(why)"
      case .unknownType(let key, let type): "stores \(key) as \(type); convert it to F32, F16, BF16 or an integer type"
      case .shape(let key, let shape): "gives \(key) the impossible shape \(shape)"
      case .offsets(let key, let start, let end, let why): "puts \(key) at bytes \(start)..<\(end), which \(why)"
      case .duplicateKey(let key): "has the key \(key) twice"
      case .unusedBytes(let count): "has \(count) bytes after the last tensor; the file is damaged"
      }
    return "\(file): \(what)"
  }

  public var errorDescription: String? { description }

  init(file: String, reason: Reason) {
    self.file = file
    self.reason = reason
  }

  /// Names the file of what went wrong inside.
  init(file: String, _ error: any Error) {
    self.file = file
    switch error {
    case let reason as Reason: self.reason = reason
    case let error as CheckpointError:
      if case .unreadable(let why) = error.reason {
        reason = .unreadable(why)
      } else {
        reason = .unreadable("\(error)")
      }
    default: reason = .unreadable("\(error)")
    }
  }
}

/// A JSON string.
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case _ where scalar.value < 0x20:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
