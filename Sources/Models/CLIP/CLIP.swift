import Engine
import Foundation

/// A vision transformer and a text transformer that were taught to agree (Radford et al. 2021), with OpenAI's keys.
public final class CLIP: Module {
  public let configuration: CLIPConfiguration
  private let positional_embedding: Parameter
  private let text_projection: Parameter
  private let logit_scale: Parameter
  private let visual: VisionTransformer
  private let transformer: Transformer
  private let token_embedding: Embedding
  private let ln_final: LayerNorm

  /// Starts as OpenAI's `initialize_parameters`.
  public init(_ configuration: CLIPConfiguration, stream: inout RandomStream) {
    self.configuration = configuration
    let width = configuration.text.width
    positional_embedding = Parameter(.normal([configuration.contextLength, width], scale: 0.01, from: &stream))
    text_projection = Parameter(
      .normal([width, configuration.embeddingWidth], scale: 1 / Float(width).squareRoot(), from: &stream))
    logit_scale = Parameter(Tensor(log(1 / 0.07)))
    visual = VisionTransformer(configuration, stream: &stream)
    transformer = Transformer(configuration.text, start: .scaled, stream: &stream)
    token_embedding = Embedding(configuration.vocabularySize, width, scale: 0.02, stream: &stream)
    ln_final = LayerNorm(width)
  }

  /// Pictures in the shared space, not normalised: [N,size,size,3] → [N, embedding width].
  ///
  /// Differentiable by the pictures. They are normalised with `CLIP.mean` and `CLIP.deviation` beforehand.
  public func imageFeatures(_ x: Tensor) -> Tensor { visual(x) }

  /// Texts in the shared space, not normalised: N rows of `contextLength` tokens → [N, embedding width].
  ///
  /// A text's feature stands at its end token, the highest number of the row.
  public func textFeatures(_ tokens: [[Int]]) -> Tensor {
    precondition(
      tokens.allSatisfy { $0.count == configuration.contextLength },
      "texts need \(configuration.contextLength) tokens each; pad them with 0")
    let ends = tokens.map { row in row.indices.max { (row[$0], -$0) < (row[$1], -$1) }! }
    // No position sees a later one, so what follows the last end token changes nothing.
    let length = (ends.max() ?? 0) + 1
    let words = token_embedding(tokens.flatMap { $0.prefix(length) })
    let width = configuration.text.width
    let placed = words.reshaped([tokens.count, length, width]) + positional_embedding.value.slice(0, 0..<length)
    let encoded = ln_final(transformer(placed, isCausal: true)).reshaped([-1, width])
    return matmul(encoded.rows(ends.enumerated().map { $0.offset * length + $0.element }), text_projection.value)
  }

  /// The scaled cosine of each picture with each text: features [N, E] and [M, E] → [N, M].
  public func logits(imageFeatures: Tensor, textFeatures: Tensor) -> Tensor {
    let cosines = matmul(unitRows(imageFeatures), unitRows(textFeatures), transposeB: true)
    return cosines * logit_scale.value.exp()
  }

  /// What cosines are multiplied by, e^logit_scale: 1/0.07 at the start, 100 in the trained models.
  public var temperature: Float { exp(logit_scale.value.item) }

  /// Keeps the temperature at most 100, as OpenAI does after every step of training.
  public func limitLogitScale() {
    if logit_scale.value.item > log(100) { logit_scale.set(Tensor(log(100))) }
  }

  /// The mean of each colour, in [0, 1], that pictures are normalised with.
  public static let mean: [Float] = [0.481_454_66, 0.457_827_5, 0.408_210_73]
  /// The standard deviation of each colour, in [0, 1], that pictures are normalised with.
  public static let deviation: [Float] = [0.268_629_54, 0.261_302_58, 0.275_777_11]
}

/// Rows scaled to length 1.
private func unitRows(_ x: Tensor) -> Tensor {
  x * x.squared().sum([1], keepingAxes: true).reciprocalSquareRoot()
}

/// Patches of a picture as words (OpenAI's `VisionTransformer`).
private final class VisionTransformer: Module {
  private let class_embedding: Parameter
  private let positional_embedding: Parameter
  private let proj: Parameter
  private let conv1: PatchEmbedding
  private let ln_pre: LayerNorm
  private let transformer: Transformer
  private let ln_post: LayerNorm
  private let imageSize: Int

  init(_ configuration: CLIPConfiguration, stream: inout RandomStream) {
    let width = configuration.vision.width
    let patches = (configuration.imageSize / configuration.patchSize) * (configuration.imageSize / configuration.patchSize)
    let scale = 1 / Float(width).squareRoot()
    class_embedding = Parameter(.normal([width], scale: scale, from: &stream))
    positional_embedding = Parameter(.normal([patches + 1, width], scale: scale, from: &stream))
    proj = Parameter(.normal([width, configuration.embeddingWidth], scale: scale, from: &stream))
    conv1 = PatchEmbedding(width, patchSize: configuration.patchSize, stream: &stream)
    ln_pre = LayerNorm(width)
    transformer = Transformer(configuration.vision, start: .pyTorch, stream: &stream)
    ln_post = LayerNorm(width)
    imageSize = configuration.imageSize
  }

  /// [N,H,W,3] → [N, embedding width].
  func callAsFunction(_ x: Tensor) -> Tensor {
    let batch = x.shape[0]
    precondition(
      x.shape == [batch, imageSize, imageSize, 3],
      "pictures [N, \(imageSize), \(imageSize), 3] are needed, not \(x.shape)")
    let width = class_embedding.value.count
    let patches = conv1(x).reshaped([batch, -1, width])
    let start = class_embedding.value.reshaped([1, 1, width]).broadcast(to: [batch, 1, width])
    let words = ln_pre(concatenated([start, patches], axis: 1) + positional_embedding.value)
    let encoded = transformer(words, isCausal: false)
    return matmul(ln_post(encoded.slice(1, 0..<1).reshaped([batch, width])), proj.value)
  }
}

/// A convolution whose windows do not overlap.
private final class PatchEmbedding: Module {
  private let weight: Parameter

  init(_ width: Int, patchSize: Int, stream: inout RandomStream) {
    let bound = 1 / Float(3 * patchSize * patchSize).squareRoot()
    weight = Parameter(.uniform([patchSize, patchSize, 3, width], -bound, bound, from: &stream), .convolution)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { conv2d(x, weight.value, Window(stride: weight.value.shape[0])) }
}
