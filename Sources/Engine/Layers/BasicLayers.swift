/// y = x·Wᵀ + b, PyTorch's `nn.Linear`: weight [out, in], bias [out].
public final class Linear: Module {
  public let weight: Parameter
  public let bias: Parameter?

  /// Uniform start in ±1/√in, as PyTorch's.
  public init(_ inputs: Int, _ outputs: Int, bias hasBias: Bool = true, stream: inout RandomStream) {
    let bound = 1 / Float(max(1, inputs)).squareRoot()
    weight = Parameter(.uniform([outputs, inputs], -bound, bound, from: &stream))
    bias = hasBias ? Parameter(.uniform([outputs], -bound, bound, from: &stream)) : nil
  }

  /// [.., in] → [.., out].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let product = matmul(x, weight.value, transposeB: true)
    return bias.map { product + $0.value } ?? product
  }
}

/// PyTorch's `nn.Conv2d` with square kernels: weight stored [K,K,I,O].
public final class Conv2d: Module {
  public let weight: Parameter
  public let bias: Parameter?
  public let window: Window

  /// He start by fan-in (uniform in ±√(6/fan-in)) for layers before a ReLU; zero bias.
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias hasBias: Bool = false,
    stream: inout RandomStream
  ) {
    let bound = (6 / Float(inputs * kernel * kernel)).squareRoot()
    weight = Parameter(.uniform([kernel, kernel, inputs, outputs], -bound, bound, from: &stream), .convolution)
    bias = hasBias ? Parameter(.zeros([outputs])) : nil
    window = Window(stride: stride, padding: padding)
  }

  /// [N,H,W,I] → [N,H',W',O].
  public func callAsFunction(_ x: Tensor) -> Tensor {
    let result = conv2d(x, weight.value, window)
    return bias.map { result + $0.value } ?? result
  }
}

/// PyTorch's `nn.BatchNorm2d`: momentum 0.1 and ε 1e-5 where not given; running statistics in evaluation.
///
/// Where a batch is shared by several ranks the statistics are those of the whole batch, unless the ranks are told
/// otherwise (`DataParallel.synchronizesBatchNorm`).
public final class BatchNorm2d: Module, BatchCoupled {
  public let weight: Parameter
  public let bias: Parameter
  public let running_mean: Buffer
  public let running_var: Buffer
  public let num_batches_tracked: Buffer
  private let epsilon: Float
  private let momentum: Float
  public var parallel: DataParallel?

  public init(_ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1) {
    weight = Parameter(.ones([channels]))
    bias = Parameter(.zeros([channels]))
    running_mean = Buffer(.zeros([channels]))
    running_var = Buffer(.ones([channels]))
    num_batches_tracked = Buffer(Tensor(0))
    self.epsilon = epsilon
    self.momentum = momentum
  }

  /// What normalisation by the running statistics multiplies each channel by, and adds: [C] each.
  var evaluationAffine: (factor: Tensor, offset: Tensor) {
    let factor = weight.value * (running_var.value + epsilon).reciprocalSquareRoot()
    return (factor, bias.value - running_mean.value * factor)
  }

  /// [N,H,W,C] → the same shape. In training the batch's own statistics are used and the running ones move.
  ///
  /// - Parameters:
  ///   - residual: Added to the result.
  ///   - isRectified: Whether max(·, 0) follows.
  public func callAsFunction(_ x: Tensor, adding residual: Tensor? = nil, isRectified: Bool = false) -> Tensor {
    guard isTraining else {
      let (factor, offset) = evaluationAffine
      return channelAffine(x, factor: factor, offset: offset, residual: residual, isRectified: isRectified)
    }
    let parallel = self.parallel?.synchronizesBatchNorm == true ? self.parallel : nil
    let (output, mean, variance) = batchNormTraining(
      x, scale: weight.value, offset: bias.value, epsilon: epsilon, residual: residual, isRectified: isRectified,
      parallel: parallel)
    withoutRecording {
      let count = Float(parallel?.rows(of: x) ?? x.count / x.shape[3])
      let unbiased = variance * (count / max(1, count - 1))
      running_mean.set(running_mean.value * (1 - momentum) + mean * momentum)
      running_var.set(running_var.value * (1 - momentum) + unbiased * momentum)
      num_batches_tracked.set(num_batches_tracked.value + 1)
    }
    return output
  }
}

extension Conv2d {
  /// This convolution, which has no bias, and the normalisation after it: in evaluation as one operation.
  public func callAsFunction(
    _ x: Tensor, followedBy norm: BatchNorm2d, adding residual: Tensor? = nil, isRectified: Bool = false
  ) -> Tensor {
    if norm.isTraining || bias != nil { return norm(self(x), adding: residual, isRectified: isRectified) }
    let (factor, offset) = norm.evaluationAffine
    return conv2d(
      x, weight.value, window, factor: factor, offset: offset, residual: residual, isRectified: isRectified)
  }
}

/// PyTorch's `nn.LayerNorm` over the last axis.
public final class LayerNorm: Module {
  public let weight: Parameter
  public let bias: Parameter
  private let epsilon: Float

  public init(_ width: Int, epsilon: Float = 1e-5) {
    weight = Parameter(.ones([width]))
    bias = Parameter(.zeros([width]))
    self.epsilon = epsilon
  }

  public func callAsFunction(_ x: Tensor) -> Tensor {
    layerNorm(x, scale: weight.value, offset: bias.value, epsilon: epsilon)
  }
}

/// PyTorch's `nn.Embedding`: one row of `weight` [count, width] per label.
public final class Embedding: Module {
  public let weight: Parameter

  /// Standard normal start, as PyTorch's, times `scale`.
  public init(_ count: Int, _ width: Int, scale: Float = 1, stream: inout RandomStream) {
    weight = Parameter(.normal([count, width], scale: scale, from: &stream))
  }

  /// N labels → [N, width].
  public func callAsFunction(_ labels: [Int]) -> Tensor { weight.value.rows(labels) }
}
