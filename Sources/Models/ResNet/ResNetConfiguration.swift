/// The sizes of a ResNet.
public struct ResNetConfiguration: Codable, Hashable, Sendable {
  public enum Block: String, Codable, Sendable {
    /// Two 3×3 convolutions.
    case basic
    /// 1×1, 3×3 and 1×1, the last with four times the channels.
    case bottleneck

    /// Output channels per channel of width.
    public var expansion: Int { self == .basic ? 1 : 4 }
  }

  public enum Stem: String, Codable, Sendable {
    /// 7×7 with stride 2, then a 3×3 maximum with stride 2.
    case imageNet
    /// 3×3 with stride 1, for small pictures.
    case small
    /// 3×3 with stride 2: a quarter of the work of `small`.
    case smallHalving
  }

  /// What the projection of a block's input is called in checkpoints.
  public enum Naming: String, Codable, Sendable {
    /// `shortcut`, as KMDN's.
    case shortcut
    /// `downsample`, as torchvision's.
    case downsample
  }

  public var block: Block
  /// Blocks in each of the four stages.
  public var blocks: [Int]
  /// Channels of the first stage, before expansion; they double from stage to stage.
  public var width: Int
  public var classes: Int
  public var stem: Stem
  public var naming: Naming

  public init(
    block: Block, blocks: [Int], width: Int = 64, classes: Int, stem: Stem = .imageNet, naming: Naming = .shortcut
  ) {
    precondition(blocks.count == 4, "a ResNet has four stages")
    self.block = block
    self.blocks = blocks
    self.width = width
    self.classes = classes
    self.stem = stem
    self.naming = naming
  }

  /// The same network for another number of classes.
  public func with(classes: Int) -> Self {
    var result = self
    result.classes = classes
    return result
  }

  public static func resNet18(classes: Int) -> Self { Self(block: .basic, blocks: [2, 2, 2, 2], classes: classes) }
  public static func resNet34(classes: Int) -> Self { Self(block: .basic, blocks: [3, 4, 6, 3], classes: classes) }
  /// As released with KMDN: the stride is on the 3×3 convolution.
  public static func resNet50(classes: Int) -> Self { Self(block: .bottleneck, blocks: [3, 4, 6, 3], classes: classes) }
  public static func resNet101(classes: Int) -> Self {
    Self(block: .bottleneck, blocks: [3, 4, 23, 3], classes: classes)
  }
  public static func resNet152(classes: Int) -> Self {
    Self(block: .bottleneck, blocks: [3, 8, 36, 3], classes: classes)
  }

  /// For pictures of 32 pixels: one basic block per stage, no pooling in the stem.
  public static func small32(classes: Int, width: Int = 16) -> Self {
    Self(block: .basic, blocks: [1, 1, 1, 1], width: width, classes: classes, stem: .small)
  }

  /// The shape [H, W, C] of the third stage's map, which KMDN distils and CDTG starts from.
  public func featureShape(size: Int) -> [Int] {
    func halved(_ side: Int) -> Int { (side + 1) / 2 }
    let entered =
      switch stem {
      case .imageNet: halved(halved(size))
      case .small: size
      case .smallHalving: halved(size)
      }
    let side = halved(halved(entered))
    return [side, side, 4 * width * block.expansion]
  }
}
