import Engine

/// EfficientNet (Tan and Le 2019) with the keys of the `efficientnet_pytorch` package.
public final class EfficientNet: Module, Backbone {
  /// How the base network b0 is widened and deepened.
  public struct Configuration: Hashable, Sendable {
    public var width: Double
    public var depth: Double
    /// The side of the pictures that padding is laid out for. As in the package it is fixed when the network is made:
    /// pictures of another size are padded as if they had this one.
    public var imageSize: Int
    public var dropout: Float

    /// EfficientNet-bN for N = `scale` in 0...7.
    public init(scale: Int) {
      let table: [(Double, Double, Int, Float)] = [
        (1.0, 1.0, 224, 0.2), (1.0, 1.1, 240, 0.2), (1.1, 1.2, 260, 0.3), (1.2, 1.4, 300, 0.3), (1.4, 1.8, 380, 0.4),
        (1.6, 2.2, 456, 0.4), (1.8, 2.6, 528, 0.5), (2.0, 3.1, 600, 0.5),
      ]
      precondition(table.indices.contains(scale), "EfficientNet comes as b0 to b7, not b\(scale)")
      (width, depth, imageSize, dropout) = table[scale]
    }

    /// Channels of b0 widened, to the nearest multiple of 8 that is not more than a tenth below.
    func channels(_ base: Int) -> Int {
      let wide = Double(base) * width
      let rounded = max(8, Int(wide + 4) / 8 * 8)
      return Double(rounded) < 0.9 * wide ? rounded + 8 : rounded
    }

    func repeats(_ base: Int) -> Int { Int((depth * Double(base)).rounded(.up)) }
  }

  private let conv_stem: GeneralConv2d
  private let bn0: BatchNorm2d
  private let blocks: [InvertedBottleneck]
  private let conv_head: GeneralConv2d
  private let bn1: BatchNorm2d
  private let dropout: Dropout
  private let fc: Linear

  public init(_ configuration: Configuration, classes: Int, stream: inout RandomStream) {
    var size = configuration.imageSize
    var inputs = configuration.channels(32)
    conv_stem = GeneralConv2d(
      3, inputs, kernel: (3, 3), stride: 2, padding: .same(size: size, kernel: 3, stride: 2), stream: &stream)
    bn0 = efficientNorm(inputs)
    size = (size + 1) / 2

    let stages: [(repeats: Int, kernel: Int, stride: Int, expansion: Int, outputs: Int)] = [
      (1, 3, 1, 1, 16), (2, 3, 2, 6, 24), (2, 5, 2, 6, 40), (3, 3, 2, 6, 80), (3, 5, 1, 6, 112), (4, 5, 2, 6, 192),
      (1, 3, 1, 6, 320),
    ]
    let total = stages.reduce(0) { $0 + configuration.repeats($1.repeats) }
    var blocks: [InvertedBottleneck] = []
    for stage in stages {
      let outputs = configuration.channels(stage.outputs)
      for position in 0..<configuration.repeats(stage.repeats) {
        let stride = position == 0 ? stage.stride : 1
        // Later blocks are dropped more often, up to one in five.
        let dropRate = 0.2 * Float(blocks.count) / Float(total)
        blocks.append(
          InvertedBottleneck(
            inputs, outputs, expansion: stage.expansion, kernel: stage.kernel, stride: stride, imageSize: size,
            dropRate: dropRate, stream: &stream))
        size = (size + stride - 1) / stride
        inputs = outputs
      }
    }
    self.blocks = blocks

    let features = configuration.channels(1280)
    conv_head = GeneralConv2d(inputs, features, kernel: (1, 1), stream: &stream)
    bn1 = efficientNorm(features)
    dropout = Dropout(configuration.dropout)
    fc = Linear(features, classes, stream: &stream)
  }

  public override func key(for property: String) -> String { "_\(property)" }

  public var headKey: String { "_fc" }

  public func logits(_ x: Tensor) -> Tensor {
    var y = bn0(conv_stem(x)).swish()
    for block in blocks { y = block(y) }
    return fc(dropout(bn1(conv_head(y)).swish().mean([1, 2])))
  }
}

/// Channels are multiplied, filtered one by one, weighed by what they are as a whole, and reduced again.
private final class InvertedBottleneck: Module {
  private let expand_conv: GeneralConv2d?
  private let bn0: BatchNorm2d?
  private let depthwise_conv: GeneralConv2d
  private let bn1: BatchNorm2d
  private let se_reduce: GeneralConv2d
  private let se_expand: GeneralConv2d
  private let project_conv: GeneralConv2d
  private let bn2: BatchNorm2d
  /// Nil where the output has another shape than the input, which is then not added.
  private let drop: DropBranch?

  init(
    _ inputs: Int, _ outputs: Int, expansion: Int, kernel: Int, stride: Int, imageSize: Int, dropRate: Float,
    stream: inout RandomStream
  ) {
    let inner = inputs * expansion
    let squeezed = max(1, inputs / 4)
    expand_conv = expansion == 1 ? nil : GeneralConv2d(inputs, inner, kernel: (1, 1), stream: &stream)
    bn0 = expansion == 1 ? nil : efficientNorm(inner)
    depthwise_conv = GeneralConv2d(
      inner, inner, kernel: (kernel, kernel), stride: stride,
      padding: .same(size: imageSize, kernel: kernel, stride: stride), groups: inner, stream: &stream)
    bn1 = efficientNorm(inner)
    se_reduce = GeneralConv2d(inner, squeezed, kernel: (1, 1), bias: true, stream: &stream)
    se_expand = GeneralConv2d(squeezed, inner, kernel: (1, 1), bias: true, stream: &stream)
    project_conv = GeneralConv2d(inner, outputs, kernel: (1, 1), stream: &stream)
    bn2 = efficientNorm(outputs)
    drop = stride == 1 && inputs == outputs ? DropBranch(dropRate) : nil
  }

  override func key(for property: String) -> String { "_\(property)" }

  func callAsFunction(_ x: Tensor) -> Tensor {
    var y = x
    if let expand_conv, let bn0 { y = bn0(expand_conv(y)).swish() }
    y = bn1(depthwise_conv(y)).swish()
    let whole = y.mean([1, 2], keepingAxes: true)
    y = y * se_expand(se_reduce(whole).swish()).sigmoid()
    y = bn2(project_conv(y))
    return drop.map { x + $0(y) } ?? y
  }
}

/// TensorFlow's constants, PyTorch's way of counting the momentum.
private func efficientNorm(_ channels: Int) -> BatchNorm2d { BatchNorm2d(channels, epsilon: 1e-3, momentum: 0.01) }
