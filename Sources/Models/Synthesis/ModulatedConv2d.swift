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
    let factors = factors(style)
    let result =
      blur.map { $0(convTranspose2d(scaled(x, factors), upright: weight.value, Window(stride: 2))) }
      ?? conv2d(x, scale: spread(factors), weight.value, window)
    return demodulation(factors).map { result * $0 } ?? result
  }

  /// What pictures are multiplied by before the convolution, [N,I].
  func factors(_ style: Tensor) -> Tensor { modulation(style) * scale }

  func scaled(_ x: Tensor, _ factors: Tensor) -> Tensor { x * spread(factors) }

  /// [N,I] → [N,1,1,I].
  private func spread(_ factors: Tensor) -> Tensor { factors.reshaped([factors.shape[0], 1, 1, factors.shape[1]]) }

  /// What the convolution is multiplied by, [N,1,1,O]; nil if by nothing.
  func demodulation(_ factors: Tensor) -> Tensor? {
    guard isDemodulated else { return nil }
    let (batch, kernel) = (factors.shape[0], weight.value)
    // 1 / √(Σ (scale·w·s)² + ε), summed over the window and the input channels: a product of two small matrices.
    let energy = matmul(factors.squared(), sumOfSquares(kernel, leadingAxes: 2))
    return (energy + 1e-8).reciprocalSquareRoot().reshaped([batch, 1, 1, kernel.shape[3]])
  }

  /// The shared convolution of scaled pictures [N,H,W,I], and what ends the layer.
  func convolved(_ scaled: Tensor, end: () -> BiasActivation) -> Tensor {
    if let blur { return blur(convTranspose2d(scaled, upright: weight.value, Window(stride: 2)), end: end) }
    return conv2d(scaled, weight.value, window, end: end)
  }

  private var window: Window { Window(padding: weight.value.shape[0] / 2) }
}
