import Foundation

/// Dams: a wall between a reservoir and what is left of the river.
extension ScenePainter {
  private enum Dam {
    case gravity, arch, barrage

    var words: [String] {
      switch self {
      case .gravity: ["gravity", "concrete"]
      case .arch: ["arch"]
      case .barrage: ["gated", "river"]
      }
    }
  }

  mutating func damScene() {
    ground([(.forest, 2), (.grass, 2), (.soil, 2), (.desert, 1), (.farmland, 1)])
    let colour = subjectColour([(.white, 1.5), (.silver, 2.5), (.grey, 4), (.tan, 1.5)])
    let kind: Dam = pick(weighted: [(.gravity, 3), (.arch, 2), (.barrage, 2)])
    facts.kind = pick(kind.words)
    let half = between(0.6, 1.05)
    let bank = shader(pick([.forest, .grass, .soil, .desert]))
    subject(fill: 0.85...1.1) { painter in
      // Upstream (-y) a broad reservoir; downstream (+y) less water, foam or a dry bed.
      let lake = painter.shader(.water)
      painter.fill(painter.reservoir(half: half), shader: lake)
      let stream = half * painter.between(0.3, kind == .barrage ? 1 : 0.7)
      if painter.chance(0.85) {
        let below = painter.shader(.water)
        painter.fill(
          .polygon(
            Point(-stream, 0), Point(stream, 0), Point(stream * painter.between(0.5, 1.1), 2.4),
            Point(-stream * painter.between(0.5, 1.1), 2.4)), shader: below)
      }
      if painter.chance(0.3) { painter.fill(painter.blob(Point(stream * 1.6, 0.9), 0.4), shader: bank) }
      painter.wall(colour, half: half, stream: stream, kind: kind)
    }
    occlude(0.05)
  }

  private mutating func reservoir(half: Float) -> Outline {
    Outline([
      Point(-half, 0.05), Point(-half * between(1, 1.6), -0.5), Point(-half * between(0.9, 2.4), -1.2), Point(-2, -2.4),
      Point(2, -2.4), Point(half * between(0.9, 2.4), -1.2), Point(half * between(1, 1.6), -0.5), Point(half, 0.05),
    ])
  }

  private mutating func wall(_ colour: Colour, half: Float, stream: Float, kind: Dam) {
    let thick = between(0.07, 0.14)
    let sag = kind == .arch ? between(0.2, 0.5) : kind == .gravity ? between(-0.1, 0.1) : 0
    let crest = (0...10).map { i -> Point in
      let t = Float(i) / 5 - 1
      return Point(t * (half + 0.12), -sag * (1 - t * t))
    }
    // The sloping downstream face.
    let face = between(0.1, 0.34)
    let foot = crest.map { Point($0.x * 0.94, $0.y + face * (1 - 0.5 * abs($0.x) / half)) }
    cast(Outline(crest + foot.reversed()), height: 0.1)
    fill(Outline(crest + foot.reversed()), colour * 0.75)
    let gates = kind == .arch ? number(0, 3) : number(3, 9)
    let spill = chance(0.55)
    if spill { facts.details.append(pick(["with white water below", "releasing water"])) }
    for gate in 0..<gates {
      let x = ((Float(gate) + 0.5) / Float(gates) - 0.5) * stream * 1.7
      let y = -sag * (1 - x * x / (half * half))
      let width = stream / Float(gates)
      if spill {
        fill(
          .polygon(
            Point(x - width * 0.6, y), Point(x + width * 0.6, y), Point(x + width, y + face + between(0.2, 0.6)),
            Point(x - width, y + face + between(0.2, 0.6))), Colour(0.93, 0.95, 0.95), alpha: between(0.5, 0.9))
      }
      if kind == .barrage || chance(0.5) {
        raise(
          .rectangle(Point(x - width * 0.8, y + 0.02), Point(width * 0.35, thick * 2.2)), colour * 1.05, height: 0.1)
      }
    }
    fill(.line(crest, width: thick), colour * 1.15)
    fill(.line(crest, width: thick * 0.35), Colour(0.45, 0.45, 0.45), alpha: 0.6)
    let ends = [crest[0], crest[10]]
    fill(.line([ends[0], ends[0] + Point(-1.5, between(-0.4, 0.4))], width: thick * 0.7), colour * 0.85)
    fill(.line([ends[1], ends[1] + Point(1.5, between(-0.4, 0.4))], width: thick * 0.7), colour * 0.85)
    if chance(0.4) { building(Point(stream * 0.9, 0.3), Point(0.3, 0.2)) }
  }
}
