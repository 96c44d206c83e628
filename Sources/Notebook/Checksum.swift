import Crypto
import Foundation

/// SHA-256 as lower-case hexadecimal.
public enum Checksum {
  /// The checksum of bytes in memory.
  public static func sha256(of data: Data) -> String { hexadecimal(SHA256.hash(data: data)) }

  /// The checksum of a text's UTF-8 bytes.
  public static func sha256(of text: String) -> String { sha256(of: Data(text.utf8)) }

  /// The checksum of a file, read in pieces so that large weights need no memory.
  /// - Throws: Foundation's error when the file cannot be read.
  public static func sha256(ofFile file: URL) throws -> String {
    let handle = try FileHandle(forReadingFrom: file)
    defer { try? handle.close() }
    var hash = SHA256()
    while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty { hash.update(data: piece) }
    return hexadecimal(hash.finalize())
  }

  private static func hexadecimal(_ digest: SHA256.Digest) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: digest.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}
