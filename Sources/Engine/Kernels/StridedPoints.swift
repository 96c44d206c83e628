/// 1×1 convolutions of stride s: of the large map they see every s-th pixel of every s-th row only. Those pixels alone
/// make a small map, whose 1×1 convolution of stride 1 is one large product.
struct StridedPoints {
  private let size: ConvolutionSize
  /// The convolution of the small map.
  let dense: ConvolutionSize

  /// Nil where this is no such convolution, or too small for the copy to pay.
  init?(_ size: ConvolutionSize) {
    guard size.kernelHeight == 1, size.kernelWidth == 1, size.window.stride > 1, size.window.padding == 0,
      size.pixels * size.inChannels * size.outChannels >= 1 << 29
    else { return nil }
    self.size = size
    dense = ConvolutionSize(
      input: [size.batch, size.outHeight, size.outWidth, size.inChannels], weight: size.weightShape, window: Window())
  }

  /// The pixels that are seen: x [N,H,W,I] → [N,H',W',I].
  func seen(_ x: Tensor) -> Tensor {
    let result = Tensor(uninitialized: dense.inputShape)
    let (stride, channels) = (size.window.stride, size.inChannels)
    Parallel.pieces(size.batch * size.outHeight, values: 2 * result.count) { line in
      let (picture, row) = line.quotientAndRemainder(dividingBy: size.outHeight)
      let source = x.pointer + (picture * size.height + row * stride) * size.width * channels
      let target = result.pointer + line * size.outWidth * channels
      for column in 0..<size.outWidth {
        (target + column &* channels).update(from: source + column &* stride &* channels, count: channels)
      }
    }
    return result
  }

  /// Puts the small map's pixels where they were seen, with zeros between: g [N,H',W',I] → [N,H,W,I].
  func spread(_ g: Tensor) -> Tensor {
    let result = Tensor(uninitialized: size.inputShape)
    let (stride, channels) = (size.window.stride, size.inChannels)
    Parallel.pieces(size.batch * size.height, values: result.count) { line in
      let (picture, row) = line.quotientAndRemainder(dividingBy: size.height)
      let target = result.pointer + line * size.width * channels
      target.update(repeating: 0, count: size.width * channels)
      guard row % stride == 0, row / stride < size.outHeight else { return }
      let source = g.pointer + (picture * size.outHeight + row / stride) * size.outWidth * channels
      for column in 0..<size.outWidth {
        (target + column &* stride &* channels).update(from: source + column &* channels, count: channels)
      }
    }
    return result
  }
}
