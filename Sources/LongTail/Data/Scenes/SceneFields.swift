import Foundation

/// Sports grounds of grass and clay: baseball, running tracks, stadiums, golf; and swimming pools.
extension ScenePainter {
  mutating func baseballFieldScene() {
    ground(Ground.town)
    let clay = subjectColour([(.brown, 3), (.tan, 3), (.orange, 1.2), (.maroon, 0.6)])
    let turf = vary(pick([Colour(0.34, 0.46, 0.24), Colour(0.28, 0.42, 0.22), Colour(0.46, 0.48, 0.28)]), 0.15)
    let kind = pick(weighted: [(0, 5), (1, 2), (2, 1.5)] as [(Int, Float)])
    facts.kind = ["grass-infield", "dirt-infield", "infield"][kind]
    if kind == 0 { facts.kind = nil }
    let spread = between(0.72, 0.82)
    let shade = patchyShader(turf, 0.12)
    let reach: Float = kind == 2 ? 3 : between(1.75, 2.05)
    // Home plate at the left, the outfield fans out to +x.
    subject(fill: 0.85...1.05) { painter in
      painter.placed(Point(kind == 2 ? -0.75 : -0.95, 0), scaled: kind == 2 ? 1.7 : 1) { painter in
        if painter.chance(0.6) { painter.fill(.sector(.zero, reach + 0.1, from: -spread - 0.06, to: spread + 0.06), clay * 0.95) }
        painter.fill(.sector(.zero, reach, from: -spread, to: spread), shader: shade)
        painter.diamond(clay, turf, dirt: kind == 1)
        let paint = Colour(0.9, 0.89, 0.85)
        for side in [-1, 1] as [Float] {
          painter.fill(.line(.zero, Outline.direction(side * .pi / 4) * reach, width: 0.025), paint, alpha: 0.7)
        }
        if painter.chance(0.4) {
          for side in [-1, 1] as [Float] where painter.chance(0.7) {
            painter.raise(.rectangle(Point(0.15, side * 0.6), Point(0.4, 0.1), turned: side * .pi / 4), Colour(0.7, 0.7, 0.68), height: 0.06)
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

  // MARK: Running tracks and stadiums

  private static let trackColours: [(NamedColour, Float)] = [
    (.red, 5), (.maroon, 3), (.orange, 1.5), (.brown, 1.5), (.blue, 0.6), (.grey, 0.8), (.tan, 1),
  ]

  mutating func trackFieldScene() {
    ground(Ground.town)
    let track = subjectColour(Self.trackColours)
    let turf = vary(pick([Colour(0.32, 0.46, 0.24), Colour(0.25, 0.5, 0.3), Colour(0.5, 0.47, 0.32)]), 0.15)
    subject(fill: 0.8...1) { painter in
      if painter.chance(0.3) {
        let side: Float = painter.chance(0.5) ? 1 : -1
        painter.stand(Point(0, side * 0.82), Point(painter.between(0.9, 1.5), 0.2))
      }
      painter.track(track, turf)
    }
    if facts.colour == "grey" || facts.colour == "tan" { facts.kind = "old" }
    occlude()
  }

  /// An oval running track of length 2 around a pitch.
  private mutating func track(_ colour: Colour, _ turf: Colour) {
    let size = Point(2, between(1, 1.3))
    let lanes = between(0.22, 0.34)
    let line = Colour(0.88, 0.86, 0.84)
    fill(.oblong(.zero, size), colour)
    if chance(0.5) { fill(.oblong(.zero, size - lanes * 0.55), line, alpha: 0.5) }
    if chance(0.5) { fill(.oblong(.zero, size - lanes * 0.62), colour) }
    fill(.oblong(.zero, size - lanes), turf)
    if chance(0.7) {
      let lined: Float = chance(0.6) ? between(0.4, 0.9) : 0
      let inner = Point(size.x - lanes - 0.55, size.y - lanes - 0.08)
      placed(scaled: inner / Point(1.95, 1.25)) { $0.pitch(turf, lines: lined) }
    }
    if chance(0.5) {
      for end in [-1, 1] as [Float] {
        fill(.sector(Point(end * (size.x - size.y) / 2, 0), (size.y - lanes) / 2 * 0.9, from: end > 0 ? -1.57 : 1.57, to: end > 0 ? 1.57 : 4.71), colour, alpha: 0.85)
      }
    }
    if chance(0.5) { fill(.rectangle(Point(0.1, size.y / 2 - lanes / 4), Point(size.x * 0.8, lanes / 2)), colour) }
  }

  private mutating func stand(_ centre: Point, _ size: Point) {
    let roof = vary(pick([Colour(0.8, 0.8, 0.79), Colour(0.5, 0.52, 0.56), Colour(0.35, 0.5, 0.65)]), 0.1)
    raise(.rectangle(centre, size), roof, height: 0.2)
  }

  mutating func stadiumScene() {
    ground([(.urban, 2), (.concrete, 3), (.grass, 2), (.asphalt, 1.5), (.soil, 0.6)])
    if chance(0.5) { parking(anywhere(0.9), Point(between(0.6, 1.2), between(0.5, 1)), turned: between(0, 3), car: 0.07) }
    let colour = subjectColour([
      (.white, 4), (.silver, 3), (.grey, 3), (.dark, 0.7), (.sky, 0.6), (.blue, 0.6), (.red, 0.6), (.tan, 1), (.green, 0.3),
    ])
    let shape = pick(weighted: [(0, 4), (1, 2), (2, 1.5), (3, 1)] as [(Int, Float)])
    facts.kind = ["oval", "round", "rectangular", "domed"][shape]
    subject(fill: 0.8...1) { painter in
      switch shape {
      case 3: painter.dome(colour)
      default: painter.bowl(colour, shape: shape)
      }
    }
  }

  private mutating func bowl(_ colour: Colour, shape: Int) {
    let outer = shape == 1 ? Point(1, 1) : Point(1, between(0.74, 0.88))
    let inner = outer * Point(between(0.55, 0.7), between(0.5, 0.64))
    let ring: (Point) -> Outline = { size in
      shape == 2 ? .oblong(.zero, size * 2 * Point(1, 1)) : .ellipse(.zero, size, sides: 36)
    }
    let seats = vary(pick(weighted: NamedColour.paint).value, 0.1)
    cast(ring(outer), height: 0.28)
    raise(ring(outer), colour * 0.8, height: 0.16) { painter in
      // From the rim inwards: roof, seats in tiers, track or turf.
      let roof = painter.between(0.35, 0.75)
      let edge = outer + (inner - outer) * roof
      painter.fill(ring(outer * 0.985), colour)
      let ribs = painter.chance(0.6) ? painter.number(16, 30) : 0
      for rib in 0..<ribs {
        let spoke = Outline.direction(2 * .pi * Float(rib) / Float(ribs))
        painter.fill(.line(spoke * edge, spoke * outer * 0.97, width: 0.022), colour * 0.72)
      }
      painter.fill(ring(edge), seats * 0.75)
      painter.fill(ring(edge + (inner - edge) * 0.5), seats)
      painter.castFloating(Outline.ring(outer: outer, inner: edge, sides: 36), height: 0.1)
      if painter.chance(0.3) { painter.fill(ring(inner), painter.vary(NamedColour.red.value)) } else {
        painter.fill(ring(inner), painter.vary(Colour(0.35, 0.4, 0.3), 0.15))
      }
      let turf = painter.vary(Colour(0.3, 0.5, 0.25), 0.15)
      painter.placed(scaled: inner * 0.72) { $0.pitch(turf, lines: $0.between(0, 0.8), size: Point(1.8, 1.5)) }
    }
  }

  private mutating func dome(_ colour: Colour) {
    let size = Point(1, between(0.8, 1))
    raise(.ellipse(.zero, size, sides: 32), colour * 0.9, height: 0.3) { painter in
      for step in 1...4 {
        let t = Float(step) / 5
        painter.fill(.ellipse(painter.shadow * (-0.12 * t), size * (1 - t), sides: 28), colour * (0.92 + 0.06 * Float(step)))
      }
      for rib in 0..<16 {
        let spoke = Outline.direction(.pi / 8 * Float(rib)) * size
        painter.fill(.line(spoke * 0.15, spoke * 0.97, width: 0.02), colour * 0.7, alpha: 0.7)
      }
    }
  }

  // MARK: Golf

  mutating func golfFieldScene() {
    facts.ground = pick(["on grass", "among trees", "on green ground"])
    canvas.fillAll(shader: patchyShader(pick([Colour(0.26, 0.36, 0.2), Colour(0.34, 0.41, 0.24), Colour(0.5, 0.45, 0.3)]), 0.25))
    let fairway = vary(pick([Colour(0.46, 0.57, 0.3), Colour(0.4, 0.54, 0.3), Colour(0.52, 0.58, 0.36)]), 0.1)
    let fairways = number(2, 6)
    let turn = between(0, .pi)
    placed(turned: turn, scaled: between(0.75, 1.15)) { painter in
      let pitch = 2.2 / Float(fairways)
      for i in 0..<fairways {
        let y = (Float(i) + 0.5) * pitch - 1.1
        painter.placed(Point(painter.between(-0.3, 0.3), y), turned: painter.between(-0.4, 0.4)) { painter in
          let strip = painter.winding(reach: painter.between(0.5, 1.1), bend: painter.between(0, 0.2))
          let width = painter.between(0.16, 0.34)
          painter.fill(.line(strip, width: width), fairway)
          let green = strip[8] + painter.anywhere(0.06)
          painter.fill(painter.blob(green, width * 0.7), fairway * 1.15)
          for _ in 0..<painter.number(1, 4) {
            painter.fill(painter.blob(green + painter.anywhere(0.26), painter.between(0.05, 0.12)), painter.vary(Colour(0.88, 0.82, 0.68), 0.08))
          }
        }
      }
    }
    if chance(0.5) {
      fill(blob(anywhere(0.8), between(0.15, 0.4)), shader: shader(.water))
      facts.details.append("with a pond")
    }
    let wooded = number(6, 45)
    trees(in: Point(1.1, 1.1), count: wooded, size: 0.035...0.1)
    if chance(0.3) { building(anywhere(0.8), Point(0.3, 0.2), turned: between(0, 3)) }
    if chance(0.5) { fill(.line(winding(bend: 0.5), width: 0.03), Colour(0.75, 0.72, 0.66)) }
    facts.details.append(pick(["with sand bunkers", "with winding fairways", "with bunkers"]))
  }

  /// A lumpy closed curve.
  mutating func blob(_ centre: Point, _ radius: Float) -> Outline {
    let phase = between(0, 6)
    let lumps = between(0.08, 0.3)
    let stretch = Point(between(0.7, 1.4), between(0.7, 1.4))
    return Outline((0..<18).map { step in
      let angle: Float = 2 * .pi * Float(step) / 18
      let twofold: Float = sin(2 * angle + phase)
      let threefold: Float = 0.6 * sin(3 * angle - phase)
      let wobble: Float = 1 + lumps * (twofold + threefold)
      return centre + Outline.direction(angle) * stretch * (radius * wobble)
    })
  }

  // MARK: Pools

  mutating func swimmingPoolScene() {
    ground([(.concrete, 2), (.grass, 3), (.urban, 2), (.soil, 0.7), (.forest, 0.6)])
    let water = subjectColour([(.sky, 4), (.teal, 2.5), (.blue, 2.5), (.green, 0.3)])
    let deck = vary(pick([Colour(0.8, 0.78, 0.74), Colour(0.7, 0.6, 0.5), Colour(0.6, 0.6, 0.6)]), 0.1)
    let kind = pick(weighted: [(0, 3), (1, 3), (2, 3), (3, 1.5)] as [(Int, Float)])
    facts.kind = [pick(["rectangular", "long"]), "rounded", pick(["kidney-shaped", "curved"]), "lane"][kind]
    let aspect = between(0.4, 0.75)
    subject(fill: 0.6...0.9) { painter in
      let outline: Outline =
        switch kind {
        case 1: .oblong(.zero, Point(1.9, 1.9 * aspect))
        case 2: painter.blob(.zero, 0.75)
        default: .rectangle(.zero, Point(1.9, 1.9 * aspect))
        }
      painter.placed(scaled: painter.between(1.1, 1.45)) { $0.fill(outline, deck) }
      painter.placed(scaled: 1.06) { $0.fill(outline, deck * 1.2) }
      painter.fill(outline, shader: painter.patchyShader(water * 1.15, 0.1))
      if kind == 3 || painter.chance(0.1) {
        for lane in 1..<6 {
          let y = (Float(lane) / 6 - 0.5) * 1.9 * aspect
          painter.fill(.line(Point(-0.92, y), Point(0.92, y), width: 0.035), Colour(0.9, 0.9, 0.92), alpha: 0.7)
        }
      }
      for _ in 0..<painter.number(0, 6) {
        let spot = Outline.direction(painter.between(0, 6)) * Point(1.2, 0.4 + aspect)
        painter.fill(.rectangle(spot, Point(0.16, 0.08), turned: painter.between(0, 3)), painter.vary(pick3()))
      }
    }
    if chance(0.5) { building(anywhere(0.2) + Outline.direction(between(0, 6)) * 1.2, Point(0.7, 0.5), turned: between(0, 3)) }
    occlude(0.2)

    func pick3() -> Colour { Colour(0.9, 0.88, 0.84) }
  }
}
