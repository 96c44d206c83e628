/// Convolution of small maps without gathering windows: for one output position, the pixels under one row of the
/// kernel stand side by side in every picture, as do the weights that meet them. So each is a product over the batch,
/// [N, run·I]·[run·I, O], read where it is, and taps that fall outside the map are never multiplied by zeros: of a
/// 3×3 convolution of a 2×2 map, five ninths.
enum PositionConvolution {
  /// A row of the kernel over one output position: `taps` of its columns lie inside the map.
  private struct Run {
    /// Offset in pixels of one picture, and the number of the first tap.
    let input, tap, taps: Int

    /// Nil where all of the row lies outside.
    init?(_ size: ConvolutionSize, output: Int, kernelRow: Int) {
      let (row, column) = output.quotientAndRemainder(dividingBy: size.outWidth)
      let top = row * size.window.stride - size.window.padding + kernelRow
      let left = column * size.window.stride - size.window.padding
      let (first, end) = (max(0, -left), min(size.kernelWidth, size.width - left))
      guard (0..<size.height).contains(top), first < end else { return nil }
      input = top * size.width + left + first
      tap = kernelRow * size.kernelWidth + first
      taps = end - first
    }
  }

  /// Whether it is faster than gathering windows, by measurement: products over few pictures or channels are too
  /// small, and where there are many positions the pictures' rows lie too far apart for the cache.
  static func paysForward(_ size: ConvolutionSize) -> Bool { pays(size, positions: 256) && size.inChannels >= 24 }
  static func paysInputGradient(_ size: ConvolutionSize) -> Bool { pays(size, positions: 256) && size.inChannels >= 32 }
  static func paysWeightGradient(_ size: ConvolutionSize) -> Bool { pays(size, positions: 64) }

  private static func pays(_ size: ConvolutionSize, positions: Int) -> Bool {
    size.batch >= 16 && size.outHeight * size.outWidth <= positions && size.inChannels >= 16 && size.outChannels >= 16
  }

  /// The outputs along an axis under whose kernel a place of the map lies.
  private static func readers(of place: Int, kernel: Int, outputs: Int, _ window: Window) -> Range<Int> {
    let behind = place + window.padding
    let first = behind < kernel ? 0 : (behind - kernel) / window.stride + 1
    return first..<max(first, min(outputs, behind / window.stride + 1))
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
    let result = Tensor(uninitialized: size.outputShape)
    let (inputs, outputs) = (size.inChannels, size.outChannels)
    Parallel.pieces(positions) { position in
      let out = result.pointer + position * outputs
      var isEmpty = true
      for row in 0..<size.kernelHeight {
        guard let run = Run(size, output: position, kernelRow: row) else { continue }
        GEMM.call(
          transposeA: false, transposeB: false, m: size.batch, n: outputs, k: run.taps * inputs,
          x.pointer + run.input * inputs, strideA: size.height * size.width * inputs,
          weight.pointer + run.tap * inputs * outputs, strideB: outputs,
          out, strideC: positions * outputs, accumulating: !isEmpty)
        isEmpty = false
      }
      if isEmpty { clear(out, rows: size.batch, stride: positions * outputs, count: outputs) }
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
    let (stride, padding) = (size.window.stride, size.window.padding)
    Parallel.pieces(positions) { position in
      let out = result.pointer + position * inputs
      let (y, x) = position.quotientAndRemainder(dividingBy: size.width)
      let rows = readers(of: y, kernel: size.kernelHeight, outputs: size.outHeight, size.window)
      let columns = readers(of: x, kernel: size.kernelWidth, outputs: size.outWidth, size.window)
      if rows.isEmpty || columns.isEmpty {
        clear(out, rows: size.batch, stride: positions * inputs, count: inputs)
      }
      for row in rows {
        for column in columns {
          let tap = (y + padding - row * stride) * size.kernelWidth + x + padding - column * stride
          GEMM.call(
            transposeA: false, transposeB: false, m: size.batch, n: inputs, k: outputs,
            g.pointer + (row * size.outWidth + column) * outputs, strideA: size.outHeight * size.outWidth * outputs,
            upright.pointer + tap * inputs * outputs, strideB: inputs,
            out, strideC: positions * inputs, accumulating: row > rows.lowerBound || column > columns.lowerBound)
        }
      }
    }
    return result
  }

  /// x [N,H,W,I], g [N,H',W',O] → [K,K,I,O]. A thread sums half a row of the kernel for some output channels.
  static func weightGradient(_ x: Tensor, _ g: Tensor, _ size: ConvolutionSize) -> Tensor {
    let result = Tensor.zeros(size.weightShape)
    let (inputs, outputs) = (size.inChannels, size.outChannels)
    let columns = panels(outputs)
    let half = (size.kernelWidth * inputs / 2).roundedUp(to: 16)
    Parallel.pieces(2 * size.kernelHeight * columns.count) { piece in
      let (row, panel) = (piece / 2).quotientAndRemainder(dividingBy: columns.count)
      let channels = columns[panel]
      // Rows of the weight [K·K·I, O], counted from the first of this kernel row's.
      let (first, last) = piece % 2 == 0 ? (0, half) : (half, size.kernelWidth * inputs)
      for position in 0..<size.outHeight * size.outWidth {
        guard let run = Run(size, output: position, kernelRow: row) else { continue }
        let origin = run.tap % size.kernelWidth * inputs
        let (start, end) = (max(first, origin), min(last, origin + run.taps * inputs))
        guard start < end else { continue }
        GEMM.call(
          transposeA: true, transposeB: false, m: end - start, n: channels.count, k: size.batch,
          x.pointer + run.input * inputs + start - origin, strideA: size.height * size.width * inputs,
          g.pointer + position * outputs + channels.lowerBound, strideB: size.outHeight * size.outWidth * outputs,
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
