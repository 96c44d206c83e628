import Foundation

/// Airplanes on the ground.
extension ScenePainter {
  static let liveries: [(NamedColour, Float)] = [
    (.white, 6), (.silver, 3), (.grey, 3), (.dark, 1), (.green, 0.6), (.tan, 0.5), (.yellow, 0.3), (.red, 0.3),
    (.blue, 0.5),
  ]

  mutating func airplaneScene() {
    let apron = ground(Ground.paved)
    apronMarkings(on: apron)
    let kind: Airplane = pick(weighted: [
      (.airliner, 3), (.jumbo, 1.5), (.businessJet, 1.5), (.propeller, 2), (.transport, 1), (.fighter, 2),
      (.wing, 0.4),
    ])
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
    case .airliner:
      airplane(colour, span: between(0.82, 1), sweep: between(0.3, 0.5), root: 0.34, girth: 0.13, engines: 1)
    case .jumbo:
      airplane(colour, span: between(0.9, 1.05), sweep: between(0.4, 0.62), root: 0.4, girth: 0.16, engines: 2)
    case .businessJet:
      airplane(colour, span: between(0.75, 0.95), sweep: between(0.15, 0.4), root: 0.28, girth: 0.14, engines: 0)
      for side in [-1, 1] as [Float] { fill(.oblong(Point(-0.5, side * 0.16), Point(0.3, 0.11)), colour * 0.75) }
    case .propeller:
      airplane(
        colour, span: between(1, 1.3), sweep: between(-0.03, 0.06), root: between(0.26, 0.36), girth: 0.15, engines: 0)
      fill(.line(Point(0.99, -0.22), Point(0.99, 0.22), width: 0.05), Colour(0.2, 0.2, 0.2), alpha: 0.7)
    case .transport:
      airplane(colour, span: between(1, 1.2), sweep: between(0.02, 0.14), root: 0.3, girth: 0.19, engines: 2)
    case .fighter: fighter(colour)
    case .wing:
      let shape = Outline.polygon(
        Point(0.6, 0), Point(-0.25, 1.1), Point(-0.5, 1.05), Point(-0.2, 0.5), Point(-0.5, 0.25), Point(-0.3, 0)
      ).mirrored
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
}
