import Engine
import Foundation

// The random changes of adaptive augmentation, in the order of Karras et al. 2020, Section B.2. Every number is drawn
// whether or not its change happens, so a stream gives the same changes at any strength, only more or fewer of them.

extension AdaptiveAugmentation {
  /// Mirroring, quarter turns, shifts, scales and rotations: from the picture's pixels to the result's, both counted
  /// from the middle.
  func affineMap(strength: Float, height: Int, width: Int, stream: inout RandomStream) -> AffineMap {
    let isReleased = changes == .released
    var result = AffineMap.identity
    func apply(_ probability: Float, _ map: AffineMap) {
      if stream.chance(probability) { result = map * result }
    }

    let mirrored = stream.integer(below: 2) == 1
    apply(strength, .scaling(mirrored ? -1 : 1, 1))

    let turns = isReleased ? 3 * stream.integer(below: 2) : stream.integer(below: 4)
    apply(strength, .rotation(-.pi / 2 * Double(turns)))

    let reach: Float = 0.125
    let share = stream.uniform(-reach, reach)
    let otherShare = isReleased ? share : stream.uniform(-reach, reach)
    let (right, down) = (wholePixels(share, width), wholePixels(otherShare, height))
    apply(strength, isReleased ? .translation(right / Double(width), down / Double(height)) : .translation(right, down))

    let scale = stream.logNormal(0.2)
    apply(strength, .scaling(scale, scale))

    // Two rotations: so chosen that at least one of them happens with probability `strength`.
    let rotating = 1 - (1 - strength).squareRoot()
    apply(rotating, .rotation(-stream.angle()))

    let stretch = stream.logNormal(0.2)
    apply(strength, .scaling(stretch, 1 / stretch))

    apply(rotating, .rotation(-stream.angle()))

    let part = Double(reach * stream.normal())
    let otherPart = isReleased ? part : Double(reach * stream.normal())
    apply(
      strength,
      isReleased ? .translation(part, otherPart) : .translation(part * Double(width), otherPart * Double(height)))
    return result
  }

  private func wholePixels(_ share: Float, _ side: Int) -> Double {
    (Double(share) * Double(side)).rounded(.toNearestOrEven)
  }

  /// Brightness, contrast, inverted luma, hue and saturation.
  static func colourMatrix(strength: Float, stream: inout RandomStream) -> ColourMatrix {
    var result = ColourMatrix.identity
    func apply(_ matrix: ColourMatrix) {
      if stream.chance(strength) { result = matrix * result }
    }
    apply(.brighter(by: Double(0.2 * stream.normal())))
    let contrast = stream.logNormal(0.5)
    apply(.scaling(luma: contrast, chroma: contrast))
    apply(.scaling(luma: stream.integer(below: 2) == 1 ? -1 : 1, chroma: 1))
    apply(.hueRotation(stream.angle()))
    apply(.scaling(luma: 1, chroma: stream.logNormal(1)))
    return result
  }
}

extension RandomStream {
  /// 2 to a normal power of the given deviation.
  fileprivate mutating func logNormal(_ deviation: Double) -> Double { exp2(deviation * Double(normal())) }

  /// Uniform in [-π, π).
  fileprivate mutating func angle() -> Double { Double(uniform(-1, 1)) * .pi }
}

/// An affine map of colours: red, green and blue to the sum of multiples of them and an offset.
struct ColourMatrix: Equatable {
  /// Row k makes colour k.
  var rows: [SIMD3<Double>]
  var offset: SIMD3<Double>

  var factors: [Float] { rows.flatMap { row in (0..<3).map { Float(row[$0]) } } }
  var offsets: [Float] { (0..<3).map { Float(offset[$0]) } }

  static let identity = scaling(luma: 1, chroma: 1)

  static func brighter(by value: Double) -> ColourMatrix {
    ColourMatrix(rows: identity.rows, offset: SIMD3(repeating: value))
  }

  /// Multiplies the part along grey, (1,1,1), by one factor and the rest by another.
  static func scaling(luma: Double, chroma: Double) -> ColourMatrix {
    let share = (luma - chroma) / 3
    return ColourMatrix(
      rows: (0..<3).map { row in
        var values = SIMD3(repeating: share)
        values[row] += chroma
        return values
      }, offset: .zero)
  }

  /// Turns colours around grey (Rodrigues' formula).
  static func hueRotation(_ radians: Double) -> ColourMatrix {
    let (cosine, side) = (cos(radians), sin(radians) / 3.0.squareRoot())
    let rest = (1 - cosine) / 3
    return ColourMatrix(
      rows: [
        SIMD3(cosine + rest, rest - side, rest + side), SIMD3(rest + side, cosine + rest, rest - side),
        SIMD3(rest - side, rest + side, cosine + rest),
      ], offset: .zero)
  }

  /// First `right`, then `left`.
  static func * (left: ColourMatrix, right: ColourMatrix) -> ColourMatrix {
    ColourMatrix(
      rows: left.rows.map { $0[0] * right.rows[0] + $0[1] * right.rows[1] + $0[2] * right.rows[2] },
      offset: SIMD3(left.rows.map { ($0 * right.offset).sum() }) + left.offset)
  }
}
