import Foundation

/// Airplanes, helicopters and the airports they stand on.
extension ScenePainter {
  private static let liveries: [(NamedColour, Float)] = [
    (.white, 6), (.silver, 3), (.grey, 3), (.dark, 1), (.green, 0.6), (.tan, 0.5), (.yellow, 0.3), (.red, 0.3),
    (.blue, 0.5),
  ]

  mutating func airplaneScene() {
    let apron = ground(Ground.paved)
    apronMarkings(on: apron)
    let kind = pick(weighted: [
      (Airplane.airliner, 3), (.jumbo, 1.5), (.businessJet, 1.5), (.propeller, 2), (.transport, 1), (.fighter, 2),
      (.wing, 0.4),
    ] as [(Airplane, Float)])
    let colour = subjectColour(Self.liveries)
    facts.kind = pick(kind.words)
    let pair = chance(0.14)
    let turn = between(0, 2 * .pi)
    subject(fill: pair ? 0.5...0.62 : 0.68...1.02, turn: turn) { painter in
      if pair {
        painter.facts.count = 2
        for side in [-1, 1] as [Float] {
          painter.placed(Point(0, side * painter.between(0.95, 1.1))) { $0.airplane(kind, colour) }
        }
      } else {
        if painter.chance(0.3) {
          let place = Point(painter.between(-0.4, 0.4), painter.chance(0.5) ? 2 : -2)
          painter.placed(place) { $0.airplane(kind, $0.vary(colour)) }
        }
        painter.airplane(kind, colour)
        if kind == .airliner || kind == .jumbo, painter.chance(0.3) { painter.jetway() }
      }
    }
    if chance(0.4) { for _ in 0..<number(1, 4) { car(anywhere(), between(0.08, 0.14), turned: between(0, 6)) } }
    occlude(0.05)
  }

  enum Airplane {
    case airliner, jumbo, businessJet, propeller, transport, fighter, wing

    var words: [String] {
      switch self {
      case .airliner: ["passenger", "twin-engined"]
      case .jumbo: ["four-engined", "large"]
      case .businessJet: ["small", "private"]
      case .propeller: ["light", "propeller", "small"]
      case .transport: ["cargo", "transport"]
      case .fighter: ["fighter", "military", "delta-winged"]
      case .wing: ["flying-wing", "stealth"]
      }
    }
  }

  /// An airplane of half-length 1, nose at (1, 0).
  mutating func airplane(_ kind: Airplane, _ colour: Colour) {
    switch kind {
    case .airliner: airplane(colour, span: between(0.82, 1), sweep: between(0.3, 0.5), root: 0.34, girth: 0.13, engines: 1)
    case .jumbo: airplane(colour, span: between(0.9, 1.05), sweep: between(0.4, 0.62), root: 0.4, girth: 0.16, engines: 2)
    case .businessJet:
      airplane(colour, span: between(0.75, 0.95), sweep: between(0.15, 0.4), root: 0.28, girth: 0.14, engines: 0)
      for side in [-1, 1] as [Float] { fill(.oblong(Point(-0.5, side * 0.16), Point(0.3, 0.11)), colour * 0.75) }
    case .propeller:
      airplane(colour, span: between(1, 1.3), sweep: between(-0.03, 0.06), root: between(0.26, 0.36), girth: 0.15, engines: 0)
      fill(.line(Point(0.99, -0.22), Point(0.99, 0.22), width: 0.05), Colour(0.2, 0.2, 0.2), alpha: 0.7)
    case .transport:
      airplane(colour, span: between(1, 1.2), sweep: between(0.02, 0.14), root: 0.3, girth: 0.19, engines: 2)
    case .fighter: fighter(colour)
    case .wing:
      let shape = Outline.polygon(Point(0.6, 0), Point(-0.25, 1.1), Point(-0.5, 1.05), Point(-0.2, 0.5), Point(-0.5, 0.25), Point(-0.3, 0)).mirrored
      castFloating(shape, height: 0.15)
      fill(shape, colour * 0.7)
      fill(.oblong(Point(0.15, 0), Point(0.5, 0.2)), colour * 0.55)
    }
  }

  private mutating func airplane(
    _ colour: Colour, span: Float, sweep: Float, root: Float, girth: Float, engines: Int
  ) {
    let front = between(0.12, 0.28)
    let tip = root * between(0.25, 0.5)
    let wing = Outline.polygon(
      Point(front, 0), Point(front - sweep, span), Point(front - sweep - tip, span), Point(front - root, girth),
      Point(front - root, 0)
    ).mirrored
    let tailSpan = span * between(0.32, 0.42)
    let tail = Outline.polygon(
      Point(-0.72, 0), Point(-0.78 - sweep * 0.4, tailSpan), Point(-0.9 - sweep * 0.4, tailSpan), Point(-0.92, 0)
    ).mirrored
    let body = Outline([
      Point(1, 0), Point(0.94, girth * 0.6), Point(0.8, girth), Point(-0.5, girth), Point(-1, girth * 0.25),
      Point(-1, -girth * 0.25), Point(-0.5, -girth), Point(0.8, -girth), Point(0.94, -girth * 0.6),
    ])
    castFloating(wing + tail + body, height: 0.16)
    let wingColour = vary(colour * 0.92, 0.06)
    fill(wing + tail, wingColour)
    for engine in 0..<engines {
      let y = span * (engines == 1 ? 0.36 : 0.3 + 0.32 * Float(engine))
      let x = front - sweep * y / span + 0.04
      for side in [-1, 1] as [Float] { fill(.oblong(Point(x, side * y), Point(0.2, 0.1)), colour * 0.7) }
    }
    fill(body, colour)
    fill(.rectangle(Point(0.1, girth * 0.55), Point(1.5, girth * 0.7)), colour * 0.88, alpha: 0.7)
    fill(.rectangle(Point(0.88, 0), Point(0.06, girth)), Colour(0.15, 0.17, 0.2), alpha: 0.8)
    let stripe = vary(pick(weighted: NamedColour.paint).value)
    castFloating(.rectangle(Point(-0.85, 0), Point(0.28, 0.03)), height: 0.3)
    fill(.rectangle(Point(-0.84, 0), Point(0.3, 0.05)), stripe)
    if chance(0.3) { fill(.rectangle(Point(-0.3, 0), Point(1, girth * 0.5)), stripe, alpha: 0.8) }
  }

  private mutating func fighter(_ colour: Colour) {
    let span = between(0.55, 0.8)
    let notch = between(-0.8, -0.55)
    let wing = Outline.polygon(
      Point(between(0.2, 0.45), 0.08), Point(notch + 0.15, span), Point(notch - 0.05, span), Point(notch, 0.05)
    ).mirrored
    let tail = Outline.polygon(Point(-0.6, 0.08), Point(-0.86, 0.4), Point(-1, 0.4), Point(-0.95, 0.05)).mirrored
    let body = Outline([
      Point(1, 0), Point(0.6, 0.08), Point(0.2, 0.14), Point(-0.95, 0.15), Point(-0.95, -0.15), Point(0.2, -0.14),
      Point(0.6, -0.08),
    ])
    castFloating(wing + tail + body, height: 0.14)
    fill(wing + tail, colour * 0.9)
    fill(body, colour)
    fill(.oblong(Point(0.48, 0), Point(0.3, 0.1)), Colour(0.16, 0.18, 0.22), alpha: 0.9)
    for side in [-1, 1] as [Float] {
      fill(.line(Point(-0.55, side * 0.13), Point(-0.9, side * 0.17), width: 0.05), colour * 0.55)
    }
  }

  private mutating func jetway() {
    let side: Float = chance(0.5) ? 1 : -1
    raise(.line(Point(0.7, side * 0.12), Point(0.8, side * 1.4), width: 0.11), Colour(0.68, 0.68, 0.66), height: 0.1)
  }

  private mutating func apronMarkings(on ground: Ground) {
    guard ground == .concrete || ground == .asphalt, chance(0.7) else { return }
    let line = chance(0.6) ? Colour(0.82, 0.7, 0.3) : Colour(0.85, 0.85, 0.82)
    for _ in 0..<number(1, 3) {
      placed(anywhere(0.7), turned: between(0, 6)) { painter in
        if painter.chance(0.4) {
          painter.fill(.arc(Point(0, 1), Point(1, 1), from: -.pi, to: 0, width: 0.04), line, alpha: 0.7)
        } else {
          painter.fill(.rectangle(.zero, Point(4, 0.04)), line, alpha: 0.7)
        }
      }
    }
  }

  mutating func helicopterScene() {
    let base = ground([(.concrete, 3), (.asphalt, 2), (.grass, 2), (.soil, 0.7), (.water, 0.3)])
    if base != .water, chance(0.4) {
      let paint = pick([Colour(0.85, 0.84, 0.8), Colour(0.8, 0.7, 0.25), Colour(0.7, 0.2, 0.2)])
      fill(.circle(.zero, between(0.7, 0.95)), vary(Colour(0.48, 0.48, 0.48), 0.2))
      fill(.ring(outer: Point(0.85, 0.85), inner: Point(0.79, 0.79)), paint)
      facts.details.append("on a helipad")
    }
    let colour = subjectColour(Self.liveries + [(.dark, 3), (.green, 2), (.orange, 0.5)])
    let pair = chance(0.12)
    if pair { facts.count = 2 }
    let tandem = chance(0.12)
    if tandem { facts.kind = "tandem-rotor" }
    subject(fill: pair ? 0.45...0.55 : 0.65...0.95) { painter in
      for slot in pair ? [-0.8, 0.8] as [Float] : [0] {
        painter.placed(Point(0, slot)) { $0.helicopter(colour, tandem: tandem) }
      }
    }
    occlude(0.05)
  }

  private mutating func helicopter(_ colour: Colour, tandem: Bool) {
    let width = between(0.2, 0.3)
    let body = tandem
      ? Outline.oblong(.zero, Point(1.5, width * 1.3))
      : Outline([
        Point(0.62, 0), Point(0.5, width * 0.75), Point(0.2, width), Point(-0.2, width * 0.8), Point(-0.4, 0.06),
        Point(-1, 0.04), Point(-1, -0.04), Point(-0.4, -0.06), Point(-0.2, -width * 0.8), Point(0.2, -width),
        Point(0.5, -width * 0.75),
      ])
    castFloating(body, height: 0.15)
    fill(body, colour)
    fill(.ellipse(Point(tandem ? 0.6 : 0.42, 0), Point(0.13, width * 0.6)), Colour(0.13, 0.16, 0.2), alpha: 0.9)
    if !tandem {
      fill(.rectangle(Point(-0.97, 0), Point(0.1, 0.4)), colour * 0.85)
      fill(.rectangle(Point(-0.92, 0.06), Point(0.3, 0.03)), Colour(0.2, 0.2, 0.2), alpha: 0.7)
    }
    for hub in tandem ? [-0.55, 0.55] as [Float] : [0.1] { rotor(Point(hub, 0), tandem ? 0.6 : between(0.75, 0.92)) }
  }

  private mutating func rotor(_ hub: Point, _ radius: Float) {
    let blades = number(2, 5)
    let start = between(0, 2 * .pi)
    if chance(0.3) { fill(.circle(hub, radius), Colour(0.6, 0.6, 0.6), alpha: 0.22) }
    let tint: Colour = chance(0.7) ? Colour(0.16, 0.16, 0.17) : Colour(0.72, 0.72, 0.7)
    for blade in 0..<blades {
      let tip = hub + Outline.direction(start + 2 * .pi * Float(blade) / Float(blades)) * radius
      castFloating(.line(hub, tip, width: 0.06), height: 0.22)
      fill(.line(hub, tip, width: 0.065), tint, alpha: 0.9)
    }
    fill(.circle(hub, 0.08, sides: 8), tint)
  }

  /// A whole airport: runways, taxiways, aprons, terminals, tiny airplanes.
  mutating func airportScene() {
    ground(Ground.open + [(.urban, 1)])
    let runways = pick(weighted: [(1, 4), (2, 4), (3, 1)] as [(Int, Float)])
    let surface = vary(pick([Colour(0.36, 0.36, 0.37), Colour(0.58, 0.57, 0.55), Colour(0.46, 0.45, 0.45)]), 0.12)
    let crossing = runways > 1 && chance(0.45)
    facts.details.append(runways == 1 ? "with one runway" : crossing ? "with crossing runways" : "with parallel runways")
    subject(fill: 0.85...1.05) { painter in
      let field = painter.patchyShader(painter.pick([Colour(0.42, 0.48, 0.3), Colour(0.54, 0.48, 0.35), Colour(0.36, 0.4, 0.26)]), 0.15)
      if painter.chance(0.7) { painter.fill(.rectangle(Point(0, 0.1), Point(2.1, painter.between(0.9, 1.4))), shader: field) }
      let terminalSide: Float = 0.42
      painter.fill(.rectangle(Point(painter.between(-0.3, 0.3), terminalSide), Point(painter.between(0.5, 1), 0.3)), surface * 1.12)
      let apronX = painter.between(-0.3, 0.3)
      painter.fill(.line(Point(-0.85, 0.18), Point(0.85, 0.18), width: 0.05), surface)
      for x in [-0.85, painter.between(-0.3, 0), painter.between(0.1, 0.4), 0.85] as [Float] {
        painter.fill(.line(Point(x, -0.05), Point(x, 0.2), width: 0.045), surface)
      }
      painter.fill(.rectangle(Point(apronX, 0.32), Point(0.9, 0.3)), surface * 1.1)
      painter.runway(.zero, turned: 0, length: 2, surface)
      for extra in 1..<max(runways, 1) {
        if crossing {
          painter.runway(Point(painter.between(-0.4, 0.4), 0), turned: painter.between(0.6, 2.4), length: painter.between(1.3, 2), surface)
        } else {
          painter.runway(Point(painter.between(-0.2, 0.2), -0.3 * Float(extra)), turned: 0, length: painter.between(1.3, 2), surface)
        }
      }
      for i in 0..<painter.number(1, 4) {
        let size = Point(painter.between(0.2, 0.5), painter.between(0.06, 0.13))
        painter.building(Point(apronX - 0.4 + 0.3 * Float(i), 0.52), size, height: 0.04)
      }
      let planes = painter.number(2, 9)
      for i in 0..<planes {
        let spot = Point(apronX + 0.8 * (Float(i) / Float(planes) - 0.45), painter.between(0.36, 0.41))
        painter.placed(spot, turned: -.pi / 2, scaled: painter.between(0.04, 0.07)) {
          $0.airplane(.airliner, Colour(0.9, 0.9, 0.9))
        }
      }
    }
  }

  private mutating func runway(_ centre: Point, turned angle: Float, length: Float, _ surface: Colour) {
    let width = between(0.09, 0.14)
    placed(centre, turned: angle) { painter in
      painter.fill(.rectangle(.zero, Point(length, width)), surface)
      let paint = Colour(0.88, 0.88, 0.86)
      painter.fill(.rectangle(.zero, Point(length * 0.9, width * 0.1)), paint, alpha: 0.7)
      for end in [-1, 1] as [Float] {
        painter.fill(.rectangle(Point(end * length * 0.46, 0), Point(0.07, width * 0.7)), paint, alpha: 0.6)
      }
    }
  }
}
