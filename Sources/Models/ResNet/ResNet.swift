import Engine

/// A residual network (He et al. 2016) that also gives its third stage's map: KMDN's feature.
public final class ResNet: Module {
  public let configuration: ResNetConfiguration
  private let conv1: Conv2d
  private let bn1: BatchNorm2d
  private let layer1: [ResidualBlock]
  private let layer2: [ResidualBlock]
  private let layer3: [ResidualBlock]
  private let layer4: [ResidualBlock]
  /// The last layer, which the methods for long tails retrain or rescale.
  public let fc: Linear
  /// The last layer's key.
  public let headKey: String

  /// - Parameter headKey: `fc`, or `fc.0` where the head is a `Sequential`, as the released classifier's.
  public init(_ configuration: ResNetConfiguration, headKey: String = "fc", stream: inout RandomStream) {
    self.configuration = configuration
    self.headKey = headKey
    let width = configuration.width
    switch configuration.stem {
    case .imageNet: conv1 = Conv2d(3, width, kernel: 7, stride: 2, padding: 3, stream: &stream)
    case .small: conv1 = Conv2d(3, width, kernel: 3, padding: 1, stream: &stream)
    case .smallHalving: conv1 = Conv2d(3, width, kernel: 3, stride: 2, padding: 1, stream: &stream)
    }
    bn1 = BatchNorm2d(width)
    var inputs = width
    func stage(_ index: Int, _ stream: inout RandomStream) -> [ResidualBlock] {
      (0..<configuration.blocks[index]).map { position in
        let block = ResidualBlock(
          configuration, inputs, width << index, stride: index > 0 && position == 0 ? 2 : 1, stream: &stream)
        inputs = (width << index) * configuration.block.expansion
        return block
      }
    }
    layer1 = stage(0, &stream)
    layer2 = stage(1, &stream)
    layer3 = stage(2, &stream)
    layer4 = stage(3, &stream)
    fc = Linear(inputs, configuration.classes, stream: &stream)
  }

  public override func key(for property: String) -> String { property == "fc" ? headKey : property }

  /// - Parameters:
  ///   - x: Pictures [N,H,W,3].
  ///   - featureStage: Whose map is given, 1 to 4.
  /// - Returns: Scores of the classes [N, classes], and the third stage's map [N,H/16,W/16,C] (H/4 with the small stem).
  public func callAsFunction(_ x: Tensor, featureStage: Int = 3) -> (logits: Tensor, feature: Tensor) {
    let (embedding, feature) = embedding(x, featureStage: featureStage)
    return (fc(embedding), feature)
  }

  /// - Parameters:
  ///   - x: Pictures [N,H,W,3].
  ///   - featureStage: Whose map is given, 1 to 4.
  /// - Returns: The fourth stage's means over the picture [N,D], which `fc` scores, and the third stage's map.
  public func embedding(_ x: Tensor, featureStage: Int = 3) -> (embedding: Tensor, feature: Tensor) {
    precondition((1...4).contains(featureStage), "a ResNet has four stages")
    var y = conv1(x, followedBy: bn1, isRectified: true)
    if configuration.stem == .imageNet { y = maxPool2d(y, kernel: 3, Window(stride: 2, padding: 1)) }
    var feature = y
    for (index, blocks) in [layer1, layer2, layer3, layer4].enumerated() {
      for block in blocks { y = block(y) }
      if index + 1 == featureStage { feature = y }
    }
    return (y.mean([1, 2]), feature)
  }
}

extension ResNet: Backbone {
  public func logits(_ x: Tensor) -> Tensor { self(x).logits }
}

/// Convolutions, and the input added to their result.
final class ResidualBlock: Module {
  private let conv1: Conv2d
  private let bn1: BatchNorm2d
  private let conv2: Conv2d
  private let bn2: BatchNorm2d
  private let conv3: Conv2d?
  private let bn3: BatchNorm2d?
  private let shortcut: Projection?
  private let naming: ResNetConfiguration.Naming

  init(
    _ configuration: ResNetConfiguration, _ inputs: Int, _ width: Int, stride: Int, stream: inout RandomStream
  ) {
    let outputs = width * configuration.block.expansion
    switch configuration.block {
    case .basic:
      conv1 = Conv2d(inputs, width, kernel: 3, stride: stride, padding: 1, stream: &stream)
      conv2 = Conv2d(width, width, kernel: 3, padding: 1, stream: &stream)
      conv3 = nil
      bn3 = nil
    case .bottleneck:
      conv1 = Conv2d(inputs, width, kernel: 1, stream: &stream)
      conv2 = Conv2d(width, width, kernel: 3, stride: stride, padding: 1, stream: &stream)
      conv3 = Conv2d(width, outputs, kernel: 1, stream: &stream)
      bn3 = BatchNorm2d(outputs)
    }
    bn1 = BatchNorm2d(width)
    bn2 = BatchNorm2d(width)
    shortcut = stride == 1 && inputs == outputs ? nil : Projection(inputs, outputs, stride: stride, stream: &stream)
    naming = configuration.naming
  }

  override func key(for property: String) -> String { property == "shortcut" ? naming.rawValue : property }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let kept = shortcut.map { $0(x) } ?? x
    let y = conv1(x, followedBy: bn1, isRectified: true)
    guard let conv3, let bn3 else { return conv2(y, followedBy: bn2, adding: kept, isRectified: true) }
    return conv3(conv2(y, followedBy: bn2, isRectified: true), followedBy: bn3, adding: kept, isRectified: true)
  }
}

/// A block's input brought to the shape of its output: a PyTorch `Sequential` of a convolution and a batch norm.
final class Projection: Module {
  private let convolution: Conv2d
  private let norm: BatchNorm2d

  /// - Parameter kernel: 1, as in most networks, or another odd number.
  init(_ inputs: Int, _ outputs: Int, stride: Int, kernel: Int = 1, stream: inout RandomStream) {
    convolution = Conv2d(inputs, outputs, kernel: kernel, stride: stride, padding: kernel / 2, stream: &stream)
    norm = BatchNorm2d(outputs)
  }

  override func key(for property: String) -> String { property == "convolution" ? "0" : property == "norm" ? "1" : property }

  func callAsFunction(_ x: Tensor) -> Tensor { convolution(x, followedBy: norm) }
}
