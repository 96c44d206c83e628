/// The one-dimensional transforms of 3×3 convolutions of stride 2.
///
/// Of three taps the outer two meet every second value of the large map, the middle one those between. The outer two
/// are a two-tap filter of stride 1 over half the values: three outputs take four multiplications instead of six by
/// Winograd's F(3,2) at the points 0, 1, -1 and ∞ (Lavin and Gray 2016). The middle tap takes three, as it is. So a tile
/// has seven points a side, and a two-dimensional one 49 multiplications instead of 81.
enum StridedWinogradTransforms {
  typealias Lanes = WinogradTransforms.Lanes
  typealias Three = WinogradTransforms.Three
  typealias Four = WinogradTransforms.Four
  typealias Six = WinogradTransforms.Six
  /// The four points of the outer taps and three values of the middle one.
  typealias Seven = (Lanes, Lanes, Lanes, Lanes, Lanes, Lanes, Lanes)
  /// The weight's values at the four points, and its middle tap.
  typealias Five = (Lanes, Lanes, Lanes, Lanes, Lanes)

  /// Which of the weight's five values each of the seven points is multiplied by.
  @inline(__always)
  static func weightPoint(_ point: Int) -> Int { min(point, 4) }

  /// Bᵀ of F(3,2): four values to the four points.
  @inline(__always)
  private static func points(_ d: Four) -> Four { (d.0 - d.2, d.1 + d.2, d.2 - d.1, d.3 - d.1) }

  /// Aᵀ of F(3,2): four products to three outputs.
  @inline(__always)
  private static func outputs(_ m: Four) -> Three {
    let sum = m.1 + m.2
    return (m.0 + sum, m.1 - m.2, sum + m.3)
  }

  /// Seven neighbours of the large map, of which the first meets an outer tap.
  @inline(__always)
  static func largeInput(_ x: Seven) -> Seven {
    let p = points((x.0, x.2, x.4, x.6))
    return (p.0, p.1, p.2, p.3, x.1, x.3, x.5)
  }

  /// Seven products to three neighbours of the small map.
  @inline(__always)
  static func smallOutput(_ m: Seven) -> Three {
    let y = outputs((m.0, m.1, m.2, m.3))
    return (y.0 + m.4, y.1 + m.5, y.2 + m.6)
  }

  /// Four neighbours of the small map, where it is the input.
  @inline(__always)
  static func smallInput(_ g: Four) -> Seven {
    let p = points(g)
    return (p.0, p.1, p.2, p.3, g.1, g.2, g.3)
  }

  /// Seven products to six neighbours of the large map.
  @inline(__always)
  static func largeOutput(_ m: Seven) -> Six {
    let x = outputs((m.0, m.1, m.2, m.3))
    return (x.0, m.4, x.1, m.5, x.2, m.6)
  }

  /// The adjoint of `smallOutput`: three gradients to seven.
  @inline(__always)
  static func outputGradient(_ g: Three) -> Seven {
    let ends = g.0 + g.2
    return (g.0, ends + g.1, ends - g.1, g.2, g.0, g.1, g.2)
  }

  /// G: three taps to five values.
  @inline(__always)
  static func weight(_ w: Three) -> Five {
    let (first, last) = (w.0 * 0.5, w.2 * 0.5)
    return (w.0, first + last, first - last, w.2, w.1)
  }

  /// Gᵀ, the adjoint of `weight`: five gradients to those of three taps.
  @inline(__always)
  static func weightGradient(_ u: Five) -> Three {
    (u.0 + (u.1 + u.2) * 0.5, u.4, u.3 + (u.1 - u.2) * 0.5)
  }
}
