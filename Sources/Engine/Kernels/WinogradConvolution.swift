/// 3×3 convolutions of stride 1 by Winograd's F(4×4, 3×3): a quarter of the multiplications.
///
/// A block of tiles is transformed into 36 matrices that stay in cache, each is multiplied by the transformed weight
/// of its point, and the products are transformed into the outputs. Blocks are cut by shape alone.
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

  /// Whether the transformed weight is too large for a core's cache. Then blocks are long, so that it is read seldom.
  private static func isHeavy(_ size: ConvolutionSize) -> Bool { size.inChannels * size.outChannels > 1 << 16 }

  /// Tiles of a block: about 128, or about 32, which stay in cache; few blocks are shared out evenly among two or four
  /// threads.
  private static func blockLength(_ size: ConvolutionSize, tiles: Int) -> Int {
    if isHeavy(size) { return min(tiles, 128) }
    let blocks = (tiles + 31) / 32
    return max(min(tiles, 8), (tiles + blocks.roundedUp(to: 4) - 1) / blocks.roundedUp(to: 4))
  }

  /// x [N,H,W,I], weight [3,3,I,O] → [N,H',W',O].
  static func forward(_ x: Tensor, _ weight: Tensor, _ size: ConvolutionSize, finish: ChannelFinish? = nil) -> Tensor {
    let result = Tensor(uninitialized: size.outputShape)
    let tiles = WinogradTiles(size)
    let (inputs, outputs) = (size.inChannels, size.outChannels)
    let weightStride = WinogradTiles.planeStride(inputs, outputs)
    let weights = Storage(count: 36 * weightStride)
    WinogradTiles.transformWeight(
      weight.pointer, inputs: inputs, outputs: outputs, into: weights.pointer)

    func multiply(_ point: Int, _ rows: Int, _ v: Storage, _ strideV: Int, _ m: Storage, _ strideM: Int) {
      GEMM.call(
        transposeA: false, transposeB: false, m: rows, n: outputs, k: inputs,
        v.pointer + point * strideV, strideA: inputs, weights.pointer + point * weightStride,
        strideB: outputs, m.pointer + point * strideM, strideC: outputs)
    }

    let length = blockLength(size, tiles: tiles.count)
    let strideV = WinogradTiles.planeStride(length, inputs)
    let strideM = WinogradTiles.planeStride(length, outputs)
    let blocks = (tiles.count + length - 1) / length
    if isHeavy(size) && blocks < 8 {
      // Too few blocks to share out evenly, and each thread would read the whole weight: all threads work on one block
      // after the other, step by step.
      let v = Storage(count: 36 * strideV)
      let m = Storage(count: 36 * strideM)
      for block in 0..<blocks {
        let start = block * length
        let rows = min(tiles.count, start + length) - start
        Parallel.ranges(rows, grain: max(1, 4096 / inputs)) { first, last in
          tiles.transformInput(
            x.pointer, start + first..<start + last, into: v.pointer + first * inputs, stride: strideV)
        }
        Parallel.pieces(36) { multiply($0, rows, v, strideV, m, strideM) }
        Parallel.ranges(rows, grain: max(1, 4096 / outputs)) { first, last in
          tiles.transformOutput(
            m.pointer + first * outputs, stride: strideM, start + first..<start + last, into: result.pointer)
          if let finish { tiles.finish(start + first..<start + last, of: result.pointer, finish) }
        }
      }
      return result
    }
    Parallel.pieces(blocks) { block in
      let range = block * length..<min(tiles.count, (block + 1) * length)
      let v = Storage(count: 36 * strideV)
      let m = Storage(count: 36 * strideM)
      tiles.transformInput(x.pointer, range, into: v.pointer, stride: strideV)
      for point in 0..<36 { multiply(point, range.count, v, strideV, m, strideM) }
      tiles.transformOutput(m.pointer, stride: strideM, range, into: result.pointer)
      if let finish { tiles.finish(range, of: result.pointer, finish) }
    }
    return result
  }

  /// x [N,H,W,I], g [N,H',W',O] → [3,3,I,O].
  ///
  /// The adjoint of `forward` by its weight, so the same points: 36 products [I, tiles]·[tiles, O], each summed over
  /// all tiles by one thread, chunk after chunk.
  static func weightGradient(_ x: Tensor, _ g: Tensor, _ size: ConvolutionSize) -> Tensor {
    let result = Tensor(uninitialized: size.weightShape)
    let tiles = WinogradTiles(size)
    let (inputs, outputs) = (size.inChannels, size.outChannels)
    let length = max(1, min(tiles.count, 128))
    let strideV = WinogradTiles.planeStride(length, inputs)
    let strideZ = WinogradTiles.planeStride(length, outputs)
    let v = Storage(count: 36 * strideV)
    let z = Storage(count: 36 * strideZ)
    let strideU = WinogradTiles.planeStride(inputs, outputs)
    let sums = Storage(count: 36 * strideU)
    for start in stride(from: 0, to: tiles.count, by: length) {
      let end = min(tiles.count, start + length)
      Parallel.ranges(end - start, grain: max(1, 1024 / (inputs + outputs))) { first, last in
        let range = start + first..<start + last
        tiles.transformInput(x.pointer, range, into: v.pointer + first * inputs, stride: strideV)
        tiles.transformOutputGradient(g.pointer, range, into: z.pointer + first * outputs, stride: strideZ)
      }
      Parallel.pieces(36) { point in
        GEMM.call(
          transposeA: true, transposeB: false, m: inputs, n: outputs, k: end - start,
          v.pointer + point * strideV, strideA: inputs, z.pointer + point * strideZ, strideB: outputs,
          sums.pointer + point * strideU, strideC: outputs, accumulating: start > 0)
      }
    }
    WinogradTiles.transformWeightGradient(sums.pointer, inputs: inputs, outputs: outputs, into: result.pointer)
    return result
  }
}

extension Int {
  func roundedUp(to multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}
