/// The sizes of a CLIP model with a vision transformer.
public struct CLIPConfiguration: Codable, Hashable, Sendable {
  /// One of the two transformers.
  public struct Tower: Codable, Hashable, Sendable {
    public var width: Int
    public var layers: Int
    public var heads: Int

    public init(width: Int, layers: Int, heads: Int) {
      precondition(width % heads == 0, "a width of \(width) does not divide into \(heads) heads")
      self.width = width
      self.layers = layers
      self.heads = heads
    }
  }

  /// The picture's side, a multiple of `patchSize`.
  public var imageSize: Int
  public var patchSize: Int
  public var vision: Tower
  /// Tokens per text.
  public var contextLength: Int
  public var vocabularySize: Int
  public var text: Tower
  /// The width of the space that pictures and texts share.
  public var embeddingWidth: Int

  public init(
    imageSize: Int, patchSize: Int, vision: Tower, contextLength: Int, vocabularySize: Int, text: Tower,
    embeddingWidth: Int
  ) {
    precondition(imageSize % patchSize == 0, "patches of \(patchSize) pixels do not fill \(imageSize)")
    self.imageSize = imageSize
    self.patchSize = patchSize
    self.vision = vision
    self.contextLength = contextLength
    self.vocabularySize = vocabularySize
    self.text = text
    self.embeddingWidth = embeddingWidth
  }

  /// OpenAI's ViT-B/32.
  public static let vitB32 = CLIPConfiguration(
    imageSize: 224, patchSize: 32, vision: Tower(width: 768, layers: 12, heads: 12), contextLength: 77,
    vocabularySize: 49408, text: Tower(width: 512, layers: 12, heads: 8), embeddingWidth: 512)

  /// A model for small pictures and captions of few words, to be trained in minutes.
  public static func small(
    imageSize: Int = 32, patchSize: Int = 8, vocabularySize: Int, contextLength: Int = 24, width: Int = 64,
    layers: Int = 3, embeddingWidth: Int = 64
  ) -> CLIPConfiguration {
    let tower = Tower(width: width, layers: layers, heads: max(1, width / 32))
    return CLIPConfiguration(
      imageSize: imageSize, patchSize: patchSize, vision: tower, contextLength: contextLength,
      vocabularySize: vocabularySize, text: tower, embeddingWidth: embeddingWidth)
  }
}
