/// The entries of a tar archive: blocks of 512 bytes, a header before each file.
enum TarReader {
  static func isTar(_ head: [UInt8]) -> Bool { head.count >= 512 && hasChecksum(head[..<512]) }

  /// All plain files by name, a leading `./` left out.
  ///
  /// - Throws: `CheckpointError`.
  static func entries(of source: ByteSource) throws -> [String: PartBytes] {
    var entries: [String: PartBytes] = [:]
    var position = 0
    while position <= source.count - 512 {
      let header = try source.bytes(at: position, count: 512)
      // Two empty blocks end the archive.
      if header.allSatisfy({ $0 == 0 }) { break }
      guard hasChecksum(header[...]), let size = octal(header[124..<136]) else {
        throw source.error(.archive("a header of the tar is damaged"), at: position)
      }
      let start = position + 512
      guard size <= source.count - start else {
        throw source.error(
          .truncated("an entry has \(size) bytes where \(source.count - start) are left"), at: position)
      }
      // Plain files; folders, links and extended headers are passed over.
      if header[156] == UInt8(ascii: "0") || header[156] == 0 {
        var name = String(decoding: header[..<100].prefix { $0 != 0 }, as: UTF8.self)
        if name.hasPrefix("./") { name = String(name.dropFirst(2)) }
        let part = try PartBytes(source, start: start, count: size, entry: name)
        guard entries.updateValue(part, forKey: name) == nil else {
          throw source.error(.duplicateKey(name), at: position)
        }
      }
      position = start + (size + 511) / 512 * 512
    }
    return entries
  }

  /// Whether the header's checksum is the sum of its bytes, its own field taken as spaces.
  private static func hasChecksum(_ header: ArraySlice<UInt8>) -> Bool {
    let start = header.startIndex
    guard let announced = octal(header[(start + 148)..<(start + 156)]) else { return false }
    let field = (start + 148)..<(start + 156)
    return announced == header.indices.reduce(0) { $0 + (field.contains($1) ? 32 : Int(header[$1])) }
  }

  private static func octal(_ field: ArraySlice<UInt8>) -> Int? {
    let digits = field.drop { $0 == 0x20 }.prefix { $0 != 0x20 && $0 != 0 }
    return digits.count <= 20
      ? Int(String(decoding: digits, as: UTF8.self), radix: 8).flatMap { $0 >= 0 ? $0 : nil } : nil
  }
}
