import Engine

extension GradientProperty {
  /// Every operation of the engine that has a gradient.
  public static let operations: [GradientProperty] = elementwise + products + convolutions + pictures + normalizations

  private static let products: [GradientProperty] = [
    GradientProperty("matmul") { draw in
      let (m, n, k) = (draw.integer(1...3), draw.integer(1...3), draw.integer(1...4))
      let batch = draw.shape(rank: 0...1)
      let (left, right) = (draw.flag(), draw.flag())
      let a = draw.values(batch + (left ? [k, m] : [m, k]))
      let b = draw.values(batch + (right ? [n, k] : [k, n]))
      return GradientCase([a, b]) { matmul($0[0], $0[1], transposeA: left, transposeB: right) }
    }
  ]

  /// A picture [N,H,W,channels] and a window that fits it.
  private static func picture(_ draw: inout Draw, channels: Int, kernel: ClosedRange<Int> = 1...3)
    -> (x: Tensor, kernel: Int, window: Window)
  {
    let size = draw.integer(kernel)
    let window = Window(stride: draw.integer(1...2), padding: draw.integer(0...(size / 2)))
    let least = max(1, size - 2 * window.padding)
    let shape = [draw.integer(1...2), draw.integer(least...(least + 2)), draw.integer(least...(least + 2)), channels]
    return (draw.values(shape), size, window)
  }

  private static let convolutions: [GradientProperty] = [
    GradientProperty("conv2d") { draw in
      let (inputs, outputs) = (draw.integer(1...2), draw.integer(1...2))
      let (x, kernel, window) = picture(&draw, channels: inputs)
      // The square makes all three bilinear maps meet in the second order.
      return GradientCase([x, draw.values([kernel, kernel, inputs, outputs])], tolerance: 4e-3) {
        conv2d($0[0], $0[1], window).squared()
      }
    },
    GradientProperty("conv2d, finished") { draw in
      let (inputs, outputs) = (draw.integer(1...2), draw.integer(1...2))
      let (x, kernel, window) = picture(&draw, channels: inputs)
      let weight = draw.values([kernel, kernel, inputs, outputs])
      return GradientCase([x, weight, draw.values([outputs], 0.5, 1.5), draw.values([outputs])], tolerance: 4e-3) {
        conv2d($0[0], $0[1], window, factor: $0[2], offset: $0[3]).squared()
      }
    },
    GradientProperty("convTranspose2d") { draw in
      let (inputs, outputs) = (draw.integer(1...2), draw.integer(1...2))
      let (kernel, stride) = (draw.integer(2...3), draw.integer(1...2))
      let window = Window(stride: stride, padding: draw.integer(0...(kernel - 1) / 2))
      let x = draw.values([1, draw.integer(2...3), draw.integer(2...3), inputs])
      return GradientCase([x, draw.values([kernel, kernel, outputs, inputs])], tolerance: 4e-3) {
        convTranspose2d($0[0], $0[1], window).squared()
      }
    },
    GradientProperty("groupedConv2d") { draw in
      let groups = draw.integer(1...3)
      let (inputs, outputs) = (draw.integer(1...2), draw.integer(1...2))
      let (x, kernel, window) = picture(&draw, channels: groups * inputs)
      return GradientCase([x, draw.values([kernel, kernel, inputs, groups * outputs])], tolerance: 4e-3) {
        groupedConv2d($0[0], $0[1], window, groups: groups).squared()
      }
    },
    GradientProperty("depthwiseConv2d") { draw in
      let channels = draw.integer(1...3)
      let (x, kernel, window) = picture(&draw, channels: channels)
      return GradientCase([x, draw.values([kernel, kernel, 1, channels])], tolerance: 4e-3) {
        depthwiseConv2d($0[0], $0[1], window).squared()
      }
    },
  ]

  private static func moved(
    _ name: String, _ make: @escaping (inout Draw) -> (x: Tensor, f: (Tensor) -> Tensor)
  ) -> GradientProperty {
    GradientProperty(name) { draw in
      let (x, f) = make(&draw)
      return GradientCase([x]) { f($0[0]).squared() }
    }
  }

  private static let pictures: [GradientProperty] = [
    moved("upFIRDown") { draw in
      let taps = (0..<draw.integer(1...4)).map { _ in draw.uniform(-1, 1) }
      // A crop of one at most, and room for the taps.
      let filter = UpFIRDown(
        taps: taps, up: draw.integer(1...3), down: draw.integer(1...3),
        padding: (draw.integer(-1...3), draw.integer(3...5)))
      let shape = [1, draw.integer(2...4), draw.integer(2...4), draw.integer(1...2)]
      return (draw.values(shape), { upFIRDown($0, filter) })
    },
    moved("haarTransform") { draw in
      let shape = [draw.integer(1...2), 2 * draw.integer(1...2), 2 * draw.integer(1...2), draw.integer(1...2)]
      return (draw.values(shape), haarTransform)
    },
    moved("inverseHaarTransform") { draw in
      (draw.values([draw.integer(1...2), draw.integer(1...2), draw.integer(1...2), 4 * draw.integer(1...2)]),
        inverseHaarTransform)
    },
    moved("resized") { draw in
      let (height, width) = (draw.integer(1...5), draw.integer(1...5))
      let filter = draw.choice([ResamplingFilter.bilinear, .bicubic])
      return (draw.values(draw.shape(rank: 4...4)), { resized($0, height: height, width: width, filter: filter) })
    },
    moved("interpolatedBilinearly") { draw in
      let (height, width) = (draw.integer(1...5), draw.integer(1...5))
      return (draw.values(draw.shape(rank: 4...4)), { interpolatedBilinearly($0, height: height, width: width) })
    },
    moved("adaptiveAveragePool2d") { draw in
      let (height, width) = (draw.integer(1...4), draw.integer(1...4))
      let x = draw.values(draw.shape(rank: 4...4, side: 4))
      return (x, { adaptiveAveragePool2d($0, height: height, width: width) })
    },
    moved("averagePool2d") { draw in
      let (x, kernel, window) = picture(&draw, channels: 2)
      let counts = draw.flag()
      return (x, { averagePool2d($0, kernel: kernel, window, countsPadding: counts) })
    },
    moved("maxPool2d") { draw in
      let (x, kernel, window) = picture(&draw, channels: 2)
      return (draw.farApart(x.shape), { maxPool2d($0, kernel: kernel, window) * 0.25 })
    },
    moved("maxPool2dRoundingUp") { draw in
      let (x, kernel, window) = picture(&draw, channels: 1)
      return (draw.farApart(x.shape), { maxPool2dRoundingUp($0, kernel: kernel, window) * 0.25 })
    },
    moved("sampleGrid") { draw in
      let shape = draw.shape(rank: 4...4, side: 4)
      let maps = (0..<shape[0]).map { _ in
        AffineMap.translation(Double(draw.uniform(-1, 1)), Double(draw.uniform(-1, 1)))
          * .rotation(Double(draw.uniform(-3, 3)))
          * .scaling(Double(draw.uniform(0.5, 2)), Double(draw.uniform(0.5, 2)))
      }
      let sampling = AffineSampling(maps: maps, to: (draw.integer(1...4), draw.integer(1...4)))
      return (draw.values(shape), { sampleGrid($0, sampling) })
    },
    moved("gatherPixels") { draw in
      let shape = draw.shape(rank: 4...4)
      let to = (height: draw.integer(1...3), width: draw.integer(1...3))
      let order = (0..<(shape[0] * to.height * to.width)).map { _ in (draw.integer(-1...3), draw.integer(-1...3)) }
      let map = PixelMap(batch: shape[0], from: (shape[1], shape[2]), to: to) { picture, y, x in
        order[(picture * to.height + y) * to.width + x]
      }
      return (draw.values(shape), { gatherPixels($0, map) })
    },
  ]

  private static let normalizations: [GradientProperty] = [
    GradientProperty("batchNormTraining") { draw in
      let channels = draw.integer(1...2)
      let x = draw.values([draw.integer(2...3), draw.integer(1...2), draw.integer(1...2), channels], -2, 2)
      let residual = draw.flag() ? [draw.values(x.shape)] : []
      return GradientCase(
        [x, draw.values([channels], 0.75, 1.75), draw.values([channels])] + residual, tolerance: 4e-3, step: 0x1p-4
      ) {
        batchNormTraining($0[0], scale: $0[1], offset: $0[2], epsilon: 0.25, residual: $0.count > 3 ? $0[3] : nil)
          .output.squared()
      }
    },
    GradientProperty("channelAffine") { draw in
      let shape = draw.shape(rank: 2...4)
      let channels = shape.last!
      let residual = draw.flag() ? [draw.values(shape)] : []
      return GradientCase([draw.values(shape), draw.values([channels]), draw.values([channels])] + residual) {
        channelAffine($0[0], factor: $0[1], offset: $0[2], residual: $0.count > 3 ? $0[3] : nil).squared()
      }
    },
    GradientProperty("layerNorm") { draw in
      let shape = draw.shape(rank: 1...2) + [draw.integer(2...4)]
      let channels = shape.last!
      return GradientCase(
        [draw.values(shape, -2, 2), draw.values([channels]), draw.values([channels])], tolerance: 4e-3, step: 0x1p-4
      ) { layerNorm($0[0], scale: $0[1], offset: $0[2], epsilon: 0.25).squared() }
    },
    GradientProperty("biasActivation") { draw in
      let shape = draw.shape(rank: 4...4)
      // x stays away from 0 by more than bias, noise and the steps can move it.
      let x = draw.awayFromZero(shape, distance: 0.75)
      let bias = draw.values([shape[3]], -0.125, 0.125)
      let (slope, gain) = (draw.uniform(0.1, 0.5), draw.uniform(1, 2))
      guard draw.flag() else {
        return GradientCase([x, bias]) { biasActivation($0[0], bias: $0[1], slope: slope, gain: gain).squared() }
      }
      let noise = draw.values([draw.flag() ? shape[0] : 1, shape[1], shape[2], 1], -0.5, 0.5)
      return GradientCase([x, bias, Tensor([0.25], shape: [1])]) {
        biasActivation($0[0], bias: $0[1], noise: noise, strength: $0[2], slope: slope, gain: gain).squared()
      }
    },
    GradientProperty("crossEntropy") { draw in
      let (count, classes) = (draw.integer(1...3), draw.integer(2...4))
      let labels = (0..<count).map { _ in draw.integer(0...(classes - 1)) }
      let smoothing: Float = draw.choice([0, 0.1])
      return GradientCase([draw.values([count, classes], -2, 2)]) {
        crossEntropy($0[0], labels, labelSmoothing: smoothing)
      }
    },
    GradientProperty("meanSquaredError") { draw in
      let shape = draw.shape(rank: 1...3)
      return GradientCase([draw.values(shape), draw.values(shape)]) { meanSquaredError($0[0], $0[1]) }
    },
  ]
}
