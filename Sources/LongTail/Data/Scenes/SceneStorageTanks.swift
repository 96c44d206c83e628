import Foundation

/// Storage tanks, alone and in groups.
extension ScenePainter {
  mutating func storageTankScene() {
    ground([(.soil, 2), (.concrete, 2.5), (.grass, 2), (.asphalt, 1), (.desert, 0.7)])
    let count: Int = pick(weighted: [(1, 5), (2, 2.5), (4, 1)])
    facts.count = count
    let floating = chance(0.35)
    let colour = subjectColour([
      (.white, 6), (.silver, 2), (.grey, 2), (.tan, 1), (.green, 0.6), (.sky, 0.4), (.brown, 0.6), (.maroon, 0.3),
      (.dark, 0.3),
    ])
    facts.kind = floating ? pick(["floating-roof", "open"]) : pick(["round", "cylindrical", "oil"])
    if chance(0.35) { bund() }
    subject(fill: 0.7...0.98) { painter in
      switch count {
      case 1:
        if painter.chance(0.45) {
          let side = painter.between(0, 2 * .pi)
          painter.tank(
            Outline.direction(side) * painter.between(1.9, 2.3), painter.between(0.6, 1), painter.vary(colour), floating
          )
          if painter.chance(0.4) {
            painter.tank(Outline.direction(side + 2) * 2.1, 0.8, painter.vary(colour), floating)
          }
        }
        painter.pipes()
        painter.tank(.zero, 0.92, colour, floating)
      case 2:
        painter.pipes()
        for x in [-0.55, 0.55] as [Float] {
          painter.tank(Point(x, painter.between(-0.06, 0.06)), 0.48, painter.vary(colour, 0.05), floating)
        }
      default:
        painter.pipes()
        for x in [-0.5, 0.5] as [Float] {
          for y in [-0.5, 0.5] as [Float] {
            painter.tank(Point(x, y), painter.between(0.34, 0.46), painter.vary(colour, 0.06), floating)
          }
        }
      }
    }
    occlude(0.05)
  }

  private enum Roof { case ribbed, capped, ringed, plain }

  private mutating func tank(_ centre: Point, _ radius: Float, _ colour: Colour, _ floating: Bool) {
    let roof = pick([Roof.ribbed, .capped, .ringed, .plain])
    placed(centre, scaled: radius) { painter in
      painter.raise(.circle(.zero, 1, sides: 28), colour, height: painter.between(0.25, 0.8), wall: colour * 0.7) {
        painter in
        if floating {
          // The roof has sunk: the sunward wall throws a crescent on it.
          let deck = Outline.circle(.zero, 0.93, sides: 28)
          let depth = painter.between(0.1, 0.4)
          painter.fill(deck, colour * painter.shade)
          painter.fillShiftedDisc(0.93, by: painter.localShadow * depth, colour * 0.82)
          painter.fill(.ring(outer: Point(1, 1), inner: Point(0.92, 0.92)), colour * 1.05)
        } else {
          switch roof {
          case .ribbed:
            for spoke in 0..<6 {
              painter.fill(.line(.zero, Outline.direction(Float(spoke) * .pi / 3) * 0.95, width: 0.05), colour * 0.8)
            }
          case .capped: painter.fill(.circle(.zero, 0.3), colour * 0.85)
          case .ringed: painter.fill(.ring(outer: Point(0.7, 0.7), inner: Point(0.62, 0.62)), colour * 0.85)
          case .plain: break
          }
          // A slight dome: one side catches the light.
          painter.fill(.sector(.zero, 0.97, from: 0.4, to: 2.6), colour * 1.12, alpha: 0.4)
          painter.fill(.line(Point(0, 0), Point(0.95, 0.1), width: 0.06), colour * 0.7, alpha: 0.7)
        }
      }
    }
  }

  /// What a disc still covers of itself after a shift: the sunlit part of a sunken roof.
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
      fill(
        .line([from, Outline.direction(angle) * 1.2, Outline.direction(angle + 0.5) * 2.4], width: 0.07),
        Colour(0.68, 0.67, 0.64))
    }
  }

  private mutating func bund() {
    let turn = between(0, .pi)
    placed(anywhere(0.15), turned: turn, scaled: between(0.95, 1.2)) { painter in
      let wall = painter.vary(Colour(0.62, 0.58, 0.52), 0.12)
      painter.frame(.zero, Point(2, 2), width: 0.1, wall)
    }
  }
}
