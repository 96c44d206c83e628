import Foundation

/// Helicopters.
extension ScenePainter {
  mutating func helicopterScene() {
    let base = ground([(.concrete, 3), (.asphalt, 2), (.grass, 2), (.soil, 0.7), (.water, 0.3)])
    if base != .water, chance(0.4) {
      let paint = pick([Colour(0.85, 0.84, 0.8), Colour(0.8, 0.7, 0.25), Colour(0.7, 0.2, 0.2)])
      fill(.circle(.zero, between(0.7, 0.95)), vary(Colour(0.48, 0.48, 0.48), 0.2))
      fill(.ring(outer: Point(0.85, 0.85), inner: Point(0.79, 0.79)), paint)
      facts.details.append("on a helipad")
    }
    let colour = subjectColour(Self.liveries + [(.dark, 3), (.green, 2), (.orange, 0.5)])
    let pair = chance(0.12)
    if pair { facts.count = 2 }
    let tandem = chance(0.12)
    if tandem { facts.kind = "tandem-rotor" }
    subject(fill: pair ? 0.45...0.55 : 0.65...0.95) { painter in
      for slot in pair ? [-0.8, 0.8] as [Float] : [0] {
        painter.placed(Point(0, slot)) { $0.helicopter(colour, tandem: tandem) }
      }
    }
    occlude(0.05)
  }

  private mutating func helicopter(_ colour: Colour, tandem: Bool) {
    let width = between(0.2, 0.3)
    let body =
      tandem
      ? Outline.oblong(.zero, Point(1.5, width * 1.3))
      : Outline([
        Point(0.62, 0), Point(0.5, width * 0.75), Point(0.2, width), Point(-0.2, width * 0.8), Point(-0.4, 0.06),
        Point(-1, 0.04), Point(-1, -0.04), Point(-0.4, -0.06), Point(-0.2, -width * 0.8), Point(0.2, -width),
        Point(0.5, -width * 0.75),
      ])
    castFloating(body, height: 0.15)
    fill(body, colour)
    fill(.ellipse(Point(tandem ? 0.6 : 0.42, 0), Point(0.13, width * 0.6)), Colour(0.13, 0.16, 0.2), alpha: 0.9)
    if !tandem {
      fill(.rectangle(Point(-0.97, 0), Point(0.1, 0.4)), colour * 0.85)
      fill(.rectangle(Point(-0.92, 0.06), Point(0.3, 0.03)), Colour(0.2, 0.2, 0.2), alpha: 0.7)
    }
    for hub in tandem ? [-0.55, 0.55] as [Float] : [0.1] { rotor(Point(hub, 0), tandem ? 0.6 : between(0.75, 0.92)) }
  }

  private mutating func rotor(_ hub: Point, _ radius: Float) {
    let blades = number(2, 5)
    let start = between(0, 2 * .pi)
    if chance(0.3) { fill(.circle(hub, radius), Colour(0.6, 0.6, 0.6), alpha: 0.22) }
    let tint: Colour = chance(0.7) ? Colour(0.16, 0.16, 0.17) : Colour(0.72, 0.72, 0.7)
    for blade in 0..<blades {
      let tip = hub + Outline.direction(start + 2 * .pi * Float(blade) / Float(blades)) * radius
      castFloating(.line(hub, tip, width: 0.06), height: 0.22)
      fill(.line(hub, tip, width: 0.065), tint, alpha: 0.9)
    }
    fill(.circle(hub, 0.08, sides: 8), tint)
  }
}
