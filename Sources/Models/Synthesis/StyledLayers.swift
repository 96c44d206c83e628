import Engine

/// A modulated 3×3 convolution, noise, bias and √2 · leaky ReLU (the released `StyledConv`).
public final class StyledConv: Module {
  private let conv: ModulatedConv2d
  private let noise: NoiseStrength
  private let activate: BiasOnly
  /// Whether what is inside is computed again for the gradient instead of kept.
  var recomputesActivations = false

  public init(_ inputs: Int, _ outputs: Int, styleWidth: Int, isDoubling: Bool = false, stream: inout RandomStream) {
    conv = ModulatedConv2d(
      inputs, outputs, kernel: 3, styleWidth: styleWidth, isDoubling: isDoubling, stream: &stream)
    noise = NoiseStrength()
    activate = BiasOnly(outputs)
  }

  /// What pictures are multiplied by before the convolution, [N,I].
  func factors(_ style: Tensor) -> Tensor { conv.factors(style) }

  /// - Parameters:
  ///   - given: `factors(style)`, if x was multiplied by them already.
  ///   - map: Noise, [N,H',W',1] or [1,H',W',1] of the output's sides.
  ///   - next: The factors of the only layer that sees the result, which is multiplied by them.
  public func callAsFunction(
    _ x: Tensor, scaledBy given: Tensor? = nil, style: Tensor, noise map: Tensor, next: Tensor? = nil
  ) -> Tensor {
    func layer(_ x: Tensor, _ style: Tensor) -> Tensor {
      let factors = given ?? conv.factors(style)
      return conv.convolved(given == nil ? conv.scaled(x, factors) : x) {
        BiasActivation(
          scale: conv.demodulation(factors), bias: activate.bias.value, noise: map, strength: noise.weight.value,
          next: next.map { $0.reshaped([$0.shape[0], 1, 1, $0.shape[1]]) })
      }
    }
    guard recomputesActivations else { return layer(x, style) }
    // What is given must not depend on this layer's parameters, nor be seen by it alone.
    precondition(given == nil && next == nil, "a layer that is computed again scales its own pictures")
    return recomputed([x, style], parameters: parameters.map(\.parameter.value)) { layer($0[0], $0[1]) }
  }
}

/// How strongly noise is added to a layer; 0 at the start (the released `NoiseInjection`).
final class NoiseStrength: Module {
  let weight = Parameter(.zeros([1]))
}

/// The wavelet bands of a picture out of a feature map, added to the coarser picture's (the released `ToRGB`).
public final class ToRGB: Module {
  private let bias: Parameter
  private let iwt: HaarWavelet?
  private let upsample: FixedBlur?
  private let dwt: HaarWavelet?
  private let conv: ModulatedConv2d

  /// - Parameter isFirst: Whether there is no coarser picture to add to.
  public init(_ inputs: Int, styleWidth: Int, isFirst: Bool = false, stream: inout RandomStream) {
    bias = Parameter(.zeros([1, 1, 1, 12]), .picture)
    iwt = isFirst ? nil : HaarWavelet(inverse: true)
    upsample = isFirst ? nil : .doubling()
    dwt = isFirst ? nil : HaarWavelet(inverse: false)
    conv = ModulatedConv2d(inputs, 12, kernel: 1, styleWidth: styleWidth, isDemodulated: false, stream: &stream)
  }

  /// - Parameters:
  ///   - x: [N,H,W,C].
  ///   - skip: The bands so far, [N,H/2,W/2,12].
  /// - Returns: The bands, [N,H,W,12].
  public func callAsFunction(_ x: Tensor, style: Tensor, skip: Tensor? = nil) -> Tensor {
    let bands = conv(x, style: style) + bias.value
    guard let skip, let iwt, let upsample, let dwt else { return bands }
    return bands + dwt(upsample(iwt(skip)))
  }
}

/// The learned 4×4 map that every picture starts from (the released `ConstantInput`).
final class ConstantInput: Module {
  let input: Parameter

  init(_ channels: Int, stream: inout RandomStream) {
    input = Parameter(.normal([1, 4, 4, channels], from: &stream), .picture)
  }
}
