import Engine

/// Residual networks whose blocks weigh their channels (squeeze and excitation, Hu et al. 2018), with the keys of the
/// `pretrainedmodels` package: SE-ResNet, SE-ResNeXt and SENet-154.
public final class SENet: Module, Backbone {
  public struct Configuration: Hashable, Sendable {
    /// How wide a block is inside, for `width` channels of its stage.
    public enum Block: Hashable, Sendable {
      /// 1×1 with the stride, 3×3, 1×1 (as Caffe's ResNet).
      case resNet
      /// Half as wide, the 3×3 convolution grouped.
      case resNeXt
      /// First 2 and then 4 times as wide, the 3×3 convolution grouped.
      case seNet
    }

    public var block: Block
    /// Blocks in each of the four stages.
    public var blocks: [Int]
    public var groups: Int
    public var dropout: Float

    public static func seResNet(_ blocks: [Int]) -> Self { Self(block: .resNet, blocks: blocks, groups: 1, dropout: 0) }
    public static func seResNeXt(_ blocks: [Int]) -> Self {
      Self(block: .resNeXt, blocks: blocks, groups: 32, dropout: 0)
    }
    public static let seNet154 = Self(block: .seNet, blocks: [3, 8, 36, 3], groups: 64, dropout: 0.2)
  }

  private let layer0: SEStem
  private let layer1: [SEBlock]
  private let layer2: [SEBlock]
  private let layer3: [SEBlock]
  private let layer4: [SEBlock]
  private let dropout: Dropout
  private let last_linear: Linear

  public init(_ configuration: Configuration, classes: Int, stream: inout RandomStream) {
    precondition(configuration.blocks.count == 4, "a residual network has four stages")
    layer0 = SEStem(isDeep: configuration.block == .seNet, stream: &stream)
    var inputs = configuration.block == .seNet ? 128 : 64
    func stage(_ index: Int, _ stream: inout RandomStream) -> [SEBlock] {
      (0..<configuration.blocks[index]).map { position in
        let block = SEBlock(
          configuration, inputs, 64 << index, stride: index > 0 && position == 0 ? 2 : 1,
          // SENet-154 shrinks its shortcuts by 3×3 convolutions.
          projection: position > 0 ? nil : (configuration.block == .seNet && index > 0 ? 3 : 1), stream: &stream)
        inputs = 256 << index
        return block
      }
    }
    layer1 = stage(0, &stream)
    layer2 = stage(1, &stream)
    layer3 = stage(2, &stream)
    layer4 = stage(3, &stream)
    dropout = Dropout(configuration.dropout)
    last_linear = Linear(2048, classes, stream: &stream)
  }

  public var headKey: String { "last_linear" }

  public func logits(_ x: Tensor) -> Tensor {
    var y = layer0(x)
    for block in layer1 + layer2 + layer3 + layer4 { y = block(y) }
    return last_linear(dropout(y.mean([1, 2])))
  }
}

/// One 7×7 or three 3×3 convolutions, then a maximum that rounds its size up.
private final class SEStem: Module {
  private let conv1: Conv2d
  private let bn1: BatchNorm2d
  private let conv2: Conv2d?
  private let bn2: BatchNorm2d?
  private let conv3: Conv2d?
  private let bn3: BatchNorm2d?

  init(isDeep: Bool, stream: inout RandomStream) {
    conv1 =
      isDeep
      ? Conv2d(3, 64, kernel: 3, stride: 2, padding: 1, stream: &stream)
      : Conv2d(3, 64, kernel: 7, stride: 2, padding: 3, stream: &stream)
    bn1 = BatchNorm2d(64)
    conv2 = isDeep ? Conv2d(64, 64, kernel: 3, padding: 1, stream: &stream) : nil
    bn2 = isDeep ? BatchNorm2d(64) : nil
    conv3 = isDeep ? Conv2d(64, 128, kernel: 3, padding: 1, stream: &stream) : nil
    bn3 = isDeep ? BatchNorm2d(128) : nil
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    var y = bn1(conv1(x), isRectified: true)
    if let conv2, let bn2, let conv3, let bn3 { y = bn3(conv3(bn2(conv2(y), isRectified: true)), isRectified: true) }
    return maxPool2dRoundingUp(y, kernel: 3, Window(stride: 2))
  }
}

private final class SEBlock: Module {
  private let conv1: Conv2d
  private let bn1: BatchNorm2d
  private let conv2: GeneralConv2d
  private let bn2: BatchNorm2d
  private let conv3: Conv2d
  private let bn3: BatchNorm2d
  private let se_module: SqueezeExcitation
  private let downsample: Projection?

  /// - Parameter projection: The side of the shortcut's kernel; nil where the input is added as it is.
  init(
    _ configuration: SENet.Configuration, _ inputs: Int, _ width: Int, stride: Int, projection: Int?,
    stream: inout RandomStream
  ) {
    let (first, second) =
      switch configuration.block {
      case .resNet: (width, width)
      case .resNeXt: (width / 16 * configuration.groups, width / 16 * configuration.groups)
      case .seNet: (2 * width, 4 * width)
      }
    let isFirstStrided = configuration.block == .resNet
    conv1 = Conv2d(inputs, first, kernel: 1, stride: isFirstStrided ? stride : 1, stream: &stream)
    bn1 = BatchNorm2d(first)
    conv2 = GeneralConv2d(
      first, second, kernel: (3, 3), stride: isFirstStrided ? 1 : stride, padding: Padding(vertical: 1, horizontal: 1),
      groups: configuration.groups, stream: &stream)
    bn2 = BatchNorm2d(second)
    conv3 = Conv2d(second, 4 * width, kernel: 1, stream: &stream)
    bn3 = BatchNorm2d(4 * width)
    se_module = SqueezeExcitation(4 * width, reduction: 16, stream: &stream)
    downsample = projection.map {
      Projection(inputs, 4 * width, stride: stride, kernel: $0, stream: &stream)
    }
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let y = bn3(conv3(bn2(conv2(bn1(conv1(x), isRectified: true)), isRectified: true)))
    return (se_module(y) + (downsample.map { $0(x) } ?? x)).relu()
  }
}

/// Each channel times a number in (0, 1) that depends on the means of all channels.
private final class SqueezeExcitation: Module {
  private let fc1: Conv2d
  private let fc2: Conv2d

  init(_ channels: Int, reduction: Int, stream: inout RandomStream) {
    fc1 = Conv2d(channels, channels / reduction, kernel: 1, bias: true, stream: &stream)
    fc2 = Conv2d(channels / reduction, channels, kernel: 1, bias: true, stream: &stream)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    x * fc2(fc1(x.mean([1, 2], keepingAxes: true)).relu()).sigmoid()
  }
}
