import Foundation

/// Wind turbines.
extension ScenePainter {
  mutating func windmillScene() {
    ground([(.grass, 3), (.farmland, 2.5), (.soil, 2), (.desert, 1.5), (.water, 1), (.forest, 1)])
    if facts.ground.map({ !Ground.water.phrases.contains($0) }) ?? true {
      let access = [anywhere(0.2), anywhere(0.6), anywhere(1) * 2]
      if chance(0.6) { road(access, width: between(0.08, 0.16), surface: vary(Colour(0.68, 0.62, 0.52), 0.1)) }
      if chance(0.4) { fill(.circle(anywhere(0.3), between(0.12, 0.3)), vary(Colour(0.62, 0.57, 0.48), 0.1)) }
    }
    let colour = subjectColour([(.white, 6), (.silver, 1.5), (.grey, 0.6)], vary: 0.06)
    let blades = chance(0.06) ? 2 : 3
    let tower = Outline.direction(between(0, 2 * .pi)) * between(0, 1)
    let turn = between(0, 2 * .pi)
    let squash = between(0.35, 1)
    let facing = between(0, .pi)
    let reach = between(0.5, 0.75)
    subject(fill: 0.75...1.1, turn: 0) { painter in
      let base = tower * -0.5
      let hub = tower * 0.5
      let fall =
        painter.localShadow * painter.between(0.7, 1.2)
      // The shadow's rotor first: it lies on the ground.
      let shadowHub = base + fall
      let tips = (0..<blades).map { blade -> Point in
        let spoke = Outline.direction(turn + 2 * .pi * Float(blade) / Float(blades)) * reach
        let axis = Outline.direction(facing)
        let along = (spoke * axis).sum()
        let across = spoke.y * axis.x - spoke.x * axis.y
        return axis * along + Point(-axis.y, axis.x) * (across * squash)
      }
      painter.darken(.line(base, shadowHub, width: 0.05))
      for tip in tips {
        painter.darken(painter.blade(shadowHub, shadowHub + tip))
      }
      painter.fill(.circle(base, 0.08), painter.vary(Colour(0.6, 0.57, 0.52)))
      painter.fill(.line(base, hub, width: 0.075), colour * 0.88)
      for tip in tips { painter.fill(painter.blade(hub, hub + tip), colour) }
      painter.fill(.oblong(hub, Point(0.2, 0.1), turned: facing + .pi / 2), colour * 0.92)
    }
    facts.kind = blades == 2 ? "two-bladed" : pick(["three-bladed", "tall", "slender"])
    if chance(0.5) { facts.details.append("casting a thin shadow") }
  }

  /// A tapering blade from hub to tip.
  private func blade(_ hub: Point, _ tip: Point) -> Outline {
    let step = tip - hub
    let length = max((step * step).sum().squareRoot(), 1e-4)
    let normal = Point(-step.y, step.x) / length
    return Outline([
      hub + normal * 0.03, hub + step * 0.25 + normal * 0.06, tip, hub + step * 0.2 - normal * 0.03,
      hub - normal * 0.03,
    ])
  }
}
