import Engine

/// The probability p of each augmenting change, moved so that the discriminator knows real pictures neither by heart
/// nor too little (Karras et al. 2020, Section 3; the released `AdaptiveAugment`).
public struct AdaptiveAugmentStrength: Equatable, Sendable {
  public let settings: AdaptiveAugmentation
  /// p, in [0, 1].
  public private(set) var value: Float
  /// The mean sign of the discriminator's logits of real pictures at the last change of p: 1 is by heart.
  public private(set) var overfitting: Float = 0
  private var signs: Float = 0
  private var pictures: Float = 0
  private var steps: Float = 0

  public init(_ settings: AdaptiveAugmentation) {
    self.settings = settings
    value = settings.fixedStrength
  }

  /// Takes note of the discriminator's logits of one step's real pictures, augmented [N,1]; every `interval` steps
  /// changes p.
  public mutating func observe(realLogits: Tensor) {
    guard settings.fixedStrength == 0 else { return }
    realLogits.withElements { for logit in $0 { signs += logit > 0 ? 1 : logit < 0 ? -1 : 0 } }
    pictures += Float(realLogits.count)
    steps += 1
    guard Int(steps) >= settings.interval, pictures > 0 else { return }
    overfitting = signs / pictures
    let change = pictures / Float(settings.length)
    value = min(1, max(0, value + (overfitting > settings.target ? change : -change)))
    (signs, pictures, steps) = (0, 0, 0)
  }

  /// What a resumed run needs, as plain numbers.
  public var state: [Float] { [value, overfitting, signs, pictures, steps] }

  /// Takes back what `state` gave; a state of another length is left aside.
  public mutating func restore(_ state: [Float]) {
    guard state.count == 5 else { return }
    (value, overfitting, signs, pictures, steps) = (state[0], state[1], state[2], state[3], state[4])
  }
}
