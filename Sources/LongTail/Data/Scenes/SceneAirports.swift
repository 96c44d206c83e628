import Foundation

/// Airports seen whole.
extension ScenePainter {
  /// A whole airport: runways, taxiways, aprons, terminals, tiny airplanes.
  mutating func airportScene() {
    ground(Ground.open + [(.urban, 1)])
    let runways: Int = pick(weighted: [(1, 4), (2, 4), (3, 1)])
    let surface = vary(
      pick([Colour(0.36, 0.36, 0.37), Colour(0.58, 0.57, 0.55), Colour(0.46, 0.45, 0.45)]), 0.12)
    let crossing = runways > 1 && chance(0.45)
    facts.details.append(
      runways == 1 ? "with one runway" : crossing ? "with crossing runways" : "with parallel runways")
    facts.kind = pick(weighted: [(nil, 3), ("small", 2), ("large", 2)] as [(String?, Float)])
    let size: Float = facts.kind == "small" ? 0.7 : facts.kind == "large" ? 1.3 : 1
    subject(fill: 0.85...1.15) { painter in
      let field = painter.patchyShader(
        painter.pick([Colour(0.42, 0.48, 0.3), Colour(0.54, 0.48, 0.35), Colour(0.36, 0.4, 0.26)]), 0.15)
      if painter.chance(0.7) {
        painter.fill(.rectangle(Point(0, 0.1), Point(2.1, painter.between(0.9, 1.4))), shader: field)
      }
      painter.taxiways(surface)
      painter.runway(.zero, turned: 0, length: 2, surface)
      for extra in 1..<max(runways, 1) {
        if crossing {
          let centre = Point(painter.between(-0.4, 0.4), 0)
          painter.runway(centre, turned: painter.between(0.6, 2.4), length: painter.between(1.3, 2), surface)
        } else {
          let centre = Point(painter.between(-0.2, 0.2), -0.3 * Float(extra))
          painter.runway(centre, turned: 0, length: painter.between(1.3, 2), surface)
        }
      }
      painter.placed(Point(painter.between(-0.35, 0.35), 0.3), scaled: size) { $0.terminal(surface * 1.12) }
    }
  }

  private mutating func taxiways(_ surface: Colour) {
    let offset = between(0.13, 0.22)
    let width = between(0.035, 0.06)
    fill(.line(Point(-0.9, offset), Point(0.9, offset), width: width), surface)
    for x in [-0.88, between(-0.5, -0.1), between(0.1, 0.5), 0.88] as [Float] {
      let slant = chance(0.4) ? between(-0.15, 0.15) : 0
      fill(.line(Point(x + slant, -0.03), Point(x, offset), width: width), surface)
    }
  }

  private enum Terminal { case hall, piers, hangars }

  /// An apron with a terminal on its far side: a hall, piers with airplanes at them, or hangars.
  private mutating func terminal(_ surface: Colour) {
    let width = between(0.5, 1.1)
    fill(.rectangle(Point(0, 0.08), Point(width, 0.34)), surface)
    fill(.rectangle(Point(between(-0.2, 0.2), -0.1), Point(0.1, 0.2)), surface)
    let roof = vary(pick([Colour(0.85, 0.85, 0.83), Colour(0.6, 0.6, 0.6), Colour(0.4, 0.5, 0.6)]), 0.1)
    let hall = Outline.rectangle(Point(0, 0.27), Point(width * between(0.4, 0.9), between(0.06, 0.12)))
    let kind: Terminal = pick(weighted: [(.hall, 2), (.piers, 2), (.hangars, 1)])
    switch kind {
    case .hall: raise(hall, roof, height: 0.05)
    case .piers:
      let piers = number(1, 3)
      let fingers = (0..<piers).map { pier -> Outline in
        .rectangle(Point((Float(pier) + 0.5) / Float(piers) * width * 0.8 - width * 0.4, 0.17), Point(0.045, 0.2))
      }
      raise(fingers.reduce(hall, +), roof, height: 0.05)
    case .hangars:
      for i in 0..<number(2, 5) {
        building(Point(-width / 2 + 0.22 * Float(i), 0.27), Point(between(0.12, 0.2), 0.12), height: 0.04)
      }
    }
    let planes = number(2, 9)
    for i in 0..<planes {
      let spot = Point(width * (Float(i) / Float(planes) - 0.45), between(0.06, 0.16))
      placed(spot, turned: between(-2.2, -0.9), scaled: between(0.04, 0.075)) {
        $0.airplane(.airliner, Colour(0.9, 0.9, 0.9))
      }
    }
    if chance(0.5) { parking(Point(0, 0.42), Point(width * 0.6, 0.14), car: 0.04) }
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
