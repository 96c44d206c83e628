/// Convolution as matrix products over blocks of output pixels, or by Winograd's transforms.
///
/// A block's windows are gathered into the rows of a matrix [pixels, K·K·I] that stays in cache, and one single-threaded
/// GEMM multiplies it by the weight [K·K·I, O]. Channels last makes each row of a window one contiguous copy. Blocks
/// are cut by shape alone; threads take whole blocks.
public enum ConvolutionKernels {
  /// Whether 3×3 convolutions of stride 1 and 2 may go through Winograd's transforms where that is faster. Set it before
  /// the first convolution: results differ in the last bits.
  nonisolated(unsafe) public static var usesWinograd = true

  private static func takesWinograd(_ size: ConvolutionSize, isTransposed: Bool = false) -> Bool {
    usesWinograd && Winograd.pays(size, isTransposed: isTransposed)
  }

  /// Pixels of a block: enough to keep GEMM busy, few enough that the gathered windows stay in cache.
  private static func blockLength(_ size: ConvolutionSize) -> Int {
    let cached = (1 << 17) / max(1, size.windowCount)
    let longest = max(32, (size.pixels + 3) / 4)
    return max(1, min(max(128, min(cached, 1024)), longest))
  }

  static func forward(
    _ x: Tensor, _ weight: Tensor, _ size: ConvolutionSize, finish: (any OutputFinish)? = nil
  ) -> Tensor {
    if takesWinograd(size) { return Winograd.forward(x, weight, size, finish: finish) }
    if size.isPointwise {
      let result = Tensor(uninitialized: size.outputShape)
      GEMM.parallel(
        transposeA: false, transposeB: false, m: size.pixels, n: size.outChannels, k: size.inChannels,
        x.pointer, weight.pointer, result.pointer, finish: finish)
      return result
    }
    if let points = StridedPoints(size) { return forward(points.seen(x), weight, points.dense, finish: finish) }
    if PositionConvolution.paysForward(size) {
      let result = PositionConvolution.forward(x, weight, size)
      finish?.apply(from: result, to: result)
      return result
    }
    let result = Tensor(uninitialized: size.outputShape)
    let length = blockLength(size)
    Parallel.pieces((size.pixels + length - 1) / length) { block in
      let pixels = block * length..<min(size.pixels, (block + 1) * length)
      let windows = Storage(count: pixels.count * size.windowCount)
      gather(x.pointer, size, pixels, into: windows.pointer)
      GEMM.call(
        transposeA: false, transposeB: false, m: pixels.count, n: size.outChannels, k: size.windowCount,
        windows.pointer, strideA: size.windowCount, weight.pointer, strideB: size.outChannels,
        result.pointer + pixels.lowerBound * size.outChannels, strideC: size.outChannels)
      finish?.apply(to: result.pointer, rows: pixels, channels: 0..<size.outChannels)
    }
    return result
  }

  /// x·scale [N,H,W,I], weight [1,1,I,O] → [N,H,W,O]: some pixels are scaled, then multiplied.
  static func scaledPointwise(_ x: Tensor, _ scale: Tensor, _ weight: Tensor, _ size: ConvolutionSize) -> Tensor {
    let result = Tensor(uninitialized: size.outputShape)
    let (inputs, outputs, ofPicture) = (size.inChannels, size.outChannels, size.height * size.width)
    let length = max(8, (1 << 15) / inputs)
    Parallel.ranges(size.pixels, grain: max(length, (size.pixels + 15) / 16)) { start, end in
      let scaled = Storage(count: length * inputs)
      for low in stride(from: start, to: end, by: length) {
        let rows = min(length, end - low)
        for row in 0..<rows {
          let (source, factors) = (x.pointer + (low &+ row) &* inputs, scale.pointer + (low &+ row) / ofPicture &* inputs)
          Lanes.forEachRun(0, inputs) { c, n in
            (Lanes(source + c, n) * Lanes(factors + c, n)).store(scaled.pointer + row &* inputs + c, n)
          }
        }
        GEMM.call(
          transposeA: false, transposeB: false, m: rows, n: outputs, k: inputs, scaled.pointer, strideA: inputs,
          weight.pointer, strideB: outputs, result.pointer + low * outputs, strideC: outputs)
      }
    }
    return result
  }

  /// - Parameter isTransposed: Whether the weight is given as [K,K,O,I].
  static func inputGradient(
    _ g: Tensor, _ weight: Tensor, isTransposed: Bool = false, _ size: ConvolutionSize
  ) -> Tensor {
    if size.window.stride == 2 && takesWinograd(size, isTransposed: true) {
      return Winograd.inputGradient(g, weight, isTransposed: isTransposed, size)
    }
    if isTransposed { return inputGradient(g, transposed(weight), size) }
    if size.isPointwise {
      let result = Tensor(uninitialized: size.inputShape)
      GEMM.parallel(
        transposeA: false, transposeB: true, m: size.pixels, n: size.inChannels, k: size.outChannels,
        g.pointer, weight.pointer, result.pointer)
      return result
    }
    let isSquare = size.kernelHeight == size.kernelWidth
    if size.window.stride == 1 && isSquare && size.window.padding < size.kernelHeight {
      // Stride 1: a convolution of the gradient by the weight turned by 180° and transposed.
      let padding = size.kernelHeight - 1 - size.window.padding
      let turned = transposed(weight, isTurned: true)
      return forward(
        g, turned, ConvolutionSize(input: g.shape, weight: turned.shape, window: Window(padding: padding)))
    }
    if let points = StridedPoints(size) { return points.spread(inputGradient(g, weight, points.dense)) }
    if PositionConvolution.paysInputGradient(size) { return PositionConvolution.inputGradient(g, weight, size) }
    // Otherwise each window's share is added where it came from; pictures do not overlap, so they go in parallel.
    let result = Tensor(uninitialized: size.inputShape)
    let valuesOfImage = size.height * size.width * size.inChannels
    let upright = DerivedWeights.form(.windowsTransposed, of: weight) {
      let upright = Storage(count: weight.count)
      Transposition.transpose(weight.pointer, rows: size.windowCount, columns: size.outChannels, into: upright.pointer)
      return upright
    }
    let perImage = size.outHeight * size.outWidth
    let length = min(max(1, perImage), max(64, (1 << 17) / max(1, size.windowCount)))
    Parallel.pieces(size.batch) { image in
      (result.pointer + image * valuesOfImage).update(repeating: 0, count: valuesOfImage)
      let windows = Storage(count: length * size.windowCount)
      var start = image * perImage
      let end = start + perImage
      while start < end {
        let pixels = start..<min(end, start + length)
        GEMM.call(
          transposeA: false, transposeB: false, m: pixels.count, n: size.windowCount, k: size.outChannels,
          g.pointer + start * size.outChannels, strideA: size.outChannels,
          upright.pointer, strideB: size.windowCount, windows.pointer, strideC: size.windowCount)
        scatter(windows.pointer, size, pixels, into: result.pointer)
        start = pixels.upperBound
      }
    }
    return result
  }

  static func weightGradient(_ x: Tensor, _ g: Tensor, _ size: ConvolutionSize) -> Tensor {
    if takesWinograd(size) { return Winograd.weightGradient(x, g, size) }
    let result = Tensor(uninitialized: size.weightShape)
    if size.isPointwise {
      GEMM.parallel(
        transposeA: true, transposeB: false, m: size.inChannels, n: size.outChannels, k: size.pixels,
        x.pointer, g.pointer, result.pointer)
      return result
    }
    if let points = StridedPoints(size) { return weightGradient(points.seen(x), g, points.dense) }
    if PositionConvolution.paysWeightGradient(size) { return PositionConvolution.weightGradient(x, g, size) }
    // Four to eight running sums, each over a fixed run of pixels, added in order at the end.
    let pieces = size.pixels < 64 ? 1 : (result.count > 1 << 20 ? 4 : 8)
    let share = (size.pixels + pieces - 1) / pieces
    let length = min(max(1, share), blockLength(size))
    let partial = pieces == 1 ? result.storage : Storage(count: pieces * result.count)
    Parallel.pieces(pieces) { piece in
      let out = partial.pointer + piece * result.count
      let end = min(size.pixels, (piece + 1) * share)
      var start = piece * share
      if start >= end { out.update(repeating: 0, count: result.count) }
      let windows = Storage(count: length * size.windowCount)
      var isFirst = true
      while start < end {
        let pixels = start..<min(end, start + length)
        gather(x.pointer, size, pixels, into: windows.pointer)
        GEMM.call(
          transposeA: true, transposeB: false, m: size.windowCount, n: size.outChannels, k: pixels.count,
          windows.pointer, strideA: size.windowCount,
          g.pointer + start * size.outChannels, strideB: size.outChannels,
          out, strideC: size.outChannels, accumulating: !isFirst)
        isFirst = false
        start = pixels.upperBound
      }
    }
    if pieces > 1 {
      GEMM.addInOrder(partial.pointer, pieces: pieces, count: result.count, into: result.pointer)
    }
    return result
  }

  /// [K,K,I,O] → [K,K,O,I], or that turned by 180°.
  static func transposed(_ weight: Tensor, isTurned: Bool = false) -> Tensor {
    let taps = weight.shape[0] * weight.shape[1]
    let (rows, columns) = (weight.shape[2], weight.shape[3])
    let values = DerivedWeights.form(.transposed(isTurned: isTurned), of: weight) {
      let result = Storage(count: weight.count)
      Parallel.pieces(taps, values: weight.count) { tap in
        Transposition.transpose(
          weight.pointer + (isTurned ? taps - 1 - tap : tap) * rows * columns, rows: rows, columns: columns,
          into: result.pointer + tap * rows * columns)
      }
      return result
    }
    return Tensor(shape: [weight.shape[0], weight.shape[1], columns, rows], storage: values)
  }

  /// The columns of a window row that lie inside the picture, as offsets 0..<K.
  @inline(__always)
  private static func inside(_ left: Int, _ size: ConvolutionSize) -> (first: Int, end: Int) {
    (min(size.kernelWidth, max(0, -left)), max(0, min(size.kernelWidth, size.width - left)))
  }

  /// Copies the windows of the given output pixels into rows of [K,K,I], zero where they leave the picture.
  private static func gather(
    _ x: UnsafePointer<Float>, _ size: ConvolutionSize, _ pixels: Range<Int>, into windows: UnsafeMutablePointer<Float>
  ) {
    let channels = size.inChannels
    let run = size.kernelWidth * channels
    forEachPixel(pixels, size) { index, image, top, left in
      let (first, end) = inside(left, size)
      for ky in 0..<size.kernelHeight {
        let out = windows + index * size.windowCount + ky * run
        let y = top + ky
        if y < 0 || y >= size.height || first >= end {
          out.update(repeating: 0, count: run)
          continue
        }
        let source = x + ((image * size.height + y) * size.width + left) * channels
        if first > 0 { out.update(repeating: 0, count: first * channels) }
        (out + first * channels).update(from: source + first * channels, count: (end - first) * channels)
        if end < size.kernelWidth {
          (out + end * channels).update(repeating: 0, count: (size.kernelWidth - end) * channels)
        }
      }
    }
  }

  /// Adds rows of [K,K,I] back where the windows of the given output pixels lie.
  private static func scatter(
    _ windows: UnsafePointer<Float>, _ size: ConvolutionSize, _ pixels: Range<Int>,
    into x: UnsafeMutablePointer<Float>
  ) {
    let channels = size.inChannels
    let run = size.kernelWidth * channels
    forEachPixel(pixels, size) { index, image, top, left in
      let (first, end) = inside(left, size)
      guard first < end else { return }
      for ky in 0..<size.kernelHeight where top + ky >= 0 && top + ky < size.height {
        let source = windows + index * size.windowCount + ky * run
        let target = x + ((image * size.height + top + ky) * size.width + left) * channels
        var i = first * channels
        while i < end * channels {
          target[i] += source[i]
          i &+= 1
        }
      }
    }
  }

  @inline(__always)
  private static func forEachPixel(
    _ pixels: Range<Int>, _ size: ConvolutionSize, _ body: (_ index: Int, _ image: Int, _ top: Int, _ left: Int) -> Void
  ) {
    var (row, column) = pixels.lowerBound.quotientAndRemainder(dividingBy: size.outWidth)
    var image: Int
    (image, row) = row.quotientAndRemainder(dividingBy: size.outHeight)
    for index in 0..<pixels.count {
      body(
        index, image, row * size.window.stride - size.window.padding,
        column * size.window.stride - size.window.padding)
      column += 1
      if column == size.outWidth {
        column = 0
        row += 1
        if row == size.outHeight {
          row = 0
          image += 1
        }
      }
    }
  }
}
