import Foundation

/// Railway tracks and train stations.
extension ScenePainter {
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
    let roof = subjectColour([
      (.white, 2.5), (.grey, 2.5), (.silver, 2), (.blue, 1.5), (.brown, 0.7), (.red, 0.7), (.teal, 0.4), (.dark, 0.6),
    ])
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
          painter.raise(
            .rectangle(Point(start + Float(wagon) * 0.23, y), Point(0.215, gauge * 0.6)), train, height: 0.05)
        }
      }
      if grand {
        painter.raise(
          .rectangle(Point(painter.between(-0.2, 0.2), 0), Point(painter.between(0.4, 0.8), depth * 1.15)), roof,
          height: 0.14
        ) { painter in
          for rib in -2...2 { painter.fill(.rectangle(Point(Float(rib) * 0.12, 0), Point(0.03, depth)), roof * 0.82) }
        }
      }
      let side: Float = painter.chance(0.5) ? 1 : -1
      let hall = Point(painter.between(-0.4, 0.4), side * (depth / 2 + 0.2))
      painter.fill(.rectangle(hall + Point(0, side * 0.22), Point(1, 0.3)), Colour(0.64, 0.62, 0.58))
      painter.raise(
        .rectangle(hall, Point(painter.between(0.5, 1), painter.between(0.18, 0.3))), painter.vary(roof, 0.15),
        height: 0.16
      ) {
        $0.fill(.rectangle(hall + Point(0, 0.05), Point(0.3, 0.1)), roof * 0.8)
      }
    }
  }
}
