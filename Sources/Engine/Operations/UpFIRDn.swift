/// Up-sampling by zeros, filtering and down-sampling in one pass, the same in both directions.
///
/// The two-dimensional kernel is the outer product of `taps` with itself, as every blur of StyleGAN2 is
/// (Karras et al. 2020; the released `op/upfirdn2d.py`).
public struct UpFIRDown: Hashable, Sendable {
  public var taps: [Float]
  public var up = 1
  public var down = 1
  /// Zeros before and after, at the up-sampled rate; negative crops.
  public var padding: (before: Int, after: Int) {
    get { (before, after) }
    set { (before, after) = newValue }
  }
  private var before = 0
  private var after = 0

  public init(taps: [Float], up: Int = 1, down: Int = 1, padding: (before: Int, after: Int) = (0, 0)) {
    self.taps = taps
    self.up = up
    self.down = down
    (before, after) = padding
  }

  /// Blurring by [1,3,3,1]/8 before or after a change of size; `gain` multiplies the two-dimensional kernel.
  public static func blur(up: Int = 1, down: Int = 1, padding: (before: Int, after: Int), gain: Float = 1) -> UpFIRDown {
    UpFIRDown(taps: [1, 3, 3, 1].map { $0 / 8 * gain.squareRoot() }, up: up, down: down, padding: padding)
  }

  /// 0 where the taps do not fit even once.
  func outputSize(_ input: Int) -> Int {
    let room = input * up + before + after - taps.count
    return room < 0 ? 0 : room / down + 1
  }

  /// The filter whose matrix is the transpose of this one's, for inputs of the given size.
  func adjoint(inputSize: Int) -> UpFIRDown {
    UpFIRDown(
      taps: taps.reversed(), up: down, down: up,
      padding: (
        taps.count - before - 1, inputSize * up - outputSize(inputSize) * down + before - up + 1
      ))
  }
}

/// x [N,H,W,C] → [N,H',W',C]. The gradient of an up-FIR-down is an up-FIR-down.
public func upFIRDown(_ x: Tensor, _ filter: UpFIRDown) -> Tensor {
  let (height, width) = sides(of: filter, over: x)
  // The two directions may differ by one cropped or added row where height and width differ in parity.
  return upFIRDown(x, vertical: filter, horizontal: filter, outHeight: height, outWidth: width)
}

/// `end` of `upFIRDown`, in the same pass where nothing is recorded; the bits are the same either way.
///
/// - Parameter end: Called as `BiasActivation.ending` does.
public func upFIRDown(_ x: Tensor, _ filter: UpFIRDown, end: () -> BiasActivation) -> Tensor {
  let (height, width) = sides(of: filter, over: x)
  return BiasActivation.ending([x], end) {
    upFIRDown(x, filter)
  } inOnePass: {
    upFIRDownKernel(x, filter, filter, height, width, finish: $0.pass(over: [x.shape[0], height, width, x.shape[3]]))
  }
}

private func sides(of filter: UpFIRDown, over x: Tensor) -> (height: Int, width: Int) {
  precondition(x.rank == 4, "upFIRDown takes [N,H,W,C]; the shape is \(x.shape)")
  let (height, width) = (filter.outputSize(x.shape[1]), filter.outputSize(x.shape[2]))
  precondition(height > 0 && width > 0, "the filter does not fit \(x.shape)")
  return (height, width)
}

private func upFIRDown(
  _ x: Tensor, vertical: UpFIRDown, horizontal: UpFIRDown, outHeight: Int, outWidth: Int
) -> Tensor {
  let value = upFIRDownKernel(x, vertical, horizontal, outHeight, outWidth)
  return recorded(value, from: [x]) { g, _, _ in
    [
      upFIRDown(
        g, vertical: vertical.adjoint(inputSize: x.shape[1]), horizontal: horizontal.adjoint(inputSize: x.shape[2]),
        outHeight: x.shape[1], outWidth: x.shape[2])
    ]
  }
}

/// What an output position is made of: `count` neighbouring inputs from `first` on, with weights from `weight` on.
private struct Contribution {
  var first = 0
  var count = 0
  var weight = 0
}

/// For each output position, the inputs that the filter's taps meet.
private func contributions(_ filter: UpFIRDown, input: Int, output: Int) -> (places: [Contribution], weights: [Float]) {
  let taps = filter.taps
  var weights: [Float] = []
  let places = (0..<output).map { position in
    var place = Contribution(weight: weights.count)
    for tap in taps.indices {
      let at = position * filter.down + tap - filter.padding.before
      guard at >= 0, at % filter.up == 0, at / filter.up < input else { continue }
      if place.count == 0 { place.first = at / filter.up }
      place.count += 1
      // Convolution: the kernel is turned around.
      weights.append(taps[taps.count - 1 - tap])
    }
    return place
  }
  return (places, weights)
}

/// out[i] = Σ weight · source[i + k·step] over the taps of one output position, for `count` values.
@inline(__always)
private func combine(
  _ place: Contribution, _ weights: UnsafePointer<Float>, _ source: UnsafePointer<Float>, step: Int, count: Int,
  into out: UnsafeMutablePointer<Float>, streaming: Bool = false
) {
  let source = source + place.first &* step
  let weights = weights + place.weight
  if count < 16 {
    for i in 0..<count {
      var sum: Float = 0
      for tap in 0..<place.count { sum.addProduct(source[tap &* step &+ i], weights[tap]) }
      out[i] = sum
    }
    return
  }
  // The usual number inside a picture: the weights stay in registers.
  if place.count == 4 {
    let (first, second) = (Lanes(repeating: weights[0]), Lanes(repeating: weights[1]))
    let (third, fourth) = (Lanes(repeating: weights[2]), Lanes(repeating: weights[3]))
    return Lanes.forEachRun(0, count) { i, n in
      var sum = Lanes.zero
      sum.addProduct(Lanes(source + i, n), first)
      sum.addProduct(Lanes(source + step + i, n), second)
      sum.addProduct(Lanes(source + 2 &* step + i, n), third)
      sum.addProduct(Lanes(source + 3 &* step + i, n), fourth)
      sum.store(out + i, n, streaming: streaming)
    }
  }
  Lanes.forEachRun(0, count) { i, n in
    var sum = Lanes.zero
    for tap in 0..<place.count { sum.addProduct(Lanes(source + tap &* step + i, n), Lanes(repeating: weights[tap])) }
    sum.store(out + i, n, streaming: streaming)
  }
}

/// `combine` for pixels of at most four channels, of which the source has at least three values after the last.
@inline(__always)
private func combineColours(
  _ place: Contribution, _ weights: UnsafePointer<Float>, _ line: UnsafePointer<Float>, channels: Int,
  into out: UnsafeMutablePointer<Float>
) {
  var sum = SIMD4<Float>.zero
  for tap in 0..<place.count {
    let pixel = UnsafeRawPointer(line + (place.first &+ tap) &* channels).loadUnaligned(as: SIMD4<Float>.self)
    sum.addProduct(pixel, SIMD4(repeating: weights[place.weight &+ tap]))
  }
  for channel in 0..<channels { out[channel] = sum[channel] }
}

/// Rows are first combined vertically, a plain loop over W·C values, then horizontally, loops over C.
private func upFIRDownKernel(
  _ x: Tensor, _ vertical: UpFIRDown, _ horizontal: UpFIRDown, _ outHeight: Int, _ outWidth: Int,
  finish: (any OutputFinish)? = nil
) -> Tensor {
  let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
  let result = Tensor(uninitialized: [batch, outHeight, outWidth, channels])
  guard result.count > 0 else { return result }
  let span = Trace.open(
    "upFIRDown", "\(x.shape) \(result.shape)", operations: 4 * vertical.taps.count * max(x.count, result.count),
    bytes: 4 * (x.count + result.count))
  defer { Trace.close(span) }
  let rows = contributions(vertical, input: height, output: outHeight)
  let columns = contributions(horizontal, input: width, output: outWidth)
  let rowLength = width * channels
  let streaming = Lanes.streams(result.count)
  Parallel.ranges(batch * outHeight, grain: max(1, 8192 / max(1, outWidth * channels))) { start, end in
    // Four values are read at once of a pixel that may have fewer.
    let combined = Storage(count: rowLength + 4)
    let line = combined.pointer
    let unfinished = finish.map { _ in Storage(count: outWidth * channels) }
    for row in start..<end {
      let (image, y) = row.quotientAndRemainder(dividingBy: outHeight)
      let picture = x.pointer + image * height * rowLength
      combine(rows.places[y], rows.weights, picture, step: rowLength, count: rowLength, into: line)
      let out = unfinished?.pointer ?? result.pointer + row * outWidth * channels
      for column in 0..<outWidth {
        let (place, pixel) = (columns.places[column], out + column &* channels)
        if channels <= 4 {
          combineColours(place, columns.weights, line, channels: channels, into: pixel)
        } else {
          combine(
            place, columns.weights, line, step: channels, count: channels, into: pixel,
            streaming: streaming && finish == nil)
        }
      }
      finish?.apply(
        from: out, to: result.pointer, rows: row * outWidth..<(row + 1) * outWidth, channels: 0..<channels,
        streaming: streaming)
    }
  }
  return result
}
