import Foundation
import Imaging
import Notebook

/// What tells a picture of a data set from others: its bytes, its size and a coarse look at its content.
struct PictureFingerprint: Sendable {
  /// SHA-256 of the file.
  let checksum: String
  let width: Int
  let height: Int
  /// The picture in grey, [8, 9] values.
  let thumbnail: [UInt8]
  /// A bit for each pair of neighbours in the thumbnail's rows: whether the right one is brighter.
  let differences: UInt64

  /// - Throws: `ImageError` for a file that cannot be read or decoded.
  init(of url: URL) throws {
    let data: Data
    do { data = try Data(contentsOf: url) } catch {
      throw ImageError.unreadable(file: url.path, reason: SystemReason.of(error))
    }
    self.init(of: try Image(data: data, name: url.path), checksum: Checksum.sha256(of: data))
  }

  init(of image: Image, checksum: String) {
    self.checksum = checksum
    (width, height) = (image.width, image.height)
    let small = image.rgb().resized(width: 9, height: 8).pixels
    let grey = (0..<72).map { place -> UInt8 in
      let (red, green, blue) = (Int(small[3 * place]), Int(small[3 * place + 1]), Int(small[3 * place + 2]))
      return UInt8((299 * red + 587 * green + 114 * blue) / 1000)
    }
    thumbnail = grey
    differences = (0..<64).reduce(0) { bits, place in
      let left = place / 8 * 9 + place % 8
      return bits << 1 | (grey[left + 1] > grey[left] ? 1 : 0)
    }
  }

  /// Whether there is enough to see for a comparison: of plain water or sand all pictures look alike.
  var hasContrast: Bool { Int(thumbnail.max()!) - Int(thumbnail.min()!) >= 24 }

  /// Whether another picture looks the same but for coding, size or a slight change of brightness.
  func isNear(_ other: PictureFingerprint) -> Bool {
    guard (differences ^ other.differences).nonzeroBitCount <= Self.nearBits, hasContrast, other.hasContrast
    else { return false }
    let apart = zip(thumbnail, other.thumbnail).reduce(0) { $0 + abs(Int($1.0) - Int($1.1)) }
    let (one, two) = (width * other.height, height * other.width)
    return apart <= 4 * 72 && 10 * abs(one - two) <= max(one, two)
  }

  /// How many of the 64 bits may differ. With four bands of 16 bits, one band is then equal in any such pair.
  static let nearBits = 3
  var bands: [Int] { (0..<4).map { $0 << 16 | Int(differences >> (16 * UInt64($0)) & 0xffff) } }
}
