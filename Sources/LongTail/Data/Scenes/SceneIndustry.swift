import Foundation

/// Storage tanks, chimneys and wind turbines.
extension ScenePainter {
  mutating func storageTankScene() {
    ground([(.soil, 2), (.concrete, 2.5), (.grass, 2), (.asphalt, 1), (.desert, 0.7)])
    let layout = pick(weighted: [(0, 5), (1, 2.5), (2, 1)] as [(Int, Float)])
    let floating = chance(0.35)
    let colour = subjectColour([
      (.white, 6), (.silver, 2), (.grey, 2), (.tan, 1), (.green, 0.6), (.sky, 0.4), (.brown, 0.6), (.maroon, 0.3), (.dark, 0.3),
    ])
    facts.kind = floating ? pick(["floating-roof", "open"]) : pick(["round", "cylindrical", "oil"])
    if chance(0.35) { bund() }
    subject(fill: 0.7...0.98) { painter in
      switch layout {
      case 0:
        if painter.chance(0.45) {
          let side = painter.between(0, 2 * .pi)
          painter.tank(Outline.direction(side) * painter.between(1.9, 2.3), painter.between(0.6, 1), painter.vary(colour), floating)
          if painter.chance(0.4) { painter.tank(Outline.direction(side + 2) * 2.1, 0.8, painter.vary(colour), floating) }
        }
        painter.pipes()
        painter.tank(.zero, 0.92, colour, floating)
      case 1:
        painter.facts.count = 2
        painter.pipes()
        for x in [-0.55, 0.55] as [Float] { painter.tank(Point(x, painter.between(-0.06, 0.06)), 0.48, painter.vary(colour, 0.05), floating) }
      default:
        painter.facts.count = 4
        painter.pipes()
        for x in [-0.5, 0.5] as [Float] {
          for y in [-0.5, 0.5] as [Float] { painter.tank(Point(x, y), painter.between(0.34, 0.46), painter.vary(colour, 0.06), floating) }
        }
      }
    }
    occlude(0.05)
  }

  private mutating func tank(_ centre: Point, _ radius: Float, _ colour: Colour, _ floating: Bool) {
    let style = between(0, 3)
    placed(centre, scaled: radius) { painter in
      painter.raise(.circle(.zero, 1, sides: 28), colour, height: painter.between(0.25, 0.8), wall: colour * 0.7) { painter in
        if floating {
          // The roof has sunk: the sunward wall throws a crescent on it.
          let deck = Outline.circle(.zero, 0.93, sides: 28)
          let depth = painter.between(0.1, 0.4)
          painter.fill(deck, colour * painter.shade)
          let length = max((painter.shadow * painter.shadow).sum().squareRoot(), 1e-3)
          let axis = painter.shadow / length
          painter.placed { $0.fillShiftedDisc(0.93, by: axis * depth * 0.8, colour * 0.82) }
          painter.fill(.ring(outer: Point(1, 1), inner: Point(0.92, 0.92)), colour * 1.05)
        } else {
          switch style {
          case 0:
            for spoke in 0..<6 {
              painter.fill(.line(.zero, Outline.direction(Float(spoke) * .pi / 3) * 0.95, width: 0.05), colour * 0.8)
            }
          case 1: painter.fill(.circle(.zero, 0.3), colour * 0.85)
          case 2: painter.fill(.ring(outer: Point(0.7, 0.7), inner: Point(0.62, 0.62)), colour * 0.85)
          default: break
          }
          // A slight dome: one side catches the light.
          painter.fill(.sector(.zero, 0.97, from: 0.4, to: 2.6), colour * 1.12, alpha: 0.4)
          painter.fill(.line(Point(0, 0), Point(0.95, 0.1), width: 0.06), colour * 0.7, alpha: 0.7)
        }
      }
    }
  }

  /// A disc moved in frame directions and cut to the unit disc.
  private mutating func fillShiftedDisc(_ radius: Float, by offset: Point, _ colour: Colour) {
    let distance = min((offset * offset).sum().squareRoot(), radius)
    let along = atan2(offset.y, offset.x)
    let half = acos(distance / (2 * radius))
    let lens =
      Outline.arcPoints(.zero, Point(radius, radius), from: along - half, to: along + half)
      + Outline.arcPoints(offset, Point(radius, radius), from: along + .pi - half, to: along + .pi + half)
    fill(Outline(lens), colour)
  }

  private mutating func pipes() {
    for _ in 0..<number(0, 3) {
      let angle = between(0, 2 * .pi)
      let from = Outline.direction(angle) * 0.5
      fill(.line([from, Outline.direction(angle) * 1.2, Outline.direction(angle + 0.5) * 2.4], width: 0.07), Colour(0.68, 0.67, 0.64))
    }
  }

  private mutating func bund() {
    let turn = between(0, .pi)
    placed(anywhere(0.15), turned: turn, scaled: between(0.95, 1.2)) { painter in
      let wall = painter.vary(Colour(0.62, 0.58, 0.52), 0.12)
      painter.frame(.zero, Point(2, 2), width: 0.1, wall)
    }
  }

  // MARK: Chimneys

  mutating func chimneyScene() {
    ground([(.concrete, 2), (.soil, 2), (.grass, 1.5), (.asphalt, 1), (.urban, 1), (.desert, 0.4)])
    for _ in 0..<number(0, 4) { building(anywhere(1.2), Point(between(0.3, 0.8), between(0.2, 0.5)), turned: between(0, 3), height: 0.12) }
    if chance(0.3) { coolingTowers() } else { stack() }
  }

  private mutating func coolingTowers() {
    let count = pick(weighted: [(1, 3), (2, 1)] as [(Int, Float)])
    facts.kind = "cooling"
    facts.count = count
    let concrete = subjectColour([(.grey, 3), (.silver, 2), (.white, 1), (.tan, 1)])
    let steam = chance(0.45)
    subject(fill: count == 1 ? 0.7...0.9 : 0.45...0.5) { painter in
      for x in count == 1 ? [0] as [Float] : [-1, 1] {
        let base = Outline.circle(Point(x, 0), 1, sides: 28)
        painter.cast(base, height: 1.1)
        painter.fill(base, concrete * 0.75)
        let rise = painter.lean * 0.9
        // Rings shrink to the waist and widen to the mouth as the tower rises.
        for step in 1...6 {
          let t = Float(step) / 6
          let radius = 0.66 + 0.34 * (1 - t) * (1 - t) + 0.05 * t
          painter.fill(.circle(Point(x, 0) + rise * t, radius, sides: 28), concrete * (0.72 + 0.28 * t))
        }
        painter.fill(.circle(Point(x, 0) + rise, 0.58, sides: 24), Colour(0.15, 0.15, 0.16))
        painter.fill(.circle(Point(x, 0) + rise + painter.shadow * 0.1, 0.45), Colour(0.3, 0.3, 0.31), alpha: 0.8)
        if steam { painter.smoke(from: Point(x, 0) + rise, width: 0.5, Colour(0.93, 0.93, 0.94)) }
      }
    }
    if steam { facts.details.append(pick(["with white steam", "with steam rising"])) }
  }

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
    let footing = between(0, 3)
    subject(fill: 0.8...1, turn: 0) { painter in
      for slot in twin ? [-0.28, 0.28] as [Float] : [0] {
        let side = Outline.direction(tilt + .pi / 2) * slot
        let base = rise * -0.5 + side
        let tip = rise * 0.5 + side
        // The shadow of a tall thing is about as long as the lean is.
        let shadowTip = base + painter.shadow * painter.between(0.9, 1.2)
        let shadowOutline = Outline.line(base, shadowTip, width: width * 1.2)
        painter.canvas.tint(shadowOutline.transformed(by: painter.placement), by: painter.shade)
        switch footing {
        case 0: painter.raise(.circle(base, width * 1.9), painter.vary(Colour(0.6, 0.58, 0.55)), height: 0.05)
        case 1: painter.building(base, Point(0.6, 0.45), turned: tilt, height: 0.1)
        default: painter.fill(.circle(base, width * 1.5), Colour(0.5, 0.49, 0.47))
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
      let normal = Point(-(tip - base).y, (tip - base).x) * (radius * 0.5 / max(((tip - base) * (tip - base)).sum().squareRoot(), 1e-4))
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

  // MARK: Wind turbines

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
      let fall = painter.shadow / max((painter.shadow * painter.shadow).sum().squareRoot(), 1e-3) * painter.between(0.7, 1.2)
      // The shadow's rotor first: it lies on the ground.
      let shadowHub = base + fall
      let tips = (0..<blades).map { blade -> Point in
        let spoke = Outline.direction(turn + 2 * .pi * Float(blade) / Float(blades)) * reach
        let axis = Outline.direction(facing)
        let along = (spoke * axis).sum()
        let across = spoke.y * axis.x - spoke.x * axis.y
        return axis * along + Point(-axis.y, axis.x) * (across * squash)
      }
      painter.canvas.tint(Outline.line(base, shadowHub, width: 0.05).transformed(by: painter.placement), by: painter.shade)
      for tip in tips {
        painter.canvas.tint(painter.blade(shadowHub, shadowHub + tip).transformed(by: painter.placement), by: painter.shade)
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
    return Outline([hub + normal * 0.03, hub + step * 0.25 + normal * 0.06, tip, hub + step * 0.2 - normal * 0.03, hub - normal * 0.03])
  }
}
