import Engine

/// A fully connected layer whose weight is standard normal and scaled at run time, so that all layers learn at one
/// speed (Karras et al. 2018; the released `EqualLinear`): weight [out, in], bias [out].
public final class EqualLinear: Module {
  public let weight: Parameter
  public let bias: Parameter
  private let scale: Float
  private let rateMultiplier: Float
  private let isActivated: Bool

  /// - Parameters:
  ///   - rateMultiplier: Slows this layer's learning; 0.01 in the mapping network.
  ///   - isActivated: Ends with √2 · leaky ReLU of slope 0.2.
  public init(
    _ inputs: Int, _ outputs: Int, biasStart: Float = 0, rateMultiplier: Float = 1, isActivated: Bool = false,
    stream: inout RandomStream
  ) {
    weight = Parameter(.normal([outputs, inputs], scale: 1 / rateMultiplier, from: &stream))
    bias = Parameter(Tensor(repeating: biasStart, shape: [outputs]))
    scale = rateMultiplier / Float(inputs).squareRoot()
    self.rateMultiplier = rateMultiplier
    self.isActivated = isActivated
  }

  /// [N, in] → [N, out].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    // Scaling the product instead of the weight is the same and touches fewer values.
    let product = matmul(x, weight.value, transposeB: true)
    let offset = rateMultiplier == 1 ? bias.value : bias.value * rateMultiplier
    return isActivated ? biasActivation(product, bias: offset, factor: scale) : product * scale + offset
  }
}

/// Scales each row to unit mean square (the released `PixelNorm`).
public final class PixelNorm: Module {
  /// [N, C] → the same shape.
  public func callAsFunction(_ x: Tensor) -> Tensor {
    x * (x.squared().mean([1], keepingAxes: true) + 1e-8).reciprocalSquareRoot()
  }
}

/// A convolution with equalised learning rate, a bias and √2 · leaky ReLU, and a blur before it where it halves the
/// picture (the released `ConvLayer`, a `Sequential` whose elements have numbers for names).
public final class ConvLayer: Module {
  private let blur: FixedBlur?
  private let convolution: EqualConvolution
  private let activation: BiasOnly
  private let scale: Float
  private let window: Window

  public init(_ inputs: Int, _ outputs: Int, kernel: Int, isHalving: Bool = false, stream: inout RandomStream) {
    blur = isHalving ? FixedBlur(.blur(padding: ((kernel + 2) / 2, (kernel + 1) / 2)), gain: 1) : nil
    convolution = EqualConvolution(inputs, outputs, kernel: kernel, stream: &stream)
    activation = BiasOnly(outputs)
    scale = 1 / Float(inputs * kernel * kernel).squareRoot()
    window = isHalving ? Window(stride: 2, padding: 0) : Window(padding: kernel / 2)
  }

  public override func key(for property: String) -> String {
    let first = blur == nil ? 0 : 1
    switch property {
    case "blur": return "0"
    case "convolution": return "\(first)"
    case "activation": return "\(first + 1)"
    default: return property
    }
  }

  /// [N,H,W,in] → [N,H,W,out] or [N,H/2,W/2,out].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let input = blur.map { $0(x) } ?? x
    return conv2d(input, convolution.weight.value, window) {
      BiasActivation(bias: activation.bias.value, factor: scale)
    }
  }
}

/// The weight of a convolution with equalised learning rate.
final class EqualConvolution: Module {
  let weight: Parameter

  init(_ inputs: Int, _ outputs: Int, kernel: Int, stream: inout RandomStream) {
    weight = Parameter(.normal([kernel, kernel, inputs, outputs], from: &stream), .convolution)
  }
}

/// The bias of an activation.
final class BiasOnly: Module {
  let bias: Parameter

  init(_ channels: Int) { bias = Parameter(.zeros([channels])) }
}
