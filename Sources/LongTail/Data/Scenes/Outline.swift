import Foundation

/// A region of the plane as closed contours; where contours overlap they unite, and a reversed contour is a hole.
///
/// Scene units: the frame is the square [-1, 1]², x to the right, y downwards. Objects are drawn nose towards +x.
struct Outline {
  typealias Point = SIMD2<Float>
  var contours: [[Point]]

  init(contours: [[Point]]) { self.contours = contours }

  /// One contour, turned so that its area is positive: united outlines must not cancel each other.
  init(_ points: [Point]) { contours = [Outline.area(points) < 0 ? points.reversed() : points] }

  static func polygon(_ points: Point...) -> Outline { Outline(points) }

  static func rectangle(_ centre: Point = .zero, _ size: Point, turned angle: Float = 0) -> Outline {
    let along = Outline.direction(angle) * (size.x / 2)
    let across = Outline.direction(angle + .pi / 2) * (size.y / 2)
    return Outline([centre - along - across, centre + along - across, centre + along + across, centre - along + across])
  }

  static func ellipse(_ centre: Point = .zero, _ radii: Point, sides: Int = 20) -> Outline {
    Outline((0..<sides).map { centre + direction(2 * .pi * Float($0) / Float(sides)) * radii })
  }

  static func circle(_ centre: Point = .zero, _ radius: Float, sides: Int = 20) -> Outline {
    ellipse(centre, Point(repeating: radius), sides: sides)
  }

  /// An ellipse with a hole.
  static func ring(_ centre: Point = .zero, outer: Point, inner: Point, sides: Int = 28) -> Outline {
    Outline(contours: [
      ellipse(centre, outer, sides: sides).contours[0], ellipse(centre, inner, sides: sides).contours[0].reversed(),
    ])
  }

  /// A rectangle with half-circles at its short ends: a running track, a fuselage, a pool.
  static func oblong(_ centre: Point = .zero, _ size: Point, turned angle: Float = 0) -> Outline {
    let radius = min(size.x, size.y) / 2
    let reach = Point(max(size.x / 2 - radius, 0), max(size.y / 2 - radius, 0))
    let axis = direction(angle)
    let points = (0..<24).map { step -> Point in
      let spoke = direction(2 * .pi * (Float(step) + 0.5) / 24)
      let corner = Point(spoke.x < 0 ? -reach.x : reach.x, spoke.y < 0 ? -reach.y : reach.y) + spoke * radius
      return centre + axis * corner.x + Point(-axis.y, axis.x) * corner.y
    }
    return Outline(points)
  }

  /// A slice of a disc between two angles.
  static func sector(_ centre: Point = .zero, _ radius: Float, from: Float, to: Float) -> Outline {
    Outline([centre] + arcPoints(centre, Point(repeating: radius), from: from, to: to))
  }

  /// A band along part of an ellipse.
  static func arc(_ centre: Point = .zero, _ radii: Point, from: Float, to: Float, width: Float) -> Outline {
    line(arcPoints(centre, radii, from: from, to: to), width: width)
  }

  static func arcPoints(_ centre: Point, _ radii: Point, from: Float, to: Float) -> [Point] {
    let steps = max(3, Int(abs(to - from) * 5))
    return (0...steps).map { centre + direction(from + (to - from) * Float($0) / Float(steps)) * radii }
  }

  /// A stroke of constant width along a polyline.
  static func line(_ points: [Point], width: Float) -> Outline {
    var left: [Point] = []
    var right: [Point] = []
    for i in points.indices {
      let step = points[min(i + 1, points.count - 1)] - points[max(i - 1, 0)]
      let length = max((step * step).sum().squareRoot(), 1e-6)
      let normal = Point(-step.y, step.x) * (width / 2 / length)
      left.append(points[i] + normal)
      right.append(points[i] - normal)
    }
    return Outline(left + right.reversed())
  }

  static func line(_ from: Point, _ to: Point, width: Float) -> Outline { line([from, to], width: width) }

  /// The outline together with its mirror image across the x axis: the other wing, the other half.
  var mirrored: Outline {
    self + contours.map { Outline($0.map { Point($0.x, -$0.y) }) }.reduce(Outline(contours: []), +)
  }

  static func + (a: Outline, b: Outline) -> Outline { Outline(contours: a.contours + b.contours) }

  func transformed(by placement: Placement) -> Outline {
    Outline(contours: contours.map { $0.map { placement($0) } })
  }

  /// The region passed over while the outline slides by `offset`: a shadow, or the walls of something tall.
  func swept(by offset: Point) -> Outline {
    var result = self
    for contour in contours {
      for (a, b) in zip(contour, contour.dropFirst() + contour.prefix(1)) {
        result.contours += Outline([a, b, b + offset, a + offset]).contours
      }
    }
    return result
  }

  static func direction(_ angle: Float) -> Point { Point(cos(angle), sin(angle)) }

  private static func area(_ points: [Point]) -> Float {
    var sum: Float = 0
    var previous = points[points.count - 1]
    for point in points {
      sum += previous.x * point.y - previous.y * point.x
      previous = point
    }
    return sum
  }
}

/// Where an object's own coordinates lie in the frame: turn, scale (never mirrored) and shift.
struct Placement {
  typealias Point = SIMD2<Float>
  private var columnX = Point(1, 0)
  private var columnY = Point(0, 1)
  private var origin = Point.zero

  init() {}

  func callAsFunction(_ point: Point) -> Point { columnX * point.x + columnY * point.y + origin }

  /// Square root of the area scale: what a height in local units measures in the frame.
  var scale: Float { abs(columnX.x * columnY.y - columnX.y * columnY.x).squareRoot() }

  /// A placement inside this one.
  func placing(at position: Point, turned angle: Float, scaled scale: Point) -> Placement {
    var inner = Placement()
    let axis = Outline.direction(angle)
    inner.columnX = (columnX * axis.x + columnY * axis.y) * scale.x
    inner.columnY = (columnY * axis.x - columnX * axis.y) * scale.y
    inner.origin = self(position)
    return inner
  }

  /// The local displacement that looks like `displacement` in the frame.
  func undoing(_ displacement: Point) -> Point {
    let determinant = columnX.x * columnY.y - columnX.y * columnY.x
    let x = displacement.x * columnY.y - displacement.y * columnY.x
    let y = columnX.x * displacement.y - columnX.y * displacement.x
    return Point(x, y) / determinant
  }

  /// The same placement shifted in the frame.
  func shifted(by offset: Point) -> Placement {
    var result = self
    result.origin += offset
    return result
  }
}
