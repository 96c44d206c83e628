import Foundation

/// Vehicles, and the places built for them: toll stations, service areas, train stations.
extension ScenePainter {
  mutating func vehicleScene() { vehicleScene(large: nil) }
  mutating func smallVehicleScene() { vehicleScene(large: false) }
  mutating func largeVehicleScene() { vehicleScene(large: true) }

  private mutating func vehicleScene(large: Bool?) {
    ground([(.asphalt, 5), (.concrete, 2.5), (.soil, 0.8), (.grass, 0.6), (.urban, 0.3)])
    let truck = large ?? chance(0.3)
    let kind = truck ? pick(["bus", "box", "articulated", "tanker", "flat"]) : pick(["saloon", "hatchback", "van", "pickup"])
    let colour = subjectColour(NamedColour.paint)
    let words = [
      "bus": "long", "box": "box", "articulated": "articulated", "tanker": "tank", "flat": "flatbed", "van": "boxy", "pickup": "open",
    ]
    facts.kind = words[kind]
    let turn = between(0, 2 * .pi)
    let onRoad = chance(0.6)
    subject(fill: truck ? 0.75...1 : 0.6...0.95, turn: turn) { painter in
      let lane = truck ? painter.between(0.5, 0.75) : painter.between(0.85, 1.3)
      let line = painter.chance(0.75) ? Colour(0.86, 0.86, 0.83) : Colour(0.8, 0.68, 0.28)
      if onRoad {
        for side in [-1, 1] as [Float] where painter.chance(0.8) {
          if painter.chance(0.5) { painter.fill(.rectangle(Point(0, side * lane), Point(6, 0.07)), line, alpha: 0.8) } else {
            for dash in -2...2 { painter.fill(.rectangle(Point(Float(dash) * 1.3 + 0.4, side * lane), Point(0.6, 0.07)), line, alpha: 0.8) }
          }
        }
        painter.facts.details.append("on a road")
      } else {
        for slot in -2...2 { painter.fill(.rectangle(Point(0, (Float(slot) + 0.5) * lane * 1.1), Point(2.3, 0.06)), line, alpha: 0.75) }
      }
      let neighbours: [Float] = onRoad ? (painter.chance(0.3) ? [-2] : []) : [-1.1, 1.1, 2.2].filter { _ in painter.chance(0.6) }
      for slot in neighbours {
        let other = painter.vary(painter.pick(weighted: NamedColour.paint).value)
        painter.placed(Point(painter.between(-0.2, 0.2), slot * lane)) { $0.vehicle(kind, other) }
      }
      if !neighbours.isEmpty, !onRoad { painter.facts.details.append("in a parking lot") }
      painter.vehicle(kind, colour)
    }
    occlude(0.12)
  }

  /// A road vehicle of half-length 1, front at +x.
  private mutating func vehicle(_ kind: String, _ colour: Colour) {
    let glass = Colour(0.12, 0.14, 0.17)
    switch kind {
    case "bus":
      raise(.rectangle(.zero, Point(2, between(0.48, 0.58))), colour, height: 0.4) { painter in
        painter.fill(.rectangle(Point(0.94, 0), Point(0.09, 0.44)), glass)
        for x in [-0.55, 0.2] as [Float] { painter.fill(.rectangle(Point(x, 0), Point(0.3, 0.3)), colour * 0.8) }
      }
    case "box", "articulated":
      let gap: Float = kind == "box" ? 0.06 : 0.14
      let cab = kind == "box" ? between(0.4, 0.5) : between(0.42, 0.55)
      let cabColour = vary(pick(weighted: NamedColour.paint).value)
      raise(.rectangle(Point(1 - cab / 2, 0), Point(cab, 0.5)), cabColour, height: 0.3) {
        $0.fill(.rectangle(Point(1 - cab * 0.25, 0), Point(cab * 0.22, 0.42)), glass)
      }
      raise(.rectangle(Point(-(cab + gap) / 2, 0), Point(2 - cab - gap, 0.54)), colour, height: 0.42) {
        $0.fill(.rectangle(Point(-(cab + gap) / 2, 0.13), Point(1.9 - cab - gap, 0.25)), colour * 0.9)
      }
    case "tanker":
      raise(.rectangle(Point(0.76, 0), Point(0.44, 0.5)), vary(Colour(0.8, 0.8, 0.8)), height: 0.3) {
        $0.fill(.rectangle(Point(0.86, 0), Point(0.1, 0.42)), glass)
      }
      cast(.oblong(Point(-0.26, 0), Point(1.48, 0.52)), height: 0.35)
      fill(.oblong(Point(-0.26, 0), Point(1.48, 0.52)), colour * 0.75)
      fill(.oblong(Point(-0.26, -0.05), Point(1.4, 0.24)), colour * 1.15)
    case "flat":
      raise(.rectangle(Point(0.76, 0), Point(0.44, 0.5)), colour, height: 0.3) {
        $0.fill(.rectangle(Point(0.86, 0), Point(0.1, 0.42)), glass)
      }
      raise(.rectangle(Point(-0.24, 0), Point(1.5, 0.52)), vary(Colour(0.46, 0.4, 0.34), 0.2), height: 0.15)
      let load = vary(pick(weighted: NamedColour.paint).value)
      for x in [-0.7, -0.2, 0.25] as [Float] where chance(0.6) { raise(.rectangle(Point(x, 0), Point(0.38, 0.4)), load, height: 0.12) }
    default:
      let width = between(0.8, 0.95)
      let body = Outline.oblong(.zero, Point(2, width))
      let square = Outline.rectangle(Point(-0.1, 0), Point(1.7, width))
      cast(body + square, height: 0.4)
      fill(body + square, colour)
      let cabin: (Float, Float) = kind == "van" ? (-0.85, 0.5) : kind == "pickup" ? (-0.15, 0.4) : kind == "hatchback" ? (-0.85, 0.35) : (-0.6, 0.35)
      fill(.rectangle(Point((cabin.0 + cabin.1) / 2, 0), Point(cabin.1 - cabin.0, width * 0.84)), glass)
      fill(.rectangle(Point((cabin.0 + cabin.1) / 2 - 0.04, 0), Point((cabin.1 - cabin.0) * 0.6, width * 0.76)), colour * 1.08)
      if kind == "pickup" { fill(.rectangle(Point(-0.58, 0), Point(0.7, width * 0.74)), colour * 0.45) }
      if chance(0.3) { fill(.rectangle(Point(0.65, -0.15), Point(0.4, 0.16)), Colour(1, 1, 1), alpha: 0.4) }
    }
  }

  // MARK: Places along an expressway

  mutating func tollStationScene() {
    ground(Ground.land)
    let plaza = vary(pick([Colour(0.6, 0.59, 0.57), Colour(0.42, 0.42, 0.43), Colour(0.7, 0.69, 0.66)]), 0.12)
    let roof = subjectColour([(.white, 3), (.blue, 2), (.red, 1.5), (.grey, 2), (.silver, 1.5), (.green, 0.6), (.orange, 0.5), (.teal, 0.5)])
    let lanes = number(4, 12)
    let half = between(0.5, 0.9)
    let road = between(0.2, 0.34)
    facts.details.append(lanes > 8 ? "with many lanes" : pick(["across the road", "with several lanes"]))
    subject(fill: 0.85...1.1) { painter in
      // The road runs along x and widens to the plaza.
      let taper = painter.between(0.7, 1.2)
      painter.fill(.rectangle(.zero, Point(5, road * 2)), plaza * 0.92)
      painter.fill(Outline([
        Point(-taper - 0.4, road), Point(-0.3, half), Point(0.3, half), Point(taper + 0.4, road), Point(taper + 0.4, -road),
        Point(0.3, -half), Point(-0.3, -half), Point(-taper - 0.4, -road),
      ]), plaza)
      painter.fill(.rectangle(.zero, Point(5, 0.03)), Colour(0.85, 0.8, 0.55), alpha: 0.8)
      for lane in 0...lanes {
        let y = (Float(lane) / Float(lanes) - 0.5) * 1.9 * half
        painter.fill(.rectangle(Point(0, y), Point(painter.between(0.5, 0.8), 0.05)), Colour(0.84, 0.83, 0.78))
        if painter.chance(0.45) {
          let y = y + half * 0.95 / Float(lanes)
          painter.car(Point(painter.between(-0.8, 0.8), y), min(0.14, 1.5 * half / Float(lanes)), turned: 0)
        }
      }
      let depth = painter.between(0.13, 0.26)
      painter.raise(.rectangle(.zero, Point(depth, half * 2.02)), roof, height: 0.14) { painter in
        painter.fill(.rectangle(Point(depth / 4, 0), Point(depth / 2, half * 2)), roof * 0.86)
      }
      if painter.chance(0.6) {
        let side: Float = painter.chance(0.5) ? 1 : -1
        painter.building(Point(painter.between(-0.5, 0.5), side * (half + 0.22)), Point(0.4, 0.18))
      }
      if painter.chance(0.4) { painter.parking(Point(-0.6, -half - 0.2), Point(0.5, 0.25), car: 0.07) }
    }
    occlude(0.05)
  }

  mutating func serviceAreaScene() {
    ground(Ground.open)
    let surface = vary(pick([Colour(0.4, 0.4, 0.41), Colour(0.58, 0.57, 0.55), Colour(0.5, 0.5, 0.5)]), 0.12)
    let plaza = vary(Colour(0.62, 0.61, 0.58), 0.14)
    let roof = subjectColour([(.white, 3), (.red, 2), (.blue, 1.6), (.grey, 2), (.silver, 1.5), (.orange, 0.8), (.brown, 0.8), (.green, 0.4)])
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
      fill(.line([Point(end * 1.35, 0.14), Point(end * (length + 0.1), 0.22), Point(end * length * 0.8, 0.4)], width: 0.1), plaza * 0.9)
    }
    fill(.rectangle(Point(0, 0.2 + depth / 2), Point(length * 2, depth)), plaza)
    fill(.rectangle(Point(0, 0.22), Point(length * 1.8, 0.06)), Colour(0.36, 0.45, 0.26))
    let deepest = 0.2 + depth
    for _ in 0..<number(1, 3) {
      let size = Point(between(0.3, 0.6), between(0.13, 0.22))
      raise(.rectangle(Point(between(-0.3, 0.3) * length, deepest - size.y * 0.7), size), vary(roof), height: 0.1) {
        $0.fill(.rectangle(Point(0, deepest - size.y * 0.7), size * 0.4), roof * 0.85)
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

  // MARK: Railways

  /// Parallel railway tracks along x, on ballast.
  mutating func rails(_ centre: Point, length: Float, count: Int, gauge: Float = 0.11) {
    let ballast = vary(Colour(0.47, 0.42, 0.37), 0.12)
    fill(.rectangle(centre, Point(length, gauge * Float(count) + 0.04)), ballast)
    for track in 0..<count {
      let y = centre.y + (Float(track) - Float(count - 1) / 2) * gauge
      fill(.rectangle(Point(centre.x, y), Point(length, gauge * 0.5)), ballast * 0.72)
      for rail in [-1, 1] as [Float] {
        fill(.rectangle(Point(centre.x, y + rail * gauge * 0.2), Point(length, gauge * 0.1)), Colour(0.7, 0.68, 0.66))
      }
    }
  }

  mutating func trainStationScene() {
    ground([(.urban, 4), (.concrete, 1), (.soil, 1.2), (.grass, 1.2), (.farmland, 0.8)])
    let roof = subjectColour([(.white, 2.5), (.grey, 2.5), (.silver, 2), (.blue, 1.5), (.brown, 0.7), (.red, 0.7), (.teal, 0.4), (.dark, 0.6)])
    let grand = chance(0.35)
    facts.kind = grand ? pick(["large", "covered"]) : pick(["small", "open"])
    let tracks = number(4, 10)
    let gauge = between(0.085, 0.13)
    subject(fill: 0.85...1.1) { painter in
      painter.rails(.zero, length: 5, count: tracks, gauge: gauge)
      let depth = gauge * Float(tracks)
      for platform in 0..<painter.number(1, 3) {
        let y = (Float(platform) / 2 - 0.4) * depth + painter.between(-0.04, 0.04)
        let size = Point(painter.between(1, 1.7), gauge * painter.between(0.8, 1.3))
        painter.fill(.rectangle(Point(0, y), Point(size.x * 1.2, size.y)), Colour(0.7, 0.68, 0.64))
        painter.raise(.rectangle(Point(0, y), size), painter.vary(roof, 0.08), height: 0.07)
      }
      for _ in 0..<painter.number(0, 4) {
        let y = (Float(painter.number(0, tracks - 1)) - Float(tracks - 1) / 2) * gauge
        let start = painter.between(-1.3, 0.3)
        let train = painter.vary(painter.pick(weighted: NamedColour.paint).value)
        for wagon in 0..<painter.number(3, 8) {
          painter.raise(.rectangle(Point(start + Float(wagon) * 0.23, y), Point(0.215, gauge * 0.6)), train, height: 0.05)
        }
      }
      if grand {
        painter.raise(.rectangle(Point(painter.between(-0.2, 0.2), 0), Point(painter.between(0.4, 0.8), depth * 1.15)), roof, height: 0.14) { painter in
          for rib in -2...2 { painter.fill(.rectangle(Point(Float(rib) * 0.12, 0), Point(0.03, depth)), roof * 0.82) }
        }
      }
      let side: Float = painter.chance(0.5) ? 1 : -1
      let hall = Point(painter.between(-0.4, 0.4), side * (depth / 2 + 0.2))
      painter.fill(.rectangle(hall + Point(0, side * 0.22), Point(1, 0.3)), Colour(0.64, 0.62, 0.58))
      painter.raise(.rectangle(hall, Point(painter.between(0.5, 1), painter.between(0.18, 0.3))), painter.vary(roof, 0.15), height: 0.16) {
        $0.fill(.rectangle(hall + Point(0, 0.05), Point(0.3, 0.1)), roof * 0.8)
      }
    }
  }
}
