import Foundation

/// The header of a safetensors file, checked against the file: every byte of the data belongs to exactly one tensor.
struct SafeTensorsHeader {
  struct Entry {
    let key: String
    let type: SafeTensorsType
    let shape: [Int]
    /// Bytes from the start of the data.
    let start: Int
    let end: Int
  }

  /// In the order of their data.
  private(set) var entries: [Entry] = []
  private(set) var metadata: [String: String] = [:]
  let dataStart: Int

  /// - Throws: `SafeTensorsError.Reason`.
  init(_ data: Data) throws {
    typealias Reason = SafeTensorsError.Reason
    guard data.count >= 8 else { throw Reason.tooShort(bytes: data.count) }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= UInt64(data.count - 8) else { throw Reason.headerLength(length, fileSize: data.count) }
    dataStart = 8 + Int(length)
    let dataCount = data.count - dataStart

    let header: Header
    do {
      header = try JSONDecoder().decode(Header.self, from: data.dropFirst(8).prefix(Int(length)))
    } catch let reason as Reason {
      throw reason
    } catch {
      throw Reason.header("it is not a JSON object")
    }
    metadata = header.metadata
    for (key, raw) in header.tensors {
      guard let type = SafeTensorsType(rawValue: raw.dtype) else { throw Reason.unknownType(key: key, raw.dtype) }
      guard raw.data_offsets.count == 2 else { throw Reason.entry(key: key, "data_offsets needs a start and an end") }
      let (start, end) = (raw.data_offsets[0], raw.data_offsets[1])
      guard start >= 0, start <= end, end <= dataCount else {
        throw Reason.offsets(key: key, start: start, end: end, "is outside the file's \(dataCount) bytes of data")
      }
      guard let bytes = byteCount(raw.shape, type) else { throw Reason.shape(key: key, raw.shape) }
      guard bytes == end - start else {
        throw Reason.offsets(key: key, start: start, end: end, "is not the \(bytes) bytes of shape \(raw.shape)")
      }
      entries.append(Entry(key: key, type: type, shape: raw.shape, start: start, end: end))
    }
    entries.sort { ($0.start, $0.end, $0.key) < ($1.start, $1.end, $1.key) }
    var expected = 0
    for entry in entries {
      guard entry.start == expected else {
        let why = entry.start < expected ? "overlaps another tensor" : "leaves \(entry.start - expected) bytes unused before"
        throw Reason.offsets(key: entry.key, start: entry.start, end: entry.end, why)
      }
      expected = entry.end
    }
    guard expected == dataCount else { throw Reason.unusedBytes(dataCount - expected) }
  }
}

/// The bytes of a tensor, or nil where a size is negative or the product overflows.
private func byteCount(_ shape: [Int], _ type: SafeTensorsType) -> Int? {
  guard shape.allSatisfy({ $0 >= 0 }) else { return nil }
  // Sizes after a zero are multiplied too: an overflow is refused wherever it stands.
  var bytes = type.size
  for size in shape.sorted(by: >) {
    let (product, overflow) = bytes.multipliedReportingOverflow(by: size)
    if overflow { return nil }
    bytes = product
  }
  return bytes
}

/// The header's JSON: an object of tensors, and `__metadata__`.
private struct Header: Decodable {
  struct Tensor: Decodable {
    let dtype: String
    let shape: [Int]
    let data_offsets: [Int]
  }

  struct Key: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }

  var tensors: [(key: String, value: Tensor)] = []
  var metadata: [String: String] = [:]

  init(from decoder: Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    for key in container.allKeys.sorted(by: { $0.stringValue < $1.stringValue }) {
      let name = key.stringValue
      do {
        if name == "__metadata__" {
          metadata = try container.decode([String: String].self, forKey: key)
        } else {
          tensors.append((name, try container.decode(Tensor.self, forKey: key)))
        }
      } catch {
        let expected =
          name == "__metadata__" ? "strings" : "dtype, shape and data_offsets, with whole numbers of at most 64 bits"
        throw SafeTensorsError.Reason.entry(key: name, "it needs \(expected)")
      }
    }
  }
}
