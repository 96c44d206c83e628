import Engine

/// Damaged copies of a file, each drawn from a stream of random numbers.
public struct Mutation {
  /// Numbers at which readers stumble.
  private static let edges: [UInt64] = [
    0, 1, 0x7f, 0x80, 0xff, 0x7fff, 0x8000, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x1_0000_0000,
    0x7fff_ffff_ffff_ffff, 0x8000_0000_0000_0000, 0xffff_ffff_ffff_ffff, 0x4000_0000_0000_0000, 0x2000_0000_0000_0001,
  ]

  /// A copy of `bytes` with one to eight kinds of damage; pieces of `other`, another file, may be put in.
  public static func mutated(_ bytes: [UInt8], other: [UInt8], from stream: inout RandomStream) -> [UInt8] {
    var result = bytes
    for _ in 0...stream.integer(below: 8) { damage(&result, other, &stream) }
    return result
  }

  private static func damage(_ bytes: inout [UInt8], _ other: [UInt8], _ stream: inout RandomStream) {
    guard !bytes.isEmpty else { return bytes.append(UInt8(stream.integer(below: 256))) }
    let place = stream.integer(below: bytes.count)
    let run = min(bytes.count - place, 1 + stream.integer(below: 1 << stream.integer(below: 8)))
    switch stream.integer(below: 10) {
    case 0: bytes[place] ^= 1 << UInt8(stream.integer(below: 8))
    case 1, 2: bytes[place] = UInt8(stream.integer(below: 256))
    case 3:
      // A number of one to eight bytes becomes an edge, or nearly.
      let size = 1 << stream.integer(below: 4)
      let value = edges[stream.integer(below: edges.count)] &+ UInt64(stream.integer(below: 3)) &- 1
      let isBig = stream.chance(0.2)
      for i in 0..<min(size, bytes.count - place) {
        bytes[place + i] = UInt8(truncatingIfNeeded: value >> UInt64(8 * (isBig ? size - 1 - i : i)))
      }
    case 4: bytes.removeSubrange(place..<(place + run))
    case 5: bytes.insert(contentsOf: bytes[place..<(place + run)], at: stream.integer(below: bytes.count))
    case 6: bytes.removeSubrange(place...)
    case 7:
      guard !other.isEmpty else { return }
      let from = stream.integer(below: other.count)
      bytes.replaceSubrange(place..<(place + run), with: other[from..<min(other.count, from + run)])
    case 8: bytes.insert(UInt8(stream.integer(below: 256)), at: place)
    default:
      // The same piece many times: depth and counts.
      let piece = Array(bytes[place..<min(bytes.count, place + 1 + stream.integer(below: 4))])
      for _ in 0..<(1 << stream.integer(below: 10)) { bytes.insert(contentsOf: piece, at: place) }
    }
  }
}
