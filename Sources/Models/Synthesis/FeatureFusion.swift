import Engine

/// Mixes noise with the feature of a real picture, to start the generator from (the released `NoiseFeatureFusion`,
/// Section III of the paper): z' = r · noise + (1 - r) · linear(feature).
public final class FeatureFusion: Module {
  private let fc: Linear
  /// H · W · C of the feature map.
  public let featureCount: Int

  /// - Parameter featureCount: H · W · C of the feature map; 16 · 16 · 1024 for the released ResNet-50 at 256 pixels.
  public init(featureCount: Int, latentWidth: Int = 512, stream: inout RandomStream) {
    self.featureCount = featureCount
    fc = Linear(featureCount, latentWidth, stream: &stream)
  }

  /// - Parameters:
  ///   - feature: The tail model's map [N,H,W,C].
  ///   - noise: [N, latent width].
  ///   - noiseRatio: r; the released code trains with 0.8 and generates with 0.05.
  /// - Returns: [N, latent width].
  public func callAsFunction(_ feature: Tensor, noise: Tensor, noiseRatio: Float) -> Tensor {
    noise * noiseRatio + project(feature) * (1 - noiseRatio)
  }

  /// The linear layer alone: [N,H,W,C] → [N, latent width].
  public func project(_ feature: Tensor) -> Tensor {
    // PyTorch's order, channel first: the weight's columns follow it.
    fc(feature.transposed([0, 3, 1, 2]).reshaped([feature.shape[0], -1]))
  }
}
