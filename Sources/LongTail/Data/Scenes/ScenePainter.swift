import Engine
import Foundation

/// What was really drawn, for the caption.
struct SceneFacts {
  /// A phrase such as "on grass" or "in the desert".
  var ground: String?
  /// The object's colour in one word.
  var colour: String?
  /// How many objects of the class are in full view.
  var count = 1
  /// A word for the subtype, such as "round" or "twin-engined".
  var kind: String?
  /// Phrases such as "with a long shadow".
  var details: [String] = []
}

/// Draws one scene: a canvas, the light, the random stream and a record of what was drawn.
///
/// All drawing happens in the current placement. Every number comes from the stream and, until the sensor noise that
/// is drawn last, none depends on the side of the picture: one index is one scene at any resolution.
struct ScenePainter {
  typealias Point = Outline.Point
  typealias Colour = SceneColour

  var canvas: SceneCanvas
  var random: RandomStream
  var facts = SceneFacts()
  let noise: ValueNoise
  private(set) var placement = Placement()

  /// Frame displacement of a shadow's tip per unit of height.
  let shadow: Point
  /// How much light is left in a shadow, per colour channel.
  let shade: Colour
  /// Frame displacement of a roof per unit of height: the camera rarely looks straight down.
  let lean: Point

  init(side: Int, random: RandomStream) {
    var random = random
    canvas = SceneCanvas(side: side)
    noise = ValueNoise(&random)
    let length = 0.4 + 1.6 * random.uniform() * random.uniform()
    shadow = Outline.direction(random.uniform(0, 2 * .pi)) * length
    let strength: Float = random.chance(0.2) ? random.uniform(0.1, 0.3) : random.uniform(0.35, 0.7)
    shade = Colour(1 - strength, 1 - strength * 0.96, 1 - strength * 0.86)
    lean = Outline.direction(random.uniform(0, 2 * .pi)) * (0.5 * random.uniform() * random.uniform())
    // Boxes are not square, but classifiers see them resized to squares.
    placement = placement.placing(
      at: .zero, turned: 0, scaled: Point(exp(random.uniform(-0.14, 0.14)), exp(random.uniform(-0.14, 0.14))))
    self.random = random
    if length > 1.2, strength > 0.4 { facts.details.append("with long shadows") }
    if strength < 0.3 { facts.details.append("under an overcast sky") }
  }

  // MARK: Placing

  /// Draws in coordinates of its own: shifted, then turned, then scaled.
  mutating func placed(
    _ position: Point = .zero, turned angle: Float = 0, scaled scale: Point = Point(1, 1),
    draw: (inout ScenePainter) -> Void
  ) {
    let outer = placement
    placement = outer.placing(at: position, turned: angle, scaled: scale)
    draw(&self)
    placement = outer
  }

  mutating func placed(
    _ position: Point = .zero, turned angle: Float = 0, scaled scale: Float, draw: (inout ScenePainter) -> Void
  ) {
    placed(position, turned: angle, scaled: Point(scale, scale), draw: draw)
  }

  /// Draws the annotated object: any turn, slightly off centre, filling `fill` of the frame.
  mutating func subject(
    fill: ClosedRange<Float> = 0.6...1, offCentre: Float = 0.1, turn: Float? = nil, draw: (inout ScenePainter) -> Void
  ) {
    let position = Point(between(-offCentre, offCentre), between(-offCentre, offCentre))
    let angle = turn ?? between(0, 2 * .pi)
    placed(position, turned: angle, scaled: between(fill.lowerBound, fill.upperBound), draw: draw)
  }

  // MARK: Drawing

  mutating func fill(_ outline: Outline, _ colour: Colour, alpha: Float = 1) {
    canvas.fill(outline.transformed(by: placement), colour, alpha: alpha)
  }

  /// Fills with a shader over frame coordinates.
  mutating func fill(_ outline: Outline, shader: (Point) -> Colour) {
    canvas.fill(outline.transformed(by: placement), shader: shader)
  }

  /// The shadow of something `height` tall standing on the outline.
  mutating func cast(_ outline: Outline, height: Float) {
    canvas.tint(outline.transformed(by: placement).swept(by: shadow * (height * placement.scale)), by: shade)
  }

  /// The shadow of something thin floating at `height`: a wing, a deck.
  mutating func castFloating(_ outline: Outline, height: Float) {
    let place = placement.shifted(by: shadow * (height * placement.scale))
    canvas.tint(outline.transformed(by: place), by: shade)
  }

  /// A shadow lying flat on the ground, drawn as an outline of its own.
  mutating func darken(_ outline: Outline) {
    canvas.tint(outline.transformed(by: placement), by: shade)
  }

  /// Something solid: shadow, leaning walls, roof; `onRoof` draws in the roof's place.
  mutating func raise(
    _ outline: Outline, _ colour: Colour, height: Float, wall: Colour? = nil,
    onRoof: (inout ScenePainter) -> Void = { _ in }
  ) {
    cast(outline, height: height)
    let rise = lean * (height * placement.scale)
    canvas.fill(outline.transformed(by: placement).swept(by: rise), wall ?? colour * 0.62, alpha: 1)
    let outer = placement
    placement = outer.shifted(by: rise)
    fill(outline, colour)
    onRoof(&self)
    placement = outer
  }

  /// The shadow's displacement per unit of height in the current placement's own directions and units.
  var localShadow: Point { placement.undoing(shadow * placement.scale) }

  /// The same for the displacement of a roof.
  var localLean: Point { placement.undoing(lean * placement.scale) }

  // MARK: Chance

  mutating func between(_ low: Float, _ high: Float) -> Float { random.uniform(low, high) }
  mutating func number(_ low: Int, _ high: Int) -> Int { low + random.integer(below: high - low + 1) }
  mutating func chance(_ probability: Float) -> Bool { random.chance(probability) }
  mutating func pick<Choice>(_ choices: [Choice]) -> Choice { choices[random.integer(below: choices.count)] }

  /// A choice by weight.
  mutating func pick<Choice>(weighted choices: [(Choice, Float)]) -> Choice {
    var rest = random.uniform() * choices.reduce(0) { $0 + $1.1 }
    for (choice, weight) in choices {
      rest -= weight
      if rest < 0 { return choice }
    }
    return choices[choices.count - 1].0
  }

  /// A point of the frame or beyond it, by up to `reach`.
  mutating func anywhere(_ reach: Float = 1.1) -> Point { Point(between(-reach, reach), between(-reach, reach)) }

  /// A colour varied in brightness and, less, in hue.
  mutating func vary(_ colour: Colour, _ amount: Float = 0.1) -> Colour {
    let brightness = 1 + between(-amount, amount)
    let hue = Colour(between(-amount, amount), between(-amount, amount), between(-amount, amount)) * 0.35
    return colour * (brightness + hue)
  }

  /// A colour of a palette, varied, and remembered for the caption.
  mutating func subjectColour(_ palette: [(NamedColour, Float)], vary amount: Float = 0.12) -> Colour {
    let choice = pick(weighted: palette)
    facts.colour = choice.name
    return vary(choice.value, amount)
  }
}
