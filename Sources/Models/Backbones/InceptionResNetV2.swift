import Engine

/// Inception-ResNet-v2 (Szegedy et al. 2017) with the keys of the `pretrainedmodels` package. Pictures have 299 pixels,
/// and at least 75.
public final class InceptionResNetV2: Module, Backbone {
  private let conv2d_1a, conv2d_2a, conv2d_2b, conv2d_3b, conv2d_4a: ConvolutionUnit
  private let mixed_5b: Branches
  private let `repeat`: [InceptionResidual]
  private let mixed_6a: Branches
  private let repeat_1: [InceptionResidual]
  private let mixed_7a: Branches
  private let repeat_2: [InceptionResidual]
  private let block8: InceptionResidual
  private let conv2d_7b: ConvolutionUnit
  private let last_linear: Linear

  public init(classes: Int, stream: inout RandomStream) {
    typealias Unit = ConvolutionUnit
    conv2d_1a = Unit(3, 32, 3, stride: 2, stream: &stream)
    conv2d_2a = Unit(32, 32, 3, stream: &stream)
    conv2d_2b = Unit(32, 64, 3, keepsSize: true, stream: &stream)
    conv2d_3b = Unit(64, 80, 1, stream: &stream)
    conv2d_4a = Unit(80, 192, 3, stream: &stream)
    mixed_5b = Branches(
      single: Unit(192, 96, 1, stream: &stream),
      chains: [
        [Unit(192, 48, 1, stream: &stream), Unit(48, 64, 5, keepsSize: true, stream: &stream)],
        [
          Unit(192, 64, 1, stream: &stream), Unit(64, 96, 3, keepsSize: true, stream: &stream),
          Unit(96, 96, 3, keepsSize: true, stream: &stream),
        ],
      ], pooled: .average(Unit(192, 64, 1, stream: &stream)))
    `repeat` = (0..<10).map { _ in .block35(&stream) }
    mixed_6a = Branches(
      single: Unit(320, 384, 3, stride: 2, stream: &stream),
      chains: [
        [
          Unit(320, 256, 1, stream: &stream), Unit(256, 256, 3, keepsSize: true, stream: &stream),
          Unit(256, 384, 3, stride: 2, stream: &stream),
        ]
      ], pooled: .maximum)
    repeat_1 = (0..<20).map { _ in .block17(&stream) }
    mixed_7a = Branches(
      single: nil,
      chains: [
        [Unit(1088, 256, 1, stream: &stream), Unit(256, 384, 3, stride: 2, stream: &stream)],
        [Unit(1088, 256, 1, stream: &stream), Unit(256, 288, 3, stride: 2, stream: &stream)],
        [
          Unit(1088, 256, 1, stream: &stream), Unit(256, 288, 3, keepsSize: true, stream: &stream),
          Unit(288, 320, 3, stride: 2, stream: &stream),
        ],
      ], pooled: .maximum)
    repeat_2 = (0..<9).map { _ in .block8(isLast: false, &stream) }
    block8 = .block8(isLast: true, &stream)
    conv2d_7b = Unit(2080, 1536, 1, stream: &stream)
    last_linear = Linear(1536, classes, stream: &stream)
  }

  public var headKey: String { "last_linear" }

  public func logits(_ x: Tensor) -> Tensor {
    func halved(_ x: Tensor) -> Tensor { maxPool2d(x, kernel: 3, Window(stride: 2)) }
    var y = halved(conv2d_2b(conv2d_2a(conv2d_1a(x))))
    y = mixed_5b(halved(conv2d_4a(conv2d_3b(y))))
    for block in `repeat` { y = block(y) }
    y = mixed_6a(y)
    for block in repeat_1 { y = block(y) }
    y = mixed_7a(y)
    for block in repeat_2 + [block8] { y = block(y) }
    return last_linear(conv2d_7b(y).mean([1, 2]))
  }
}

/// Branches side by side, their channels joined: `branch0`, `branch1` and so on.
private final class Branches: Module {
  /// What the last branch does.
  enum Pooling {
    case none
    /// The largest of each 3×3 window, with stride 2.
    case maximum
    /// The mean of each 3×3 window's pixels inside the picture, and a convolution.
    case average(ConvolutionUnit)
  }

  /// `branch0` where it is one convolution, not a `Sequential`.
  private let single: ConvolutionUnit?
  private let chains: [ConvolutionChain]
  /// The convolution after the average; a chain of one, which is number 1, the average being number 0.
  private let averaged: ConvolutionChain?
  private let takesMaximum: Bool

  init(single: ConvolutionUnit?, chains: [[ConvolutionUnit]], pooled: Pooling) {
    self.single = single
    self.chains = chains.map { ConvolutionChain($0) }
    if case .average(let unit) = pooled { averaged = ConvolutionChain([unit], first: 1) } else { averaged = nil }
    if case .maximum = pooled { takesMaximum = true } else { takesMaximum = false }
  }

  override func key(for property: String) -> String {
    property == "single" ? "branch0" : "branch\(chains.count + (single == nil ? 0 : 1))"
  }

  override func key(for property: String, at index: Int) -> String { "branch\(index + (single == nil ? 0 : 1))" }

  func callAsFunction(_ x: Tensor) -> Tensor {
    var results = (single.map { [$0(x)] } ?? []) + chains.map { $0(x) }
    if let averaged { results.append(averaged(averagePool2d(x, kernel: 3, Window(padding: 1), countsPadding: false))) }
    if takesMaximum { results.append(maxPool2d(x, kernel: 3, Window(stride: 2))) }
    return concatenated(results, axis: 3)
  }
}

/// Branches, brought to the input's channels and, times a small number, added to it.
private final class InceptionResidual: Module {
  private let branch0: ConvolutionUnit
  private let branch1: ConvolutionChain
  private let branch2: ConvolutionChain?
  private let conv2d: Conv2d
  private let scale: Float
  private let isLast: Bool

  private init(
    _ channels: Int, _ branch0: ConvolutionUnit, _ branch1: [ConvolutionUnit], _ branch2: [ConvolutionUnit]? = nil,
    joined: Int, scale: Float, isLast: Bool = false, _ stream: inout RandomStream
  ) {
    self.branch0 = branch0
    self.branch1 = ConvolutionChain(branch1)
    self.branch2 = branch2.map { ConvolutionChain($0) }
    conv2d = Conv2d(joined, channels, kernel: 1, bias: true, stream: &stream)
    self.scale = scale
    self.isLast = isLast
  }

  static func block35(_ stream: inout RandomStream) -> InceptionResidual {
    InceptionResidual(
      320, ConvolutionUnit(320, 32, 1, stream: &stream),
      [ConvolutionUnit(320, 32, 1, stream: &stream), ConvolutionUnit(32, 32, 3, keepsSize: true, stream: &stream)],
      [
        ConvolutionUnit(320, 32, 1, stream: &stream), ConvolutionUnit(32, 48, 3, keepsSize: true, stream: &stream),
        ConvolutionUnit(48, 64, 3, keepsSize: true, stream: &stream),
      ], joined: 128, scale: 0.17, &stream)
  }

  static func block17(_ stream: inout RandomStream) -> InceptionResidual {
    InceptionResidual(
      1088, ConvolutionUnit(1088, 192, 1, stream: &stream),
      [
        ConvolutionUnit(1088, 128, 1, stream: &stream),
        ConvolutionUnit(128, 160, kernel: (1, 7), keepsSize: true, stream: &stream),
        ConvolutionUnit(160, 192, kernel: (7, 1), keepsSize: true, stream: &stream),
      ], joined: 384, scale: 0.1, &stream)
  }

  /// - Parameter isLast: Added whole, and without a ReLU.
  static func block8(isLast: Bool, _ stream: inout RandomStream) -> InceptionResidual {
    InceptionResidual(
      2080, ConvolutionUnit(2080, 192, 1, stream: &stream),
      [
        ConvolutionUnit(2080, 192, 1, stream: &stream),
        ConvolutionUnit(192, 224, kernel: (1, 3), keepsSize: true, stream: &stream),
        ConvolutionUnit(224, 256, kernel: (3, 1), keepsSize: true, stream: &stream),
      ], joined: 448, scale: isLast ? 1 : 0.2, isLast: isLast, &stream)
  }

  func callAsFunction(_ x: Tensor) -> Tensor {
    let branches = [branch0(x), branch1(x)] + (branch2.map { [$0(x)] } ?? [])
    let y = conv2d(concatenated(branches, axis: 3)) * scale + x
    return isLast ? y : y.relu()
  }
}
