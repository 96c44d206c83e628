import Engine

/// Smooth random fields: random values on a lattice, interpolated.
struct ValueNoise: Sendable {
  private static let period = 16
  private let lattice: [Float]

  init(_ random: inout RandomStream) {
    lattice = (0..<(Self.period * Self.period)).map { _ in random.uniform() }
  }

  /// The lattice value of a cell, in 0..<1: one random number per field, roof or wave.
  func cell(_ x: Int, _ y: Int) -> Float { lattice[(y & 15) * Self.period + (x & 15)] }

  /// One octave in 0...1; features are about one unit wide.
  func callAsFunction(_ point: SIMD2<Float>) -> Float {
    let floorX = point.x.rounded(.down)
    let floorY = point.y.rounded(.down)
    let tx = Self.ease(point.x - floorX)
    let ty = Self.ease(point.y - floorY)
    let x = Int(floorX)
    let y = Int(floorY)
    let top = cell(x, y) + (cell(x + 1, y) - cell(x, y)) * tx
    let bottom = cell(x, y + 1) + (cell(x + 1, y + 1) - cell(x, y + 1)) * tx
    return top + (bottom - top) * ty
  }

  /// Three octaves, about -0.5...0.5.
  func fractal(_ point: SIMD2<Float>) -> Float {
    let coarse = self(point)
    let middle = self(point * 2.3 + 5.2)
    let fine = self(point * 5.1 + 11.7)
    return 0.55 * coarse + 0.28 * middle + 0.17 * fine - 0.5
  }

  private static func ease(_ t: Float) -> Float { t * t * (3 - 2 * t) }
}
