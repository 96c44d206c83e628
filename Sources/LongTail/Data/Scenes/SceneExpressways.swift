import Foundation

/// Places along an expressway: toll stations and service areas.
extension ScenePainter {
  mutating func tollStationScene() {
    ground(Ground.land)
    let surface = vary(pick([Colour(0.6, 0.59, 0.57), Colour(0.42, 0.42, 0.43), Colour(0.7, 0.69, 0.66)]), 0.12)
    let roof = subjectColour([
      (.white, 3), (.blue, 2), (.red, 1.5), (.grey, 2), (.silver, 1.5), (.green, 0.6), (.orange, 0.5), (.teal, 0.5),
    ])
    let lanes = number(3, 12)
    let half = between(0.38, 0.9)
    facts.details.append(lanes > 8 ? "with many lanes" : pick(["across the road", "with several lanes"]))
    // Two separate plazas, one for each direction, or one for both.
    let staggered = chance(0.25)
    subject(fill: 0.85...1.15) { painter in
      painter.plaza(surface, half: half)
      if staggered {
        let step = painter.between(0.15, 0.4)
        for side in [-1, 1] as [Float] {
          let centre = Point(side * step, side * half / 2)
          painter.tollGates(at: centre, half: half / 2, lanes: max(lanes / 2, 2), roof)
        }
      } else {
        painter.tollGates(at: .zero, half: half, lanes: lanes, roof)
      }
      if painter.chance(0.6) {
        let side: Float = painter.chance(0.5) ? 1 : -1
        painter.building(Point(painter.between(-0.5, 0.5), side * (half + 0.22)), Point(0.4, 0.18))
      }
      if painter.chance(0.4) { painter.parking(Point(-0.6, -half - 0.2), Point(0.5, 0.25), car: 0.07) }
    }
    occlude(0.05)
  }

  /// An expressway along x that widens to 2 × `half` around the origin.
  private mutating func plaza(_ surface: Colour, half: Float) {
    let road = between(0.3, 0.55) * half
    let taper = between(0.5, 1.6)
    let flat = between(0.15, 0.6)
    fill(.rectangle(.zero, Point(5, road * 2)), surface * between(0.85, 1))
    let upper = [Point(-taper - flat, road), Point(-flat, half), Point(flat, half), Point(taper + flat, road)]
    fill(Outline(upper + upper.reversed().map { Point($0.x, -$0.y) }), surface)
    let line = chance(0.5) ? Colour(0.85, 0.8, 0.55) : Colour(0.4, 0.48, 0.3)
    fill(.rectangle(.zero, Point(5, between(0.02, 0.06))), line, alpha: 0.8)
  }

  /// Islands between the lanes, cars waiting, and a roof over all.
  private mutating func tollGates(at centre: Point, half: Float, lanes: Int, _ roof: Colour) {
    let island = between(0.4, 0.9)
    let laneWidth = 1.9 * half / Float(lanes)
    let depth = between(0.11, 0.3)
    for lane in 0...lanes {
      let y = centre.y + (Float(lane) - Float(lanes) / 2) * laneWidth
      fill(.rectangle(Point(centre.x, y), Point(island, min(laneWidth * 0.35, 0.06))), Colour(0.84, 0.83, 0.78))
      if chance(0.45) {
        car(Point(centre.x + between(-0.8, 0.8), y + laneWidth / 2), min(0.14, laneWidth * 0.8), turned: 0)
      }
    }
    let bow = chance(0.25) ? between(0.05, 0.16) : 0
    let outline = Outline(
      (0...6).map { i -> Point in
        let t = Float(i) / 3 - 1
        return centre + Point(depth / 2 + bow * (1 - t * t), t * half * 1.02)
      } + [centre + Point(-depth / 2, half * 1.02), centre + Point(-depth / 2, -half * 1.02)])
    raise(outline, roof, height: 0.14) { painter in
      painter.fill(.rectangle(centre + Point(depth / 4, 0), Point(depth / 2, half * 2)), roof * 0.86)
      if painter.chance(0.3) {
        for lane in 0..<lanes {
          let y = centre.y + (Float(lane) + 0.5 - Float(lanes) / 2) * laneWidth
          painter.fill(.rectangle(Point(centre.x, y), Point(depth, laneWidth * 0.2)), roof * 0.72)
        }
      }
    }
  }

  mutating func serviceAreaScene() {
    ground(Ground.open)
    let surface = vary(pick([Colour(0.4, 0.4, 0.41), Colour(0.58, 0.57, 0.55), Colour(0.5, 0.5, 0.5)]), 0.12)
    let plaza = vary(Colour(0.62, 0.61, 0.58), 0.14)
    let roof = subjectColour([
      (.white, 3), (.red, 2), (.blue, 1.6), (.grey, 2), (.silver, 1.5), (.orange, 0.8), (.brown, 0.8), (.green, 0.4),
    ])
    let sides: [Float] = chance(0.65) ? [-1, 1] : [1]
    facts.details.append(sides.count == 2 ? "on both sides of the road" : "beside the road")
    subject(fill: 0.85...1.05) { painter in
      painter.carriageway(surface, width: painter.between(0.2, 0.3), traffic: 8)
      for side in sides {
        let shift = painter.between(-0.15, 0.15)
        painter.placed(Point(shift, 0), turned: side > 0 ? 0 : .pi) { $0.serviceSide(plaza, roof) }
      }
    }
  }

  private mutating func serviceSide(_ plaza: Colour, _ roof: Colour) {
    let depth = between(0.5, 0.72)
    let length = between(0.55, 0.8)
    // Slip roads, forecourt, buildings, pumps, rows of cars and lorries.
    for end in [-1, 1] as [Float] {
      fill(
        .line(
          [Point(end * 1.35, 0.14), Point(end * (length + 0.1), 0.22), Point(end * length * 0.8, 0.4)], width: 0.1),
        plaza * 0.9)
    }
    fill(.rectangle(Point(0, 0.2 + depth / 2), Point(length * 2, depth)), plaza)
    fill(.rectangle(Point(0, 0.22), Point(length * 1.8, 0.06)), Colour(0.36, 0.45, 0.26))
    let deepest = 0.2 + depth
    for _ in 0..<number(1, 3) {
      let size = Point(between(0.3, 0.6), between(0.13, 0.22))
      let centre = Point(between(-0.3, 0.3) * length, deepest - size.y * 0.7)
      raise(.rectangle(centre, size), vary(roof), height: 0.1) {
        $0.fill(.rectangle(centre, size * 0.4), roof * 0.85)
      }
    }
    let pumps = Point((chance(0.5) ? 1 : -1) * length * 0.72, 0.2 + depth * 0.5)
    raise(.rectangle(pumps, Point(0.2, 0.3)), vary(roof * 1.05), height: 0.1)
    let unit = between(0.06, 0.09)
    for row in 0..<number(1, 3) {
      for column in 0..<9 where chance(0.55) {
        let spot = Point((Float(column) / 8 - 0.5) * length * 1.1, 0.34 + 0.14 * Float(row))
        car(spot, unit * (row == 0 ? 1.6 : 1), turned: .pi / 2 + 0.2)
      }
    }
    treeLine(from: Point(-length, deepest + 0.05), to: Point(length, deepest + 0.05), count: number(0, 9), size: 0.06)
  }
}
