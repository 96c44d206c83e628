import Engine

/// Differentiable augmentation of what the discriminator sees, real and drawn alike (Zhao et al. 2020, "Differentiable
/// Augmentation for Data-Efficient GAN Training"): a tail class of ten pictures would be learned by heart otherwise.
///
/// Pictures from above have no upright side, so real pictures are also turned and mirrored; the generator then draws
/// all orientations.
///
/// `adaptive` adds the released code's non-leaking set after all this. In a settings file or on the command line one of
/// the names `none`, `aerial` and `adaptive` stands for all values.
public struct Augmentation: Codable, Hashable, Sendable {
  /// Real pictures: one of the eight turns and mirrorings.
  public var turnsReal: Bool
  /// The largest shift, as a share of the side.
  public var shift: Float
  /// The largest change of brightness (added; pictures are in [-1, 1]).
  public var brightness: Float
  /// The largest relative change of saturation and contrast.
  public var contrast: Float
  /// The non-leaking affine and colour set, of a strength that adapts.
  public var adaptive: AdaptiveAugmentation? = nil

  public static let none = Augmentation(turnsReal: false, shift: 0, brightness: 0, contrast: 0)
  /// The geometric part of `aerial` alone.
  public static let moves = Augmentation(turnsReal: true, shift: 0.125, brightness: 0, contrast: 0)
  public static let aerial = Augmentation(turnsReal: true, shift: 0.125, brightness: 0.3, contrast: 0.3)
  public static let adaptive = Augmentation(
    turnsReal: false, shift: 0, brightness: 0, contrast: 0, adaptive: AdaptiveAugmentation())

  private static let named: [String: Augmentation] = ["none": .none, "aerial": .aerial, "adaptive": .adaptive]

  /// Applies the augmentation to pictures [N,H,W,3], each with its own draw.
  ///
  /// - Parameters:
  ///   - strength: The probability of each change of the adaptive set.
  ///   - share: Which pictures of a batch these are; nil for all.
  func callAsFunction(
    _ x: Tensor, isReal: Bool, strength: Float = 0, share: BatchShare? = nil, stream: inout RandomStream
  ) -> Tensor {
    let share = share ?? .whole(x.shape[0])
    var result = x
    if shift > 0 || (isReal && turnsReal) { result = moved(result, isReal: isReal, share: share, stream: &stream) }
    if brightness > 0 || contrast > 0 { result = recoloured(result, share: share, stream: &stream) }
    if let adaptive { result = adaptive(result, strength: strength, share: share, stream: &stream) }
    return result
  }

  private func moved(_ x: Tensor, isReal: Bool, share: BatchShare, stream: inout RandomStream) -> Tensor {
    let (height, width) = (x.shape[1], x.shape[2])
    let reach = Int((shift * Float(min(height, width))).rounded())
    let drawn = (0..<share.total).map { _ in
      (
        turn: isReal && turnsReal && height == width ? stream.integer(below: 8) : 0,
        down: stream.integer(below: 2 * reach + 1) - reach, right: stream.integer(below: 2 * reach + 1) - reach
      )
    }
    let moves = share.part(of: drawn)
    let map = PixelMap(batch: x.shape[0], from: (height, width), to: (height, width)) { picture, y, x in
      let move = moves[picture]
      return turned(y - move.down, x - move.right, side: height, turn: move.turn)
    }
    return gatherPixels(x, map)
  }

  private func recoloured(_ x: Tensor, share: BatchShare, stream: inout RandomStream) -> Tensor {
    func draw(_ reach: Float, around centre: Float) -> Tensor {
      let drawn = (0..<share.total).map { _ in centre + stream.uniform(-reach, reach) }
      return Tensor(share.part(of: drawn), shape: [share.count, 1, 1, 1])
    }
    let brighter = x + draw(brightness, around: 0)
    let grey = brighter.mean([3], keepingAxes: true)
    let coloured = (brighter - grey) * draw(contrast, around: 1) + grey
    let middle = coloured.mean([1, 2, 3], keepingAxes: true)
    return (coloured - middle) * draw(contrast, around: 1) + middle
  }
}

extension Augmentation {
  /// From its values, or from one of the names.
  public init(from decoder: Decoder) throws {
    if let name = try? decoder.singleValueContainer().decode(String.self) {
      guard let named = Self.named[name] else {
        throw DecodingError.dataCorrupted(
          .init(
            codingPath: decoder.codingPath,
            debugDescription: "\(name) is no augmentation; choose \(Self.named.keys.sorted().joined(separator: ", "))"))
      }
      self = named
      return
    }
    let values = try decoder.container(keyedBy: CodingKeys.self)
    turnsReal = try values.decode(Bool.self, forKey: .turnsReal)
    shift = try values.decode(Float.self, forKey: .shift)
    brightness = try values.decode(Float.self, forKey: .brightness)
    contrast = try values.decode(Float.self, forKey: .contrast)
    adaptive = try values.decodeIfPresent(AdaptiveAugmentation.self, forKey: .adaptive)
  }
}

/// The source of pixel (y, x) under one of the eight symmetries of the square: bit 2 transposes, bits 0 and 1 mirror.
private func turned(_ y: Int, _ x: Int, side: Int, turn: Int) -> (y: Int, x: Int) {
  guard (0..<side).contains(y) && (0..<side).contains(x) else { return (-1, -1) }
  let (a, b) = turn & 4 == 0 ? (y, x) : (x, y)
  return (turn & 1 == 0 ? a : side - 1 - a, turn & 2 == 0 ? b : side - 1 - b)
}
