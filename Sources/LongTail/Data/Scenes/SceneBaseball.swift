import Foundation

/// Baseball diamonds with their outfields.
extension ScenePainter {
  /// A grass infield, one all of clay, or a box that holds the infield only.
  private enum Diamond { case grass, clay, infieldOnly }

  mutating func baseballFieldScene() {
    ground(Ground.town)
    let clay = subjectColour([(.brown, 3), (.tan, 3), (.orange, 1.2), (.maroon, 0.6)])
    let turf = vary(pick([Colour(0.34, 0.46, 0.24), Colour(0.28, 0.42, 0.22), Colour(0.46, 0.48, 0.28)]), 0.15)
    let kind: Diamond = pick(weighted: [(.grass, 5), (.clay, 2), (.infieldOnly, 1.5)])
    if kind == .clay { facts.kind = "dirt-infield" }
    let spread = between(0.72, 0.82)
    let shade = patchyShader(turf, 0.12)
    let reach: Float = kind == .infieldOnly ? 3 : between(1.75, 2.05)
    // Home plate at the left, the outfield fans out to +x.
    subject(fill: 0.85...1.05) { painter in
      painter.placed(Point(kind == .infieldOnly ? -0.75 : -0.95, 0), scaled: kind == .infieldOnly ? 1.7 : 1) {
        painter in
        if painter.chance(0.6) {
          painter.fill(.sector(.zero, reach + 0.1, from: -spread - 0.06, to: spread + 0.06), clay * 0.95)
        }
        painter.fill(.sector(.zero, reach, from: -spread, to: spread), shader: shade)
        painter.diamond(clay, turf, dirt: kind == .clay)
        let paint = Colour(0.9, 0.89, 0.85)
        for side in [-1, 1] as [Float] {
          painter.fill(.line(.zero, Outline.direction(side * .pi / 4) * reach, width: 0.025), paint, alpha: 0.7)
        }
        if painter.chance(0.4) {
          for side in [-1, 1] as [Float] where painter.chance(0.7) {
            painter.raise(
              .rectangle(Point(0.15, side * 0.6), Point(0.4, 0.1), turned: side * .pi / 4), Colour(0.7, 0.7, 0.68),
              height: 0.06)
          }
        }
      }
    }
    occlude()
  }

  private mutating func diamond(_ clay: Colour, _ turf: Colour, dirt: Bool) {
    let side = between(0.55, 0.7)
    let diagonal = side * 1.414
    let infield = Outline.sector(Point(-0.02, 0), diagonal * 1.18, from: -.pi / 4 - 0.06, to: .pi / 4 + 0.06)
    fill(infield, clay)
    fill(.circle(.zero, 0.17), clay)
    if !dirt {
      let inset = side * 0.8
      fill(.rectangle(Point(diagonal * 0.52, 0), Point(inset, inset), turned: .pi / 4), turf * 1.05)
    }
    fill(.circle(Point(diagonal * 0.48, 0), 0.09, sides: 12), clay)
    for base in [Point(diagonal, 0), Point(diagonal / 2, diagonal / 2), Point(diagonal / 2, -diagonal / 2), .zero] {
      fill(.circle(base, 0.1, sides: 10), clay)
      fill(.rectangle(base, Point(0.05, 0.05), turned: .pi / 4), Colour(0.95, 0.95, 0.93))
    }
  }
}
