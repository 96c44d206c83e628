import CZlib
import Foundation

/// Unpacks gzip data of one or several members, as `gunzip`.
///
/// - Parameter limit: The most bytes that may come out; a packed file can claim a thousand times its own size.
/// - Throws: `GunzipError`.
func gunzipped(_ packed: Data, limit: Int = 64 << 20) throws -> Data {
  var stream = z_stream()
  // 15 bits of window, and 16 more for gzip's header.
  guard inflateInit2_(&stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
    throw GunzipError.outOfMemory
  }
  defer { inflateEnd(&stream) }
  var result = Data()
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  var input = [UInt8](packed)
  try input.withUnsafeMutableBufferPointer { bytes in
    stream.next_in = bytes.baseAddress
    stream.avail_in = UInt32(clamping: bytes.count)
    while true {
      let (status, count) = buffer.withUnsafeMutableBufferPointer { out -> (Int32, Int) in
        stream.next_out = out.baseAddress
        stream.avail_out = UInt32(out.count)
        let status = inflate(&stream, Z_NO_FLUSH)
        return (status, out.count - Int(stream.avail_out))
      }
      result.append(contentsOf: buffer[..<count])
      if result.count > limit { throw GunzipError.tooLarge(limit: limit) }
      let offset = bytes.count - Int(stream.avail_in)
      switch status {
      case Z_STREAM_END:
        // Another member may follow.
        if stream.avail_in == 0 { return }
        guard inflateReset(&stream) == Z_OK else { throw GunzipError.damaged(offset: offset) }
      case Z_OK where stream.avail_in > 0 || count > 0: continue
      case Z_OK, Z_BUF_ERROR: throw GunzipError.truncated
      case Z_MEM_ERROR: throw GunzipError.outOfMemory
      default: throw GunzipError.damaged(offset: offset)
      }
    }
  }
  return result
}

/// Gzip data that cannot be unpacked.
enum GunzipError: Error, Equatable, CustomStringConvertible {
  case damaged(offset: Int)
  case truncated
  case tooLarge(limit: Int)
  case outOfMemory

  var description: String {
    switch self {
    case .damaged(let offset): "it is not gzip data, or damaged at byte \(offset); fetch it again"
    case .truncated: "the gzip data end too early; fetch it again"
    case .tooLarge(let limit): "unpacked it has more than \(limit >> 20) MiB: it is not the file that is meant"
    case .outOfMemory: "there is no memory to unpack it"
    }
  }
}
