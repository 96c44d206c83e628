import Engine

/// How the colours of a picture in [0, 1] are normalised: less the mean, over the deviation.
public struct ColourNormalization: Hashable, Sendable {
  public let mean: [Float]
  public let deviation: [Float]

  /// ImageNet's mean and deviation, as torchvision's.
  public static let imageNet = ColourNormalization(mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225])
  /// To [-1, 1]. The released classifier does so for every back-bone.
  public static let half = ColourNormalization(mean: [0.5, 0.5, 0.5], deviation: [0.5, 0.5, 0.5])

  public init(mean: [Float], deviation: [Float]) {
    precondition(mean.count == 3 && deviation.count == 3, "a picture has three colours")
    self.mean = mean
    self.deviation = deviation
  }

  /// [N,H,W,3] in [0, 1], normalised.
  public func callAsFunction(_ x: Tensor) -> Tensor { (x - Tensor(mean, shape: [3])) / Tensor(deviation, shape: [3]) }
}
