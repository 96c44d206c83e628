/// Depthwise convolution and its gradients: for each pixel and tap a loop over the channels, which the compiler turns
/// into lanes.
enum DepthwiseKernels {
  /// Which source positions meet which taps at each target position, along one axis.
  private struct Meetings {
    struct Pair {
      let source, tap: Int
    }
    let pairs: [Pair]
    /// Target t has the pairs starts[t]..<starts[t + 1].
    let starts: [Int]

    private init(_ byTarget: [[Pair]]) {
      pairs = byTarget.flatMap { $0 }
      starts = byTarget.reduce(into: [0]) { $0.append($0.last! + $1.count) }
    }

    /// Targets are outputs and sources inputs.
    init(input: Int, output: Int, kernel: Int, window: Window) {
      self.init(
        (0..<output).map { target in
          (0..<kernel).map { Pair(source: target * window.stride - window.padding + $0, tap: $0) }
            .filter { (0..<input).contains($0.source) }
        })
    }

    /// The same meetings seen from the inputs: targets are inputs and sources outputs.
    func reversed(targets: Int) -> Meetings {
      var byTarget = [[Pair]](repeating: [], count: targets)
      for target in 0..<(starts.count - 1) {
        for pair in pairs[starts[target]..<starts[target + 1]] {
          byTarget[pair.source].append(Pair(source: target, tap: pair.tap))
        }
      }
      return Meetings(byTarget)
    }
  }

  private static func meetings(_ size: ConvolutionSize) -> (rows: Meetings, columns: Meetings) {
    (
      Meetings(input: size.height, output: size.outHeight, kernel: size.kernelHeight, window: size.window),
      Meetings(input: size.width, output: size.outWidth, kernel: size.kernelWidth, window: size.window)
    )
  }

  /// x [N,H,W,C], weight [K,K,1,C] → [N,H',W',C].
  static func forward(_ x: Tensor, _ weight: Tensor, _ size: ConvolutionSize) -> Tensor {
    let (rows, columns) = meetings(size)
    let result = Tensor(uninitialized: [size.batch, size.outHeight, size.outWidth, size.outChannels])
    collect(x, weight, size, rows, columns, into: result)
    return result
  }

  /// g [N,H',W',C], weight [K,K,1,C] → [N,H,W,C].
  static func inputGradient(_ g: Tensor, _ weight: Tensor, _ size: ConvolutionSize) -> Tensor {
    let (rows, columns) = meetings(size)
    let result = Tensor(uninitialized: size.inputShape)
    collect(g, weight, size, rows.reversed(targets: size.height), columns.reversed(targets: size.width), into: result)
    return result
  }

  /// Each target pixel is the sum over its meetings of source · tap, channel by channel.
  private static func collect(
    _ source: Tensor, _ weight: Tensor, _ size: ConvolutionSize, _ rows: Meetings, _ columns: Meetings,
    into target: Tensor
  ) {
    let channels = size.outChannels
    let (height, width) = (target.shape[1], target.shape[2])
    let (sourceHeight, sourceWidth) = (source.shape[1], source.shape[2])
    OperationCounter.add(2 * size.batch * rows.pairs.count * columns.pairs.count * channels)
    Parallel.pieces(size.batch * height) { piece in
      let (image, y) = piece.quotientAndRemainder(dividingBy: height)
      let picture = source.pointer + image * sourceHeight * sourceWidth * channels
      let line = target.pointer + piece * width * channels
      line.update(repeating: 0, count: width * channels)
      for row in rows.pairs[rows.starts[y]..<rows.starts[y + 1]] {
        for x in 0..<width {
          let sums = line + x * channels
          for column in columns.pairs[columns.starts[x]..<columns.starts[x + 1]] {
            let values = picture + (row.source * sourceWidth + column.source) * channels
            let factors = weight.pointer + (row.tap * size.kernelWidth + column.tap) * channels
            var c = 0
            while c < channels {
              sums[c].addProduct(values[c], factors[c])
              c &+= 1
            }
          }
        }
      }
    }
  }

  /// x [N,H,W,C], g [N,H',W',C] → [K,K,1,C]: up to 16 sums over fixed runs of output rows, added in order.
  static func weightGradient(_ x: Tensor, _ g: Tensor, _ size: ConvolutionSize) -> Tensor {
    let (rows, columns) = meetings(size)
    let channels = size.outChannels
    let count = size.kernelHeight * size.kernelWidth * channels
    let lines = size.batch * size.outHeight
    let pieces = max(1, min(16, lines))
    let share = (lines + pieces - 1) / pieces
    OperationCounter.add(2 * size.batch * rows.pairs.count * columns.pairs.count * channels)
    let partial = Storage(count: pieces * count)
    Parallel.pieces(pieces) { piece in
      let sums = partial.pointer + piece * count
      sums.update(repeating: 0, count: count)
      for line in min(lines, piece * share)..<min(lines, (piece + 1) * share) {
        let (image, y) = line.quotientAndRemainder(dividingBy: size.outHeight)
        for row in rows.pairs[rows.starts[y]..<rows.starts[y + 1]] {
          let source = x.pointer + (image * size.height + row.source) * size.width * channels
          for column in 0..<size.outWidth {
            let gradient = g.pointer + (line * size.outWidth + column) * channels
            for pair in columns.pairs[columns.starts[column]..<columns.starts[column + 1]] {
              let values = source + pair.source * channels
              let sum = sums + (row.tap * size.kernelWidth + pair.tap) * channels
              var c = 0
              while c < channels {
                sum[c].addProduct(values[c], gradient[c])
                c &+= 1
              }
            }
          }
        }
      }
    }
    let result = Tensor(uninitialized: [size.kernelHeight, size.kernelWidth, 1, channels])
    GEMM.addInOrder(partial.pointer, pieces: pieces, count: count, into: result.pointer)
    return result
  }
}
