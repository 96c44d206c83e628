import Engine

/// A network whose layers each read all maps before them (Huang et al. 2017), with torchvision's keys.
public final class DenseNet: Module, Backbone {
  public struct Configuration: Hashable, Sendable {
    /// Layers in each of the four blocks.
    public var blocks: [Int]
    /// Channels that each layer adds.
    public var growth: Int
    /// Channels before the first block.
    public var stem: Int

    public init(blocks: [Int], growth: Int = 32, stem: Int = 64) {
      precondition(blocks.count == 4, "a DenseNet has four blocks")
      self.blocks = blocks
      self.growth = growth
      self.stem = stem
    }
  }

  private let features: DenseFeatures
  private let classifier: Linear

  public init(_ configuration: Configuration, classes: Int, stream: inout RandomStream) {
    features = DenseFeatures(configuration, stream: &stream)
    classifier = Linear(features.outputs, classes, stream: &stream)
  }

  public var headKey: String { "classifier" }

  public func logits(_ x: Tensor) -> Tensor { classifier(features(x).mean([1, 2])) }
}

private final class DenseFeatures: Module {
  private let conv0: Conv2d
  private let norm0: BatchNorm2d
  private let denseblocks: [DenseBlock]
  private let transitions: [DenseTransition]
  private let norm5: BatchNorm2d
  let outputs: Int

  init(_ configuration: DenseNet.Configuration, stream: inout RandomStream) {
    var channels = configuration.stem
    conv0 = Conv2d(3, channels, kernel: 7, stride: 2, padding: 3, stream: &stream)
    norm0 = BatchNorm2d(channels)
    var blocks: [DenseBlock] = []
    var transitions: [DenseTransition] = []
    for (index, layers) in configuration.blocks.enumerated() {
      blocks.append(DenseBlock(channels, layers: layers, growth: configuration.growth, stream: &stream))
      channels += layers * configuration.growth
      guard index < 3 else { break }
      transitions.append(DenseTransition(channels, channels / 2, stream: &stream))
      channels /= 2
    }
    denseblocks = blocks
    self.transitions = transitions
    norm5 = BatchNorm2d(channels)
    outputs = channels
  }

  override func key(for property: String, at index: Int) -> String { "\(property.dropLast())\(index + 1)" }

  func callAsFunction(_ x: Tensor) -> Tensor {
    var y = maxPool2d(norm0(conv0(x), isRectified: true), kernel: 3, Window(stride: 2, padding: 1))
    for (index, block) in denseblocks.enumerated() {
      y = block(y)
      if index < transitions.count { y = transitions[index](y) }
    }
    return norm5(y, isRectified: true)
  }
}

private final class DenseBlock: Module {
  private let denselayers: [DenseLayer]

  init(_ inputs: Int, layers: Int, growth: Int, stream: inout RandomStream) {
    denselayers = (0..<layers).map { DenseLayer(inputs + $0 * growth, growth: growth, stream: &stream) }
  }

  override func key(for property: String, at index: Int) -> String { "denselayer\(index + 1)" }

  func callAsFunction(_ x: Tensor) -> Tensor {
    denselayers.reduce(x) { y, layer in concatenated([y, layer(y)], axis: 3) }
  }
}

private final class DenseLayer: Module {
  private let norm1: BatchNorm2d
  private let conv1: Conv2d
  private let norm2: BatchNorm2d
  private let conv2: Conv2d

  init(_ inputs: Int, growth: Int, stream: inout RandomStream) {
    norm1 = BatchNorm2d(inputs)
    conv1 = Conv2d(inputs, 4 * growth, kernel: 1, stream: &stream)
    norm2 = BatchNorm2d(4 * growth)
    conv2 = Conv2d(4 * growth, growth, kernel: 3, padding: 1, stream: &stream)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { conv2(norm2(conv1(norm1(x, isRectified: true)), isRectified: true)) }
}

/// Half the channels, and half the sides.
private final class DenseTransition: Module {
  private let norm: BatchNorm2d
  private let conv: Conv2d

  init(_ inputs: Int, _ outputs: Int, stream: inout RandomStream) {
    norm = BatchNorm2d(inputs)
    conv = Conv2d(inputs, outputs, kernel: 1, stream: &stream)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { averagePool2d(conv(norm(x, isRectified: true)), kernel: 2, Window(stride: 2)) }
}
