import Engine

/// Non-leaking augmentation whose strength follows the discriminator (Karras et al. 2020, "Training Generative
/// Adversarial Networks with Limited Data"; released `CDTG/non_leaking.py`).
///
/// Each picture is moved by a random affine map and recoloured by a random colour matrix. Every single change happens
/// with probability p < 1, so the discriminator can tell the pictures' distribution from the changes', and the
/// generator does not learn to draw them. p grows where the discriminator knows the real pictures by heart.
public struct AdaptiveAugmentation: Codable, Hashable, Sendable {
  /// The distributions that changes are drawn from.
  public enum Changes: String, Codable, Sendable {
    /// As the released code draws them. It turns by 0 or 270° and never by 90 or 180°, shifts x and y by the same
    /// draw, and takes shares of the side for pixels, so that pictures move by a fraction of one.
    case released
    /// As published by Karras et al. 2020.
    case published
  }

  public var changes: Changes
  /// How often a real picture's logit should be positive, less how often negative. Above it p grows, below it shrinks.
  public var target: Float
  /// Pictures in which p moves from 0 to 1.
  public var length: Int
  /// Steps between two changes of p.
  public var interval: Int
  /// p where it is not to adapt; 0 adapts it.
  public var fixedStrength: Float

  public init(
    changes: Changes = .released, target: Float = 0.6, length: Int = 500_000, interval: Int = 8,
    fixedStrength: Float = 0
  ) {
    self.changes = changes
    self.target = target
    self.length = length
    self.interval = interval
    self.fixedStrength = fixedStrength
  }

  /// Applies random changes to pictures [N,H,W,3], each of probability `strength`, each picture its own. Differentiable
  /// by the pictures any number of times.
  ///
  /// - Parameter share: Which pictures of a batch these are; nil for all.
  func callAsFunction(
    _ x: Tensor, strength: Float, share: BatchShare? = nil, stream: inout RandomStream
  ) -> Tensor {
    guard strength > 0 else { return x }
    let share = share ?? .whole(x.shape[0])
    let (height, width) = (x.shape[1], x.shape[2])
    var maps: [AffineMap] = []
    var colours: [ColourMatrix] = []
    for _ in 0..<share.total {
      maps.append(affineMap(strength: strength, height: height, width: width, stream: &stream).inverse)
      colours.append(Self.colourMatrix(strength: strength, stream: &stream))
    }
    return Self.recoloured(Self.moved(x, inverses: share.part(of: maps)), share.part(of: colours))
  }

  // MARK: - Application

  /// The symlet with six vanishing moments, which resamples with less blur than bilinear interpolation alone.
  private static let symlet: [Float] = [
    0.015404109327027373, 0.0034907120842174702, -0.11799011114819057, -0.048311742585633, 0.4910559419267466,
    0.787641141030194, 0.3379294217276218, -0.07263752278646252, -0.021060292512300564, 0.04472490177066578,
    0.0017677118642428036, -0.007800708325034148,
  ]
  /// Pixels around the result that the filter needs.
  private static let margin = symlet.count / 4

  /// Moves each picture [H,W,C] by an affine map given by its inverse, from the result's pixels to the picture's, both
  /// counted from the middle: reflected beyond the border, doubled in size, sampled bilinearly, halved again.
  static func moved(_ x: Tensor, inverses: [AffineMap]) -> Tensor {
    let (batch, height, width) = (x.shape[0], x.shape[1], x.shape[2])
    guard batch > 0 else { return x }
    let border = Border(around: inverses, height: height, width: width)
    let reflection = PixelMap(
      batch: batch, from: (height, width),
      to: (height + border.top + border.bottom, width + border.left + border.right)
    ) { _, y, x in (reflected(y - border.top, height), reflected(x - border.left, width)) }
    let taps = symlet.count
    let doubled = upFIRDown(
      gatherPixels(x, reflection), UpFIRDown(taps: symlet, up: 2, padding: (taps / 2, taps / 2 - 1)))

    // Doubling puts a pixel's two halves around its middle: positions are halved half a pixel further on, and back.
    let (shiftX, shiftY) = (Double(border.left - border.right) / 2, Double(border.top - border.bottom) / 2)
    let toDoubled: AffineMap = .translation(-0.5, -0.5) * .scaling(2, 2) * .translation(shiftX, shiftY)
    let toSingle: AffineMap = .scaling(0.5, 0.5) * .translation(0.5, 0.5)
    let sampled = sampleGrid(
      doubled,
      AffineSampling(
        maps: inverses.map { toDoubled * $0 * toSingle }, to: (2 * (height + 2 * margin), 2 * (width + 2 * margin))))
    let crop = taps / 2 - 1 - 2 * margin
    return upFIRDown(sampled, UpFIRDown(taps: symlet.reversed(), down: 2, padding: (crop, crop)))
  }

  /// Multiplies each picture's colours [N,H,W,3] by its matrix.
  static func recoloured(_ x: Tensor, _ colours: [ColourMatrix]) -> Tensor {
    precondition(x.shape[3] == 3, "colours are red, green and blue; the shape is \(x.shape)")
    let factors = Tensor(colours.flatMap(\.factors), shape: [x.shape[0], 3, 3])
    let offsets = Tensor(colours.flatMap(\.offsets), shape: [x.shape[0], 1, 3])
    let pixels = x.reshaped([x.shape[0], x.shape[1] * x.shape[2], 3])
    return (matmul(pixels, factors, transposeB: true) + offsets).reshaped(x.shape)
  }

  /// How many pixels on each side the maps read beyond the picture, and at most what can be reflected.
  private struct Border {
    var left = 0, right = 0, top = 0, bottom = 0

    init(around inverses: [AffineMap], height: Int, width: Int) {
      let (middleX, middleY) = (Double(width - 1) / 2, Double(height - 1) / 2)
      let corners = inverses.flatMap { map in
        [(-middleX, -middleY), (middleX, -middleY), (middleX, middleY), (-middleX, middleY)].map { map($0.0, $0.1) }
      }
      /// - Parameter reach: How far the corners lie from the middle towards this side.
      func pixels(_ reach: [Double], _ middle: Double, _ side: Int) -> Int {
        let beyond = reach.max()! - middle + Double(2 * margin)
        // Where a map is not finite the picture is empty anyway.
        return Int(min(max(beyond.isNaN ? 0 : beyond, 0), Double(side - 1)).rounded(.up))
      }
      left = pixels(corners.map { -$0.x }, middleX, width)
      right = pixels(corners.map(\.x), middleX, width)
      top = pixels(corners.map { -$0.y }, middleY, height)
      bottom = pixels(corners.map(\.y), middleY, height)
    }
  }

  /// A position up to one side beyond the picture, mirrored at the outermost pixel.
  private static func reflected(_ position: Int, _ side: Int) -> Int {
    let inside = abs(position)
    return inside < side ? inside : 2 * (side - 1) - inside
  }
}
