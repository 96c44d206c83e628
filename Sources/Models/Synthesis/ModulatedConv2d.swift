import Engine

/// A convolution whose input channels are scaled by a style, per picture (StyleGAN2; the released `ModulatedConv2d`).
///
/// The released code gives every picture a weight of its own. Here the pictures are scaled before and after one shared
/// convolution, which is the same: Σ (w·s)·x = Σ w·(s·x), and the demodulation is one factor per output channel.
public final class ModulatedConv2d: Module {
  /// [K,K,I,O].
  public let weight: Parameter
  private let blur: FixedBlur?
  private let modulation: EqualLinear
  private let isDemodulated: Bool
  private let scale: Float

  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, styleWidth: Int, isDemodulated: Bool = true, isDoubling: Bool = false,
    stream: inout RandomStream
  ) {
    precondition(!isDoubling || kernel == 3, "a doubling modulated convolution has a 3×3 kernel")
    weight = Parameter(.normal([kernel, kernel, inputs, outputs], from: &stream), .modulatedConvolution)
    blur = isDoubling ? .afterDoubling() : nil
    modulation = EqualLinear(styleWidth, inputs, biasStart: 1, stream: &stream)
    self.isDemodulated = isDemodulated
    scale = 1 / Float(inputs * kernel * kernel).squareRoot()
  }

  /// - Parameters:
  ///   - x: [N,H,W,I].
  ///   - style: [N, style width].
  /// - Returns: [N,H,W,O], or [N,2H,2W,O] where the layer doubles.
  public func callAsFunction(_ x: Tensor, style: Tensor) -> Tensor {
    let (result, demodulation) = parts(x, style: style)
    return demodulation.map { result * $0 } ?? result
  }

  /// The result before its demodulation, and what demodulates it: [N,1,1,O], nil where nothing does.
  func parts(_ x: Tensor, style: Tensor) -> (result: Tensor, demodulation: Tensor?) {
    let kernel = weight.value
    let (batch, inputs, outputs) = (x.shape[0], kernel.shape[2], kernel.shape[3])
    let factors = modulation(style) * scale
    let scaled = x * factors.reshaped([batch, 1, 1, inputs])
    let result =
      blur.map { $0(convTranspose2d(scaled, upright: kernel, Window(stride: 2))) }
      ?? conv2d(scaled, kernel, Window(padding: kernel.shape[0] / 2))
    guard isDemodulated else { return (result, nil) }
    // 1 / √(Σ (scale·w·s)² + ε), summed over the window and the input channels: a product of two small matrices.
    let energy = matmul(factors.squared(), sumOfSquares(kernel, leadingAxes: 2))
    return (result, (energy + 1e-8).reciprocalSquareRoot().reshaped([batch, 1, 1, outputs]))
  }
}
