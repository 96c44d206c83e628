/// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3): a quarter of the multiplications.
enum WinogradConvolution {
  /// Whether the transforms take this shape at all; whether they pay is `ConvolutionKernels`' question.
  static func fits(_ size: ConvolutionSize) -> Bool {
    size.kernelHeight == 3 && size.kernelWidth == 3 && size.window.stride == 1 && size.inChannels >= 8
      && size.outChannels >= 8
  }

  /// Whether it is faster than the direct way, by an estimate: a tile costs 36 multiplications for each pair of
  /// channels and about six more for each channel's transforms, the weight's transform as much as 24 tiles. The costs
  /// come from timed shapes where it clearly wins or loses; where the two ways cross was not measured.
  static func pays(_ size: ConvolutionSize) -> Bool {
    guard fits(size) else { return false }
    let (inputs, outputs) = (Double(size.inChannels), Double(size.outChannels))
    let tiles = Double(WinogradTiles(size).count)
    return 36 * (tiles * (1 + 6 / inputs + 6 / outputs) + 24) < 0.9 * Double(9 * size.pixels)
  }

  private static func products(_ size: ConvolutionSize, _ tiles: WinogradTiles) -> WinogradProducts {
    WinogradProducts(
      tiles: tiles.count, inputs: size.inChannels, outputs: size.outChannels, weightPlanes: Array(0..<36))
  }

  /// x [N,H,W,I], weight [3,3,I,O] → [N,H',W',O].
  static func forward(_ x: Tensor, _ weight: Tensor, _ size: ConvolutionSize, finish: ChannelFinish? = nil) -> Tensor {
    let result = Tensor(uninitialized: size.outputShape)
    let tiles = WinogradTiles(size)
    let products = products(size, tiles)
    let weights = products.weightStorage()
    WinogradTiles.transformWeight(weight.pointer, products.weightPanels, into: weights.pointer)
    products.forward(weights: weights) { range, planes, stride in
      tiles.transformInput(x.pointer, range, into: planes, stride: stride)
    } output: { planes, stride, range in
      tiles.transformOutput(planes, stride: stride, range, into: result.pointer)
      if let finish { tiles.finish(range, of: result.pointer, finish) }
    }
    return result
  }

  /// x [N,H,W,I], g [N,H',W',O] → [3,3,I,O]. The adjoint of `forward` by its weight, so the same points.
  static func weightGradient(_ x: Tensor, _ g: Tensor, _ size: ConvolutionSize) -> Tensor {
    let result = Tensor(uninitialized: size.weightShape)
    let tiles = WinogradTiles(size)
    let sums = products(size, tiles).weightGradient { range, planes, stride in
      tiles.transformInput(x.pointer, range, into: planes, stride: stride)
    } outputGradient: { range, planes, stride in
      tiles.transformOutputGradient(g.pointer, range, into: planes, stride: stride)
    }
    WinogradTiles.transformWeightGradient(
      sums.pointer, inputs: size.inChannels, outputs: size.outChannels, into: result.pointer)
    return result
  }
}

extension Int {
  func roundedUp(to multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}
