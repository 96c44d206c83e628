/// A convolution of each channel by its own kernel: x [N,H,W,C], weight [K,K,1,C] → [N,H',W',C].
///
/// PyTorch's `conv2d` with as many groups as channels. As for `conv2d`, the map and its two gradients are bilinear and
/// each one's derivatives are the other two.
public func depthwiseConv2d(_ x: Tensor, _ weight: Tensor, _ window: Window = Window()) -> Tensor {
  precondition(
    x.rank == 4 && weight.rank == 4 && weight.shape[2] == 1 && weight.shape[3] == x.shape[3],
    "depthwiseConv2d takes [N,H,W,C] and [K,K,1,C]; the shapes are \(x.shape) and \(weight.shape)")
  let size = ConvolutionSize(input: x.shape, weight: weight.shape, window: window)
  precondition(size.outHeight > 0 && size.outWidth > 0, "the window \(weight.shape) does not fit \(x.shape)")
  return recorded(DepthwiseKernels.forward(x, weight, size), from: [x, weight]) { g, _, needed in
    [
      needed[0] ? depthwiseInputGradient(g, weight, window, inputShape: x.shape) : nil,
      needed[1] ? depthwiseWeightGradient(x, g, window, weightShape: weight.shape) : nil,
    ]
  }
}

/// The gradient of `depthwiseConv2d` by its input: g [N,H',W',C], weight [K,K,1,C] → [N,H,W,C].
private func depthwiseInputGradient(_ g: Tensor, _ weight: Tensor, _ window: Window, inputShape: [Int]) -> Tensor {
  let size = ConvolutionSize(input: inputShape, weight: weight.shape, window: window)
  return recorded(DepthwiseKernels.inputGradient(g, weight, size), from: [g, weight]) { u, _, needed in
    [
      needed[0] ? depthwiseConv2d(u, weight, window) : nil,
      needed[1] ? depthwiseWeightGradient(u, g, window, weightShape: weight.shape) : nil,
    ]
  }
}

/// The gradient of `depthwiseConv2d` by its weight: x [N,H,W,C], g [N,H',W',C] → [K,K,1,C].
private func depthwiseWeightGradient(_ x: Tensor, _ g: Tensor, _ window: Window, weightShape: [Int]) -> Tensor {
  let size = ConvolutionSize(input: x.shape, weight: weightShape, window: window)
  return recorded(DepthwiseKernels.weightGradient(x, g, size), from: [x, g]) { v, _, needed in
    [
      needed[0] ? depthwiseInputGradient(g, v, window, inputShape: x.shape) : nil,
      needed[1] ? depthwiseConv2d(x, v, window) : nil,
    ]
  }
}

/// The same as an ordinary convolution by a weight that is zero between different channels.
func depthwiseConv2dReference(_ x: Tensor, _ weight: Tensor, _ window: Window) -> Tensor {
  conv2d(x, weight * Tensor.oneHot(Array(0..<x.shape[3]), classes: x.shape[3]), window)
}
