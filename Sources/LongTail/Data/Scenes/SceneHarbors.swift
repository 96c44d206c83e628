import Foundation

/// Harbors: marinas, cargo quays, piers.
extension ScenePainter {
  private enum Harbor {
    case marina, cargo, pier

    var words: [String] {
      switch self {
      case .marina: ["small-boat", "yacht"]
      case .cargo: ["cargo", "industrial"]
      case .pier: ["pier"]
      }
    }

    var details: [String] {
      switch self {
      case .marina: ["with many boats", "with boats side by side"]
      case .cargo: ["with cranes", "with cranes on the quay"]
      case .pier: ["with a long pier", "with boats at a pier"]
      }
    }
  }

  mutating func harborScene() {
    ground([(.water, 1)])
    facts.ground = nil
    let kind: Harbor = pick(weighted: [(.marina, 5), (.cargo, 2), (.pier, 1.5)])
    facts.kind = pick(kind.words)
    facts.details.append(pick(kind.details))
    let concrete = subjectColour([(.grey, 4), (.silver, 3), (.tan, 1.5), (.white, 1.5), (.brown, 0.8)])
    subject(fill: 0.9...1.1) { painter in
      let shore = painter.between(0.55, 0.95)
      let land = painter.patchyShader(
        painter.pick([concrete, Colour(0.45, 0.46, 0.35), Colour(0.5, 0.48, 0.46)]), 0.15)
      painter.fill(.rectangle(Point(0, shore + 1), Point(6, 2)), shader: land)
      painter.fill(.rectangle(Point(0, shore), Point(6, 0.09)), concrete)
      for _ in 0..<painter.number(0, 5) {
        painter.building(
          Point(painter.between(-1.2, 1.2), shore + painter.between(0.15, 0.5)),
          Point(painter.between(0.15, 0.5), 0.16), height: 0.06)
      }
      switch kind {
      case .marina: painter.marina(concrete, shore: shore)
      case .cargo: painter.cargoQuay(concrete, shore: shore)
      case .pier: painter.longPier(concrete, shore: shore)
      }
    }
  }

  /// Finger piers with boats side by side.
  private mutating func marina(_ concrete: Colour, shore: Float) {
    let piers = number(1, 4)
    let unit = between(0.1, 0.2)
    let reach = between(1.2, 1.8)
    for pier in 0..<piers {
      let x = piers == 1 ? between(-0.2, 0.2) : (Float(pier) / Float(piers - 1) - 0.5) * 1.7
      let walk = Outline.rectangle(Point(x, shore - reach / 2), Point(0.07, reach))
      castFloating(walk, height: 0.04)
      fill(walk, concrete)
      let filling = between(0.4, 0.95)
      let pitch = unit * between(0.75, 1)
      var y = shore - 0.12
      while y > shore - reach {
        for side in [-1, 1] as [Float] where chance(filling) {
          placed(Point(x + side * (unit + 0.06), y), turned: side > 0 ? 0 : .pi, scaled: Point(unit, unit)) { painter in
            let hull = painter.vary(painter.pick(weighted: Self.seaPaint).value)
            if painter.chance(0.25) {
              painter.sailboat(0.35, hull)
            } else {
              painter.pleasureBoat(0.33, hull, yacht: painter.chance(0.4))
            }
          }
        }
        y -= pitch
      }
      if chance(0.3) { fill(.rectangle(Point(x, shore - reach), Point(0.5, 0.06)), concrete) }
    }
  }

  private mutating func cargoQuay(_ concrete: Colour, shore: Float) {
    let jetty = chance(0.5)
    let width: Float = jetty ? between(0.3, 0.5) : 0
    if jetty { raise(.rectangle(Point(0, shore - 0.7), Point(width, 1.5)), concrete, height: 0.05) }
    let vessels: [Vessel] = [.container, .bulkCarrier, .oilTanker, .barge, .auxiliary]
    for side in jetty ? [-1, 1] as [Float] : [0] where side == 0 || chance(0.8) {
      let vessel = pick(vessels)
      let hull = vary(pick(weighted: Self.seaPaint).value)
      let spot = jetty ? Point(side * (width / 2 + 0.16), shore - 0.75) : Point(between(-0.2, 0.2), shore - 0.2)
      placed(spot, turned: jetty ? -.pi / 2 : 0, scaled: Point(0.65, 0.75)) { $0.vessel(vessel, beam: 0.17, hull) }
    }
    for crane in 0..<number(1, 4) {
      let spot = Point(-0.8 + 0.5 * Float(crane) + between(-0.1, 0.1), shore + 0.02)
      let arm = Outline.rectangle(spot, Point(0.06, 0.55))
      castFloating(arm, height: 0.25)
      fill(arm, vary(pick([NamedColour.yellow, .red, .blue, .silver]).value))
      fill(.rectangle(spot + Point(0, 0.1), Point(0.2, 0.1)), Colour(0.5, 0.5, 0.5))
    }
    for row in 0..<3 {
      for column in 0..<12 where chance(0.6) {
        let spot = Point(-1 + 0.17 * Float(column), shore + 0.2 + 0.09 * Float(row))
        fill(.rectangle(spot, Point(0.15, 0.07)), vary(pick(weighted: NamedColour.paint).value))
      }
    }
  }

  private mutating func longPier(_ concrete: Colour, shore: Float) {
    let reach = between(1.2, 1.9)
    let width = between(0.1, 0.28)
    let pier = Outline.rectangle(Point(0, shore - reach / 2), Point(width, reach))
    let head = Outline.rectangle(Point(between(-0.3, 0.3), shore - reach), Point(between(0.4, 1.4), width))
    castFloating(pier + head, height: 0.06)
    fill(pier + head, concrete)
    for _ in 0..<number(2, 7) {
      let side: Float = chance(0.5) ? 1 : -1
      let size = between(0.13, 0.3)
      placed(
        Point(side * (width / 2 + size * 0.42), shore - between(0.2, 0.9) * reach),
        turned: .pi / 2 * (chance(0.5) ? 1 : -1), scaled: size
      ) {
        let hull = $0.vary($0.pick(weighted: Self.seaPaint).value)
        $0.vessel($0.pick([.fishing, .motorboat, .yacht, .barge]), beam: 0.3, hull)
      }
    }
  }
}
