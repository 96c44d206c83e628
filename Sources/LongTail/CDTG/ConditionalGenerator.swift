import Engine
import Models

/// The generator and the layer that feeds it: trained, averaged and saved together.
///
/// The released code's fusion layer is in no optimiser and no checkpoint; here it is part of what is learned.
public final class ConditionalGenerator: Module {
  public let generator: Generator
  /// Nil for a plain conditional GAN, which starts from noise and a label alone.
  public private(set) var fusion: FeatureFusion?

  /// - Parameter featureCount: Values of the tail model's feature map; nil for a plain conditional GAN.
  public init(_ configuration: GeneratorConfiguration, featureCount: Int?, stream: inout RandomStream) {
    generator = Generator(configuration, stream: &stream)
    fusion = featureCount.map {
      FeatureFusion(featureCount: $0, latentWidth: configuration.latentWidth, stream: &stream)
    }
  }

  /// Draws the fusion layer anew, as the released code does for training and again for generation.
  func redrawFusion(seed: UInt64, for purpose: String) {
    guard let fusion else { return }
    var stream = RandomStream(seed: seed, name: "fusion.\(purpose)")
    self.fusion = FeatureFusion(
      featureCount: fusion.featureCount, latentWidth: generator.configuration.latentWidth, stream: &stream)
  }

  /// z' = r · noise + (1 - r) · feature, or the noise where there is no fusion layer or no feature.
  /// noise [N, latent width], feature [N,H,W,C] → [N, latent width].
  func latent(noise: Tensor, feature: Tensor?, noiseRatio: Float) -> Tensor {
    guard let fusion, let feature else { return noise }
    return fusion(feature, noise: noise, noiseRatio: noiseRatio)
  }

  /// Pictures for training: one or two latents of random noise, random noise maps.
  ///
  /// - Parameter share: Which pictures of a batch these are; nil for all.
  func draw(
    labels: [Int], feature: Tensor?, noiseRatio: Float, mixesStyles: Bool, share: BatchShare? = nil,
    stream: inout RandomStream
  ) -> (image: Tensor, latents: Tensor) {
    let share = share ?? .whole(labels.count)
    let width = generator.configuration.latentWidth
    let latents = (0..<(mixesStyles ? 2 : 1)).map { _ in
      latent(noise: share.normal([width], from: &stream), feature: feature, noiseRatio: noiseRatio)
    }
    let change = mixesStyles ? generator.injectionIndex(from: &stream) : nil
    let maps = generator.noiseSides.map { share.normal([$0, $0, 1], from: &stream) }
    return generator(latents: latents, labels: labels, injectIndex: change, noise: .given(maps))
  }
}
