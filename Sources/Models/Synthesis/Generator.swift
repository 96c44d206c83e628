import Engine

/// The sizes of a generator.
public struct GeneratorConfiguration: Codable, Hashable, Sendable {
  /// The picture's side: a power of two of at least 16.
  public var size: Int
  public var classes: Int
  /// The width of z and w.
  public var latentWidth: Int
  public var mappingLayers: Int
  public var channels: ChannelPlan

  /// The defaults are the released code's.
  public init(
    size: Int = 256, classes: Int, latentWidth: Int = 512, mappingLayers: Int = 8, channels: ChannelPlan = .released()
  ) {
    self.size = size
    self.classes = classes
    self.latentWidth = latentWidth
    self.mappingLayers = mappingLayers
    self.channels = channels
  }
}

/// StyleGAN2's generator in the wavelet domain (SWAGAN, Gal et al. 2021), conditioned on a class: the embedding of the
/// label is added to z. The released `tgn.Generator`.
///
/// Maps grow from 4×4 to half of the picture's side; each resolution adds to twelve wavelet bands, and the last inverse
/// Haar transform makes the picture of them.
public final class Generator: Module {
  public let configuration: GeneratorConfiguration
  private let label_emb: Embedding
  private let style: [Module]
  private let input: ConstantInput
  private let conv1: StyledConv
  private let to_rgb1: ToRGB
  private let convs: [StyledConv]
  private let to_rgbs: [ToRGB]
  private let noises: NoiseBuffers
  private let iwt: HaarWavelet

  public init(_ configuration: GeneratorConfiguration, stream: inout RandomStream) {
    self.configuration = configuration
    let width = configuration.latentWidth
    let channels = configuration.channels
    label_emb = Embedding(configuration.classes, width, stream: &stream)
    var mapping: [Module] = [PixelNorm()]
    for _ in 0..<configuration.mappingLayers {
      mapping.append(EqualLinear(width, width, rateMultiplier: 0.01, isActivated: true, stream: &stream))
    }
    style = mapping
    let first = channels.channels(at: 4)
    input = ConstantInput(first, stream: &stream)
    conv1 = StyledConv(first, first, styleWidth: width, stream: &stream)
    to_rgb1 = ToRGB(first, styleWidth: width, isFirst: true, stream: &stream)
    var (layers, outputs, inputs) = ([StyledConv](), [ToRGB](), first)
    for level in 3..<levels(ofSide: configuration.size) {
      let count = channels.channels(at: 1 << level)
      layers.append(StyledConv(inputs, count, styleWidth: width, isDoubling: true, stream: &stream))
      layers.append(StyledConv(count, count, styleWidth: width, stream: &stream))
      outputs.append(ToRGB(count, styleWidth: width, stream: &stream))
      inputs = count
    }
    convs = layers
    to_rgbs = outputs
    noises = NoiseBuffers(layers: 1 + layers.count, stream: &stream)
    iwt = HaarWavelet(inverse: true)
  }

  /// Whether activations inside the layers are computed again for the gradient instead of kept: less memory, more time,
  /// the same results.
  public var recomputesActivations = false {
    didSet { for layer in [conv1] + convs { layer.recomputesActivations = recomputesActivations } }
  }

  /// How many styles a picture takes: one per styled convolution and one for the last output.
  public var latentCount: Int { 2 * levels(ofSide: configuration.size) - 4 }

  /// The side of each noise map.
  public var noiseSides: [Int] { noises.sides }

  /// A random layer at which the second of two latents takes over, 1 ..< latentCount.
  public func injectionIndex(from stream: inout RandomStream) -> Int { 1 + stream.integer(below: latentCount - 1) }

  /// The mapping network: z and labels → w.
  ///
  /// - Parameter z: [N, latent width].
  public func map(_ z: Tensor, labels: [Int]) -> Tensor {
    style.reduce(z + label_emb(labels)) { x, layer in
      switch layer {
      case let linear as EqualLinear: linear(x)
      case let norm as PixelNorm: norm(x)
      default: preconditionFailure("the mapping network has linear layers and one normalisation")
      }
    }
  }

  /// Pictures of given classes.
  ///
  /// - Parameters:
  ///   - latents: One z, or two to mix: each [N, latent width].
  ///   - labels: N classes.
  ///   - injectIndex: From which style on the second z is used; needed with two.
  ///   - truncation: Below 1, w is drawn towards `truncationLatent` [1, latent width] or [N, latent width].
  /// - Returns: The pictures [N,size,size,3], and their styles [N, latentCount, latent width], by which a gradient can
  ///   be taken.
  public func callAsFunction(
    latents: [Tensor], labels: [Int], injectIndex: Int? = nil, noise: GeneratorNoise = .fixed, truncation: Float = 1,
    truncationLatent: Tensor? = nil
  ) -> (image: Tensor, latents: Tensor) {
    precondition((1...2).contains(latents.count), "the generator takes one or two latents, not \(latents.count)")
    precondition(latents.count == 1 || injectIndex != nil, "two latents need the index at which the second takes over")
    var styles = latents.map { map($0, labels: labels) }
    if truncation < 1 {
      guard let centre = truncationLatent else { preconditionFailure("truncation needs a truncationLatent") }
      styles = styles.map { centre + ($0 - centre) * truncation }
    }
    let shares = styles.count == 1 ? [latentCount] : [injectIndex!, latentCount - injectIndex!]
    let repeated = zip(styles, shares).map { style, share in
      style.reshaped([labels.count, 1, -1]).broadcast(to: [labels.count, share, configuration.latentWidth])
    }
    let all = repeated.count == 1 ? repeated[0] : concatenated(repeated, axis: 1)
    return (synthesize(latents: all, noise: noise), all)
  }

  /// Pictures of given styles.
  ///
  /// - Parameter latents: w for each layer, [N, latentCount, latent width].
  /// - Returns: [N,size,size,3].
  public func synthesize(latents: Tensor, noise: GeneratorNoise = .fixed) -> Tensor {
    let batch = latents.shape[0]
    precondition(
      latents.shape == [batch, latentCount, configuration.latentWidth],
      "styles of shape [N, \(latentCount), \(configuration.latentWidth)] are needed, not \(latents.shape)")
    let styles = (0..<latentCount).map { latents.slice(1, $0..<($0 + 1)).reshaped([batch, configuration.latentWidth]) }
    let maps = noises.maps(noise, batch: batch)
    let start = input.input.value
    var features = conv1(
      start.broadcast(to: [batch] + start.shape.dropFirst()), style: styles[0], noise: maps[0])
    var bands = to_rgb1(features, style: styles[1])
    for (level, output) in to_rgbs.enumerated() {
      let first = 2 * level
      let (doubling, second) = (convs[first], convs[first + 1])
      // The second layer alone sees what the first one makes, which can be scaled for it in the same pass.
      let next = recomputesActivations ? nil : second.factors(styles[first + 2])
      features = doubling(features, style: styles[first + 1], noise: maps[first + 1], next: next)
      features = second(features, scaledBy: next, style: styles[first + 2], noise: maps[first + 2])
      bands = output(features, style: styles[first + 3], skip: bands)
    }
    return iwt(bands)
  }

  /// The mean w of `count` random z's without a label, [1, latent width]: the centre for truncation.
  public func meanLatent(_ count: Int, from stream: inout RandomStream) -> Tensor {
    withoutRecording {
      let z = Tensor.normal([count, configuration.latentWidth], from: &stream)
      return style.dropFirst().reduce((style[0] as! PixelNorm)(z)) { ($1 as! EqualLinear)($0) }
        .mean([0], keepingAxes: true)
    }
  }
}
