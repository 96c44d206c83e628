import Foundation

/// Smoke stacks and cooling towers.
extension ScenePainter {
  mutating func chimneyScene() {
    ground([(.concrete, 2), (.soil, 2), (.grass, 1.5), (.asphalt, 1), (.urban, 1), (.desert, 0.4)])
    for _ in 0..<number(0, 4) {
      building(anywhere(1.2), Point(between(0.3, 0.8), between(0.2, 0.5)), turned: between(0, 3), height: 0.12)
    }
    if chance(0.3) { coolingTowers() } else { stack() }
  }

  private mutating func coolingTowers() {
    let count: Int = pick(weighted: [(1, 3), (2, 1)])
    facts.kind = "cooling"
    facts.count = count
    let concrete = subjectColour([(.grey, 3), (.silver, 2), (.white, 1), (.tan, 1)])
    let steam = chance(0.45)
    subject(fill: count == 1 ? 0.7...0.9 : 0.45...0.5) { painter in
      for x in count == 1 ? [0] as [Float] : [-1, 1] {
        let base = Outline.circle(Point(x, 0), 1, sides: 28)
        painter.cast(base, height: 1.1)
        painter.fill(base, concrete * 0.75)
        let rise = painter.localLean * 0.9
        // Rings shrink to the waist and widen to the mouth as the tower rises.
        for step in 1...6 {
          let t = Float(step) / 6
          let radius = 0.66 + 0.34 * (1 - t) * (1 - t) + 0.05 * t
          painter.fill(.circle(Point(x, 0) + rise * t, radius, sides: 28), concrete * (0.72 + 0.28 * t))
        }
        painter.fill(.circle(Point(x, 0) + rise, 0.58, sides: 24), Colour(0.15, 0.15, 0.16))
        painter.fill(.circle(Point(x, 0) + rise + painter.localShadow * 0.1, 0.45), Colour(0.3, 0.3, 0.31), alpha: 0.8)
        if steam { painter.smoke(from: Point(x, 0) + rise, width: 0.5, Colour(0.93, 0.93, 0.94)) }
      }
    }
    if steam { facts.details.append(pick(["with white steam", "with steam rising"])) }
  }

  private enum Footing { case plinth, boilerHouse, slab }

  private mutating func stack() {
    let twin = chance(0.2)
    if twin { facts.count = 2 }
    let colour = subjectColour([(.grey, 3), (.white, 2), (.silver, 2), (.brown, 1), (.red, 0.8), (.tan, 1)])
    let banded = chance(0.4)
    if banded { facts.kind = pick(["striped", "red and white"]) } else { facts.kind = pick(["tall", "slender"]) }
    let smokes = chance(0.4)
    let length = between(0.9, 1.7)
    let tilt = between(0, 2 * .pi)
    let rise = Outline.direction(tilt) * length
    let width = between(0.13, 0.26)
    let footing: Footing = pick(weighted: [(.plinth, 1), (.boilerHouse, 1), (.slab, 2)])
    subject(fill: 0.8...1, turn: 0) { painter in
      for slot in twin ? [-0.28, 0.28] as [Float] : [0] {
        let side = Outline.direction(tilt + .pi / 2) * slot
        let base = rise * -0.5 + side
        let tip = rise * 0.5 + side
        // The shadow of a tall thing is about as long as the lean is.
        let shadowTip = base + painter.localShadow * painter.between(0.9, 1.2)
        painter.darken(.line(base, shadowTip, width: width * 1.2))
        switch footing {
        case .plinth: painter.raise(.circle(base, width * 1.9), painter.vary(Colour(0.6, 0.58, 0.55)), height: 0.05)
        case .boilerHouse: painter.building(base, Point(0.6, 0.45), turned: tilt, height: 0.1)
        case .slab: painter.fill(.circle(base, width * 1.5), Colour(0.5, 0.49, 0.47))
        }
        painter.stackBody(from: base, to: tip, width: width, colour, banded: banded)
        if smokes { painter.smoke(from: tip, width: width, Colour(0.86, 0.86, 0.87)) }
      }
    }
    if smokes { facts.details.append(pick(["with smoke", "with a plume of smoke"])) }
  }

  private mutating func stackBody(from base: Point, to tip: Point, width: Float, _ colour: Colour, banded: Bool) {
    let steps = 10
    for step in 0...steps {
      let t = Float(step) / Float(steps)
      let shadeOfStep = banded && step % 3 == 0 ? Colour(0.7, 0.2, 0.17) : colour
      let radius = width * (1 - 0.4 * t)
      let next = base + (tip - base) * min(t + 0.12, 1)
      let centre = base + (tip - base) * t
      fill(.line(centre, next, width: radius * 2), shadeOfStep)
      let normal =
        Point(-(tip - base).y, (tip - base).x)
        * (radius * 0.5 / max(((tip - base) * (tip - base)).sum().squareRoot(), 1e-4))
      fill(.line(centre + normal, next + normal, width: radius), shadeOfStep * 0.72, alpha: 0.7)
    }
    fill(.circle(tip, width * 0.66), colour * 1.05)
    fill(.circle(tip, width * 0.42), Colour(0.1, 0.1, 0.1))
  }

  private mutating func smoke(from source: Point, width: Float, _ colour: Colour) {
    let drift = Outline.direction(between(0, 2 * .pi))
    var spot = source
    var size = width * 0.7
    for step in 0..<9 {
      fill(.circle(spot, size, sides: 12), colour, alpha: 0.5 * (1 - Float(step) / 11))
      spot += (drift + anywhere(0.35)) * (size * 0.8)
      size *= between(1.05, 1.3)
    }
  }
}
