import CZip

/// Writes a zip archive of plainly stored entries as PyTorch does: every entry's bytes start at a multiple of 64, so
/// that its loader may map them.
struct ZipWriter {
  private let put: (UnsafeRawBufferPointer) throws -> Void
  private var directory: [UInt8] = []
  private var position = 0
  private var count = 0

  /// - Parameter put: Takes each run of bytes, in order.
  init(_ put: @escaping (UnsafeRawBufferPointer) throws -> Void) { self.put = put }

  mutating func add(_ name: String, _ bytes: UnsafeRawBufferPointer) throws {
    let checksum = UInt32(crc32_z(0, bytes.baseAddress?.assumingMemoryBound(to: UInt8.self), bytes.count))
    let start = position
    // Sizes and places that 32 bits do not hold move to an extra field of 64-bit numbers.
    let isLarge = bytes.count >= 0xffff_ffff
    var local: [UInt8] = []
    local.append(number: UInt32(0x0403_4b50))
    local.append(number: UInt16(isLarge ? 45 : 20))
    local += Self.common(checksum, isLarge ? 0xffff_ffff : UInt32(bytes.count))
    local.append(number: UInt16(name.utf8.count))
    var extra: [UInt8] = []
    if isLarge { extra += Self.wideNumbers([bytes.count, bytes.count]) }
    // A field named FB, as PyTorch's, fills up to the alignment.
    let unpadded = start + local.count + 2 + name.utf8.count + extra.count + 4
    extra.append(number: UInt16(0x4246))
    let padding = (64 - unpadded % 64) % 64
    extra.append(number: UInt16(padding))
    extra += [UInt8](repeating: UInt8(ascii: "Z"), count: padding)
    local.append(number: UInt16(extra.count))
    local += name.utf8
    local += extra
    try write(local)
    try put(bytes)
    position += bytes.count

    let isFar = start >= 0xffff_ffff
    let wide = (isLarge ? [bytes.count, bytes.count] : []) + (isFar ? [start] : [])
    let wideExtra = wide.isEmpty ? [] : Self.wideNumbers(wide)
    directory.append(number: UInt32(0x0201_4b50))
    directory.append(number: UInt16(wide.isEmpty ? 20 : 45))
    directory.append(number: UInt16(wide.isEmpty ? 20 : 45))
    directory += Self.common(checksum, isLarge ? 0xffff_ffff : UInt32(bytes.count))
    directory.append(number: UInt16(name.utf8.count))
    directory.append(number: UInt16(wideExtra.count))
    // No comment, first disk, no attributes.
    directory += [UInt8](repeating: 0, count: 2 + 2 + 2 + 4)
    directory.append(number: isFar ? 0xffff_ffff : UInt32(start))
    directory += name.utf8
    directory += wideExtra
    count += 1
  }

  mutating func add(_ name: String, _ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try add(name, $0) }
  }

  /// Writes the directory.
  mutating func finish() throws {
    let start = position
    try write(directory)
    var end: [UInt8] = []
    if start >= 0xffff_ffff || count >= 0xffff {
      let record = position
      end.append(number: UInt32(0x0606_4b50))
      end.append(number: UInt64(44))
      end.append(number: UInt16(45))
      end.append(number: UInt16(45))
      end += [UInt8](repeating: 0, count: 8)
      for value in [count, count, directory.count, start] { end.append(number: UInt64(value)) }
      end.append(number: UInt32(0x0706_4b50))
      end.append(number: UInt32(0))
      end.append(number: UInt64(record))
      end.append(number: UInt32(1))
    }
    end.append(number: UInt32(0x0605_4b50))
    end += [0, 0, 0, 0]
    for _ in 0..<2 { end.append(number: UInt16(min(count, 0xffff))) }
    end.append(number: UInt32(min(directory.count, 0xffff_ffff)))
    end.append(number: UInt32(min(start, 0xffff_ffff)))
    end += [0, 0]
    try write(end)
  }

  /// Flags (names are UTF-8), stored, the date 1980-01-01, CRC and both sizes.
  private static func common(_ checksum: UInt32, _ size: UInt32) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: UInt16(0x0800))
    bytes.append(number: UInt16(0))
    bytes.append(number: UInt16(0))
    bytes.append(number: UInt16(0x0021))
    bytes.append(number: checksum)
    bytes.append(number: size)
    bytes.append(number: size)
    return bytes
  }

  private static func wideNumbers(_ values: [Int]) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.append(number: UInt16(1))
    bytes.append(number: UInt16(8 * values.count))
    for value in values { bytes.append(number: UInt64(value)) }
    return bytes
  }

  private mutating func write(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { try put($0) }
    position += bytes.count
  }
}

extension [UInt8] {
  /// Appends a number's bytes, the least significant first.
  mutating func append(number: some FixedWidthInteger) {
    Swift.withUnsafeBytes(of: number.littleEndian) { append(contentsOf: $0) }
  }
}
