import Foundation

/// Bridges, overpasses and roundabouts.
extension ScenePainter {
  /// A band of water or low ground across the frame, for something to cross.
  private mutating func valley(width: Float, _ floor: Ground) {
    let banks = winding(bend: between(0, 0.25))
    let rim = vary(pick([Colour(0.5, 0.45, 0.34), Colour(0.36, 0.4, 0.26), Colour(0.6, 0.58, 0.53)]), 0.1)
    let surface = shader(floor)
    fill(.line(banks, width: width + between(0.04, 0.16)), rim)
    fill(.line(banks, width: width), shader: surface)
  }

  private enum Bridge {
    case girder, arch, cable, railway

    var words: [String] {
      switch self {
      case .girder: ["long", "road", "girder"]
      case .arch: ["arch"]
      case .cable: ["suspension", "cable-stayed"]
      case .railway: ["railway"]
      }
    }
  }

  mutating func bridgeScene() {
    ground(Ground.land)
    let floor: Ground = pick(weighted: [(.water, 7), (.soil, 0.7), (.forest, 0.8), (.grass, 0.5)])
    facts.details.append(floor == .water ? pick(["over a river", "over water", "across a river"]) : "over a valley")
    let colour = subjectColour([
      (.grey, 4), (.silver, 2), (.white, 1.5), (.dark, 1.5), (.tan, 1), (.brown, 0.5), (.red, 0.4),
    ])
    let width = between(0.09, 0.42)
    let kind: Bridge = pick(weighted: [(.girder, 5), (.arch, 1.5), (.cable, 1.5), (.railway, 1)])
    facts.kind = pick(kind.words)
    let gap = between(0.9, 1.9)
    let twin = kind != .cable && chance(0.15)
    subject(fill: 0.85...1.1) { painter in
      let skew = painter.between(-0.35, 0.35)
      painter.placed(turned: .pi / 2 + skew) { $0.valley(width: gap, floor) }
      for slot in twin ? [-0.8, 0.8] as [Float] : [0] {
        painter.placed(Point(0, slot * width)) { $0.bridge(colour, width: width, gap: gap, kind: kind) }
      }
    }
    occlude(0.06)
  }

  private mutating func bridge(_ colour: Colour, width: Float, gap: Float, kind: Bridge) {
    let deck = Outline.rectangle(.zero, Point(gap + 0.24, width))
    // The approach roads run on beyond the deck.
    road([Point(-2.5, 0), Point(2.5, 0)], width: width * 0.85, surface: colour * 0.9)
    let height = between(0.05, 0.22)
    castFloating(deck, height: height)
    for pier in 0..<number(0, 5) {
      let x = (Float(pier) / 4 - 0.5) * gap * 0.8
      fill(.rectangle(Point(x, 0), Point(0.06, width * 1.25)), colour * 0.7)
    }
    fill(deck, colour)
    for side in [-1, 1] as [Float] {
      fill(.rectangle(Point(0, side * width * 0.47), Point(gap + 0.24, width * 0.08)), colour * 1.25)
    }
    switch kind {
    case .arch:
      for side in [-1, 1] as [Float] {
        let rib = Outline.line(
          [Point(-gap / 2, side * width * 0.5), Point(0, side * width * 0.56), Point(gap / 2, side * width * 0.5)],
          width: 0.05)
        castFloating(rib, height: 0.32)
        fill(rib, vary(Colour(0.75, 0.74, 0.72), 0.1))
      }
      for i in 1..<6 { fill(.rectangle(Point((Float(i) / 6 - 0.5) * gap, 0), Point(0.025, width)), colour * 1.3) }
    case .cable:
      for x in [-gap * 0.27, gap * 0.27] {
        let tower = Outline.rectangle(Point(x, 0), Point(0.06, width * 1.3))
        raise(tower, Colour(0.82, 0.8, 0.78), height: 0.4)
        for side in [-1, 1] as [Float] {
          for reach in [-0.3, 0.3] as [Float] {
            fill(
              .line(Point(x, side * width * 0.55), Point(x + reach * gap, side * width * 0.5), width: 0.03),
              Colour(0.88, 0.88, 0.86))
          }
        }
      }
    case .railway:
      fill(.rectangle(.zero, Point(5, width * 0.6)), Colour(0.42, 0.37, 0.33))
      for side in [-1, 1] as [Float] {
        fill(.rectangle(Point(0, side * width * 0.15), Point(5, width * 0.07)), Colour(0.7, 0.68, 0.66))
      }
      for i in 0..<12 {
        fill(.rectangle(Point((Float(i) / 11 - 0.5) * gap, 0), Point(0.03, width)), colour * 0.6, alpha: 0.6)
      }
    case .girder:
      fill(.rectangle(.zero, Point(gap + 0.4, width * 0.06)), Colour(0.9, 0.88, 0.76), alpha: 0.7)
    }
    if kind != .railway {
      for _ in 0..<number(0, 6) {
        let lane: Float = chance(0.5) ? 0.22 : -0.22
        car(Point(between(-1, 1), lane * width), min(width * 0.4, 0.13), turned: 0)
      }
    }
  }

  private enum Overpass {
    case crossing, cloverleaf, multiLevel

    var words: [String] {
      switch self {
      case .crossing: ["highway", "road"]
      case .cloverleaf: ["cloverleaf"]
      case .multiLevel: ["multi-level"]
      }
    }
  }

  mutating func overpassScene() {
    ground(Ground.land)
    let kind: Overpass = pick(weighted: [(.crossing, 5), (.cloverleaf, 2), (.multiLevel, 1.5)])
    facts.kind = pick(kind.words)
    let colour = subjectColour([(.grey, 4), (.silver, 2), (.dark, 2), (.tan, 1), (.white, 0.6)])
    let scale: Float = kind == .cloverleaf ? 0.5 : 1
    subject(fill: 0.9...1.1) { painter in
      let low = painter.vary(colour, 0.2)
      let lower = painter.between(0.2, 0.5) * scale
      let upper = painter.between(0.2, 0.5) * scale
      let angle = painter.between(1.1, 2)
      if kind == .cloverleaf { painter.loops(colour, width: upper * 0.45) }
      if kind == .multiLevel || painter.chance(0.3) { painter.ramps(colour, width: upper * 0.45) }
      painter.placed(turned: angle) { painter in
        painter.carriageway(low, width: lower, bend: painter.between(0, 0.15))
        if painter.chance(0.15) { painter.rails(Point(0, lower * 0.9), length: 4, count: 2) }
      }
      painter.deck(colour, width: upper, height: 0.12)
      if kind == .multiLevel {
        painter.placed(painter.anywhere(0.3), turned: painter.between(0.5, 0.9)) {
          $0.deck($0.vary(colour), width: upper * 0.7, height: 0.22)
        }
      }
    }
    occlude(0.06)
  }

  /// A divided road lying on the ground, along x.
  mutating func carriageway(_ colour: Colour, width: Float, bend: Float = 0, traffic: Int = 6) {
    let line = winding(reach: 2.6, bend: bend)
    fill(.line(line, width: width * 1.3), vary(Colour(0.42, 0.43, 0.32), 0.15))
    road(line, width: width, surface: colour, lanes: 4, traffic: traffic)
  }

  private mutating func deck(_ colour: Colour, width: Float, height: Float) {
    let deck = Outline.rectangle(.zero, Point(5, width))
    castFloating(deck, height: height)
    fill(deck, colour)
    for side in [-1, 1] as [Float] {
      fill(.rectangle(Point(0, side * width * 0.47), Point(5, width * 0.07)), colour * 1.3)
    }
    fill(.rectangle(.zero, Point(5, width * 0.06)), Colour(0.88, 0.86, 0.76), alpha: 0.8)
    for _ in 0..<number(1, 7) {
      let lane: Float = chance(0.5) ? 0.25 : -0.25
      car(Point(between(-1, 1), lane * width), min(width * 0.32, 0.14), turned: 0)
    }
  }

  private mutating func loops(_ colour: Colour, width: Float) {
    for quadrant in 0..<4 where chance(0.8) {
      let corner = Outline.direction(.pi / 4 + Float(quadrant) * .pi / 2)
      let radius = between(0.26, 0.36)
      fill(
        .ring(corner * radius * 1.4, outer: Point(radius, radius), inner: Point(radius - width, radius - width)), colour
      )
      let start = Outline.direction(Float(quadrant) * .pi / 2) * 1.3
      let end = Outline.direction(Float(quadrant + 1) * .pi / 2) * 1.3
      fill(.line([start, (start + end) * 0.42, end], width: width), colour)
    }
  }

  private mutating func ramps(_ colour: Colour, width: Float) {
    for quadrant in 0..<4 where chance(0.6) {
      let start = Outline.direction(Float(quadrant) * .pi / 2) * 1.4
      let end = Outline.direction(Float(quadrant + 1) * .pi / 2) * 1.4
      let points = (0...6).map { i -> Point in
        let t = Float(i) / 6
        return start * ((1 - t) * (1 - t)) + (start + end) * (0.2 * t * (1 - t)) + end * (t * t)
      }
      fill(.line(points, width: width), colour * 0.95)
    }
  }

  mutating func roundaboutScene() {
    ground(Ground.town)
    let surface = subjectColour([(.grey, 4), (.dark, 3), (.silver, 1.5), (.tan, 0.7)])
    let arms = number(3, 6)
    facts.details.append("with \(["three", "four", "five", "six"][arms - 3]) roads")
    let island = patchyShader(
      pick([Colour(0.32, 0.44, 0.24), Colour(0.5, 0.45, 0.33), Colour(0.6, 0.58, 0.55), Colour(0.22, 0.34, 0.18)]), 0.2)
    let inner = between(0.22, 0.56)
    let outer = inner + between(0.16, 0.3)
    let start = between(0, 2 * .pi)
    let armWidth = between(0.14, 0.3)
    subject(fill: 0.9...1.1, turn: 0) { painter in
      for arm in 0..<arms {
        let angle = start + 2 * .pi * (Float(arm) + painter.between(-0.12, 0.12)) / Float(arms)
        let way = Outline.direction(angle)
        painter.road(
          [way * outer * 0.9, way * 2.4], width: armWidth, surface: surface, lanes: 4, traffic: painter.number(0, 2))
        painter.fill(
          .polygon(
            way * (outer * 1.25), way * outer + Point(-way.y, way.x) * armWidth * 0.35,
            way * outer - Point(-way.y, way.x) * armWidth * 0.35), Colour(0.6, 0.62, 0.5))
      }
      painter.fill(.circle(.zero, outer, sides: 32), surface)
      painter.fill(
        .ring(outer: Point(repeating: (inner + outer) / 2 + 0.01), inner: Point(repeating: (inner + outer) / 2 - 0.01)),
        Colour(0.85, 0.85, 0.8), alpha: 0.5)
      painter.fill(.circle(.zero, inner + 0.03, sides: 28), Colour(0.72, 0.71, 0.68))
      painter.fill(.circle(.zero, inner, sides: 28), shader: island)
      if painter.chance(0.5) {
        painter.trees(in: Point(repeating: inner * 0.6), count: painter.number(1, 8), size: 0.05...0.14)
      }
      if painter.chance(0.3) {
        painter.raise(.circle(.zero, inner * 0.35), painter.vary(Colour(0.75, 0.74, 0.7)), height: 0.15)
      }
      for _ in 0..<painter.number(0, 5) {
        let angle = painter.between(0, 6.28)
        painter.car(Outline.direction(angle) * (inner + outer) / 2, 0.13, turned: angle + .pi / 2)
      }
    }
    occlude(0.08)
  }
}
