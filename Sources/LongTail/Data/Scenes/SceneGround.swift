import Foundation

/// What lies around an object.
enum Ground: CaseIterable {
  case grass, farmland, soil, desert, concrete, asphalt, water, urban, forest

  /// The caption's phrases for it.
  var phrases: [String] {
    switch self {
    case .grass: ["on grass", "surrounded by grass", "on green ground"]
    case .farmland: ["among fields", "on farmland", "surrounded by farmland"]
    case .soil: ["on bare soil", "on brown ground", "on bare ground"]
    case .desert: ["in the desert", "on sand", "in a dry landscape"]
    case .concrete: ["on concrete", "on grey pavement"]
    case .asphalt: ["on asphalt", "on dark pavement"]
    case .water: ["on the water", "in the water"]
    case .urban: ["in a city", "among buildings", "in a built-up area"]
    case .forest: ["in a forest", "among trees", "in the woods"]
    }
  }

  static let land: [(Ground, Float)] = [
    (.grass, 3), (.farmland, 2), (.soil, 2), (.desert, 1), (.concrete, 1), (.urban, 1.5), (.forest, 1.5),
  ]
  static let open: [(Ground, Float)] = [(.grass, 3), (.farmland, 2), (.soil, 2), (.desert, 1.5), (.forest, 0.5)]
  static let paved: [(Ground, Float)] = [(.concrete, 3), (.asphalt, 2), (.soil, 0.6), (.grass, 0.6)]
  static let town: [(Ground, Float)] = [
    (.urban, 3), (.concrete, 2), (.grass, 2.5), (.forest, 1), (.soil, 1), (.asphalt, 1),
  ]
}

extension ScenePainter {
  typealias Shader = (Point) -> Colour

  /// Covers the frame with a ground chosen by weight and remembers it for the caption.
  @discardableResult
  mutating func ground(_ choices: [(Ground, Float)]) -> Ground {
    let ground = pick(weighted: choices)
    facts.ground = pick(ground.phrases)
    cover(with: ground)
    return ground
  }

  /// Covers the frame with a ground and what stands on it.
  mutating func cover(with ground: Ground) {
    canvas.fillAll(shader: shader(ground))
    let reach = Point(1.1, 1.1)
    switch ground {
    case .urban: buildings(in: reach, count: number(8, 22))
    case .forest: trees(in: reach, count: number(25, 60), size: 0.06...0.18)
    case .grass, .soil, .farmland: if chance(0.5) { trees(in: reach, count: number(1, 9), size: 0.04...0.14) }
    default: break
    }
  }

  /// A ground's colour as a function of the place.
  mutating func shader(_ ground: Ground) -> Shader {
    switch ground {
    case .grass: grassShader()
    case .farmland: farmlandShader()
    case .soil: patchyShader(pick([Colour(0.5, 0.41, 0.31), Colour(0.58, 0.49, 0.38), Colour(0.44, 0.38, 0.31)]), 0.3)
    case .desert: patchyShader(pick([Colour(0.76, 0.66, 0.5), Colour(0.7, 0.58, 0.44), Colour(0.8, 0.73, 0.6)]), 0.18)
    case .concrete: slabShader(vary(Colour(0.66, 0.65, 0.62), 0.14))
    case .asphalt: patchyShader(vary(Colour(0.36, 0.36, 0.37), 0.22), 0.15)
    case .water: waterShader()
    case .urban: patchyShader(pick([Colour(0.5, 0.49, 0.47), Colour(0.4, 0.44, 0.36), Colour(0.58, 0.55, 0.5)]), 0.25)
    case .forest: patchyShader(vary(Colour(0.17, 0.26, 0.15), 0.2), 0.5)
    }
  }

  /// One colour with cloudy variation.
  mutating func patchyShader(_ base: Colour, _ contrast: Float) -> Shader {
    let colour = vary(base, 0.1)
    let noise = self.noise
    let frequency = between(1.2, 4)
    let offset = Point(between(0, 16), between(0, 16))
    return { colour * (1 + contrast * 2 * noise.fractal($0 * frequency + offset)) }
  }

  private mutating func grassShader() -> Shader {
    let green = vary(pick([Colour(0.33, 0.43, 0.23), Colour(0.4, 0.48, 0.27), Colour(0.26, 0.36, 0.2)]), 0.15)
    let dry = vary(Colour(0.52, 0.47, 0.3), 0.12)
    let dryness = between(-0.4, 0.5)
    let noise = self.noise
    let frequency = between(0.8, 3)
    let offset = Point(between(0, 16), between(0, 16))
    return { point in
      let wave = noise.fractal(point * frequency + offset)
      let share = min(max(dryness + 1.4 * wave, 0), 1)
      return (green + (dry - green) * share) * (1 + 0.35 * wave)
    }
  }

  /// Fields side by side, each with its crop and its furrows.
  private mutating func farmlandShader() -> Shader {
    let crops = [
      Colour(0.36, 0.47, 0.24), Colour(0.5, 0.52, 0.28), Colour(0.62, 0.55, 0.36), Colour(0.46, 0.38, 0.28),
      Colour(0.28, 0.38, 0.21), Colour(0.56, 0.48, 0.34),
    ].map { vary($0, 0.12) }
    let axis = Outline.direction(between(0, .pi))
    let size = Point(between(0.5, 1.6), between(0.3, 1.2))
    let offset = Point(between(0, 8), between(0, 8))
    let furrow = between(14, 34)
    let depth = between(0, 0.12)
    let noise = self.noise
    return { point in
      let u = Point((point * axis).sum(), point.y * axis.x - point.x * axis.y)
      let field = u / size + offset
      let column = Int(field.x.rounded(.down))
      let row = Int(field.y.rounded(.down))
      let crop = crops[Int(noise.cell(column, row) * Float(crops.count))]
      let across = noise.cell(column + 5, row + 3) < 0.5 ? u.x : u.y
      let furrows: Float = depth * sin(across * furrow)
      let mottle: Float = 0.25 * noise.fractal(point * 3 + offset)
      return crop * (1 + furrows + mottle)
    }
  }

  /// Poured slabs with joints and stains.
  private mutating func slabShader(_ colour: Colour) -> Shader {
    let axis = Outline.direction(between(0, .pi))
    let size = between(0.25, 0.7)
    let joint: Float = chance(0.6) ? between(0.03, 0.1) : 0
    let noise = self.noise
    return { point in
      let u = Point((point * axis).sum(), point.y * axis.x - point.x * axis.y) / size
      let column = Int(u.x.rounded(.down))
      let row = Int(u.y.rounded(.down))
      let edge: Float = min(u.x - Float(column), u.y - Float(row)) < 0.1 ? joint : 0
      let slab = 0.06 * (noise.cell(column, row) - 0.5)
      let stain: Float = 0.16 * noise.fractal(point * 2.2)
      return colour * (1 - edge + slab + stain)
    }
  }

  private mutating func waterShader() -> Shader {
    let colour = vary(
      pick([
        Colour(0.12, 0.24, 0.34), Colour(0.16, 0.32, 0.36), Colour(0.24, 0.36, 0.33), Colour(0.32, 0.36, 0.3),
        Colour(0.09, 0.15, 0.23), Colour(0.28, 0.42, 0.5),
      ]), 0.15)
    let axis = Outline.direction(between(0, .pi))
    let frequency = between(7, 26)
    let swell = between(0, 0.12)
    let crookedness = between(3, 8)
    let patches = between(0.05, 0.3)
    let noise = self.noise
    return { point in
      let bend = noise(point * 1.9) * crookedness
      let wave: Float = sin((point * axis).sum() * frequency + bend)
      let patch: Float = patches * 2 * noise.fractal(point * 1.3 + 3)
      return colour * (1 + swell * wave + patch)
    }
  }
}
