import Foundation

/// An affine map of the plane in double precision: (x, y) → (xx·x + xy·y + x0, yx·x + yy·y + y0).
public struct AffineMap: Equatable, Sendable {
  public var xx, xy, x0: Double
  public var yx, yy, y0: Double

  public init(xx: Double, xy: Double, x0: Double, yx: Double, yy: Double, y0: Double) {
    (self.xx, self.xy, self.x0) = (xx, xy, x0)
    (self.yx, self.yy, self.y0) = (yx, yy, y0)
  }

  public static let identity = scaling(1, 1)

  public static func translation(_ x: Double, _ y: Double) -> AffineMap {
    AffineMap(xx: 1, xy: 0, x0: x, yx: 0, yy: 1, y0: y)
  }

  public static func scaling(_ x: Double, _ y: Double) -> AffineMap {
    AffineMap(xx: x, xy: 0, x0: 0, yx: 0, yy: y, y0: 0)
  }

  /// From the x axis towards the y axis: clockwise on a picture, whose y axis points down.
  public static func rotation(_ radians: Double) -> AffineMap {
    let (sine, cosine) = (sin(radians), cos(radians))
    return AffineMap(xx: cosine, xy: -sine, x0: 0, yx: sine, yy: cosine, y0: 0)
  }

  /// First `right`, then `left`.
  public static func * (left: AffineMap, right: AffineMap) -> AffineMap {
    let origin = left(right.x0, right.y0)
    return AffineMap(
      xx: left.xx * right.xx + left.xy * right.yx, xy: left.xx * right.xy + left.xy * right.yy, x0: origin.x,
      yx: left.yx * right.xx + left.yy * right.yx, yy: left.yx * right.xy + left.yy * right.yy, y0: origin.y)
  }

  public func callAsFunction(_ x: Double, _ y: Double) -> (x: Double, y: Double) {
    (xx * x + xy * y + x0, yx * x + yy * y + y0)
  }

  /// The map back; not finite where this one squeezes the plane flat.
  public var inverse: AffineMap {
    let scale = 1 / (xx * yy - xy * yx)
    let linear = AffineMap(xx: yy * scale, xy: -xy * scale, x0: 0, yx: -yx * scale, yy: xx * scale, y0: 0)
    return linear * .translation(-x0, -y0)
  }
}
