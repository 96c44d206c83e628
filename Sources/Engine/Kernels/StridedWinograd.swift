/// 3×3 convolutions of stride 2, and their transposes, by Winograd's transforms: three fifths of the multiplications.
enum StridedWinograd {
  /// Whether the transforms take this shape at all.
  static func fits(_ size: ConvolutionSize) -> Bool {
    size.kernelHeight == 3 && size.kernelWidth == 3 && size.window.stride == 2 && size.inChannels >= 8
      && size.outChannels >= 8
  }

  /// Whether it is faster than the direct way, by an estimate: a tile costs 49 multiplications for each pair of channels
  /// and some more for each channel's transforms, the weight's transform as much as 24 tiles.
  static func pays(_ size: ConvolutionSize, isTransposed: Bool) -> Bool {
    guard fits(size), size.inChannels >= 128, size.outChannels >= 128 else { return false }
    let tiles = Double(StridedWinogradTiles(size, isTransposed: isTransposed).count)
    let transforms = 8 / Double(size.inChannels) + 8 / Double(size.outChannels)
    return 49 * (tiles * (1 + transforms) + 24) < 0.9 * Double(9 * size.pixels)
  }

  private static let weightPlanes = (0..<49).map { point in
    StridedWinogradTransforms.weightPoint(point / 7) * 5 + StridedWinogradTransforms.weightPoint(point % 7)
  }

  /// x [N,H,W,I], weight [3,3,I,O] → [N,H',W',O].
  static func forward(_ x: Tensor, _ weight: Tensor, _ size: ConvolutionSize, finish: ChannelFinish? = nil) -> Tensor {
    let result = Tensor(uninitialized: size.outputShape)
    let tiles = StridedWinogradTiles(size, isTransposed: false)
    let products = WinogradProducts(
      tiles: tiles.count, inputs: size.inChannels, outputs: size.outChannels, weightPlanes: weightPlanes)
    let weights = products.weightStorage()
    StridedWinogradTiles.transformWeight(weight.pointer, products.weightPanels, into: weights.pointer)
    products.forward(weights: weights) { range, planes, stride in
      tiles.transformLarge(x.pointer, range, into: planes, stride: stride)
    } output: { planes, stride, range in
      tiles.transformToSmall(planes, stride: stride, range, into: result.pointer)
    }
    finish?.apply(from: result, to: result)
    return result
  }

  /// g [N,H',W',O], weight [3,3,I,O] → [N,H,W,I]: the transposed convolution, which upsamples by two.
  static func inputGradient(_ g: Tensor, _ weight: Tensor, _ size: ConvolutionSize) -> Tensor {
    let result = Tensor(uninitialized: size.inputShape)
    let tiles = StridedWinogradTiles(size, isTransposed: true)
    let products = WinogradProducts(
      tiles: tiles.count, inputs: size.outChannels, outputs: size.inChannels, weightPlanes: weightPlanes)
    let weights = products.weightStorage()
    let turned = ConvolutionKernels.turnedWeight(weight)
    StridedWinogradTiles.transformWeight(turned.pointer, products.weightPanels, into: weights.pointer)
    products.forward(weights: weights) { range, planes, stride in
      tiles.transformSmall(g.pointer, range, into: planes, stride: stride)
    } output: { planes, stride, range in
      tiles.transformToLarge(planes, stride: stride, range, into: result.pointer)
    }
    return result
  }

  /// x [N,H,W,I], g [N,H',W',O] → [3,3,I,O]. The adjoint of `forward` by its weight.
  static func weightGradient(_ x: Tensor, _ g: Tensor, _ size: ConvolutionSize) -> Tensor {
    let result = Tensor(uninitialized: size.weightShape)
    let tiles = StridedWinogradTiles(size, isTransposed: false)
    let products = WinogradProducts(
      tiles: tiles.count, inputs: size.inChannels, outputs: size.outChannels, weightPlanes: weightPlanes)
    let sums = products.weightGradient { range, planes, stride in
      tiles.transformLarge(x.pointer, range, into: planes, stride: stride)
    } outputGradient: { range, planes, stride in
      tiles.transformOutputGradient(g.pointer, range, into: planes, stride: stride)
    }
    StridedWinogradTiles.transformWeightGradient(
      sums.pointer, inputs: size.inChannels, outputs: size.outChannels, into: result.pointer)
    return result
  }
}
