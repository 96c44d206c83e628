/// 3×3 convolutions by Winograd's transforms, of one of their sizes.
enum WinogradConvolution<Way: WinogradTransforms> {
  /// Tiles of a picture, by rows and columns of the small map.
  static func grid(_ size: ConvolutionSize) -> (high: Int, wide: Int) {
    ((size.outHeight + Way.outputs - 1) / Way.outputs, (size.outWidth + Way.outputs - 1) / Way.outputs)
  }

  private static func maps(_ size: ConvolutionSize) -> (input: TiledMap, output: TiledMap, tiles: Int) {
    let (high, wide) = grid(size)
    return (
      TiledMap(
        size.inputShape, step: Way.outputs * Way.stride, origin: -size.window.padding, high: high, wide: wide),
      TiledMap(size.outputShape, step: Way.outputs, high: high, wide: wide), size.batch * high * wide
    )
  }

  private static func products(tiles: Int, inputs: Int, outputs: Int) -> WinogradProducts {
    let points = Way.points * Way.points
    return WinogradProducts(
      tiles: tiles, inputs: inputs, outputs: outputs,
      weightPlanes: (0..<points).map {
        Way.weightPoint($0 / Way.points) * Way.weightPoints + Way.weightPoint($0 % Way.points)
      })
  }

  /// x [N,H,W,I], weight [3,3,I,O] → [N,H',W',O].
  static func forward(
    _ x: Tensor, _ weight: Tensor, _ size: ConvolutionSize, finish: (any OutputFinish)? = nil
  ) -> Tensor {
    let result = Tensor(uninitialized: size.outputShape)
    let (input, output, tiles) = maps(size)
    let products = products(tiles: tiles, inputs: size.inChannels, outputs: size.outChannels)
    let weights = transformed(weight, products)
    let streaming = Lanes.streams(result.count)
    products.forward(weights: weights) { range, planes, row in
      input.spread(
        x.pointer, side: Way.inputs, points: Way.points, range, into: planes, row: row, Way.input)
    } output: { planes, row, range in
      output.gather(
        planes, row: row, points: Way.points, side: Way.outputs, range, into: result.pointer, Way.output,
        finish: finish, streaming: streaming)
    }
    return result
  }

  /// x [N,H,W,I], g [N,H',W',O] → [3,3,I,O]. The adjoint of `forward` by its weight, so the same points.
  static func weightGradient(_ x: Tensor, _ g: Tensor, _ size: ConvolutionSize) -> Tensor {
    let (input, output, tiles) = maps(size)
    let products = products(tiles: tiles, inputs: size.inChannels, outputs: size.outChannels)
    let sums = products.weightGradient { range, planes, row in
      input.spread(
        x.pointer, side: Way.inputs, points: Way.points, range, into: planes, row: row, Way.input)
    } outputGradient: { range, planes, row in
      output.spread(
        g.pointer, side: Way.outputs, points: Way.points, range, into: planes, row: row, Way.outputGradient)
    }
    return weightGradient(ofTransformed: sums, size)
  }

  /// G w Gᵀ of a weight [3,3,I,O] in planes [I,O] that lie in panels.
  ///
  /// - Parameter isTurned: Whether the weight is turned by 180°.
  private static func transformed(_ weight: Tensor, _ products: WinogradProducts, isTurned: Bool = false) -> Storage {
    DerivedWeights.form(.transformed(way: ObjectIdentifier(Way.self), isTurned: isTurned), of: weight) {
      transform(weight, products, isTurned: isTurned)
    }
  }

  private static func transform(_ weight: Tensor, _ products: WinogradProducts, isTurned: Bool) -> Storage {
    let (panels, count) = (products.weightPanels, products.inputs * products.outputs)
    let (weights, stride) = (products.weightStorage(), products.weightStride)
    let points = Way.weightPoints
    let (first, tap) = isTurned ? (weight.pointer + 8 * count, -count) : (weight.pointer, count)
    /// Eight neighbours, with the points `step` apart.
    func transform(_ c: Int, _ half: UnsafeMutablePointer<Float>, into out: UnsafeMutablePointer<Float>, step: Int) {
      for column in 0..<3 {
        Way.weight(Strip(first + column &* tap + c, step: 3 &* tap), Strip(half + 8 &* column, step: 24))
      }
      for row in 0..<points {
        Way.weight(Strip(half + 24 &* row, step: 8), Strip(out + row &* points &* step, step: step))
      }
    }
    if Lanes.streams(points * points * count) && products.outputs % 16 == 0 {
      // Large ones are written past the caches, in whole lines.
      Parallel.ranges(count / 16, grain: 128) { start, end in
        withUnsafeTemporaryAllocation(of: Float.self, capacity: 8 * 3 * points + 16 * points * points) { room in
          let (half, lines) = (room.baseAddress!, room.baseAddress! + 8 * 3 * points)
          for run in start..<end {
            transform(16 &* run, half, into: lines, step: 16)
            transform(16 &* run &+ 8, half, into: lines + 8, step: 16)
            let out = weights.pointer + panels.place(16 &* run)
            for point in 0..<points &* points {
              Lanes(lines + 16 &* point).store(out + point &* stride, 16, streaming: true)
            }
          }
        }
      }
      return weights
    }
    Parallel.ranges((count + 7) / 8, grain: 64) { start, end in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 8 * 3 * points) { half in
        for run in start..<end {
          let c = min(run &* 8, count &- 8)
          transform(c, half.baseAddress!, into: weights.pointer + panels.place(c), step: stride)
        }
      }
    }
    return weights
  }

  /// Gᵀ u G of planes [I,O], each the sum over its points, into a weight gradient [3,3,I,O].
  private static func weightGradient(ofTransformed sums: Storage, _ size: ConvolutionSize) -> Tensor {
    let result = Tensor(uninitialized: size.weightShape)
    let count = size.inChannels * size.outChannels
    let stride = WinogradProducts.planeStride(size.inChannels, size.outChannels)
    let points = Way.weightPoints
    Parallel.ranges((count + 7) / 8, grain: 64) { start, end in
      withUnsafeTemporaryAllocation(of: Float.self, capacity: 8 * 3 * points) { half in
        let half = half.baseAddress!
        for run in start..<end {
          let c = min(run &* 8, count &- 8)
          for row in 0..<points {
            Way.weightGradient(
              Strip(sums.pointer + row &* points &* stride + c, step: stride),
              Strip(half + 8 &* row, step: 8 &* points))
          }
          for column in 0..<3 {
            Way.weightGradient(
              Strip(half + 8 &* points &* column, step: 8),
              Strip(result.pointer + column &* count + c, step: 3 &* count))
          }
        }
      }
    }
    return result
  }
}

extension WinogradConvolution {
  /// Tiles of a picture where the large map is made from the small one.
  static func transposedGrid<Outer>(_ size: ConvolutionSize) -> (high: Int, wide: Int) where Way == Strided<Outer> {
    let side = 2 * Way.outputs
    return (
      (size.height + size.window.padding + side - 1) / side, (size.width + size.window.padding + side - 1) / side
    )
  }

  /// g [N,H',W',O], weight [3,3,I,O] → [N,H,W,I]: the transposed convolution, which upsamples by two.
  ///
  /// - Parameter isTransposed: Whether the weight is given as [3,3,O,I].
  static func inputGradient<Outer>(
    _ g: Tensor, _ weight: Tensor, isTransposed: Bool = false, _ size: ConvolutionSize
  ) -> Tensor where Way == Strided<Outer> {
    let result = Tensor(uninitialized: size.inputShape)
    let (high, wide) = transposedGrid(size)
    let small = TiledMap(size.outputShape, step: Way.outputs, origin: -1, high: high, wide: wide)
    let large = TiledMap(
      size.inputShape, step: 2 * Way.outputs, origin: -size.window.padding, high: high, wide: wide)
    let products = products(tiles: size.batch * high * wide, inputs: size.outChannels, outputs: size.inChannels)
    let weights =
      isTransposed
      ? transformed(weight, products, isTurned: true)
      : transformed(ConvolutionKernels.transposed(weight, isTurned: true), products)
    products.forward(weights: weights) { range, planes, row in
      small.spread(
        g.pointer, side: Way.outputs + 1, points: Way.points, range, into: planes, row: row, Way.smallInput)
    } output: { planes, row, range in
      large.gather(
        planes, row: row, points: Way.points, side: 2 * Way.outputs, range, into: result.pointer, Way.largeOutput)
    }
    return result
  }
}

extension Int {
  func roundedUp(to multiple: Int) -> Int { (self + multiple - 1) / multiple * multiple }
}
