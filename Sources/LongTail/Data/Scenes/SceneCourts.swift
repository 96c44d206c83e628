import Foundation

/// Playing fields with painted lines: tennis, basketball and soccer.
extension ScenePainter {
  private static let courtColours: [(NamedColour, Float)] = [
    (.green, 4), (.blue, 3.5), (.red, 1.5), (.maroon, 1.5), (.grey, 1.2), (.teal, 1), (.lime, 1), (.brown, 1),
    (.purple, 0.5), (.orange, 0.6),
    (.tan, 0.5), (.sky, 0.5),
  ]

  mutating func tennisCourtScene() {
    ground(Ground.town)
    let outer = vary(pick(weighted: Self.courtColours).value)
    let inner = subjectColour(Self.courtColours)
    let line = Colour(0.9, 0.9, 0.88) * between(0.85, 1)
    let count: Int = pick(weighted: [(1, 4), (2, 2), (3, 1)])
    facts.count = count
    let pitch = between(1.15, 1.45)
    subject(fill: count == 1 ? 0.75...1 : count == 2 ? 0.65...0.8 : 0.5...0.6) { painter in
      let neighbours = count == 1 ? painter.pick([0, 0, 1, 2]) : 0
      let slots = (0..<(count + neighbours)).map { (Float($0) - Float(count - 1) / 2) * pitch }
      let margin = painter.between(1.05, 1.25)
      let centre = (slots[0] + slots[slots.count - 1]) / 2
      painter.fence(Point(0, centre), Point(2 * margin * 1.08, pitch * Float(slots.count) + 0.05), outer)
      for slot in slots { painter.placed(Point(0, slot)) { $0.tennisCourt(inner, line) } }
    }
    occlude()
  }

  /// The lines of a doubles court, length 2.
  private mutating func tennisCourt(_ colour: Colour, _ line: Colour) {
    let size = Point(1.84, 0.86)
    let stroke = between(0.035, 0.055)
    fill(.rectangle(.zero, size), colour)
    frame(.zero, size, width: stroke, line)
    let singles = size.y / 2 * 0.75
    for y in [-singles, singles] { fill(.line(Point(-size.x / 2, y), Point(size.x / 2, y), width: stroke), line) }
    for x in [-0.49, 0.49] as [Float] { fill(.line(Point(x, -singles), Point(x, singles), width: stroke), line) }
    fill(.line(Point(-0.49, 0), Point(0.49, 0), width: stroke), line)
    castFloating(.line(Point(0, -0.5), Point(0, 0.5), width: 0.03), height: 0.06)
    fill(.line(Point(0, -0.5), Point(0, 0.5), width: 0.04), line * 0.75, alpha: 0.9)
  }

  /// The court's surround, sometimes fenced.
  private mutating func fence(_ centre: Point, _ size: Point, _ colour: Colour) {
    fill(.rectangle(centre, size), colour)
    guard chance(0.5) else { return }
    let half = size / 2
    cast(.line(centre - half, centre + Point(half.x, -half.y), width: 0.02), height: 0.08)
    frame(centre, size, width: 0.03, Colour(0.3, 0.32, 0.3), alpha: 0.7)
  }

  mutating func basketballCourtScene() {
    ground(Ground.town)
    let outer = vary(pick(weighted: Self.courtColours).value)
    let inner = subjectColour(Self.courtColours)
    let key = chance(0.65) ? vary(pick(weighted: Self.courtColours).value) : inner
    let line = chance(0.85) ? Colour(0.9, 0.9, 0.86) * between(0.85, 1) : Colour(0.8, 0.72, 0.3)
    let count: Int = pick(weighted: [(1, 4), (2, 2), (3, 0.6)])
    facts.count = count
    let pitch = between(1.15, 1.4)
    let half = count == 1 && chance(0.12)
    if half { facts.kind = "half" }
    subject(fill: count == 1 ? 0.75...1 : count == 2 ? 0.65...0.8 : 0.5...0.6) { painter in
      let neighbours = count == 1 ? painter.pick([0, 0, 1]) : 0
      let slots = (0..<(count + neighbours)).map { (Float($0) - Float(count - 1) / 2) * pitch }
      let centre = (slots[0] + slots[slots.count - 1]) / 2
      painter.fence(Point(0, centre), Point(2.15, pitch * Float(slots.count) + 0.02), outer)
      for slot in slots {
        painter.placed(Point(half ? -0.4 : 0, slot), scaled: half ? 1.4 : 1) {
          $0.basketballCourt(inner, key: key, line, half: half)
        }
      }
    }
    occlude()
  }

  private mutating func basketballCourt(_ colour: Colour, key: Colour, _ line: Colour, half: Bool) {
    let size = Point(1.9, 1.02)
    let stroke = between(0.035, 0.05)
    let ends: [Float] = half ? [1] : [-1, 1]
    if half {
      fill(.rectangle(Point(size.x / 4, 0), Point(size.x / 2, size.y)), colour)
      frame(Point(size.x / 4, 0), Point(size.x / 2, size.y), width: stroke, line)
    } else {
      fill(.rectangle(.zero, size), colour)
      frame(.zero, size, width: stroke, line)
      fill(.line(Point(0, -size.y / 2), Point(0, size.y / 2), width: stroke), line)
      fill(.circle(.zero, 0.13), key)
      fill(.ring(outer: Point(0.15, 0.15), inner: Point(0.11, 0.11)), line)
    }
    let wide = between(0.12, 0.2)
    for end in ends {
      let x = end * size.x / 2
      let towards: Float = end > 0 ? .pi : 0
      fill(
        .polygon(
          Point(x, -wide * 1.2), Point(x, wide * 1.2), Point(x - end * 0.38, wide), Point(x - end * 0.38, -wide)), key)
      fill(
        .line(
          [Point(x, -wide * 1.2), Point(x - end * 0.38, -wide), Point(x - end * 0.38, wide), Point(x, wide * 1.2)],
          width: stroke), line)
      fill(
        .arc(Point(x - end * 0.38, 0), Point(0.13, 0.13), from: towards - 1.57, to: towards + 1.57, width: stroke), line
      )
      fill(
        .arc(Point(x - end * 0.1, 0), Point(0.43, 0.44), from: towards - 1.5, to: towards + 1.5, width: stroke), line)
      raise(.rectangle(Point(x - end * 0.07, 0), Point(0.05, 0.16)), Colour(0.88, 0.88, 0.88), height: 0.14)
    }
  }

  private enum Turf { case grass, artificial, worn }

  mutating func soccerFieldScene() {
    ground(Ground.town)
    let kind: Turf = pick(weighted: [(.grass, 5), (.artificial, 2), (.worn, 1)])
    let turf: Colour
    switch kind {
    case .grass: (turf, facts.colour) = (Colour(0.32, 0.45, 0.22), "green")
    case .artificial: (turf, facts.colour) = (Colour(0.24, 0.5, 0.3), "bright green")
    case .worn: (turf, facts.colour) = (Colour(0.56, 0.49, 0.33), "dry")
    }
    let fieldColour = vary(turf, 0.15)
    let lined = kind == .worn ? between(0.2, 0.7) : between(0.5, 1)
    let track = chance(0.1)
    subject(fill: track ? 0.62...0.75 : 0.75...1) { painter in
      if track { painter.fill(.oblong(.zero, Point(2.7, 1.75)), painter.vary(NamedColour.red.value)) }
      if !track, painter.chance(0.4) {
        painter.fill(.rectangle(.zero, Point(2.15, 1.45)), painter.vary(fieldColour * 0.85, 0.15))
      }
      painter.pitch(fieldColour, lines: lined)
    }
    occlude()
  }

  /// A soccer pitch, length 2.
  mutating func pitch(_ turf: Colour, lines: Float, size: Point = Point(1.95, 1.25)) {
    let shader = patchyShader(turf, 0.12)
    fill(.rectangle(.zero, size), shader: shader)
    if chance(0.4) {
      let bands = number(5, 9)
      for band in stride(from: 0, to: bands, by: 2) {
        let x = ((Float(band) + 0.5) / Float(bands) - 0.5) * size.x
        fill(.rectangle(Point(x, 0), Point(size.x / Float(bands), size.y)), turf * 1.2, alpha: 0.5)
      }
    }
    guard lines > 0 else { return }
    let paint = Colour(0.9, 0.92, 0.88)
    let stroke: Float = 0.03
    frame(.zero, size * 0.96, width: stroke, paint, alpha: lines)
    fill(.line(Point(0, -size.y * 0.48), Point(0, size.y * 0.48), width: stroke), paint, alpha: lines)
    fill(.ring(outer: Point(0.19, 0.19), inner: Point(0.16, 0.16)), paint, alpha: lines)
    for end in [-1, 1] as [Float] {
      frame(Point(end * size.x * 0.405, 0), Point(size.x * 0.15, size.y * 0.55), width: stroke, paint, alpha: lines)
      fill(.rectangle(Point(end * size.x * 0.49, 0), Point(0.04, 0.14)), paint, alpha: lines)
    }
  }
}
