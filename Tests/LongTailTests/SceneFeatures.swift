import Imaging

/// Simple descriptions of pictures for tests that ask whether classes differ and vary.
enum SceneFeatures {
  /// Mean colours of a `cells` × `cells` grid, 0...1.
  static func pooled(_ image: Image, to cells: Int) -> [Float] {
    var sums = [Float](repeating: 0, count: cells * cells * 3)
    let block = image.width / cells
    for y in 0..<(cells * block) {
      for x in 0..<(cells * block) {
        for channel in 0..<3 {
          let cell = (y / block) * cells + x / block
          sums[cell * 3 + channel] += Float(image.pixels[(y * image.width + x) * 3 + channel])
        }
      }
    }
    return sums.map { $0 / Float(block * block) / 255 }
  }

  /// Squared Euclidean distance.
  static func distance(_ a: [Float], _ b: [Float]) -> Float {
    zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
  }

  /// A description that a turn by quarter turns or a mirror leaves alone: colour statistics, edge strengths and
  /// brightness differences over several distances, by ring around the centre.
  static func turnless(_ image: Image) -> [Float] {
    let side = image.width
    let rings = 4
    func grey(_ x: Int, _ y: Int) -> Float {
      let i = (y * side + x) * 3
      return (Float(image.pixels[i]) + Float(image.pixels[i + 1]) + Float(image.pixels[i + 2])) / 765
    }
    var features: [Float] = []
    for ring in 0..<rings {
      var colour = [Float](repeating: 0, count: 3)
      var square: Float = 0
      var total: Float = 0
      var differences = [Float](repeating: 0, count: 4)
      var count: Float = 0
      for y in 0..<side {
        for x in 0..<side {
          let dx = Float(2 * x + 1 - side) / Float(side)
          let dy = Float(2 * y + 1 - side) / Float(side)
          let radius = (dx * dx + dy * dy).squareRoot() / 1.42
          guard Int(radius * Float(rings)) == ring else { continue }
          count += 1
          for channel in 0..<3 { colour[channel] += Float(image.pixels[(y * side + x) * 3 + channel]) / 255 }
          let here = grey(x, y)
          total += here
          square += here * here
          for (i, reach) in [1, 2, 4, 7].enumerated() {
            let right = abs(here - grey(min(x + reach, side - 1), y))
            let down = abs(here - grey(x, min(y + reach, side - 1)))
            differences[i] += right + down
          }
        }
      }
      let mean = total / count
      features += colour.map { $0 / count }
      features.append(2 * max(square / count - mean * mean, 0).squareRoot())
      features += differences.map { 2 * $0 / count }
    }
    return features
  }
}
