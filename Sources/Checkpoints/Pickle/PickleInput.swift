/// A source's bytes one after another, through a window, so that a pickle at the head of a large file costs little.
struct PickleInput {
  let source: ByteSource
  private(set) var position: Int
  private var window: [UInt8] = []
  private var windowStart = 0

  init(_ source: ByteSource, from position: Int) {
    self.source = source
    self.position = position
  }

  var remaining: Int { source.count - position }

  mutating func byte() throws -> UInt8 {
    let place = position - windowStart
    if place < window.count {
      position += 1
      return window[place]
    }
    guard remaining > 0 else { throw source.error(.truncated("the pickle goes on"), at: position) }
    windowStart = position
    window = try source.bytes(at: position, count: min(1 << 16, remaining))
    position += 1
    return window[0]
  }

  /// The next bytes. Their count is checked before any memory is taken.
  mutating func bytes(_ count: Int) throws -> [UInt8] {
    guard count >= 0, count <= remaining else {
      throw source.error(.truncated("\(count) bytes are announced where \(remaining) are left"), at: position)
    }
    let place = position - windowStart
    let result =
      place >= 0 && place + count <= window.count
      ? Array(window[place..<(place + count)]) : try source.bytes(at: position, count: count)
    position += count
    return result
  }

  /// An unsigned number of 1 to 8 bytes, the least significant first.
  mutating func number(_ size: Int) throws -> UInt64 {
    var value: UInt64 = 0
    for shift in 0..<size { value |= UInt64(try byte()) << (8 * UInt64(shift)) }
    return value
  }

  /// A length of `size` bytes that so many bytes can follow.
  mutating func length(_ size: Int) throws -> Int {
    let value = try number(size)
    guard value <= UInt64(remaining) else {
      throw source.error(.truncated("\(value) bytes are announced where \(remaining) are left"), at: position)
    }
    return Int(value)
  }

  /// The bytes before the next line feed, which is taken too.
  mutating func line(limit: Int) throws -> [UInt8] {
    var result: [UInt8] = []
    while true {
      let next = try byte()
      if next == UInt8(ascii: "\n") { return result }
      guard result.count < limit else {
        throw source.error(.pickle("a line of more than \(limit) bytes"), at: position)
      }
      result.append(next)
    }
  }
}
