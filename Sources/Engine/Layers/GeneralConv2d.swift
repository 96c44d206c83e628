/// PyTorch's `nn.Conv2d` beyond squares (for which `Conv2d` is enough): kernels of unequal sides, different padding on
/// each side, groups. The weight is stored [KH,KW,I/groups,O].
public final class GeneralConv2d: Module {
  public let weight: Parameter
  public let bias: Parameter?
  private let stride: Int
  private let padding: Padding
  private let groups: Int

  /// He start by fan-in, zero bias, as `Conv2d`.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: (height: Int, width: Int), stride: Int = 1, padding: Padding = Padding(),
    groups: Int = 1, bias hasBias: Bool = false, stream: inout RandomStream
  ) {
    precondition(
      inputs % groups == 0 && outputs % groups == 0, "\(inputs) → \(outputs) channels do not make \(groups) groups")
    let shape = [kernel.height, kernel.width, inputs / groups, outputs]
    let bound = (6 / Float(shape.dropLast().reduce(1, *))).squareRoot()
    weight = Parameter(.uniform(shape, -bound, bound, from: &stream), .convolution)
    bias = hasBias ? Parameter(.zeros([outputs])) : nil
    self.stride = stride
    self.padding = padding
    self.groups = groups
  }

  /// [N,H,W,I] → [N,H',W',O].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let window = Window(stride: stride, padding: padding.uniform ?? 0)
    let padded = padding.uniform == nil ? x.padded(padding) : x
    let result = groupedConv2d(padded, weight.value, window, groups: groups)
    return bias.map { result + $0.value } ?? result
  }
}
