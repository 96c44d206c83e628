import CZlib
import Foundation

/// Checksums and packing that a damaged file needs to be read further than its first test.
enum Checksums {
  /// A PNG file whose chunks carry the right checksums again, as far as they can be told apart.
  static func sealedPNG(_ bytes: [UInt8]) -> [UInt8] {
    var bytes = bytes
    var position = 8
    while position + 12 <= bytes.count {
      let length = bytes[position..<(position + 4)].reduce(0) { $0 << 8 | Int($1) }
      let end = position + 8 + length
      guard end + 4 <= bytes.count else { break }
      let sum = bytes[(position + 4)..<end].withUnsafeBytes {
        crc32(0, $0.bindMemory(to: UInt8.self).baseAddress, UInt32($0.count))
      }
      for i in 0..<4 { bytes[end + i] = UInt8(truncatingIfNeeded: sum >> UInt(24 - 8 * i)) }
      position = end + 4
    }
    return bytes
  }

  /// Packed as gzip packs.
  static func gzipped(_ bytes: [UInt8]) -> [UInt8] {
    var stream = z_stream()
    // 15 bits of window, and 16 more for gzip's header.
    let status = deflateInit2_(
      &stream, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    precondition(status == Z_OK, "there is no memory to pack a file")
    defer { deflateEnd(&stream) }
    var input = bytes
    var output = [UInt8](repeating: 0, count: Int(deflateBound(&stream, UInt(bytes.count))) + 64)
    input.withUnsafeMutableBufferPointer { source in
      output.withUnsafeMutableBufferPointer { target in
        stream.next_in = source.baseAddress
        stream.avail_in = UInt32(source.count)
        stream.next_out = target.baseAddress
        stream.avail_out = UInt32(target.count)
        _ = deflate(&stream, Z_FINISH)
      }
    }
    return Array(output.prefix(output.count - Int(stream.avail_out)))
  }
}
