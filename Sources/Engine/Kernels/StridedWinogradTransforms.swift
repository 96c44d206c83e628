/// The one-dimensional transforms of a two-tap filter of stride 1: `outputs` values from one more.
protocol TwoTapTransforms {
  static var outputs: Int { get }
  static func input(_ d: Strip, _ v: Strip)
  static func output(_ m: Strip, _ y: Strip)
  static func outputGradient(_ g: Strip, _ z: Strip)
  /// Two taps to `outputs + 1` points.
  static func weight(_ first: Eight, _ last: Eight, _ u: Strip)
  /// Its adjoint.
  static func weightGradient(_ u: Strip) -> (first: Eight, last: Eight)
}

/// 3×3 convolutions of stride 2, and their transposes.
///
/// Of three taps the outer two meet every second value of the large map, the middle one those between. The outer two
/// are a two-tap filter of stride 1 over half the values, which Winograd's transforms make with m + 1 multiplications
/// for m outputs instead of 2m. The middle tap takes m, as it is. With m = 3 a tile has seven points a side, and a
/// two-dimensional one 49 multiplications instead of 81.
enum Strided<Outer: TwoTapTransforms>: WinogradTransforms {
  static var stride: Int { 2 }
  static var outputs: Int { Outer.outputs }
  static var points: Int { 2 * outputs + 1 }
  /// The weight's values at the outer taps' points, and its middle tap.
  static var weightPoints: Int { outputs + 2 }
  static func weightPoint(_ point: Int) -> Int { min(point, outputs + 1) }

  @inline(__always)
  static func input(_ d: Strip, _ v: Strip) {
    Outer.input(d.even, v)
    for index in 0..<outputs { v[outputs &+ 1 &+ index] = d[2 &* index &+ 1] }
  }

  @inline(__always)
  static func output(_ m: Strip, _ y: Strip) {
    Outer.output(m, y)
    for index in 0..<outputs { y[index] += m[outputs &+ 1 &+ index] }
  }

  @inline(__always)
  static func outputGradient(_ g: Strip, _ z: Strip) {
    Outer.outputGradient(g, z)
    for index in 0..<outputs { z[outputs &+ 1 &+ index] = g[index] }
  }

  @inline(__always)
  static func weight(_ g: Strip, _ u: Strip) {
    Outer.weight(g[0], g[2], u)
    u[outputs &+ 1] = g[1]
  }

  @inline(__always)
  static func weightGradient(_ u: Strip, _ g: Strip) {
    (g[0], g[2]) = Outer.weightGradient(u)
    g[1] = u[outputs &+ 1]
  }

  /// Neighbours of the small map, one more than `outputs`, where it is the input.
  @inline(__always)
  static func smallInput(_ g: Strip, _ v: Strip) {
    Outer.input(g, v)
    for index in 0..<outputs { v[outputs &+ 1 &+ index] = g[index &+ 1] }
  }

  /// Products to 2 · `outputs` neighbours of the large map.
  @inline(__always)
  static func largeOutput(_ m: Strip, _ x: Strip) {
    Outer.output(m, x.even)
    for index in 0..<outputs { x[2 &* index &+ 1] = m[outputs &+ 1 &+ index] }
  }
}

/// F(3,2) at the points 0, ±1 and ∞.
enum TwoTaps3: TwoTapTransforms {
  static var outputs: Int { 3 }

  @inline(__always)
  static func input(_ d: Strip, _ v: Strip) {
    let (d0, d1, d2, d3) = (d[0], d[1], d[2], d[3])
    v[0] = d0 - d2
    v[1] = d1 + d2
    v[2] = d2 - d1
    v[3] = d3 - d1
  }

  @inline(__always)
  static func output(_ m: Strip, _ y: Strip) {
    let (m0, m1, m2, m3) = (m[0], m[1], m[2], m[3])
    let sum = m1 + m2
    y[0] = m0 + sum
    y[1] = m1 - m2
    y[2] = sum + m3
  }

  @inline(__always)
  static func outputGradient(_ g: Strip, _ z: Strip) {
    let (g0, g1, g2) = (g[0], g[1], g[2])
    let ends = g0 + g2
    z[0] = g0
    z.putPair(1, ends, g1)
    z[3] = g2
  }

  @inline(__always)
  static func weight(_ first: Eight, _ last: Eight, _ u: Strip) {
    let (half, other) = (first * 0.5, last * 0.5)
    u[0] = first
    u.putPair(1, half, other)
    u[3] = last
  }

  @inline(__always)
  static func weightGradient(_ u: Strip) -> (first: Eight, last: Eight) {
    let (u0, u1, u2, u3) = (u[0], u[1], u[2], u[3])
    return (u0 + (u1 + u2) * 0.5, u3 + (u1 - u2) * 0.5)
  }
}

/// F(4,2) at the points 0, ±1, 2 and ∞: maps whose side is a power of two have no tiles that hang over.
enum TwoTaps4: TwoTapTransforms {
  static var outputs: Int { 4 }

  @inline(__always)
  static func input(_ d: Strip, _ v: Strip) {
    let (d0, d1, d2, d3, d4) = (d[0], d[1], d[2], d[3], d[4])
    // Multiplied by x - 2 first: what is left are the points of `TwoTaps3`.
    let (u0, u1) = (fused(d0, -2, d1), fused(d1, -2, d2))
    let (u2, u3) = (fused(d2, -2, d3), fused(d3, -2, d4))
    v[0] = u0 - u2
    v[1] = u1 + u2
    v[2] = u2 - u1
    v[3] = d3 - d1
    v[4] = u3 - u1
  }

  @inline(__always)
  static func output(_ m: Strip, _ y: Strip) {
    let (m0, m1, m2, m3, m4) = (m[0], m[1], m[2], m[3], m[4])
    let (sum, difference) = (m1 + m2, m1 - m2)
    y[0] = m0 + sum + m3
    y[1] = fused(m3, 2, difference)
    y[2] = fused(m3, 4, sum)
    y[3] = fused(m3, 8, difference + m4)
  }

  @inline(__always)
  static func outputGradient(_ g: Strip, _ z: Strip) {
    let (g0, g1, g2, g3) = (g[0], g[1], g[2], g[3])
    let (even, odd) = (g0 + g2, g1 + g3)
    z[0] = g0
    z.putPair(1, even, odd)
    z[3] = fused(g3, 8, fused(g2, 4, fused(g1, 2, g0)))
    z[4] = g3
  }

  /// One over the derivative of the points' polynomial at 0 (with the sign of `input`), 1, -1 and 2.
  private static var atZero: Float { -0.5 }
  private static var atOne: Float { -0.5 }
  private static var atMinusOne: Float { -1.0 / 6 }
  private static var atTwo: Float { 1.0 / 6 }

  @inline(__always)
  static func weight(_ first: Eight, _ last: Eight, _ u: Strip) {
    u[0] = first * atZero
    u[1] = (first + last) * atOne
    u[2] = (first - last) * atMinusOne
    u[3] = fused(last, 2, first) * atTwo
    u[4] = last
  }

  @inline(__always)
  static func weightGradient(_ u: Strip) -> (first: Eight, last: Eight) {
    let (u0, u1, u2, u3, u4) = (u[0], u[1], u[2], u[3], u[4])
    let (one, minusOne, two) = (u1 * atOne, u2 * atMinusOne, u3 * atTwo)
    return (fused(u0, atZero, one + minusOne + two), fused(two, 2, one - minusOne + u4))
  }
}

/// F(5,2) at the points of `Winograd4`, whose input transform it has: a map of side 129 takes thirteen tiles.
enum TwoTaps5: TwoTapTransforms {
  static var outputs: Int { 5 }

  private typealias Points = Winograd4

  @inline(__always)
  static func input(_ d: Strip, _ v: Strip) { Points.input(d, v) }

  @inline(__always)
  static func output(_ m: Strip, _ y: Strip) { FiveOutputs.output(m, last: m[5], y, Points.a, Points.b) }

  @inline(__always)
  static func outputGradient(_ g: Strip, _ z: Strip) {
    FiveOutputs.outputGradient(g, z, Points.a, Points.b)
    z[5] = g[4]
  }

  @inline(__always)
  static func weight(_ first: Eight, _ last: Eight, _ u: Strip) {
    let (evenA, oddA) = (first * Points.atA, last * (Points.a * Points.atA))
    let (evenB, oddB) = (first * Points.atB, last * (Points.b * Points.atB))
    u[0] = first * (1 / Points.product)
    u.putPair(1, evenA, oddA)
    u.putPair(3, evenB, oddB)
    u[5] = last
  }

  @inline(__always)
  static func weightGradient(_ u: Strip) -> (first: Eight, last: Eight) {
    let (u0, u1, u2, u3, u4, u5) = (u[0], u[1], u[2], u[3], u[4], u[5])
    let (sumA, differenceA) = ((u1 + u2) * Points.atA, (u1 - u2) * Points.atA)
    let (sumB, differenceB) = ((u3 + u4) * Points.atB, (u3 - u4) * Points.atB)
    return (fused(u0, 1 / Points.product, sumA + sumB), fused(differenceB, Points.b, fused(differenceA, Points.a, u5)))
  }
}
