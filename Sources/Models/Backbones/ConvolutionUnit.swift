import Engine

/// The Inception networks' brick: a convolution, a batch norm (ε 1e-3) and a ReLU, with the keys `conv` and `bn`.
final class ConvolutionUnit: Module {
  private let conv: GeneralConv2d
  private let bn: BatchNorm2d

  /// - Parameter keepsSize: Whether the picture is padded so that it keeps its size at stride 1.
  init(
    _ inputs: Int, _ outputs: Int, kernel: (height: Int, width: Int), stride: Int = 1, keepsSize: Bool = false,
    stream: inout RandomStream
  ) {
    let padding = keepsSize ? Padding(vertical: kernel.height / 2, horizontal: kernel.width / 2) : Padding()
    conv = GeneralConv2d(inputs, outputs, kernel: kernel, stride: stride, padding: padding, stream: &stream)
    bn = BatchNorm2d(outputs, epsilon: 1e-3)
  }

  convenience init(
    _ inputs: Int, _ outputs: Int, _ kernel: Int, stride: Int = 1, keepsSize: Bool = false,
    stream: inout RandomStream
  ) {
    self.init(inputs, outputs, kernel: (kernel, kernel), stride: stride, keepsSize: keepsSize, stream: &stream)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { bn(conv(x), isRectified: true) }
}

/// Units one after the other: a PyTorch `Sequential`.
final class ConvolutionChain: Module {
  private let units: [ConvolutionUnit]
  private let first: Int

  /// - Parameter first: The first unit's number; 1 where a pooling stands before it.
  init(_ units: [ConvolutionUnit], first: Int = 0) {
    self.units = units
    self.first = first
  }

  override func key(for property: String, at index: Int) -> String { "\(first + index)" }

  func callAsFunction(_ x: Tensor) -> Tensor { units.reduce(x) { $1($0) } }
}
