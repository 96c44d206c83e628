import Foundation

/// Merchant ships, work boats and pleasure craft.
extension ScenePainter {
  private static let white = Colour(0.9, 0.9, 0.88)

  mutating func containerShip(_ beam: Float, _ colour: Colour) {
    hull(beam, bow: 0.35, stern: 0.9, side: colour * 0.8, deck: colour)
    let bridge: Float = chance(0.6) ? between(-0.75, -0.6) : between(0, 0.35)
    let bays = number(7, 12)
    let load = between(0.55, 1)
    let rows = number(3, 5)
    for bay in 0..<bays {
      let x = -0.9 + 1.6 * (Float(bay) + 0.5) / Float(bays)
      guard abs(x - bridge) > 0.1, chance(load) else { continue }
      for row in 0..<rows {
        let y = ((Float(row) + 0.5) / Float(rows) - 0.5) * beam * 1.8
        let box = vary(pick(weighted: NamedColour.paint).value, 0.1)
        fill(.rectangle(Point(x, y), Point(1.45 / Float(bays), beam * 1.75 / Float(rows))), box)
      }
    }
    house(bridge, 0.09, beam * 1.9, Self.white, height: 0.16)
  }

  mutating func bulkCarrier(_ beam: Float, _ colour: Colour) {
    hull(beam, bow: 0.3, stern: 0.85, side: colour * 0.7, deck: colour)
    let holds = number(4, 9)
    let hatch = vary(pick([Colour(0.72, 0.7, 0.66), colour * 1.3, colour * 0.7, Colour(0.55, 0.5, 0.42)]))
    for hold in 0..<holds {
      let x = -0.55 + 1.35 * (Float(hold) + 0.5) / Float(holds)
      let size = Point(1.35 / Float(holds) * 0.66, beam * 1.15)
      cast(.rectangle(Point(x, 0), size), height: 0.04)
      fill(.rectangle(Point(x, 0), size), hatch)
      fill(.rectangle(Point(x, 0), Point(size.x, 0.012)), hatch * 0.7)
    }
    if chance(0.45) {
      for crane in 0..<4 {
        let x = -0.5 + 0.36 * Float(crane)
        let arm = Outline.line(Point(x, 0), Point(x + 0.28, between(-0.5, 0.5) * beam), width: 0.04)
        castFloating(arm, height: 0.15)
        fill(arm, Colour(0.85, 0.75, 0.4))
      }
    }
    house(-0.76, 0.16, beam * 1.6, Self.white, height: 0.16)
    fill(.rectangle(Point(-0.89, 0), Point(0.08, beam * 0.5)), colour * 0.6)
  }

  mutating func oilTanker(_ beam: Float, _ colour: Colour) {
    hull(beam, bow: 0.28, stern: 0.85, side: colour * 0.65, deck: colour)
    let pipe = pick([Colour(0.75, 0.73, 0.7), Colour(0.8, 0.7, 0.6), colour * 1.35])
    for y in [-0.12, 0, 0.12] as [Float] {
      fill(.line(Point(-0.6, y * beam * 2), Point(0.8, y * beam * 2), width: 0.022), pipe)
    }
    fill(.rectangle(Point(0.08, 0), Point(0.07, beam * 1.6)), pipe * 0.9)
    for x in stride(from: Float(-0.4), through: 0.7, by: 0.22) {
      fill(.rectangle(Point(x, 0), Point(0.015, beam * 1.7)), colour * 0.72)
    }
    if chance(0.3) { fill(.circle(Point(0.6, 0), beam * 0.45), Colour(0.3, 0.45, 0.3)) }
    house(-0.74, 0.2, beam * 1.7, Self.white, height: 0.16)
    fill(
      .rectangle(Point(-0.9, 0), Point(0.1, beam * 0.6)),
      pick([Colour(0.85, 0.6, 0.2), Colour(0.2, 0.25, 0.4), Self.white]))
  }

  mutating func gasCarrier(_ beam: Float, _ colour: Colour) {
    hull(beam, bow: 0.32, stern: 0.85, side: colour * 0.7, deck: vary(Colour(0.55, 0.32, 0.26), 0.2))
    let spheres = chance(0.7)
    let tank = vary(pick([Self.white, Colour(0.82, 0.74, 0.6), Colour(0.7, 0.75, 0.78)]), 0.05)
    let count = number(3, 5)
    for i in 0..<count {
      let x = -0.5 + 1.25 * (Float(i) + 0.5) / Float(count)
      if spheres {
        cast(.circle(Point(x, 0), beam * 0.9), height: 0.1)
        fill(.circle(Point(x, 0), beam * 0.92), tank * 0.85)
        fill(.circle(Point(x, 0) - localShadow * 0.02, beam * 0.6), tank * 1.08)
      } else {
        raise(.oblong(Point(x, 0), Point(1.15 / Float(count), beam * 1.5)), tank, height: 0.06)
      }
    }
    fill(.rectangle(Point(0.1, 0), Point(1.3, 0.03)), tank * 0.7)
    house(-0.76, 0.18, beam * 1.7, Self.white, height: 0.16)
  }

  mutating func carCarrier(_ beam: Float, _ colour: Colour) {
    // A tall closed box: nothing but vents on a deck as wide as the hull.
    let outline = Self.hull(beam, bow: between(0.18, 0.3), stern: 0.95)
    let deck = chance(0.5) ? colour * 0.92 : vary(pick([Colour(0.4, 0.5, 0.42), Colour(0.62, 0.62, 0.6), Self.white]))
    let vents = number(5, 11)
    raise(outline, colour, height: between(0.14, 0.26)) { painter in
      painter.placed(scaled: Point(0.97, 0.9)) { $0.fill(outline, deck) }
      for vent in 0..<vents {
        let x = -0.8 + 1.5 * Float(vent) / Float(vents)
        for side in [-1, 1] as [Float] {
          painter.fill(.rectangle(Point(x, side * beam * 0.6), Point(0.06, 0.05)), deck * 0.72)
        }
      }
      painter.fill(.rectangle(Point(0.78, 0), Point(0.1, beam * 1.5)), Self.white)
      painter.fill(.rectangle(Point(-0.6, -beam * 0.45), Point(0.14, beam * 0.4)), Colour(0.3, 0.4, 0.6))
    }
  }

  mutating func passengerShip(_ beam: Float, _ colour: Colour) {
    hull(beam, bow: 0.45, stern: 0.75, side: colour * 0.9, deck: vary(Colour(0.7, 0.6, 0.48), 0.15))
    raise(.oblong(Point(-0.1, 0), Point(1.4, beam * 1.5)), Self.white, height: 0.14) { painter in
      painter.fill(.oblong(Point(-0.15, 0), Point(1.1, beam * 0.9)), Self.white * 0.85)
      let pools = painter.number(1, 3)
      for pool in 0..<pools {
        painter.fill(.oblong(Point(0.15 - 0.4 * Float(pool), 0), Point(0.14, beam * 0.5)), Colour(0.3, 0.6, 0.72))
      }
      painter.fill(
        .oblong(Point(-0.55, 0), Point(0.18, beam * 0.5)), painter.vary(painter.pick(weighted: NamedColour.paint).value)
      )
      painter.fill(.rectangle(Point(0.5, 0), Point(0.05, beam * 1.4)), Colour(0.25, 0.28, 0.32))
    }
    for boat in 0..<8 {
      for side in [-1, 1] as [Float] {
        fill(.oblong(Point(-0.6 + 0.15 * Float(boat), side * beam * 0.9), Point(0.1, 0.04)), Colour(0.88, 0.5, 0.25))
      }
    }
  }

  mutating func medicalShip(_ beam: Float, _ colour: Colour) {
    hull(beam, bow: 0.4, stern: 0.8, side: Self.white, deck: Self.white * 0.93)
    let cross = Colour(0.8, 0.15, 0.13)
    house(-0.5, between(0.35, 0.6), beam * 1.6, Self.white, height: 0.14)
    if chance(0.5) { house(0.45, 0.26, beam * 1.5, Self.white, height: 0.12) }
    let places = pick(weighted: [([-0.55, 0.15], 3), ([0.1], 1.5), ([-0.6, 0.05, 0.5], 1)] as [([Float], Float)])
    for x in places {
      let x = x + between(-0.06, 0.06)
      fill(.circle(Point(x, 0), beam * 0.75), Self.white)
      fill(.rectangle(Point(x, 0), Point(beam * 1.1, beam * 0.36)), cross)
      fill(.rectangle(Point(x, 0), Point(beam * 0.36, beam * 1.1)), cross)
    }
    fill(.rectangle(Point(-0.2, 0), Point(1.9, 0.01)), cross, alpha: 0.3)
  }

  mutating func auxiliary(_ beam: Float, _ colour: Colour) {
    hull(beam, bow: 0.38, stern: 0.85, side: colour * 0.85, deck: colour * 0.75)
    house(0.48, 0.2, beam * 1.6, colour * 1.15)
    house(-0.6, 0.3, beam * 1.6, colour * 1.15)
    // Replenishment posts: pairs of gantries across the deck.
    let shift = between(-0.06, 0.06)
    for x in pick([[-0.28, -0.05, 0.2], [-0.2, 0.15], [-0.34, -0.14, 0.06, 0.26]]).map({ $0 + shift }) as [Float] {
      let gantry = Outline.rectangle(Point(x, 0), Point(0.045, beam * 1.9))
      castFloating(gantry, height: 0.14)
      fill(gantry, colour * 1.3)
      for side in [-1, 1] as [Float] {
        fill(.line(Point(x, side * beam * 0.4), Point(x + 0.12, side * beam * 1.05), width: 0.03), colour * 1.25)
      }
    }
    if chance(0.6) { pad(-0.87, beam * 0.7) }
  }

  mutating func fishingBoat(_ beam: Float, _ colour: Colour) {
    hull(
      beam, bow: 0.55, stern: 0.7, side: colour,
      deck: vary(pick([Colour(0.5, 0.42, 0.34), Colour(0.45, 0.55, 0.5), Colour(0.6, 0.55, 0.48)]), 0.15))
    let aft: Float = chance(0.6) ? -0.45 : 0.3
    house(
      aft, between(0.3, 0.5), beam * 1.1, pick([Self.white, Colour(0.4, 0.6, 0.75), Colour(0.85, 0.7, 0.4)]),
      height: 0.18)
    for _ in 0..<number(2, 6) {
      let spot = Point(between(-0.7, 0.6), between(-0.5, 0.5) * beam)
      fill(.rectangle(spot, Point(0.14, 0.1), turned: between(0, 3)), vary(pick(weighted: NamedColour.paint).value))
    }
    if chance(0.6) {
      // Outriggers and nets.
      for side in [-1, 1] as [Float] {
        fill(.line(Point(0.1, 0), Point(-0.2, side * beam * between(1.6, 2.6)), width: 0.035), Colour(0.75, 0.72, 0.66))
      }
    }
  }

  private enum BargeLoad { case heaped, covered, empty }

  mutating func barge(_ beam: Float, _ colour: Colour) {
    let outline = Outline.rectangle(.zero, Point(2, beam * 2))
    cast(outline, height: 0.06)
    fill(outline, colour)
    let cargo = pick([
      Colour(0.2, 0.19, 0.18), Colour(0.72, 0.62, 0.45), Colour(0.5, 0.36, 0.26), Colour(0.6, 0.6, 0.58),
    ])
    let load: BargeLoad = pick(weighted: [(.heaped, 3), (.covered, 2), (.empty, 1)])
    switch load {
    case .heaped:
      fill(.rectangle(.zero, Point(1.75, beam * 1.55)), colour * 0.55)
      let heaps = number(2, 5)
      for heap in 0..<heaps {
        fill(
          blob(Point((Float(heap) + 0.5) / Float(heaps) * 1.6 - 0.8, 0), min(0.7 / Float(heaps), beam * 0.75)),
          vary(cargo))
      }
    case .covered:
      for cover in 0..<4 {
        fill(.rectangle(Point(-0.68 + 0.45 * Float(cover), 0), Point(0.4, beam * 1.5)), cargo * 1.1)
      }
    case .empty: break
    }
    frame(.zero, Point(1.96, beam * 1.94), width: 0.03, colour * 1.3, alpha: 0.7)
    if chance(0.3) { raise(.rectangle(Point(-0.85, 0), Point(0.2, beam)), Self.white, height: 0.1) }
  }

  mutating func pleasureBoat(_ beam: Float, _ colour: Colour, yacht: Bool) {
    let width = yacht ? beam * 0.8 : beam
    hull(width, bow: between(0.7, 1), stern: 0.9, side: colour, deck: yacht ? Self.white : colour * 0.92)
    if yacht {
      raise(.oblong(Point(-0.1, 0), Point(1, width * 1.3)), Self.white, height: 0.14) { painter in
        painter.fill(.oblong(Point(-0.05, 0), Point(0.6, width * 0.9)), Colour(0.2, 0.23, 0.28))
        painter.fill(.oblong(Point(-0.2, 0), Point(0.5, width * 0.8)), Self.white)
      }
      fill(.rectangle(Point(-0.8, 0), Point(0.26, width * 1.3)), Colour(0.66, 0.5, 0.35))
    } else {
      fill(
        .oblong(Point(-0.35, 0), Point(0.9, width * 1.2)),
        pick([Colour(0.55, 0.42, 0.32), Colour(0.3, 0.33, 0.4), Colour(0.75, 0.72, 0.68)]))
      fill(.rectangle(Point(0.2, 0), Point(0.12, width * 1.25)), Colour(0.14, 0.18, 0.24))
      if chance(0.5) {
        raise(
          .rectangle(Point(-0.2, 0), Point(0.45, width * 1.2)),
          vary(pick([Self.white, Colour(0.2, 0.3, 0.55), Colour(0.7, 0.25, 0.2)])), height: 0.15)
      }
      fill(.rectangle(Point(-0.98, 0), Point(0.14, width * 0.5)), Colour(0.2, 0.2, 0.2))
    }
  }

  mutating func sailboat(_ beam: Float, _ colour: Colour) {
    hull(beam * 0.85, bow: 0.95, stern: 0.6, side: colour, deck: vary(Colour(0.8, 0.72, 0.6), 0.15))
    fill(.oblong(Point(-0.45, 0), Point(0.6, beam * 0.7)), Colour(0.4, 0.36, 0.32))
    let boom = between(-0.5, 0.5)
    let tip = Point(0.15, 0) - Outline.direction(boom)
    castFloating(.line(Point(0.15, 0), tip, width: 0.08), height: 0.4)
    if chance(0.5) {
      fill(.polygon(Point(0.15, 0), tip, Point(-0.2, 0) + Point(sin(boom), -0.5) * 0.5), Self.white)
      fill(.polygon(Point(0.95, 0), Point(0.2, 0), Point(0.35, boom > 0 ? -0.3 : 0.3)), Self.white * 0.95)
    } else {
      fill(.line(Point(0.15, 0), tip, width: 0.08), pick([Self.white, Colour(0.2, 0.3, 0.55), Colour(0.3, 0.3, 0.3)]))
    }
    fill(.circle(Point(0.15, 0), 0.05, sides: 8), Colour(0.85, 0.85, 0.85))
    cast(.circle(Point(0.15, 0), 0.02, sides: 6), height: 1)
  }
}
