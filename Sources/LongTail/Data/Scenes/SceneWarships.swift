import Foundation

/// Naval vessels.
extension ScenePainter {
  /// A helicopter deck with its circle.
  mutating func pad(_ x: Float, _ radius: Float) {
    let paint = Colour(0.85, 0.85, 0.8)
    fill(.circle(Point(x, 0), radius), Colour(0.36, 0.37, 0.38))
    fill(.ring(Point(x, 0), outer: Point(radius, radius), inner: Point(radius * 0.72, radius * 0.72), sides: 16), paint)
    fill(.rectangle(Point(x, 0), Point(radius * 0.3, radius)), paint, alpha: 0.7)
  }

  /// A slender grey hull with gun, deckhouses, funnels: `rank` is frigate, destroyer or cruiser, by deckhouses.
  mutating func warship(_ beam: Float, _ colour: Colour, rank: Vessel) {
    hull(beam, bow: between(0.55, 0.75), stern: 0.75, side: colour * 0.85, deck: colour * between(0.72, 0.85))
    let light = colour * 1.12
    // Sister ships differ: everything on deck moves a little along it.
    let x = between(-0.05, 0.05)
    let stretch = between(0.85, 1.15)
    if chance(0.85) { gun(0.62 + x, beam, light) }
    switch rank {
    case .frigate:
      house(0.2 + x, 0.3 * stretch, beam * 1.4, light, height: 0.14)
      house(-0.3 - x, 0.34 * stretch, beam * between(1, 1.5), light, height: 0.1)
      funnel(-0.06 + x, beam * 0.6)
    case .destroyer:
      fill(.rectangle(Point(0.45 + x, 0), Point(0.12, beam * 0.9)), colour * 0.6)
      house(0.2 + x, 0.28 * stretch, beam * 1.75, light, height: 0.18)
      house(-0.1, 0.26, beam * between(1, 1.4), light * 0.95, height: 0.12)
      house(-0.42 - x, 0.24 * stretch, beam * 1.6, light, height: 0.12)
      funnel(-0.06, beam * 0.7)
      funnel(-0.28, beam * 0.7)
    default:
      house(0.3 + x, 0.3 * stretch, beam * 1.8, light * 1.05, height: 0.22)
      house(-0.02, 0.26, beam * between(1.1, 1.5), light * 0.9, height: 0.12)
      house(-0.36 - x, 0.3 * stretch, beam * 1.8, light * 1.05, height: 0.22)
      funnel(0.02, beam * 0.8)
      funnel(-0.16, beam * 0.8)
      gun(-0.85, beam, light)
    }
    let mast = Outline.line(Point(0.1, -beam * 0.7), Point(0.1, beam * 0.7), width: 0.025)
    castFloating(mast, height: 0.3)
    fill(mast, light * 1.1)
    pad(rank == .cruiser ? -0.66 : -0.78, beam * 0.6)
  }

  private mutating func gun(_ x: Float, _ beam: Float, _ colour: Colour) {
    fill(.line(Point(x, 0), Point(x + 0.14, 0), width: 0.03), colour * 0.7)
    cast(.circle(Point(x, 0), beam * 0.36, sides: 10), height: 0.06)
    fill(.circle(Point(x, 0), beam * 0.36, sides: 10), colour)
  }

  private mutating func funnel(_ x: Float, _ width: Float) {
    raise(.oblong(Point(x, 0), Point(0.1, width)), Colour(0.42, 0.43, 0.45), height: 0.2) {
      $0.fill(.oblong(Point(x, 0), Point(0.06, width * 0.6)), Colour(0.12, 0.12, 0.12))
    }
  }

  mutating func airCarrier(_ beam: Float, _ colour: Colour) {
    let deck = Outline([
      Point(1, beam * 0.35), Point(1, -beam * 0.35), Point(0.72, -beam * 0.62), Point(0.2, -beam), Point(-0.6, -beam),
      Point(-0.95, -beam * 0.6), Point(-1, -beam * 0.5), Point(-1, beam * 0.5), Point(-0.75, beam * 0.75),
      Point(0.3, beam * 0.8), Point(0.6, beam * 0.55),
    ])
    cast(deck, height: 0.14)
    fill(deck, colour * 0.85)
    let paint = Colour(0.88, 0.87, 0.82)
    // The angled landing strip, then the catapults.
    let strip = [Point(-0.98, -beam * 0.05), Point(0.32, -beam * 0.82)]
    fill(.line(strip, width: beam * 0.62), colour * 0.7)
    fill(.line(strip, width: 0.025), paint)
    for edge in [-0.3, 0.3] as [Float] {
      fill(.line(Self.parallel(strip, at: edge * beam), width: 0.02), paint, alpha: 0.8)
    }
    for y in [-0.12, 0.22] as [Float] {
      fill(.line(Point(0.4, y * beam), Point(0.97, y * beam), width: 0.02), paint, alpha: 0.7)
    }
    raise(.rectangle(Point(between(-0.4, -0.05), beam * 0.62), Point(0.24, beam * 0.28)), colour * 1.35, height: 0.22)
    for _ in 0..<number(3, 16) {
      let spot = Point(between(-0.6, 0.85), beam * between(0.2, 0.55))
      placed(spot, turned: between(0, 6), scaled: 0.065) { $0.airplane(.fighter, Colour(0.75, 0.76, 0.78)) }
    }
  }

  /// A straight flight deck with an island to starboard: Tarawa's is square-ended, the others taper.
  mutating func assaultShip(_ beam: Float, _ colour: Colour, squareBow: Bool) {
    let deck =
      squareBow
      ? Outline.polygon(
        Point(0.98, -beam * 0.8), Point(1, beam * 0.7), Point(0.85, beam), Point(-1, beam), Point(-1, -beam),
        Point(0.9, -beam))
      : Self.hull(beam, bow: between(0.4, 0.55), stern: 0.95)
    cast(deck, height: 0.14)
    fill(deck, colour * 0.85)
    let paint = Colour(0.88, 0.87, 0.82)
    fill(.line(Point(-0.95, -beam * 0.3), Point(0.92, -beam * 0.3), width: 0.02), paint, alpha: 0.8)
    fill(.line(Point(-0.95, -beam * 0.75), Point(0.85, -beam * 0.75), width: 0.015), paint, alpha: 0.6)
    let island = Point(between(-0.12, 0.08), beam * 0.68)
    let length = squareBow ? between(0.55, 0.68) : between(0.32, 0.46)
    raise(.rectangle(island, Point(length, beam * 0.4)), colour * 1.3, height: 0.18) {
      $0.fill(.rectangle(island, Point(length * 0.3, beam * 0.25)), colour * 0.7)
    }
    if squareBow { fill(.rectangle(Point(-0.7, -beam * 0.95), Point(0.2, beam * 0.35)), colour * 0.6) }
    for spot in 0..<7 {
      let x = -0.8 + 0.26 * Float(spot)
      if chance(0.5) {
        fill(.ring(Point(x, -beam * 0.3), outer: Point(0.06, 0.06), inner: Point(0.04, 0.04), sides: 10), paint)
      }
      if chance(0.45) {
        fill(.line(Point(x - 0.07, -beam * 0.3), Point(x + 0.07, -beam * 0.3), width: 0.03), Colour(0.5, 0.52, 0.5))
        fill(.line(Point(x, -beam * 0.6), Point(x, 0), width: 0.02), Colour(0.25, 0.25, 0.25))
      }
    }
  }

  /// Superstructure forward, a broad empty deck over the dock aft.
  mutating func transportDock(_ beam: Float, _ colour: Colour) {
    hull(beam, bow: 0.4, stern: 0.95, side: colour * 0.85, deck: colour * 0.8)
    let block = Point(between(0.5, 0.64), beam * between(1.6, 1.9))
    raise(.rectangle(Point(0.22, 0), block), colour * 1.12, height: 0.16) { painter in
      painter.fill(.rectangle(Point(0.4, 0), Point(0.1, beam * 1.6)), colour * 0.75)
      painter.fill(.rectangle(Point(0.08, 0), Point(0.16, beam * 0.7)), colour * 0.7)
    }
    let paint = Colour(0.86, 0.85, 0.8)
    fill(.rectangle(Point(-0.56, 0), Point(0.82, beam * 1.7)), Colour(0.36, 0.37, 0.38))
    frame(Point(-0.56, 0), Point(0.78, beam * 1.5), width: 0.02, paint, alpha: 0.7)
    for x in [-0.75, -0.4] as [Float] where chance(0.85) {
      fill(.ring(Point(x, 0), outer: Point(0.09, 0.09), inner: Point(0.06, 0.06), sides: 12), paint)
    }
  }

  /// A long hull with a central tower, wide open decks and antennas.
  mutating func commandShip(_ beam: Float, _ colour: Colour) {
    hull(beam, bow: 0.5, stern: 0.9, side: colour * 0.9, deck: colour * 0.82)
    let tower = Point(between(0.3, 0.5), beam * between(1.1, 1.5))
    raise(.rectangle(Point(0.02, 0), tower), colour * 1.2, height: 0.2) {
      $0.fill(.rectangle(Point(0.12, 0), Point(0.12, beam * 0.9)), colour * 0.8)
    }
    for x in [0.62, 0.36, -0.42] as [Float] where chance(0.9) {
      let antenna = Outline.circle(Point(x + between(-0.05, 0.05), between(-0.3, 0.3) * beam), beam * 0.3, sides: 12)
      cast(antenna, height: 0.14)
      fill(antenna, Colour(0.9, 0.9, 0.9))
    }
    cast(.circle(Point(0.45, 0), 0.02, sides: 6), height: 0.6)
    pad(-0.75, beam * 0.75)
    for side in [-1, 1] as [Float] {
      for boat in 0..<3 {
        fill(.oblong(Point(-0.25 + 0.2 * Float(boat), side * beam * 0.9), Point(0.14, 0.05)), Colour(0.8, 0.8, 0.78))
      }
    }
  }

  mutating func submarine(_ beam: Float, _ colour: Colour) {
    let submerged = between(0.75, 1)
    let half = [
      Point(1, 0), Point(0.97, beam * 0.5), Point(0.85, beam * 0.9), Point(0.5, beam), Point(-0.3, beam * 0.95),
      Point(-0.75, beam * 0.5), Point(-1, beam * 0.1),
    ]
    let outline = Outline(half + half.reversed().map { Point($0.x, -$0.y) })
    let foam = between(0.05, 0.45)
    placed(scaled: Point(1.06, 1.35)) { $0.fill(outline, Colour(0.75, 0.8, 0.82), alpha: foam) }
    fill(outline, colour * 0.8, alpha: submerged)
    fill(.oblong(Point(0.05, 0), Point(1.6, beam * 0.9)), colour * 1.25, alpha: 0.8)
    for side in [-1, 1] as [Float] {
      fill(
        .polygon(Point(-0.8, 0), Point(-0.88, side * beam * 1.5), Point(-0.95, side * beam * 1.5), Point(-0.95, 0)),
        colour, alpha: 0.8)
    }
    raise(.oblong(Point(between(0.25, 0.45), 0), Point(0.24, beam * 0.6)), colour * 1.1, height: 0.16)
  }

  mutating func combatBoat(_ beam: Float, _ colour: Colour) {
    hull(beam * 0.8, bow: 0.8, stern: 0.95, side: colour * 0.8, deck: colour)
    house(0, 0.5, beam, colour * 1.15, height: 0.18)
    fill(.rectangle(Point(0.22, 0), Point(0.1, beam * 0.9)), Colour(0.14, 0.16, 0.18))
    gun(0.55, beam * 0.6, colour * 1.2)
    fill(.rectangle(Point(-0.7, 0), Point(0.4, beam)), colour * 0.65)
    for side in [-1, 1] as [Float] {
      fill(.oblong(Point(-0.94, side * beam * 0.35), Point(0.2, beam * 0.3)), Colour(0.2, 0.2, 0.2))
    }
  }

  /// A shoebox with a bow ramp, an open well and a bridge aft.
  mutating func landingCraft(_ beam: Float, _ colour: Colour) {
    let outline = Outline.polygon(
      Point(1, beam * 0.62), Point(0.8, beam), Point(-1, beam), Point(-1, -beam), Point(0.8, -beam),
      Point(1, -beam * 0.62))
    cast(outline, height: 0.1)
    fill(outline, colour)
    fill(.rectangle(Point(0.16, 0), Point(1.28, beam * 1.3)), colour * 0.55)
    fill(.rectangle(Point(0.88, 0), Point(0.2, beam * 1.2)), colour * 1.25)
    for vehicle in 0..<3 where chance(0.6) {
      car(Point(-0.2 + 0.4 * Float(vehicle), 0), 0.3, turned: 0)
    }
    house(-0.72, 0.3, beam * 1.5, colour * 1.15, height: 0.16)
  }

  /// A skirt, a deck well, and fans at the stern.
  mutating func hovercraft(_ beam: Float, _ colour: Colour) {
    let width = beam * 1.15
    if chance(0.5) {
      placed(scaled: Point(1.15, 1.3)) {
        $0.fill(.oblong(.zero, Point(2, width * 2)), Colour(0.88, 0.91, 0.93), alpha: 0.5)
      }
    }
    let skirt =
      Outline.oblong(Point(0.02, 0), Point(1.96, width * 2)) + Outline.rectangle(Point(-0.4, 0), Point(1.1, width * 2))
    cast(skirt, height: 0.1)
    fill(skirt, Colour(0.16, 0.16, 0.17))
    fill(.rectangle(Point(0, 0), Point(1.6, width * 1.7)), colour)
    fill(.rectangle(Point(0.1, 0), Point(1.5, width * 0.8)), colour * 0.65)
    for side in [-1, 1] as [Float] {
      raise(.rectangle(Point(0.15, side * width * 0.65), Point(0.9, width * 0.34)), colour * 1.1, height: 0.1)
      let fan = Point(-0.78, side * width * 0.52)
      raise(.oblong(fan, Point(0.3, width * 0.72)), Colour(0.7, 0.71, 0.72), height: 0.16)
      fill(.oblong(fan, Point(0.16, width * 0.56)), Colour(0.15, 0.15, 0.16))
      fill(.line(fan - Point(0, width * 0.27), fan + Point(0, width * 0.27), width: 0.05), Colour(0.75, 0.75, 0.75))
    }
  }
}
