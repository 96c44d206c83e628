/// How a convolution's window moves: the same in both directions.
public struct Window: Hashable, Sendable {
  public var stride: Int
  /// Zeros on each side.
  public var padding: Int

  public init(stride: Int = 1, padding: Int = 0) {
    self.stride = stride
    self.padding = padding
  }

  /// 0 where the kernel does not fit even once.
  func outputSize(_ input: Int, kernel: Int) -> Int {
    let room = input + 2 * padding - kernel
    return room < 0 ? 0 : room / stride + 1
  }
}

/// Cross-correlation, as every framework's "convolution": x [N,H,W,I], weight [K,K,I,O] → [N,H',W',O].
///
/// Convolution, its gradient by the input and its gradient by the weight are three bilinear maps, and each one's
/// derivatives are the other two: so gradients of any order need nothing else.
public func conv2d(_ x: Tensor, _ weight: Tensor, _ window: Window = Window()) -> Tensor {
  precondition(
    x.rank == 4 && weight.rank == 4 && x.shape[3] == weight.shape[2],
    "conv2d takes [N,H,W,I] and [K,K,I,O]; the shapes are \(x.shape) and \(weight.shape)")
  let size = ConvolutionSize(input: x.shape, weight: weight.shape, window: window)
  precondition(size.outHeight > 0 && size.outWidth > 0, "the window \(weight.shape) does not fit \(x.shape)")
  let span = Trace.open("conv2d", size.description, operations: size.operations, bytes: size.bytes)
  let result = ConvolutionKernels.forward(x, weight, size)
  Trace.close(span)
  return recorded(result, from: [x, weight]) { g, _, needed in
    [
      needed[0] ? conv2dInputGradient(g, weight, window, inputSize: (x.shape[1], x.shape[2])) : nil,
      needed[1] ? conv2dWeightGradient(x, g, window, kernel: (weight.shape[0], weight.shape[1])) : nil,
    ]
  }
}

/// `channelAffine` of `conv2d`, the end of every layer of a residual network in evaluation: where nothing is recorded,
/// outputs are finished while they are in cache. The bits are the same either way.
public func conv2d(
  _ x: Tensor, _ weight: Tensor, _ window: Window, factor: Tensor, offset: Tensor, residual: Tensor? = nil,
  isRectified: Bool = false
) -> Tensor {
  let isRecorded = Recording.concerns([x, weight, factor, offset] + (residual.map { [$0] } ?? []))
  let size = ConvolutionSize(input: x.shape, weight: weight.shape, window: window)
  if isRecorded || size.outputShape.elementCount == 0 {
    return channelAffine(
      conv2d(x, weight, window), factor: factor, offset: offset, residual: residual, isRectified: isRectified)
  }
  precondition(residual == nil || residual!.shape == size.outputShape, "a residual of shape \(size.outputShape) is needed")
  return unrecorded(
    x, weight, size,
    finish: ChannelFinish(factor: factor, offset: offset, residual: residual, isRectified: isRectified))
}

/// The convolution itself, and what follows each output.
private func unrecorded(
  _ x: Tensor, _ weight: Tensor, _ size: ConvolutionSize, finish: (any OutputFinish)? = nil
) -> Tensor {
  precondition(
    x.rank == 4 && weight.rank == 4 && x.shape[3] == weight.shape[2],
    "conv2d takes [N,H,W,I] and [K,K,I,O]; the shapes are \(x.shape) and \(weight.shape)")
  let span = Trace.open("conv2d", size.description, operations: size.operations, bytes: size.bytes)
  defer { Trace.close(span) }
  return ConvolutionKernels.forward(x, weight, size, finish: finish)
}

/// `conv2d` of pictures that are multiplied by factors of their own, [N,1,1,I]: where nothing is recorded, a large 1×1
/// convolution to few channels does both while its inputs are in cache. The bits are the same either way.
public func conv2d(_ x: Tensor, scale: Tensor, _ weight: Tensor, _ window: Window) -> Tensor {
  let size = ConvolutionSize(input: x.shape, weight: weight.shape, window: window)
  guard !Recording.concerns([x, scale, weight]), size.isPointwise, size.outChannels < 16, size.pixels >= 4096,
    x.shape[3] == weight.shape[2]
  else { return conv2d(x * scale, weight, window) }
  precondition(scale.shape == [x.shape[0], 1, 1, x.shape[3]], "factors [N,1,1,I] are needed, not \(scale.shape)")
  let span = Trace.open("conv2d", size.description, operations: size.operations, bytes: size.bytes)
  defer { Trace.close(span) }
  return ConvolutionKernels.scaledPointwise(x, scale, weight, size)
}

/// `end` of `conv2d`, a layer of StyleGAN2: where nothing is recorded, outputs are finished while they are in cache.
/// The bits are the same either way.
///
/// - Parameter end: Called as `BiasActivation.ending` does.
public func conv2d(_ x: Tensor, _ weight: Tensor, _ window: Window, end: () -> BiasActivation) -> Tensor {
  let size = ConvolutionSize(input: x.shape, weight: weight.shape, window: window)
  if size.outputShape.elementCount == 0 {
    let result = conv2d(x, weight, window)
    return end()(result)
  }
  return BiasActivation.ending([x, weight], end) {
    conv2d(x, weight, window)
  } inOnePass: {
    unrecorded(x, weight, size, finish: $0.pass(over: size.outputShape))
  }
}

/// The gradient of `conv2d` by its input; by itself, transposed convolution.
/// g [N,H',W',O], weight [K,K,I,O] → [N,H,W,I].
func conv2dInputGradient(_ g: Tensor, _ weight: Tensor, _ window: Window, inputSize: (Int, Int)) -> Tensor {
  let input = [g.shape[0], inputSize.0, inputSize.1, weight.shape[2]]
  let size = ConvolutionSize(input: input, weight: weight.shape, window: window)
  precondition(
    g.shape == size.outputShape, "a gradient of shape \(size.outputShape) was expected, not \(g.shape)")
  let span = Trace.open("conv2d input gradient", size.description, operations: size.operations, bytes: size.bytes)
  let result = ConvolutionKernels.inputGradient(g, weight, size)
  Trace.close(span)
  return recorded(result, from: [g, weight]) { u, _, needed in
    [
      needed[0] ? conv2d(u, weight, window) : nil,
      needed[1] ? conv2dWeightGradient(u, g, window, kernel: (weight.shape[0], weight.shape[1])) : nil,
    ]
  }
}

/// The gradient of `conv2d` by its weight. x [N,H,W,I], g [N,H',W',O] → [K,K,I,O].
func conv2dWeightGradient(_ x: Tensor, _ g: Tensor, _ window: Window, kernel: (Int, Int)) -> Tensor {
  let weight = [kernel.0, kernel.1, x.shape[3], g.shape[3]]
  let size = ConvolutionSize(input: x.shape, weight: weight, window: window)
  precondition(
    g.shape == size.outputShape, "a gradient of shape \(size.outputShape) was expected, not \(g.shape)")
  let span = Trace.open("conv2d weight gradient", size.description, operations: size.operations, bytes: size.bytes)
  let result = ConvolutionKernels.weightGradient(x, g, size)
  Trace.close(span)
  return recorded(result, from: [x, g]) { v, _, needed in
    [
      needed[0] ? conv2dInputGradient(g, v, window, inputSize: (x.shape[1], x.shape[2])) : nil,
      needed[1] ? conv2d(x, v, window) : nil,
    ]
  }
}

/// Transposed convolution: x [N,H,W,I], weight [K,K,O,I] → [N,(H-1)·stride - 2·padding + K, …, O].
public func convTranspose2d(_ x: Tensor, _ weight: Tensor, _ window: Window) -> Tensor {
  precondition(
    x.rank == 4 && weight.rank == 4 && x.shape[3] == weight.shape[3],
    "convTranspose2d takes [N,H,W,I] and [K,K,O,I]; the shapes are \(x.shape) and \(weight.shape)")
  return conv2dInputGradient(x, weight, window, inputSize: grown(x, by: weight, window))
}

/// `convTranspose2d` with a weight that lies as a convolution's, [K,K,I,O]. Where nothing is recorded, large ones are
/// read as they lie; the bits are the same either way.
public func convTranspose2d(_ x: Tensor, upright weight: Tensor, _ window: Window) -> Tensor {
  if Recording.concerns([x, weight]) {
    return convTranspose2d(x, weight.transposed([0, 1, 3, 2]), window)
  }
  precondition(
    x.rank == 4 && weight.rank == 4 && x.shape[3] == weight.shape[2],
    "convTranspose2d takes [N,H,W,I] and an upright [K,K,I,O]; the shapes are \(x.shape) and \(weight.shape)")
  let (height, width) = grown(x, by: weight, window)
  let size = ConvolutionSize(
    input: [x.shape[0], height, width, weight.shape[3]],
    weight: [weight.shape[0], weight.shape[1], weight.shape[3], weight.shape[2]], window: window)
  let span = Trace.open("conv2d input gradient", size.description, operations: size.operations, bytes: size.bytes)
  defer { Trace.close(span) }
  return ConvolutionKernels.inputGradient(x, weight, isTransposed: true, size)
}

private func grown(_ x: Tensor, by weight: Tensor, _ window: Window) -> (Int, Int) {
  func grown(_ size: Int, _ kernel: Int) -> Int { (size - 1) * window.stride - 2 * window.padding + kernel }
  return (grown(x.shape[1], weight.shape[0]), grown(x.shape[2], weight.shape[1]))
}

/// All sizes of one convolution.
struct ConvolutionSize {
  let batch, height, width, inChannels, kernelHeight, kernelWidth, outChannels, outHeight, outWidth: Int
  let window: Window

  init(input: [Int], weight: [Int], window: Window) {
    batch = input[0]
    height = input[1]
    width = input[2]
    inChannels = input[3]
    kernelHeight = weight[0]
    kernelWidth = weight[1]
    outChannels = weight[3]
    self.window = window
    outHeight = window.outputSize(height, kernel: weight[0])
    outWidth = window.outputSize(width, kernel: weight[1])
  }

  var outputShape: [Int] { [batch, outHeight, outWidth, outChannels] }
  var inputShape: [Int] { [batch, height, width, inChannels] }
  var weightShape: [Int] { [kernelHeight, kernelWidth, inChannels, outChannels] }
  /// Output positions over the whole batch.
  var pixels: Int { batch * outHeight * outWidth }
  /// Values under one window.
  var windowCount: Int { kernelHeight * kernelWidth * inChannels }
  /// Multiplications and additions of the direct method.
  var operations: Int { 2 * pixels * outChannels * windowCount }
  var bytes: Int { 4 * (inputShape.elementCount + outputShape.elementCount + weightShape.elementCount) }
  var description: String { "\(inputShape) \(kernelHeight)×\(kernelWidth)/\(window.stride) \(outChannels)" }
  /// A 1×1 convolution that touches every pixel is a plain matrix product.
  var isPointwise: Bool { kernelHeight == 1 && kernelWidth == 1 && window.stride == 1 && window.padding == 0 }
}
