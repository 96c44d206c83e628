import Foundation

/// Every sort of vessel: FGSC-23's ship classes and the small craft that DIOR and DOTA call ships too.
enum Vessel {
  case airCarrier, destroyer, landingCraft, frigate, transportDock, cruiser, tarawa, amphibiousAssault, command
  case submarine, medical, combatBoat, auxiliary, container, carCarrier, hovercraft, bulkCarrier, oilTanker
  case fishing, passenger, liquefiedGas, barge, motorboat, yacht, sailboat

  /// Words a caption may put before "ship".
  var words: [String] {
    switch self {
    case .airCarrier, .tarawa, .amphibiousAssault: ["flat-decked", "military"]
    case .destroyer, .frigate, .cruiser, .transportDock, .command: ["naval", "military", "war"]
    case .container: ["container", "cargo"]
    case .bulkCarrier, .auxiliary: ["cargo", "large"]
    case .oilTanker, .liquefiedGas: ["tanker", "large"]
    case .fishing: ["fishing", "small"]
    case .passenger: ["passenger", "cruise"]
    case .motorboat, .combatBoat: ["small", "motor"]
    case .yacht: ["pleasure", "small"]
    case .sailboat: ["sailing", "small"]
    case .barge, .landingCraft: ["barge-like", "flat"]
    default: ["large"]
    }
  }

  /// Half-beam for half-length 1, least and most.
  var beam: ClosedRange<Float> {
    switch self {
    case .airCarrier: 0.22...0.28
    case .tarawa, .amphibiousAssault: 0.14...0.19
    case .destroyer, .frigate, .cruiser: 0.1...0.14
    case .submarine: 0.075...0.11
    case .landingCraft, .hovercraft: 0.28...0.5
    case .combatBoat, .motorboat, .yacht: 0.24...0.38
    case .fishing, .sailboat: 0.2...0.32
    case .barge: 0.18...0.4
    default: 0.13...0.19
    }
  }
}

extension ScenePainter {
  static let seaPaint: [(NamedColour, Float)] = [
    (.white, 3), (.grey, 2), (.silver, 1.5), (.red, 1.2), (.blue, 1), (.dark, 1.2), (.black, 0.8), (.maroon, 1),
    (.green, 0.6), (.orange, 0.6),
    (.brown, 0.6), (.teal, 0.3),
  ]

  mutating func shipScene() {
    let vessel: Vessel = pick(weighted: [
      (.container, 2), (.bulkCarrier, 2), (.oilTanker, 2), (.motorboat, 2.5), (.yacht, 1.5), (.fishing, 1.5),
      (.sailboat, 1), (.barge, 1.2), (.destroyer, 1.2), (.frigate, 0.6), (.passenger, 1), (.airCarrier, 0.3),
      (.landingCraft, 0.4), (.liquefiedGas, 0.4), (.submarine, 0.3), (.carCarrier, 0.3),
    ])
    facts.kind = pick(vessel.words)
    vesselScene(vessel)
  }

  private enum Berth { case drifting, underWay, moored, paired }

  /// A vessel under way, at anchor, at a quay or among its like.
  mutating func vesselScene(_ vessel: Vessel) {
    ground([(.water, 1)])
    let colour = subjectColour(Self.palette(of: vessel))
    let beam = between(vessel.beam.lowerBound, vessel.beam.upperBound)
    // Boxes around a slanted ship are nearly square, around an upright one long: resizing widens the ship.
    let widen = exp(between(0, 0.45))
    subject(fill: 0.8...1.15, offCentre: 0.08) { painter in
      painter.placed(scaled: Point(1, widen)) { painter in
        let berth: Berth = painter.pick(weighted: [(.drifting, 4), (.underWay, 3), (.moored, 2), (.paired, 1.5)])
        switch berth {
        case .drifting: break
        case .underWay: painter.wake(beam: beam)
        case .moored: painter.quay(beam: beam)
        case .paired:
          painter.facts.count = 2
          let side: Float = painter.chance(0.5) ? 1 : -1
          let other = painter.vary(painter.pick(weighted: Self.palette(of: vessel)).value)
          painter.placed(Point(painter.between(-0.3, 0.3), side * beam * painter.between(2.1, 2.6))) {
            $0.vessel(vessel, beam: beam, other)
          }
        }
        painter.vessel(vessel, beam: beam, colour)
      }
    }
  }

  private static func palette(of vessel: Vessel) -> [(NamedColour, Float)] {
    switch vessel {
    case .airCarrier, .tarawa, .amphibiousAssault: [(.dark, 3), (.grey, 3), (.brown, 0.4)]
    case .destroyer, .frigate, .cruiser, .transportDock, .command, .auxiliary:
      [(.grey, 5), (.silver, 3), (.dark, 1), (.sky, 0.5)]
    case .submarine: [(.black, 5), (.dark, 3)]
    case .medical: [(.white, 1)]
    case .passenger, .yacht, .motorboat, .sailboat:
      [(.white, 6), (.silver, 1), (.blue, 0.7), (.dark, 0.5), (.red, 0.4), (.tan, 0.4)]
    case .oilTanker, .bulkCarrier:
      [(.maroon, 3), (.red, 2), (.green, 1.2), (.brown, 1), (.dark, 1), (.grey, 1.2), (.teal, 0.5)]
    case .carCarrier: [(.white, 3), (.silver, 1), (.green, 1), (.blue, 1), (.grey, 1), (.teal, 0.5)]
    case .hovercraft, .landingCraft, .combatBoat: [(.grey, 3), (.dark, 2), (.green, 1), (.silver, 1), (.tan, 0.5)]
    case .barge: [(.brown, 3), (.dark, 2), (.maroon, 1.5), (.grey, 2), (.tan, 0.7)]
    default: seaPaint
    }
  }

  private mutating func wake(beam: Float) {
    facts.details.append(pick(["with a wake", "under way"]))
    let foam = Colour(0.86, 0.9, 0.92)
    let strength = between(0.25, 0.7)
    fill(
      .polygon(Point(-0.9, beam * 0.6), Point(-0.9, -beam * 0.6), Point(-3, -beam * 1.5), Point(-3, beam * 1.5)), foam,
      alpha: strength)
    for side in [-1, 1] as [Float] {
      fill(
        .polygon(
          Point(0.95, 0), Point(0.4, side * beam * 1.5), Point(-1.6, side * beam * 3.4), Point(0.2, side * beam * 1.2)),
        foam, alpha: strength * 0.7)
    }
  }

  private mutating func quay(beam: Float) {
    facts.details.append(pick(["at a quay", "docked at a pier"]))
    let side: Float = chance(0.5) ? 1 : -1
    let surface = patchyShader(
      pick([Colour(0.62, 0.6, 0.57), Colour(0.5, 0.49, 0.47), Colour(0.55, 0.47, 0.38)]), 0.15)
    let edge = beam * between(1.05, 1.3)
    let width = chance(0.5) ? between(0.2, 0.4) : 3
    fill(.rectangle(Point(0, side * (edge + width / 2)), Point(6, width)), shader: surface)
    for _ in 0..<number(0, 5) {
      building(
        Point(between(-1.3, 1.3), side * (edge + between(0.15, 0.5))), Point(between(0.1, 0.3), between(0.08, 0.2)),
        height: 0.06)
    }
  }

  /// A vessel of half-length 1, bow at (1, 0).
  mutating func vessel(_ vessel: Vessel, beam: Float, _ colour: Colour) {
    switch vessel {
    case .airCarrier: airCarrier(beam, colour)
    case .tarawa: assaultShip(beam, colour, squareBow: true)
    case .amphibiousAssault: assaultShip(beam, colour, squareBow: false)
    case .destroyer: warship(beam, colour, rank: .destroyer)
    case .frigate: warship(beam * 0.95, colour, rank: .frigate)
    case .cruiser: warship(beam * 1.1, colour, rank: .cruiser)
    case .transportDock: transportDock(beam, colour)
    case .command: commandShip(beam, colour)
    case .submarine: submarine(beam, colour)
    case .combatBoat: combatBoat(beam, colour)
    case .landingCraft: landingCraft(beam, colour)
    case .hovercraft: hovercraft(beam, colour)
    case .medical: medicalShip(beam, colour)
    case .auxiliary: auxiliary(beam, colour)
    case .container: containerShip(beam, colour)
    case .carCarrier: carCarrier(beam, colour)
    case .bulkCarrier: bulkCarrier(beam, colour)
    case .oilTanker: oilTanker(beam, colour)
    case .liquefiedGas: gasCarrier(beam, colour)
    case .passenger: passengerShip(beam, colour)
    case .fishing: fishingBoat(beam, colour)
    case .barge: barge(beam, colour)
    case .motorboat, .yacht: pleasureBoat(beam, colour, yacht: vessel == .yacht)
    case .sailboat: sailboat(beam, colour)
    }
  }

  /// A hull's deck outline: `bow` is the length of the taper, `stern` the transom's width against the beam.
  static func hull(_ beam: Float, bow: Float = 0.4, stern: Float = 0.8) -> Outline {
    let half = [
      Point(1, 0), Point(1 - bow * 0.2, beam * 0.36), Point(1 - bow * 0.5, beam * 0.72), Point(1 - bow, beam),
      Point(-0.8, beam), Point(-0.97, beam * stern), Point(-1, beam * stern * 0.8),
    ]
    return Outline(half + half.reversed().map { Point($0.x, -$0.y) })
  }

  /// Hull sides and deck.
  mutating func hull(_ beam: Float, bow: Float = 0.4, stern: Float = 0.8, side: Colour, deck: Colour) {
    cast(Self.hull(beam, bow: bow, stern: stern), height: 0.08)
    fill(Self.hull(beam, bow: bow, stern: stern), side)
    placed(scaled: Point(0.975, 0.88)) { $0.fill(Self.hull(beam, bow: bow, stern: stern), deck) }
  }

  /// A deckhouse.
  mutating func house(_ x: Float, _ length: Float, _ width: Float, _ colour: Colour, height: Float = 0.1) {
    raise(.rectangle(Point(x, 0), Point(length, width)), colour, height: height) { painter in
      painter.fill(.rectangle(Point(x + length * 0.3, 0), Point(length * 0.2, width * 0.8)), colour * 0.72)
    }
  }
}
