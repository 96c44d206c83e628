import CProcessor

/// Sixteen values that are computed at once: the element of all loops over values that do not depend on each other.
typealias Lanes = SIMD16<Float>

extension SIMD16<Float> {
  /// `count` values at `p`, at most 16; lanes beyond hold the first value again.
  @inline(__always)
  init(_ p: UnsafePointer<Float>, _ count: Int) {
    if count == 16 {
      self = UnsafeRawPointer(p).loadUnaligned(as: Self.self)
    } else if count == 8 {
      // As of 24 channels: without it through memory, which takes ten times as long.
      self.init(lowHalf: UnsafeRawPointer(p).loadUnaligned(as: SIMD8<Float>.self), highHalf: SIMD8(repeating: p[0]))
    } else {
      self.init(repeating: p[0])
      withUnsafeMutableBytes(of: &self) { $0.baseAddress!.copyMemory(from: p, byteCount: 4 &* count) }
    }
  }

  @inline(__always)
  init(_ p: UnsafePointer<Float>) { self = UnsafeRawPointer(p).loadUnaligned(as: Self.self) }

  /// Writes the first `count` lanes.
  @inline(__always)
  func store(_ p: UnsafeMutablePointer<Float>, _ count: Int) {
    if count == 16 {
      UnsafeMutableRawPointer(p).storeBytes(of: self, as: Self.self)
    } else if count == 8 {
      UnsafeMutableRawPointer(p).storeBytes(of: lowHalf, as: SIMD8<Float>.self)
    } else {
      withUnsafeBytes(of: self) { UnsafeMutableRawPointer(p).copyMemory(from: $0.baseAddress!, byteCount: 4 &* count) }
    }
  }

  /// Whether a result of so many values is better written past the caches: it is gone from them before it is read
  /// again, and a store that goes through them first reads what it overwrites.
  static func streams(_ count: Int) -> Bool { count >= leastStreamed }
  /// Sixteen megabytes; tests set it lower.
  nonisolated(unsafe) static var leastStreamed = 4 << 20

  /// Writes the first `count` lanes, past the caches where `streaming` and the address allows it. Other threads see them
  /// at the end of the loop (`Parallel`).
  @inline(__always)
  func store(_ p: UnsafeMutablePointer<Float>, _ count: Int, streaming: Bool) {
    if streaming && count == 16 && UInt(bitPattern: p) & 31 == 0 {
      stream_eight_floats(p, lowHalf)
      stream_eight_floats(p + 8, highHalf)
    } else {
      store(p, count)
    }
  }

  @inline(__always)
  func store(_ p: UnsafeMutablePointer<Float>) { UnsafeMutableRawPointer(p).storeBytes(of: self, as: Self.self) }

  /// The first `count` lanes, and zero beyond.
  func keeping(_ count: Int) -> Self {
    var result = Self.zero
    for lane in 0..<count { result[lane] = self[lane] }
    return result
  }

  /// Calls `body` with the start and the length of each run of 16 positions, the last one shorter.
  @inline(__always)
  static func forEachRun(_ start: Int, _ end: Int, _ body: (Int, Int) -> Void) {
    var i = start
    while i &+ 16 <= end {
      body(i, 16)
      i &+= 16
    }
    if i < end { body(i, end &- i) }
  }

  /// `self` where the condition holds for `probe > 0`, else `other`.
  @inline(__always)
  func wherePositive(_ probe: Self, else other: Self) -> Self { other.replacing(with: self, where: probe .> 0) }

  /// Each lane by a scalar function, for those that have no vector form.
  @inline(__always)
  func map(_ f: (Float) -> Float) -> Self {
    var result = self
    for lane in 0..<16 { result[lane] = f(self[lane]) }
    return result
  }

  /// e^x, within two units in the last place; 0 below -87.3 and +∞ above 88.7, as `exp` rounds there.
  ///
  /// x = n·ln 2 + r with |r| ≤ ln 2 / 2, and e^r by its Taylor series to the seventh power: what is left out is below
  /// half a unit in the last place.
  @inline(__always)
  func exponential() -> Self {
    let (low, high) = (Self(repeating: -104), Self(repeating: 89))
    let bounded = replacing(with: low, where: self .< low).replacing(with: high, where: self .> high)
    // Adding 1.5·2²³ leaves no bits behind the point: the sum's low bits are the nearest integer.
    let shifted = Self(repeating: 12_582_912).addingProduct(bounded, Self(repeating: 1.442_695))
    let power = shifted - 12_582_912
    // ln 2 in two parts, of which the first has few bits: n times it is exact.
    var r = bounded.addingProduct(power, Self(repeating: -0.693_359_4))
    r.addProduct(power, Self(repeating: 2.121_944_4e-4))
    func step(_ y: Self, _ coefficient: Float) -> Self { Self(repeating: coefficient).addingProduct(y, r) }
    let third = step(step(step(step(Self(repeating: 1.0 / 5040), 1.0 / 720), 1.0 / 120), 1.0 / 24), 1.0 / 6)
    let y = step(step(step(third, 0.5), 1), 1)
    // 2^n in two factors, so that neither leaves the exponent's range.
    let n = unsafeBitCast(shifted, to: SIMD16<Int32>.self) &- 0x4B40_0000
    let half = n &>> 1
    func powerOfTwo(_ n: SIMD16<Int32>) -> Self { unsafeBitCast((n &+ 127) &* (1 << 23), to: Self.self) }
    let value = y * powerOfTwo(half) * powerOfTwo(n &- half)
    return value.replacing(with: self, where: self .!= self)
  }
}
