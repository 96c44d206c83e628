/// The header of a safetensors file, checked against the file: every byte of the data belongs to exactly one tensor.
struct SafeTensorsHeader {
  /// In the order of their data; their values are still in the file.
  private(set) var tensors: [(key: String, tensor: CheckpointTensor)] = []
  private(set) var metadata: [String: String] = [:]

  /// As the reference implementation: headers beyond 100 MB are no headers.
  private static let lengthLimit: UInt64 = 100_000_000

  /// Whether a file that begins so may be one: a header's length, and its first character.
  static func isSafeTensors(_ head: [UInt8]) -> Bool { head.count > 8 && head[8] == UInt8(ascii: "{") && head[7] == 0 }

  /// - Throws: `SafeTensorsError.Reason`, or `CheckpointError` where the file cannot be read.
  init(_ source: ByteSource) throws {
    typealias Reason = SafeTensorsError.Reason
    guard source.count >= 8 else { throw Reason.tooShort(bytes: source.count) }
    let length = try source.bytes(at: 0, count: 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(source.count - 8), length <= Self.lengthLimit else {
      throw Reason.headerLength(length, fileSize: source.count)
    }
    let dataStart = 8 + Int(length)
    let dataCount = source.count - dataStart
    let header = try SafeTensorsScanner(try source.bytes(at: 8, count: Int(length)))
    metadata = header.metadata

    var entries: [(start: Int, end: Int, key: String, tensor: CheckpointTensor)] = []
    for raw in header.tensors {
      let key = raw.key
      guard let type = NumberType(safeTensorsName: raw.type) else { throw Reason.unknownType(key: key, raw.type) }
      guard raw.offsets.count == 2 else { throw Reason.entry(key: key, "data_offsets needs a start and an end") }
      let (start, end) = (raw.offsets[0], raw.offsets[1])
      guard start >= 0, start <= end, end <= dataCount else {
        throw Reason.offsets(key: key, start: start, end: end, "is outside the file's \(dataCount) bytes of data")
      }
      guard raw.shape.count <= 64, let bytes = type.byteCount(of: raw.shape) else {
        throw Reason.shape(key: key, raw.shape)
      }
      guard bytes == end - start else {
        throw Reason.offsets(key: key, start: start, end: end, "is not the \(bytes) bytes of shape \(raw.shape)")
      }
      let storage = CheckpointStorage(
        name: key, file: source.file, byteCount: bytes, .bytes(source, start: dataStart + start))
      entries.append((start, end, key, try CheckpointTensor(type, shape: raw.shape, storage)))
    }
    entries.sort { ($0.start, $0.end, $0.key) < ($1.start, $1.end, $1.key) }
    var expected = 0
    for entry in entries {
      guard entry.start == expected else {
        let why =
          entry.start < expected ? "overlaps another tensor" : "leaves \(entry.start - expected) bytes unused before"
        throw Reason.offsets(key: entry.key, start: entry.start, end: entry.end, why)
      }
      expected = entry.end
    }
    guard expected == dataCount else { throw Reason.unusedBytes(dataCount - expected) }
    tensors = entries.map { ($0.key, $0.tensor) }
  }
}
