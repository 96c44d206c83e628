/// Convolution of small maps without gathering windows: for one output position, the pixels under one row of the
/// kernel stand side by side in every picture, as do the weights that meet them. So each is a product over the batch,
/// [N, run·I]·[run·I, O], read where it is, and taps that fall outside the map are never multiplied by zeros: of a
/// 3×3 convolution of a 2×2 map, five ninths.
enum PositionConvolution {
  /// A row of the kernel over one output position: `taps` of its columns lie inside the map.
  private struct Run {
    /// Offsets in pixels of one picture, and the number of the first tap.
    let output, input, tap, taps: Int
  }

  /// Whether it is faster than gathering windows, by measurement: products over few pictures or channels are too
  /// small, and where there are many positions the pictures' rows lie too far apart for the cache.
  static func paysForward(_ size: ConvolutionSize) -> Bool { pays(size, positions: 256) && size.inChannels >= 24 }
  static func paysInputGradient(_ size: ConvolutionSize) -> Bool { pays(size, positions: 256) && size.inChannels >= 32 }
  static func paysWeightGradient(_ size: ConvolutionSize) -> Bool { pays(size, positions: 64) }

  private static func pays(_ size: ConvolutionSize, positions: Int) -> Bool {
    size.batch >= 16 && size.outHeight * size.outWidth <= positions && size.inChannels >= 16 && size.outChannels >= 16
  }

  /// Runs in the order of their output positions.
  private static func runs(_ size: ConvolutionSize) -> [Run] {
    var result: [Run] = []
    for row in 0..<size.outHeight {
      for column in 0..<size.outWidth {
        let top = row * size.window.stride - size.window.padding
        let left = column * size.window.stride - size.window.padding
        let (first, end) = (max(0, -left), min(size.kernelWidth, size.width - left))
        for ky in 0..<size.kernelHeight where (0..<size.height).contains(top + ky) && first < end {
          result.append(
            Run(
              output: row * size.outWidth + column, input: (top + ky) * size.width + left + first,
              tap: ky * size.kernelWidth + first, taps: end - first))
        }
      }
    }
    return result
  }

  /// Cuts `count` channels into pieces of about 64.
  private static func panels(_ count: Int) -> [Range<Int>] {
    let pieces = max(1, (count + 32) / 64)
    let width = (count + pieces - 1) / pieces
    return (0..<pieces).map { min(count, $0 * width)..<min(count, ($0 + 1) * width) }
  }

  /// x [N,H,W,I], weight [K,K,I,O] → [N,H',W',O].
  static func forward(_ x: Tensor, _ weight: Tensor, _ size: ConvolutionSize) -> Tensor {
    let positions = size.outHeight * size.outWidth
    let all = runs(size)
    let result = Tensor(uninitialized: size.outputShape)
    var byPosition = [[Run]](repeating: [], count: positions)
    for run in all { byPosition[run.output].append(run) }
    let (inputs, outputs) = (size.inChannels, size.outChannels)
    Parallel.pieces(positions) { position in
      let out = result.pointer + position * outputs
      if byPosition[position].isEmpty { clear(out, rows: size.batch, stride: positions * outputs, count: outputs) }
      for (index, run) in byPosition[position].enumerated() {
        GEMM.call(
          transposeA: false, transposeB: false, m: size.batch, n: outputs, k: run.taps * inputs,
          x.pointer + run.input * inputs, strideA: size.height * size.width * inputs,
          weight.pointer + run.tap * inputs * outputs, strideB: outputs,
          out, strideC: positions * outputs, accumulating: index > 0)
      }
    }
    return result
  }

  /// g [N,H',W',O], weight [K,K,I,O] → [N,H,W,I]: for each input position a product [N, O]·[O, I] for each tap that
  /// read it.
  static func inputGradient(_ g: Tensor, _ weight: Tensor, _ size: ConvolutionSize) -> Tensor {
    let result = Tensor(uninitialized: size.inputShape)
    let (inputs, outputs) = (size.inChannels, size.outChannels)
    let positions = size.height * size.width
    let upright = ConvolutionKernels.transposed(weight)
    var readers = [[(output: Int, tap: Int)]](repeating: [], count: positions)
    for run in runs(size) {
      for offset in 0..<run.taps { readers[run.input + offset].append((run.output, run.tap + offset)) }
    }
    Parallel.pieces(positions) { position in
      let out = result.pointer + position * inputs
      if readers[position].isEmpty { clear(out, rows: size.batch, stride: positions * inputs, count: inputs) }
      for (index, reader) in readers[position].enumerated() {
        GEMM.call(
          transposeA: false, transposeB: false, m: size.batch, n: inputs, k: outputs,
          g.pointer + reader.output * outputs, strideA: size.outHeight * size.outWidth * outputs,
          upright.pointer + reader.tap * inputs * outputs, strideB: inputs,
          out, strideC: positions * inputs, accumulating: index > 0)
      }
    }
    return result
  }

  /// x [N,H,W,I], g [N,H',W',O] → [K,K,I,O]. A thread sums half a row of the kernel for some output channels.
  static func weightGradient(_ x: Tensor, _ g: Tensor, _ size: ConvolutionSize) -> Tensor {
    let result = Tensor.zeros(size.weightShape)
    let all = runs(size)
    let (inputs, outputs) = (size.inChannels, size.outChannels)
    let columns = panels(outputs)
    let half = (size.kernelWidth * inputs / 2).roundedUp(to: 16)
    Parallel.pieces(2 * size.kernelHeight * columns.count) { piece in
      let (row, panel) = (piece / 2).quotientAndRemainder(dividingBy: columns.count)
      let channels = columns[panel]
      // Rows of the weight [K·K·I, O], counted from the first of this kernel row's.
      let (first, last) = piece % 2 == 0 ? (0, half) : (half, size.kernelWidth * inputs)
      for run in all where run.tap / size.kernelWidth == row {
        let origin = run.tap % size.kernelWidth * inputs
        let (start, end) = (max(first, origin), min(last, origin + run.taps * inputs))
        guard start < end else { continue }
        GEMM.call(
          transposeA: true, transposeB: false, m: end - start, n: channels.count, k: size.batch,
          x.pointer + run.input * inputs + start - origin, strideA: size.height * size.width * inputs,
          g.pointer + run.output * outputs + channels.lowerBound, strideB: size.outHeight * size.outWidth * outputs,
          result.pointer + (run.tap * inputs + start - origin) * outputs + channels.lowerBound, strideC: outputs,
          accumulating: true)
      }
    }
    return result
  }

  private static func clear(_ rows: UnsafeMutablePointer<Float>, rows count: Int, stride: Int, count width: Int) {
    for row in 0..<count { (rows + row * stride).update(repeating: 0, count: width) }
  }
}
