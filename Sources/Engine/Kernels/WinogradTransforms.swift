/// The one-dimensional transforms of Winograd's convolution F(4,3): four outputs of a three-tap filter from six
/// inputs with six multiplications instead of twelve (Lavin and Gray 2016). Two-dimensional ones apply them to the
/// columns and then the rows of a tile: 36 multiplications instead of 144.
///
/// Outputs and taps are polynomials multiplied by evaluating both at the points 0, ±a, ±b and ∞. Lavin and Gray take
/// a = 1, b = 2; with a = 3/4, b = 3/2 the numbers stay near one, all constants of the data's transforms are exact in
/// float32, and the largest error is a fifth as large (1.5e-6 of the largest value at 64 channels, measured).
enum WinogradTransforms {
  /// Eight channels at once; the transforms never mix channels.
  typealias Lanes = SIMD8<Float>
  typealias Three = (Lanes, Lanes, Lanes)
  typealias Four = (Lanes, Lanes, Lanes, Lanes)
  typealias Six = (Lanes, Lanes, Lanes, Lanes, Lanes, Lanes)

  private static var a: Float { 0.75 }
  private static var b: Float { 1.5 }
  private static var a2: Float { 0.5625 }
  private static var b2: Float { 2.25 }
  private static var a3: Float { 0.421875 }
  private static var b3: Float { 3.375 }
  /// a²b² and a² + b².
  private static var product: Float { 1.265625 }
  private static var sum: Float { 2.8125 }
  /// 1 / (2a²(a² - b²)) and 1 / (2b²(b² - a²)): the weights of Lagrange's interpolation.
  private static var atA: Float { -128.0 / 243 }
  private static var atB: Float { 32.0 / 243 }

  /// x·factor + sum, rounded once.
  @inline(__always)
  private static func fused(_ x: Lanes, _ factor: Float, _ sum: Lanes) -> Lanes {
    sum.addingProduct(x, Lanes(repeating: factor))
  }

  /// Bᵀ: six inputs to their values at the six points.
  @inline(__always)
  static func input(_ d: Six) -> Six {
    let (evenA, oddA) = (fused(d.2, -b2, d.4), fused(d.1, -b2, d.3))
    let (evenB, oddB) = (fused(d.2, -a2, d.4), fused(d.1, -a2, d.3))
    return (
      fused(d.0, product, fused(d.2, -sum, d.4)),
      fused(oddA, a, evenA), fused(oddA, -a, evenA), fused(oddB, b, evenB), fused(oddB, -b, evenB),
      fused(d.1, product, fused(d.3, -sum, d.5))
    )
  }

  /// G: three taps to their values at the six points.
  @inline(__always)
  static func weight(_ g: Three) -> Six {
    let (evenA, oddA) = (fused(g.2, a2, g.0) * atA, g.1 * (a * atA))
    let (evenB, oddB) = (fused(g.2, b2, g.0) * atB, g.1 * (b * atB))
    return (g.0 * (1 / product), evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, g.2)
  }

  /// Aᵀ: six products to four outputs.
  @inline(__always)
  static func output(_ m: Six) -> Four {
    let (sumA, differenceA) = (m.1 + m.2, m.1 - m.2)
    let (sumB, differenceB) = (m.3 + m.4, m.3 - m.4)
    return (
      m.0 + sumA + sumB, fused(differenceB, b, differenceA * a), fused(sumB, b2, sumA * a2),
      fused(differenceB, b3, fused(differenceA, a3, m.5))
    )
  }

  /// A, the adjoint of `output`: four output gradients to six.
  @inline(__always)
  static func outputGradient(_ g: Four) -> Six {
    let (evenA, oddA) = (fused(g.2, a2, g.0), fused(g.3, a3, g.1 * a))
    let (evenB, oddB) = (fused(g.2, b2, g.0), fused(g.3, b3, g.1 * b))
    return (g.0, evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, g.3)
  }

  /// Gᵀ, the adjoint of `weight`: six gradients to those of three taps.
  @inline(__always)
  static func weightGradient(_ u: Six) -> Three {
    let (sumA, differenceA) = ((u.1 + u.2) * atA, (u.1 - u.2) * atA)
    let (sumB, differenceB) = ((u.3 + u.4) * atB, (u.3 - u.4) * atB)
    return (
      fused(u.0, 1 / product, sumA + sumB), fused(differenceB, b, differenceA * a),
      fused(sumB, b2, fused(sumA, a2, u.5))
    )
  }
}
