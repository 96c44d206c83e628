/// How many channels the generator and the discriminator have at each resolution.
public enum ChannelPlan: Codable, Hashable, Sendable {
  /// StyleGAN2's plan: 512 up to 32×32, then 16384 · multiplier / side. The released code uses multiplier 2.
  case released(multiplier: Int = 2)
  /// For small pictures: `product` / side, at most `maximum` and at least 8.
  case narrow(maximum: Int, product: Int)

  /// The channels of a map of `side` × `side`.
  public func channels(at side: Int) -> Int {
    switch self {
    case .released(let multiplier): side <= 32 ? 512 : max(1, 16384 * multiplier / side)
    case .narrow(let maximum, let product): min(maximum, max(8, product / side))
    }
  }
}

/// log₂ of a picture's side.
///
/// - Precondition: The side is a power of two of at least 16.
func levels(ofSide side: Int) -> Int {
  precondition(side >= 16 && side & (side - 1) == 0, "the picture's side must be 16, 32, 64, …; it is \(side)")
  return side.trailingZeroBitCount
}
