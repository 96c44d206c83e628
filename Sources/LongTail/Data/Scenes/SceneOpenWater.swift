import Foundation

/// Scenes without a ship.
extension ScenePainter {
  /// What there is instead, in the caption's words.
  private enum OpenWater: String {
    case sea = "open sea"
    case shore = "a shore"
    case jetty = "a jetty"
    case islet = "an islet"
    case roofs = "roofs of a port"
  }

  /// What a ship detector's false alarms show: open water, shores, jetties, islets, long roofs.
  mutating func nonShipScene() {
    let kind: OpenWater = pick(weighted: [(.sea, 2), (.shore, 3), (.jetty, 2), (.islet, 2), (.roofs, 1.5)])
    facts.details.append(kind.rawValue)
    if kind == .roofs { cover(with: .urban) } else { cover(with: .water) }
    subject(fill: 0.8...1.1) { painter in
      let land = painter.shader(painter.pick([.grass, .soil, .desert, .concrete, .forest]))
      switch kind {
      case .sea:
        for _ in 0..<painter.number(0, 4) {
          painter.fill(
            painter.blob(painter.anywhere(), painter.between(0.05, 0.2)), Colour(0.85, 0.88, 0.9), alpha: 0.5)
        }
      case .shore:
        let shore = painter.winding(bend: 0.3)
        painter.fill(.line(Self.parallel(shore, at: 1), width: 2), shader: land)
        painter.fill(.line(shore, width: 0.12), Colour(0.85, 0.84, 0.78), alpha: 0.8)
      case .jetty:
        painter.fill(.rectangle(Point(0, 0), Point(painter.between(1.4, 4), painter.between(0.1, 0.4))), shader: land)
        painter.fill(.rectangle(Point(-1.2, 0), Point(0.8, 4)), shader: land)
      case .islet:
        painter.fill(painter.blob(.zero, painter.between(0.3, 0.75)), Colour(0.8, 0.78, 0.68))
        painter.fill(painter.blob(.zero, painter.between(0.25, 0.6)), shader: land)
        painter.trees(in: Point(0.4, 0.4), count: painter.number(0, 8), size: 0.06...0.16)
      case .roofs:
        painter.building(.zero, Point(painter.between(1.2, 1.9), painter.between(0.3, 0.7)))
        painter.building(Point(0, 0.8), Point(1.5, 0.4))
      }
    }
  }
}
