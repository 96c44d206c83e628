/// Which parts of the method a generator is trained with: the rows of the ablation.
public struct GeneratorVariant: Codable, Hashable, Sendable {
  /// In kebab case, for stages and files.
  public var name: String
  /// The latent mixes noise with the tail model's feature of a real picture.
  public var usesFeatures: Bool
  /// The tail model has been through mutual distillation.
  public var isDistilled: Bool
  public var usesClassifierLoss: Bool
  public var usesTextLoss: Bool

  public static let plain = GeneratorVariant(
    name: "plain", usesFeatures: false, isDistilled: false, usesClassifierLoss: false, usesTextLoss: false)
  public static let tailFeatures = GeneratorVariant(
    name: "tail-features", usesFeatures: true, isDistilled: false, usesClassifierLoss: false, usesTextLoss: false)
  public static let kmdn = GeneratorVariant(
    name: "kmdn", usesFeatures: true, isDistilled: true, usesClassifierLoss: false, usesTextLoss: false)
  public static let classifierLoss = GeneratorVariant(
    name: "classifier-loss", usesFeatures: true, isDistilled: true, usesClassifierLoss: true, usesTextLoss: false)
  /// The whole of TGN.
  public static let full = GeneratorVariant(
    name: "full", usesFeatures: true, isDistilled: true, usesClassifierLoss: true, usesTextLoss: true)

  /// From nothing to everything.
  public static let all: [GeneratorVariant] = [.plain, .tailFeatures, .kmdn, .classifierLoss, .full]
}

/// What is added to the long-tailed training set before the classifier sees it.
public enum Expansion: Hashable, Sendable {
  case none
  /// Repeats of the real tail images, to the same counts: the control.
  case oversampling
  /// New pictures made of the real ones, without learning.
  case drawn(TailDrawing)
  case generated(GeneratorVariant, noiseRatio: Float)

  public var name: String {
    switch self {
    case .none: "long-tailed"
    case .oversampling: "oversampled"
    case .drawn(let drawing): "drawn-\(drawing.rawValue)"
    case .generated(let variant, let ratio): "generated-\(variant.name)-r\(Int((ratio * 100).rounded()))"
    }
  }
}
