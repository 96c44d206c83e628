import Foundation

/// A stream of random numbers that is a pure function of (seed, name, index).
///
/// Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011): the n-th block of a
/// stream is a keyed hash of n. There is no global state, so a resumed run draws what the unbroken run would have
/// drawn, and image 4711 has the same noise alone or in a batch.
public struct RandomStream: RandomNumberGenerator, Sendable {
  private let key: (UInt32, UInt32)
  private let index: UInt64
  private var block: UInt64 = 0
  private var buffer: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  private var used = 4
  private var spareNormal: Float?

  /// - Parameters:
  ///   - seed: The run's seed.
  ///   - name: What the numbers are for, such as "generator.noise". Different names give independent streams.
  ///   - index: A step, an epoch or an image number: independent streams under one name.
  public init(seed: UInt64, name: String, index: UInt64 = 0) {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in name.utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    var mixed = hash ^ (seed &* 0x9e37_79b9_7f4a_7c15)
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    mixed ^= mixed >> 31
    key = (UInt32(truncatingIfNeeded: mixed), UInt32(truncatingIfNeeded: mixed >> 32))
    self.index = index
  }

  /// What `init(origin:)` makes the same stream from, from its beginning: for whoever checks what was drawn.
  public var origin: String { "\(UInt64(key.0) << 32 | UInt64(key.1)).\(index)" }

  /// - Returns: nil for a text that is no stream's `origin`.
  public init?(origin: String) {
    let parts = origin.split(separator: ".", omittingEmptySubsequences: false).map { UInt64($0) }
    guard parts.count == 2, let key = parts[0], let index = parts[1] else { return nil }
    self.key = (UInt32(truncatingIfNeeded: key >> 32), UInt32(truncatingIfNeeded: key))
    self.index = index
  }

  /// Ten rounds of Philox4x32 over the counter (block, index) with a given key.
  static func philox(counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32))
    -> (UInt32, UInt32, UInt32, UInt32)
  {
    var c = counter
    var k = key
    for _ in 0..<10 {
      let p0 = UInt64(0xd251_1f53) &* UInt64(c.0)
      let p1 = UInt64(0xcd9e_8d57) &* UInt64(c.2)
      c = (
        UInt32(truncatingIfNeeded: p1 >> 32) ^ c.1 ^ k.0, UInt32(truncatingIfNeeded: p1),
        UInt32(truncatingIfNeeded: p0 >> 32) ^ c.3 ^ k.1, UInt32(truncatingIfNeeded: p0)
      )
      k = (k.0 &+ 0x9e37_79b9, k.1 &+ 0xbb67_ae85)
    }
    return c
  }

  /// 32 uniform bits.
  public mutating func next32() -> UInt32 {
    if used == 4 {
      buffer = Self.philox(
        counter: (
          UInt32(truncatingIfNeeded: block), UInt32(truncatingIfNeeded: block >> 32),
          UInt32(truncatingIfNeeded: index), UInt32(truncatingIfNeeded: index >> 32)
        ), key: key)
      block += 1
      used = 0
    }
    used += 1
    switch used {
    case 1: return buffer.0
    case 2: return buffer.1
    case 3: return buffer.2
    default: return buffer.3
    }
  }

  public mutating func next() -> UInt64 { UInt64(next32()) | UInt64(next32()) << 32 }

  /// Uniform in [0, 1), 24 bits.
  public mutating func uniform() -> Float { Float(next32() >> 8) * 0x1p-24 }

  /// Uniform in [low, high). Rounding alone could reach `high`; the largest value below it is taken then.
  public mutating func uniform(_ low: Float, _ high: Float) -> Float {
    min(low + (high - low) * uniform(), max(low, high.nextDown))
  }

  /// Uniform in 0..<bound.
  public mutating func integer(below bound: Int) -> Int {
    precondition(bound > 0 && bound <= Int(UInt32.max), "the bound of a random integer must be positive")
    return Int((UInt64(next32()) &* UInt64(bound)) >> 32)
  }

  /// True with the given probability.
  public mutating func chance(_ probability: Float) -> Bool { uniform() < probability }

  /// A standard normal value (Box-Muller).
  public mutating func normal() -> Float {
    if let spare = spareNormal {
      spareNormal = nil
      return spare
    }
    let radius = (-2 * log(1 - Double(uniform()))).squareRoot()
    let angle = 2 * Double.pi * Double(uniform())
    spareNormal = Float(radius * sin(angle))
    return Float(radius * cos(angle))
  }

  /// Fills memory with `scale` times standard normal values: the values of `normal()`, on all threads.
  public mutating func fillNormal(_ values: UnsafeMutablePointer<Float>, count: Int, scale: Float = 1) {
    let start = self
    Parallel.ranges(count, grain: 2048) { first, last in
      var own = start
      own.skipNormals(first)
      for i in first..<last { values[i] = scale * own.normal() }
    }
    skipNormals(count)
  }

  /// Goes on as if `normal()` had been called so many times, in a time that does not depend on how many.
  public mutating func skipNormals(_ count: Int) {
    var left = count
    if left > 0, spareNormal != nil {
      spareNormal = nil
      left -= 1
    }
    // Each pair takes two draws of 32 bits, and four make a block.
    let drawn = used + left / 2 * 2
    if drawn > 4 {
      block += UInt64((drawn - 1) / 4 - 1)
      used = 4
      for _ in 0..<((drawn - 1) % 4 + 1) { _ = next32() }
    } else {
      used = drawn
    }
    if left % 2 == 1 { _ = normal() }
  }

  /// A random order of 0..<count (Fisher-Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    for i in stride(from: count - 1, to: 0, by: -1) { order.swapAt(i, integer(below: i + 1)) }
    return order
  }
}
