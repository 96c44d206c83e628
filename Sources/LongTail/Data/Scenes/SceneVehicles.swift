import Foundation

/// Cars, vans, buses and lorries on roads and parking lots.
extension ScenePainter {
  private enum Vehicle {
    case bus, box, articulated, tanker, flatbed, saloon, hatchback, van, pickup

    var word: String? {
      switch self {
      case .bus: "long"
      case .box: "box-bodied"
      case .articulated: "articulated"
      case .tanker: "tank"
      case .flatbed: "flatbed"
      case .van: "boxy"
      case .pickup: "open"
      case .saloon, .hatchback: nil
      }
    }

    /// Where the cabin of a car begins and ends.
    var cabin: ClosedRange<Float> {
      switch self {
      case .van: -0.85...0.5
      case .pickup: -0.15...0.4
      case .hatchback: -0.85...0.35
      default: -0.6...0.35
      }
    }
  }

  mutating func vehicleScene() { vehicleScene(large: nil) }
  mutating func smallVehicleScene() { vehicleScene(large: false) }
  mutating func largeVehicleScene() { vehicleScene(large: true) }

  private mutating func vehicleScene(large: Bool?) {
    ground([(.asphalt, 5), (.concrete, 2.5), (.soil, 0.8), (.grass, 0.6), (.urban, 0.3)])
    let truck = large ?? chance(0.3)
    let kinds: [Vehicle] =
      truck ? [.bus, .box, .articulated, .tanker, .flatbed] : [.saloon, .hatchback, .van, .pickup]
    let kind = pick(kinds)
    let colour = subjectColour(NamedColour.paint)
    facts.kind = kind.word
    let turn = between(0, 2 * .pi)
    let onRoad = chance(0.6)
    subject(fill: truck ? 0.75...1 : 0.6...0.95, turn: turn) { painter in
      let lane = truck ? painter.between(0.5, 0.75) : painter.between(0.85, 1.3)
      let line = painter.chance(0.75) ? Colour(0.86, 0.86, 0.83) : Colour(0.8, 0.68, 0.28)
      if onRoad {
        for side in [-1, 1] as [Float] where painter.chance(0.8) {
          if painter.chance(0.5) {
            painter.fill(.rectangle(Point(0, side * lane), Point(6, 0.07)), line, alpha: 0.8)
          } else {
            for dash in -2...2 {
              painter.fill(.rectangle(Point(Float(dash) * 1.3 + 0.4, side * lane), Point(0.6, 0.07)), line, alpha: 0.8)
            }
          }
        }
        painter.facts.details.append("on a road")
      } else {
        for slot in -2...2 {
          painter.fill(.rectangle(Point(0, (Float(slot) + 0.5) * lane * 1.1), Point(2.3, 0.06)), line, alpha: 0.75)
        }
      }
      let neighbours: [Float] =
        onRoad ? (painter.chance(0.3) ? [-2] : []) : [-1.1, 1.1, 2.2].filter { _ in painter.chance(0.6) }
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
  private mutating func vehicle(_ kind: Vehicle, _ colour: Colour) {
    let glass = Colour(0.12, 0.14, 0.17)
    switch kind {
    case .bus:
      raise(.rectangle(.zero, Point(2, between(0.48, 0.58))), colour, height: 0.4) { painter in
        painter.fill(.rectangle(Point(0.94, 0), Point(0.09, 0.44)), glass)
        for x in [-0.55, 0.2] as [Float] { painter.fill(.rectangle(Point(x, 0), Point(0.3, 0.3)), colour * 0.8) }
      }
    case .box, .articulated:
      let gap: Float = kind == .box ? 0.06 : 0.14
      let cab = kind == .box ? between(0.4, 0.5) : between(0.42, 0.55)
      let cabColour = vary(pick(weighted: NamedColour.paint).value)
      raise(.rectangle(Point(1 - cab / 2, 0), Point(cab, 0.5)), cabColour, height: 0.3) {
        $0.fill(.rectangle(Point(1 - cab * 0.25, 0), Point(cab * 0.22, 0.42)), glass)
      }
      raise(.rectangle(Point(-(cab + gap) / 2, 0), Point(2 - cab - gap, 0.54)), colour, height: 0.42) {
        $0.fill(.rectangle(Point(-(cab + gap) / 2, 0.13), Point(1.9 - cab - gap, 0.25)), colour * 0.9)
      }
    case .tanker:
      raise(.rectangle(Point(0.76, 0), Point(0.44, 0.5)), vary(Colour(0.8, 0.8, 0.8)), height: 0.3) {
        $0.fill(.rectangle(Point(0.86, 0), Point(0.1, 0.42)), glass)
      }
      cast(.oblong(Point(-0.26, 0), Point(1.48, 0.52)), height: 0.35)
      fill(.oblong(Point(-0.26, 0), Point(1.48, 0.52)), colour * 0.75)
      fill(.oblong(Point(-0.26, -0.05), Point(1.4, 0.24)), colour * 1.15)
    case .flatbed:
      raise(.rectangle(Point(0.76, 0), Point(0.44, 0.5)), colour, height: 0.3) {
        $0.fill(.rectangle(Point(0.86, 0), Point(0.1, 0.42)), glass)
      }
      raise(.rectangle(Point(-0.24, 0), Point(1.5, 0.52)), vary(Colour(0.46, 0.4, 0.34), 0.2), height: 0.15)
      let load = vary(pick(weighted: NamedColour.paint).value)
      for x in [-0.7, -0.2, 0.25] as [Float] where chance(0.6) {
        raise(.rectangle(Point(x, 0), Point(0.38, 0.4)), load, height: 0.12)
      }
    case .saloon, .hatchback, .van, .pickup:
      let width = between(0.8, 0.95)
      let body = Outline.oblong(.zero, Point(2, width))
      let square = Outline.rectangle(Point(-0.1, 0), Point(1.7, width))
      cast(body + square, height: 0.4)
      fill(body + square, colour)
      let cabin = kind.cabin
      let middle = (cabin.lowerBound + cabin.upperBound) / 2
      let length = cabin.upperBound - cabin.lowerBound
      fill(.rectangle(Point(middle, 0), Point(length, width * 0.84)), glass)
      fill(.rectangle(Point(middle - 0.04, 0), Point(length * 0.6, width * 0.76)), colour * 1.08)
      if kind == .pickup { fill(.rectangle(Point(-0.58, 0), Point(0.7, width * 0.74)), colour * 0.45) }
      if chance(0.3) { fill(.rectangle(Point(0.65, -0.15), Point(0.4, 0.16)), Colour(1, 1, 1), alpha: 0.4) }
    }
  }
}
