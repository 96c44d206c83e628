import Foundation

/// Running tracks, and stadiums around a pitch or a track.
extension ScenePainter {
  private static let trackColours: [(NamedColour, Float)] = [
    (.red, 5), (.maroon, 3), (.orange, 1.5), (.brown, 1.5), (.blue, 0.6), (.grey, 0.8), (.tan, 1),
  ]

  mutating func trackFieldScene() {
    ground(Ground.town)
    let track = subjectColour(Self.trackColours)
    let turf = vary(pick([Colour(0.32, 0.46, 0.24), Colour(0.25, 0.5, 0.3), Colour(0.5, 0.47, 0.32)]), 0.15)
    subject(fill: 0.8...1) { painter in
      if painter.chance(0.3) {
        let side: Float = painter.chance(0.5) ? 1 : -1
        painter.stand(Point(0, side * 0.82), Point(painter.between(0.9, 1.5), 0.2))
      }
      painter.track(track, turf)
    }
    if facts.colour == "grey" || facts.colour == "tan" { facts.kind = "old" }
    occlude()
  }

  /// An oval running track of length 2 around a pitch.
  private mutating func track(_ colour: Colour, _ turf: Colour) {
    let size = Point(2, between(1, 1.3))
    let lanes = between(0.22, 0.34)
    let line = Colour(0.88, 0.86, 0.84)
    fill(.oblong(.zero, size), colour)
    if chance(0.5) { fill(.oblong(.zero, size - lanes * 0.55), line, alpha: 0.5) }
    if chance(0.5) { fill(.oblong(.zero, size - lanes * 0.62), colour) }
    fill(.oblong(.zero, size - lanes), turf)
    if chance(0.7) {
      let lined: Float = chance(0.6) ? between(0.4, 0.9) : 0
      let inner = Point(size.x - lanes - 0.55, size.y - lanes - 0.08)
      placed(scaled: inner / Point(1.95, 1.25)) { $0.pitch(turf, lines: lined) }
    }
    if chance(0.5) {
      for end in [-1, 1] as [Float] {
        fill(
          .sector(
            Point(end * (size.x - size.y) / 2, 0), (size.y - lanes) / 2 * 0.9, from: end > 0 ? -1.57 : 1.57,
            to: end > 0 ? 1.57 : 4.71), colour, alpha: 0.85)
      }
    }
    if chance(0.5) { fill(.rectangle(Point(0.1, size.y / 2 - lanes / 4), Point(size.x * 0.8, lanes / 2)), colour) }
  }

  private mutating func stand(_ centre: Point, _ size: Point) {
    let roof = vary(pick([Colour(0.8, 0.8, 0.79), Colour(0.5, 0.52, 0.56), Colour(0.35, 0.5, 0.65)]), 0.1)
    raise(.rectangle(centre, size), roof, height: 0.2)
  }

  private enum Arena: String {
    case oval, round
    case oblong = "rectangular"
    case dome = "domed"
  }

  mutating func stadiumScene() {
    ground([(.urban, 2), (.concrete, 3), (.grass, 2), (.asphalt, 1.5), (.soil, 0.6)])
    if chance(0.5) {
      parking(anywhere(0.9), Point(between(0.6, 1.2), between(0.5, 1)), turned: between(0, 3), car: 0.07)
    }
    let colour = subjectColour([
      (.white, 4), (.silver, 3), (.grey, 3), (.dark, 0.7), (.sky, 0.6), (.blue, 0.6), (.red, 0.6), (.tan, 1),
      (.green, 0.3),
    ])
    let shape: Arena = pick(weighted: [(.oval, 4), (.round, 2), (.oblong, 1.5), (.dome, 1)])
    facts.kind = shape.rawValue
    subject(fill: 0.8...1) { painter in
      if shape == .dome { painter.dome(colour) } else { painter.bowl(colour, shape: shape) }
    }
  }

  private mutating func bowl(_ colour: Colour, shape: Arena) {
    let outer = shape == .round ? Point(1, 1) : Point(1, between(0.74, 0.88))
    let inner = outer * Point(between(0.55, 0.7), between(0.5, 0.64))
    let ring: (Point) -> Outline = { size in
      shape == .oblong ? .oblong(.zero, size * 2) : .ellipse(.zero, size, sides: 36)
    }
    let seats = vary(pick(weighted: NamedColour.paint).value, 0.1)
    cast(ring(outer), height: 0.28)
    raise(ring(outer), colour * 0.8, height: 0.16) { painter in
      // From the rim inwards: roof, seats in tiers, track or turf.
      let roof = painter.between(0.35, 0.75)
      let edge = outer + (inner - outer) * roof
      painter.fill(ring(outer * 0.985), colour)
      let ribs = painter.chance(0.6) ? painter.number(16, 30) : 0
      for rib in 0..<ribs {
        let spoke = Outline.direction(2 * .pi * Float(rib) / Float(ribs))
        painter.fill(.line(spoke * edge, spoke * outer * 0.97, width: 0.022), colour * 0.72)
      }
      painter.fill(ring(edge), seats * 0.75)
      painter.fill(ring(edge + (inner - edge) * 0.5), seats)
      painter.castFloating(Outline.ring(outer: outer, inner: edge, sides: 36), height: 0.1)
      if painter.chance(0.3) {
        painter.fill(ring(inner), painter.vary(NamedColour.red.value))
      } else {
        painter.fill(ring(inner), painter.vary(Colour(0.35, 0.4, 0.3), 0.15))
      }
      let turf = painter.vary(Colour(0.3, 0.5, 0.25), 0.15)
      painter.placed(scaled: inner * 0.72) { $0.pitch(turf, lines: $0.between(0, 0.8), size: Point(1.8, 1.5)) }
    }
  }

  private mutating func dome(_ colour: Colour) {
    let size = Point(1, between(0.8, 1))
    raise(.ellipse(.zero, size, sides: 32), colour * 0.9, height: 0.3) { painter in
      for step in 1...4 {
        let t = Float(step) / 5
        painter.fill(
          .ellipse(painter.localShadow * (-0.12 * t), size * (1 - t), sides: 28), colour * (0.92 + 0.06 * Float(step)))
      }
      for rib in 0..<16 {
        let spoke = Outline.direction(.pi / 8 * Float(rib)) * size
        painter.fill(.line(spoke * 0.15, spoke * 0.97, width: 0.02), colour * 0.7, alpha: 0.7)
      }
    }
  }
}
