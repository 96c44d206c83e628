import Foundation

/// Golf courses and swimming pools.
extension ScenePainter {
  // MARK: Golf

  mutating func golfFieldScene() {
    facts.ground = pick(["on grass", "among trees", "on green ground"])
    let rough = pick([
      Colour(0.26, 0.36, 0.2), Colour(0.34, 0.41, 0.24), Colour(0.5, 0.45, 0.3), Colour(0.2, 0.29, 0.17),
    ])
    canvas.fillAll(shader: patchyShader(rough, 0.25))
    let fairway = vary(pick([Colour(0.46, 0.57, 0.3), Colour(0.4, 0.54, 0.3), Colour(0.52, 0.58, 0.36)]), 0.12)
    let holes = number(1, 6)
    let pitch = 2.1 / Float(holes)
    let width = between(0.35, 0.75) * min(pitch, 0.8)
    subject(fill: 0.8...1.15) { painter in
      let pond = painter.chance(0.45)
      if pond {
        painter.fill(painter.blob(painter.anywhere(0.8), painter.between(0.15, 0.45)), shader: painter.shader(.water))
        painter.facts.details.append("with a pond")
      }
      for hole in 0..<holes {
        let place = Point(painter.between(-0.3, 0.3), (Float(hole) + 0.5) * pitch - 1.05)
        painter.placed(place, turned: painter.between(-0.6, 0.6)) { $0.golfHole(fairway, width: width) }
      }
      painter.trees(in: Point(1.2, 1.2), count: painter.number(4, 45), size: 0.035...0.11)
      if painter.chance(0.3) { painter.building(painter.anywhere(0.8), Point(0.3, 0.2), turned: painter.between(0, 3)) }
      if painter.chance(0.5) {
        let path = painter.winding(bend: painter.between(0.2, 0.7))
        painter.fill(.line(path, width: 0.03), Colour(0.75, 0.72, 0.66))
      }
    }
    facts.details.append(pick(["with sand bunkers", "with winding fairways", "with bunkers"]))
  }

  /// A winding fairway of mown patches, a green at its end, sand around the green.
  private mutating func golfHole(_ fairway: Colour, width: Float) {
    let strip = winding(reach: between(0.5, 1.1), bend: between(0.05, 0.5))
    let mown = vary(fairway, 0.06)
    fill(.line(Array(strip[1...7]), width: width * 0.8), mown)
    for point in strip { fill(blob(point + anywhere(width * 0.2), width * between(0.35, 0.65)), mown) }
    let green = strip[8] + anywhere(0.08)
    for _ in 0..<number(1, 5) {
      let spot = green + Outline.direction(between(0, 6.3)) * width * between(0.6, 1)
      fill(blob(spot, width * between(0.12, 0.3) + 0.02), vary(Colour(0.88, 0.82, 0.68), 0.08))
    }
    fill(blob(green, width * between(0.3, 0.5)), mown * 1.18)
    fill(.rectangle(strip[0], Point(0.1, 0.07)), mown * 1.15)
  }

  // MARK: Pools

  private enum Pool {
    case rectangular, rounded, curved, lanes

    var words: [String] {
      switch self {
      case .rectangular: ["rectangular"]
      case .rounded: ["rounded"]
      case .curved: ["kidney-shaped", "curved"]
      case .lanes: ["sports", "public"]
      }
    }
  }

  mutating func swimmingPoolScene() {
    ground([(.concrete, 2), (.grass, 3), (.urban, 2), (.soil, 0.7), (.forest, 0.6)])
    let water = subjectColour([(.sky, 4), (.teal, 2.5), (.blue, 2.5), (.green, 0.3)])
    let deck = vary(pick([Colour(0.8, 0.78, 0.74), Colour(0.7, 0.6, 0.5), Colour(0.6, 0.6, 0.6)]), 0.1)
    let kind: Pool = pick(weighted: [(.rectangular, 3), (.rounded, 3), (.curved, 3), (.lanes, 1.5)])
    facts.kind = pick(kind.words)
    let aspect = between(0.4, 0.75)
    subject(fill: 0.6...0.9) { painter in
      let outline: Outline =
        switch kind {
        case .rounded: .oblong(.zero, Point(1.9, 1.9 * aspect))
        case .curved: painter.blob(.zero, 0.75)
        case .rectangular, .lanes: .rectangle(.zero, Point(1.9, 1.9 * aspect))
        }
      painter.placed(scaled: painter.between(1.1, 1.45)) { $0.fill(outline, deck) }
      painter.placed(scaled: 1.06) { $0.fill(outline, deck * 1.2) }
      painter.fill(outline, shader: painter.patchyShader(water * 1.15, 0.1))
      if kind == .lanes {
        for lane in 1..<6 {
          let y = (Float(lane) / 6 - 0.5) * 1.9 * aspect
          painter.fill(.line(Point(-0.92, y), Point(0.92, y), width: 0.035), Colour(0.9, 0.9, 0.92), alpha: 0.7)
        }
      }
      for _ in 0..<painter.number(0, 6) {
        let spot = Outline.direction(painter.between(0, 6)) * Point(1.2, 0.4 + aspect)
        painter.fill(
          .rectangle(spot, Point(0.16, 0.08), turned: painter.between(0, 3)), painter.vary(Colour(0.9, 0.88, 0.84)))
      }
    }
    if chance(0.5) {
      building(anywhere(0.2) + Outline.direction(between(0, 6)) * 1.2, Point(0.7, 0.5), turned: between(0, 3))
    }
    occlude(0.2)
  }
}
