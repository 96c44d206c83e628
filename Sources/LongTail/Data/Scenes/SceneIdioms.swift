import Foundation

/// Things that stand around in many scenes: trees, cars, buildings, roads, painted lines.
extension ScenePainter {
  mutating func tree(_ position: Point, _ radius: Float) {
    let green = vary(pick([Colour(0.17, 0.29, 0.14), Colour(0.24, 0.35, 0.17), Colour(0.3, 0.34, 0.17)]), 0.2)
    let crown = Outline.ellipse(position, Point(radius * between(0.8, 1.2), radius), sides: 9)
    cast(crown, height: radius * 1.2)
    fill(crown, green)
    fill(.circle(position - localShadow * (radius * 0.25), radius * 0.5, sides: 7), green * 1.3)
  }

  mutating func trees(in reach: Point, around centre: Point = .zero, count: Int, size: ClosedRange<Float>) {
    for _ in 0..<count {
      let offset = Point(between(-reach.x, reach.x), between(-reach.y, reach.y))
      tree(centre + offset, between(size.lowerBound, size.upperBound))
    }
  }

  /// A row of trees, as along a street.
  mutating func treeLine(from: Point, to: Point, count: Int, size: Float) {
    for i in 0..<count {
      let t = (Float(i) + between(0.2, 0.8)) / Float(count)
      tree(from + (to - from) * t, size * between(0.7, 1.3))
    }
  }

  /// A house or hall with a flat or ridged roof.
  mutating func building(_ position: Point, _ size: Point, turned angle: Float = 0, height: Float? = nil) {
    let colour = vary(
      pick([
        Colour(0.7, 0.69, 0.66), Colour(0.55, 0.53, 0.5), Colour(0.6, 0.33, 0.26), Colour(0.82, 0.81, 0.78),
        Colour(0.38, 0.42, 0.5), Colour(0.45, 0.37, 0.32), Colour(0.3, 0.45, 0.6),
      ]), 0.14)
    let tall = height ?? min(size.x, size.y) * between(0.4, 1.1)
    let ridged = chance(0.5)
    placed(position, turned: angle) { painter in
      painter.raise(.rectangle(.zero, size), colour, height: tall) { painter in
        if ridged {
          painter.fill(.rectangle(Point(0, size.y / 4), Point(size.x, size.y / 2)), colour * 0.84)
        } else {
          let unit = Point(painter.between(-0.3, 0.3), painter.between(-0.3, 0.3)) * size
          painter.fill(.rectangle(unit, size * painter.between(0.1, 0.3)), colour * 1.15)
        }
      }
    }
  }

  /// Buildings on a common street grid.
  mutating func buildings(in reach: Point, around centre: Point = .zero, count: Int) {
    let grid = between(0, .pi / 2)
    for _ in 0..<count {
      let offset = Point(between(-reach.x, reach.x), between(-reach.y, reach.y))
      let size = Point(between(0.12, 0.5), between(0.1, 0.3))
      building(centre + offset, size, turned: grid + (chance(0.5) ? .pi / 2 : 0))
    }
  }

  /// A car seen from far above, `length` long.
  mutating func car(_ position: Point, _ length: Float, turned angle: Float) {
    let colour = vary(pick(weighted: NamedColour.paint).value, 0.1)
    placed(position, turned: angle, scaled: length) { painter in
      let body = Outline.rectangle(.zero, Point(1, 0.46))
      painter.cast(body, height: 0.3)
      painter.fill(body, colour)
      painter.fill(.rectangle(Point(0.14, 0), Point(0.14, 0.38)), colour * 0.35)
    }
  }

  /// Cars in marked rows on a rectangle of asphalt.
  mutating func parking(_ centre: Point, _ size: Point, turned angle: Float = 0, car unit: Float) {
    let asphalt = vary(Colour(0.42, 0.42, 0.42), 0.15)
    let rows = max(1, Int(size.y / (unit * 2)))
    let columns = max(1, Int(size.x / (unit * 0.75)))
    placed(centre, turned: angle) { painter in
      painter.fill(.rectangle(.zero, size), asphalt)
      for row in 0..<rows {
        for column in 0..<columns where painter.chance(0.6) {
          let spot = Point(
            (Float(column) + 0.5) / Float(columns) - 0.5, (Float(row) + 0.5) / Float(rows) - 0.5)
          painter.car(spot * size, unit, turned: .pi / 2)
        }
      }
    }
  }

  /// A road along a polyline with edge and centre lines and some traffic.
  mutating func road(_ points: [Point], width: Float, surface: Colour? = nil, lanes: Int = 2, traffic: Int = 0) {
    let colour =
      surface ?? vary(pick([Colour(0.42, 0.42, 0.43), Colour(0.55, 0.54, 0.52), Colour(0.32, 0.32, 0.34)]), 0.1)
    fill(.line(points, width: width), colour)
    let paint = Colour(0.85, 0.84, 0.78)
    fill(.line(points, width: width * 0.05), paint, alpha: lanes > 2 ? 0.9 : 0.5)
    if lanes > 2 {
      for side in [-1, 1] as [Float] {
        fill(.line(Self.parallel(points, at: side * width * 0.46), width: width * 0.03), paint, alpha: 0.8)
      }
    }
    for _ in 0..<traffic {
      let i = random.integer(below: points.count - 1)
      let step = points[i + 1] - points[i]
      let length = max((step * step).sum().squareRoot(), 1e-6)
      let side: Float = chance(0.5) ? 1 : -1
      let lane = side * between(0.12, 0.36) * width
      let spot = points[i] + step * between(0, 1) + Point(-step.y, step.x) * (lane / length)
      car(spot, min(width * 0.3, 0.14), turned: atan2(step.y, step.x))
    }
  }

  /// A polyline shifted sideways.
  static func parallel(_ points: [Point], at distance: Float) -> [Point] {
    points.indices.map { i in
      let step = points[min(i + 1, points.count - 1)] - points[max(i - 1, 0)]
      return points[i] + Point(-step.y, step.x) * (distance / max((step * step).sum().squareRoot(), 1e-6))
    }
  }

  /// A gently bending line through the frame, from x = -reach to reach.
  mutating func winding(reach: Float = 1.6, bend: Float) -> [Point] {
    let phase = between(0, 6)
    let rate = between(0.8, 2)
    return (0...8).map { i in
      let x = (Float(i) / 4 - 1) * reach
      return Point(x, bend * (sin(x * rate + phase) - sin(phase)))
    }
  }

  /// The painted outline of a rectangle.
  mutating func frame(_ centre: Point, _ size: Point, width: Float, _ colour: Colour, alpha: Float = 1) {
    let half = size / 2
    let corners = [
      centre - half, centre + Point(half.x, -half.y), centre + half, centre + Point(-half.x, half.y),
    ]
    for i in 0..<4 { fill(.line(corners[i], corners[(i + 1) % 4], width: width), colour, alpha: alpha) }
  }

  /// Things a little in the way: a tree crown or a light post's shadow over the object.
  mutating func occlude(_ probability: Float = 0.12) {
    guard chance(probability) else { return }
    let angle = between(0, 2 * .pi)
    for _ in 0..<number(1, 4) {
      tree(Outline.direction(angle + between(-0.6, 0.6)) * between(0.5, 1), between(0.1, 0.28))
    }
    facts.details.append("partly hidden by trees")
  }

  /// A lumpy closed curve.
  mutating func blob(_ centre: Point, _ radius: Float) -> Outline {
    let phase = between(0, 6)
    let lumps = between(0.08, 0.3)
    let stretch = Point(between(0.7, 1.4), between(0.7, 1.4))
    return Outline(
      (0..<18).map { step in
        let angle: Float = 2 * .pi * Float(step) / 18
        let twofold: Float = sin(2 * angle + phase)
        let threefold: Float = 0.6 * sin(3 * angle - phase)
        let wobble: Float = 1 + lumps * (twofold + threefold)
        return centre + Outline.direction(angle) * stretch * (radius * wobble)
      })
  }
}
