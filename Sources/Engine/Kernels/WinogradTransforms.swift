/// The one-dimensional transforms of a Winograd convolution with three taps (Lavin and Gray 2016). Two-dimensional ones
/// apply them to the columns and then the rows of a tile.
///
/// What one reads and what it writes never overlap.
protocol WinogradTransforms {
  static var stride: Int { get }
  /// Outputs of a tile's side. It is made from `inputs` values by `points` multiplications.
  static var outputs: Int { get }
  static var points: Int { get }
  /// Values that the weight is transformed to, and which of them a point is multiplied by.
  static var weightPoints: Int { get }
  static func weightPoint(_ point: Int) -> Int

  /// Bᵀ: inputs to points.
  static func input(_ d: Strip, _ v: Strip)
  /// G: three taps to the weight's points.
  static func weight(_ g: Strip, _ u: Strip)
  /// Aᵀ: products to outputs.
  static func output(_ m: Strip, _ y: Strip)
  /// A, the adjoint of `output`.
  static func outputGradient(_ g: Strip, _ z: Strip)
  /// Gᵀ, the adjoint of `weight`.
  static func weightGradient(_ u: Strip, _ g: Strip)
}

extension WinogradTransforms {
  static var stride: Int { 1 }
  static var inputs: Int { (outputs - 1) * stride + 3 }
  static var weightPoints: Int { points }
  static func weightPoint(_ point: Int) -> Int { point }
}

/// x·factor + sum, rounded once.
@inline(__always)
func fused(_ x: Eight, _ factor: Float, _ sum: Eight) -> Eight {
  sum.addingProduct(x, Eight(repeating: factor))
}

/// F(4,3): four outputs of a three-tap filter from six inputs with six multiplications instead of twelve; in two
/// dimensions 36 instead of 144.
///
/// Outputs and taps are polynomials multiplied by evaluating both at the points 0, ±a, ±b and ∞. Lavin and Gray take
/// a = 1, b = 2; with a = 3/4, b = 3/2 the numbers stay near one, all constants of the data's transforms are exact in
/// float32, and the largest error is a fifth as large (1.5e-6 of the largest value at 64 channels, measured).
enum Winograd4: WinogradTransforms {
  static var outputs: Int { 4 }
  static var points: Int { 6 }

  static var a: Float { 0.75 }
  static var b: Float { 1.5 }
  static var a2: Float { 0.5625 }
  static var b2: Float { 2.25 }
  private static var a3: Float { 0.421875 }
  private static var b3: Float { 3.375 }
  /// a²b² and a² + b².
  static var product: Float { 1.265625 }
  private static var sum: Float { 2.8125 }
  /// 1 / (2a²(a² - b²)) and 1 / (2b²(b² - a²)): the weights of Lagrange's interpolation.
  static var atA: Float { -128.0 / 243 }
  static var atB: Float { 32.0 / 243 }

  @inline(__always)
  static func input(_ d: Strip, _ v: Strip) {
    let (d0, d1, d2, d3, d4, d5) = (d[0], d[1], d[2], d[3], d[4], d[5])
    let (evenA, oddA) = (fused(d2, -b2, d4), fused(d1, -b2, d3))
    let (evenB, oddB) = (fused(d2, -a2, d4), fused(d1, -a2, d3))
    v[0] = fused(d0, product, fused(d2, -sum, d4))
    v.putPair(1, evenA, oddA, a)
    v.putPair(3, evenB, oddB, b)
    v[5] = fused(d1, product, fused(d3, -sum, d5))
  }

  @inline(__always)
  static func weight(_ g: Strip, _ u: Strip) {
    let (g0, g1, g2) = (g[0], g[1], g[2])
    let (evenA, oddA) = (fused(g2, a2, g0) * atA, g1 * (a * atA))
    let (evenB, oddB) = (fused(g2, b2, g0) * atB, g1 * (b * atB))
    u[0] = g0 * (1 / product)
    u.putPair(1, evenA, oddA)
    u.putPair(3, evenB, oddB)
    u[5] = g2
  }

  @inline(__always)
  static func output(_ m: Strip, _ y: Strip) {
    let (m0, m1, m2, m3, m4, m5) = (m[0], m[1], m[2], m[3], m[4], m[5])
    let (sumA, differenceA) = (m1 + m2, m1 - m2)
    let (sumB, differenceB) = (m3 + m4, m3 - m4)
    y[0] = m0 + sumA + sumB
    y[1] = fused(differenceB, b, differenceA * a)
    y[2] = fused(sumB, b2, sumA * a2)
    y[3] = fused(differenceB, b3, fused(differenceA, a3, m5))
  }

  @inline(__always)
  static func outputGradient(_ g: Strip, _ z: Strip) {
    let (g0, g1, g2, g3) = (g[0], g[1], g[2], g[3])
    let (evenA, oddA) = (fused(g2, a2, g0), fused(g3, a3, g1 * a))
    let (evenB, oddB) = (fused(g2, b2, g0), fused(g3, b3, g1 * b))
    z[0] = g0
    z.putPair(1, evenA, oddA)
    z.putPair(3, evenB, oddB)
    z[5] = g3
  }

  @inline(__always)
  static func weightGradient(_ u: Strip, _ g: Strip) {
    let (u0, u1, u2, u3, u4, u5) = (u[0], u[1], u[2], u[3], u[4], u[5])
    let (sumA, differenceA) = ((u1 + u2) * atA, (u1 - u2) * atA)
    let (sumB, differenceB) = ((u3 + u4) * atB, (u3 - u4) * atB)
    g[0] = fused(u0, 1 / product, sumA + sumB)
    g[1] = fused(differenceB, b, differenceA * a)
    g[2] = fused(sumB, b2, fused(sumA, a2, u5))
  }
}

/// What five outputs and the points 0, ±a, ±b have to do with each other, whatever the other points and the taps.
enum FiveOutputs {
  /// - Parameter last: The product at ∞.
  @inline(__always)
  static func output(_ m: Strip, last: Eight, _ y: Strip, _ a: Float, _ b: Float) {
    let (m0, m1, m2, m3, m4) = (m[0], m[1], m[2], m[3], m[4])
    let (a2, b2) = (a * a, b * b)
    let (sumA, differenceA) = (m1 + m2, m1 - m2)
    let (sumB, differenceB) = (m3 + m4, m3 - m4)
    y[0] = m0 + sumA + sumB
    y[1] = fused(differenceB, b, differenceA * a)
    y[2] = fused(sumB, b2, sumA * a2)
    y[3] = fused(differenceB, b * b2, differenceA * (a * a2))
    y[4] = fused(sumB, b2 * b2, fused(sumA, a2 * a2, last))
  }

  /// The adjoint, at 0, ±a and ±b.
  @inline(__always)
  static func outputGradient(_ g: Strip, _ z: Strip, _ a: Float, _ b: Float) {
    let (g0, g1, g2, g3, g4) = (g[0], g[1], g[2], g[3], g[4])
    let (a2, b2) = (a * a, b * b)
    z[0] = g0
    z.putPair(1, fused(g4, a2 * a2, fused(g2, a2, g0)), fused(g3, a * a2, g1 * a))
    z.putPair(3, fused(g4, b2 * b2, fused(g2, b2, g0)), fused(g3, b * b2, g1 * b))
  }
}

/// F(5,3) at the points 0, ±a, ±b, c and ∞: 49 multiplications instead of 225. Maps of side 14 take three tiles of it,
/// which four of `Winograd4` would overhang.
enum Winograd5: WinogradTransforms {
  static var outputs: Int { 5 }
  static var points: Int { 7 }

  private static var a: Float { 0.5 }
  private static var b: Float { 1.125 }
  private static var c: Float { 2.25 }
  private static var a2: Float { a * a }
  private static var b2: Float { b * b }
  private static var product: Float { a2 * b2 }
  private static var sum: Float { a2 + b2 }
  /// One over the derivative of the points' polynomial at each of them.
  private static var atZero: Float { -1 / (product * c) }
  private static var atA: Float { 1 / (2 * a2 * (a2 - b2) * (a - c)) }
  private static var atMinusA: Float { 1 / (2 * a2 * (a2 - b2) * (-a - c)) }
  private static var atB: Float { 1 / (2 * b2 * (b2 - a2) * (b - c)) }
  private static var atMinusB: Float { 1 / (2 * b2 * (b2 - a2) * (-b - c)) }
  private static var atC: Float { 1 / (c * (c * c - a2) * (c * c - b2)) }

  @inline(__always)
  static func input(_ d: Strip, _ v: Strip) {
    let (d0, d1, d2, d3, d4, d5, d6) = (d[0], d[1], d[2], d[3], d[4], d[5], d[6])
    // Multiplied by x - c first: what is left are the points of `Winograd4`.
    let u0 = fused(d0, -c, d1)
    let (u1, u2) = (fused(d1, -c, d2), fused(d2, -c, d3))
    let (u3, u4, u5) = (fused(d3, -c, d4), fused(d4, -c, d5), fused(d5, -c, d6))
    let (evenA, oddA) = (fused(u2, -b2, u4), fused(u1, -b2, u3))
    let (evenB, oddB) = (fused(u2, -a2, u4), fused(u1, -a2, u3))
    v[0] = fused(u0, product, fused(u2, -sum, u4))
    v.putPair(1, evenA, oddA, a)
    v.putPair(3, evenB, oddB, b)
    v[5] = fused(d1, product, fused(d3, -sum, d5))
    v[6] = fused(u1, product, fused(u3, -sum, u5))
  }

  @inline(__always)
  static func weight(_ g: Strip, _ u: Strip) {
    let (g0, g1, g2) = (g[0], g[1], g[2])
    let (evenA, oddA) = (fused(g2, a2, g0), g1 * a)
    let (evenB, oddB) = (fused(g2, b2, g0), g1 * b)
    u[0] = g0 * atZero
    u[1] = (evenA + oddA) * atA
    u[2] = (evenA - oddA) * atMinusA
    u[3] = (evenB + oddB) * atB
    u[4] = (evenB - oddB) * atMinusB
    u[5] = fused(g2, c * c, fused(g1, c, g0)) * atC
    u[6] = g2
  }

  @inline(__always)
  static func output(_ m: Strip, _ y: Strip) {
    FiveOutputs.output(m, last: m[6], y, a, b)
    let m5 = m[5]
    y[0] += m5
    y[1] = fused(m5, c, y[1])
    y[2] = fused(m5, c * c, y[2])
    y[3] = fused(m5, c * c * c, y[3])
    y[4] = fused(m5, c * c * c * c, y[4])
  }

  @inline(__always)
  static func outputGradient(_ g: Strip, _ z: Strip) {
    let (g0, g1, g2, g3, g4) = (g[0], g[1], g[2], g[3], g[4])
    FiveOutputs.outputGradient(g, z, a, b)
    let even = fused(g4, c * c * c * c, fused(g2, c * c, g0))
    z[5] = fused(g3, c * c * c, fused(g1, c, even))
    z[6] = g4
  }

  @inline(__always)
  static func weightGradient(_ u: Strip, _ g: Strip) {
    let (u0, u1, u2, u3, u4, u5, u6) = (u[0], u[1], u[2], u[3], u[4], u[5], u[6])
    let (plusA, minusA) = (u1 * atA, u2 * atMinusA)
    let (plusB, minusB) = (u3 * atB, u4 * atMinusB)
    let atPointC = u5 * atC
    let (sumA, sumB) = (plusA + minusA, plusB + minusB)
    g[0] = fused(u0, atZero, sumA + sumB + atPointC)
    g[1] = fused(plusB - minusB, b, fused(plusA - minusA, a, atPointC * c))
    g[2] = fused(sumB, b2, fused(sumA, a2, fused(atPointC, c * c, u6)))
  }
}

/// F(6,3) at the points 0, ±1/2, ±1, ±2 and ∞: 64 multiplications instead of 324, at four times the error of
/// `Winograd4`, two of what Lavin and Gray's F(4,3) has.
enum Winograd6: WinogradTransforms {
  static var outputs: Int { 6 }
  static var points: Int { 8 }

  @inline(__always)
  static func input(_ d: Strip, _ v: Strip) {
    let (d0, d1, d2, d3, d4, d5, d6, d7) = (d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7])
    // Of (x² - 1/4)(x² - 1)(x² - 4) = x⁶ - 21/4·x⁴ + 21/4·x² - 1, the factors of all points but one, or two.
    v[0] = fused(d2 - d4, -5.25, d0 - d6)
    let (evenA, oddA) = (fused(d2, 4, fused(d4, -5, d6)), fused(d1, 4, fused(d3, -5, d5)))
    let (evenB, oddB) = (fused(d4, -4.25, d2 + d6), fused(d3, -4.25, d1 + d5))
    let evenC = fused(d2, 0.25, fused(d4, -1.25, d6))
    let oddC = fused(d1, 0.25, fused(d3, -1.25, d5))
    v.putPair(1, evenA, oddA, 0.5)
    v.putPair(3, evenB, oddB)
    v.putPair(5, evenC, oddC, 2)
    v[7] = fused(d3 - d5, 5.25, d7 - d1)
  }

  /// One over the derivative of the points' polynomial at ±1/2, ±1 and ±2; at 0 it is one with the sign of `input`.
  private static var atA: Float { 32.0 / 45 }
  private static var atB: Float { -2.0 / 9 }
  private static var atC: Float { 1.0 / 90 }

  @inline(__always)
  static func weight(_ g: Strip, _ u: Strip) {
    let (g0, g1, g2) = (g[0], g[1], g[2])
    let (evenA, oddA) = (fused(g2, 0.25, g0) * atA, g1 * (0.5 * atA))
    let (evenB, oddB) = ((g2 + g0) * atB, g1 * atB)
    let (evenC, oddC) = (fused(g2, 4, g0) * atC, g1 * (2 * atC))
    u[0] = g0
    u.putPair(1, evenA, oddA)
    u.putPair(3, evenB, oddB)
    u.putPair(5, evenC, oddC)
    u[7] = g2
  }

  @inline(__always)
  static func output(_ m: Strip, _ y: Strip) {
    let (m0, m1, m2, m3, m4, m5, m6, m7) = (m[0], m[1], m[2], m[3], m[4], m[5], m[6], m[7])
    let (sumA, differenceA) = (m1 + m2, m1 - m2)
    let (sumB, differenceB) = (m3 + m4, m3 - m4)
    let (sumC, differenceC) = (m5 + m6, m5 - m6)
    y[0] = m0 + sumA + sumB + sumC
    y[1] = fused(differenceC, 2, fused(differenceA, 0.5, differenceB))
    y[2] = fused(sumC, 4, fused(sumA, 0.25, sumB))
    y[3] = fused(differenceC, 8, fused(differenceA, 0.125, differenceB))
    y[4] = fused(sumC, 16, fused(sumA, 0.0625, sumB))
    y[5] = fused(differenceC, 32, fused(differenceA, 0.03125, differenceB + m7))
  }

  @inline(__always)
  static func outputGradient(_ g: Strip, _ z: Strip) {
    let (g0, g1, g2, g3, g4, g5) = (g[0], g[1], g[2], g[3], g[4], g[5])
    let evenA = fused(g4, 0.0625, fused(g2, 0.25, g0))
    let oddA = fused(g5, 0.03125, fused(g3, 0.125, g1 * 0.5))
    let (evenB, oddB) = (g0 + g2 + g4, g1 + g3 + g5)
    let evenC = fused(g4, 16, fused(g2, 4, g0))
    let oddC = fused(g5, 32, fused(g3, 8, g1 * 2))
    z[0] = g0
    z.putPair(1, evenA, oddA)
    z.putPair(3, evenB, oddB)
    z.putPair(5, evenC, oddC)
    z[7] = g5
  }

  @inline(__always)
  static func weightGradient(_ u: Strip, _ g: Strip) {
    let (u0, u1, u2, u3, u4, u5, u6, u7) = (u[0], u[1], u[2], u[3], u[4], u[5], u[6], u[7])
    let (sumA, differenceA) = ((u1 + u2) * atA, (u1 - u2) * atA)
    let (sumB, differenceB) = ((u3 + u4) * atB, (u3 - u4) * atB)
    let (sumC, differenceC) = ((u5 + u6) * atC, (u5 - u6) * atC)
    g[0] = u0 + sumA + sumB + sumC
    g[1] = fused(differenceC, 2, fused(differenceA, 0.5, differenceB))
    g[2] = fused(sumC, 4, fused(sumA, 0.25, sumB + u7))
  }
}
