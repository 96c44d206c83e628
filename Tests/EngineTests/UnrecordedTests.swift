import XCTest

@testable import Engine

/// What is computed in fewer passes where nothing is recorded has the bits that training sees.
final class UnrecordedTests: XCTestCase {
  /// `f` of tracked inputs, and of the same with recording off.
  private func assertSameBits(_ inputs: [Tensor], _ f: ([Tensor]) -> Tensor, _ what: String, line: UInt = #line) {
    let recorded = f(inputs.map(\.tracked))
    let plain = withoutRecording { f(inputs) }
    XCTAssertEqual(recorded.shape, plain.shape, what, line: line)
    XCTAssertTrue(bits(recorded) == bits(plain), what, line: line)
  }

  func testScaledBiasActivation() {
    for shape in [[2, 30, 40, 24], [3, 9, 7, 5], [1, 1, 1, 1], [4, 20]] {
      let inner = Array(repeating: 1, count: shape.count - 2)
      let (x, scale) = (formulaValues(shape, salt: 1), formulaValues([shape[0]] + inner + [shape.last!], salt: 2))
      let (bias, strength) = (formulaValues([shape.last!], salt: 3), Tensor([0.75], shape: [1]))
      let noise = formulaValues(shape.dropLast() + [1], salt: 4)
      assertSameBits(
        [x, scale, bias, strength],
        { BiasActivation(scale: $0[1], bias: $0[2], noise: noise, strength: $0[3])($0[0]) }, "\(shape)")
      assertSameBits([x, scale, bias], { BiasActivation(scale: $0[1], bias: $0[2])($0[0]) }, "\(shape), no noise")
      let next = formulaValues(scale.shape, salt: 5)
      assertSameBits(
        [x, scale, bias, strength, next],
        { BiasActivation(scale: $0[1], bias: $0[2], noise: noise, strength: $0[3], next: $0[4])($0[0]) },
        "\(shape), with a next factor")
      let plain = biasActivationReference(
        x * scale, bias: bias, noise: noise, strength: strength, factor: 1, slope: 0.2, gain: Float(2).squareRoot())
      assertClose(
        BiasActivation(scale: scale, bias: bias, noise: noise, strength: strength)(x), plain, tolerance: 1e-6)
      assertClose(
        BiasActivation(scale: scale, bias: bias, noise: noise, strength: strength, next: next)(x), plain * next,
        tolerance: 1e-6)
    }
  }

  /// One end for each way of convolution, and for a blur.
  func testActivationsThatEndAnotherOperation() {
    let cases: [(input: [Int], kernel: Int, window: Window)] = [
      ([3, 9, 7, 5], 3, Window(padding: 1)), ([2, 16, 17, 24], 3, Window(padding: 1)), ([2, 6, 5, 40], 1, Window()),
      ([16, 8, 8, 32], 3, Window(stride: 2, padding: 1)), ([1, 1, 1, 1], 1, Window()),
      // By Winograd's transforms, of small and of larger tiles.
      ([4, 13, 18, 64], 3, Window(padding: 1)), ([2, 62, 66, 128], 3, Window(padding: 1)),
      ([2, 33, 34, 128], 3, Window(stride: 2)),
    ]
    for (input, kernel, window) in cases {
      let (x, w) = (formulaValues(input, salt: 11), formulaValues([kernel, kernel, input[3], 128], salt: 12))
      let ended = ended(conv2d(x, w, window).shape)
      assertSameBits(
        [x, w] + ended.inputs,
        { inputs in conv2d(inputs[0], inputs[1], window) { ended.end(inputs.dropFirst(2)) } }, "\(input)")
    }
    for (shape, filter) in [
      ([2, 17, 13, 24], UpFIRDown.blur(padding: (1, 1), gain: 4)), ([1, 5, 6, 3], .blur(up: 2, padding: (2, 1))),
      ([3, 1, 1, 1], .blur(padding: (2, 2))),
    ] {
      let x = formulaValues(shape, salt: 13)
      let ended = ended(upFIRDown(x, filter).shape)
      assertSameBits(
        [x] + ended.inputs, { inputs in upFIRDown(inputs[0], filter) { ended.end(inputs.dropFirst()) } }, "\(shape)")
    }
  }

  func testScaledConvolutions() {
    let cases: [(input: [Int], kernel: Int, outputs: Int)] = [
      ([2, 64, 40, 24], 1, 12), ([5, 31, 33, 256], 1, 12), ([1, 70, 70, 17], 1, 3), ([16, 16, 16, 64], 1, 12),
      ([1, 64, 65, 1], 1, 1),
      // In the plain way: many outputs, few pixels, another kernel.
      ([2, 64, 40, 24], 1, 40), ([2, 5, 6, 24], 1, 12), ([2, 64, 40, 5], 3, 12),
    ]
    for (input, kernel, outputs) in cases {
      let x = formulaValues(input, salt: 18)
      let scale = formulaValues([input[0], 1, 1, input[3]], salt: 19)
      let weight = formulaValues([kernel, kernel, input[3], outputs], salt: 20)
      let window = Window(padding: kernel / 2)
      assertSameBits([x, scale, weight], { conv2d($0[0], scale: $0[1], $0[2], window) }, "\(input)")
      assertClose(conv2d(x, scale: scale, weight, window), conv2d(x * scale, weight, window), tolerance: 1e-6)
    }
  }

  /// An end of outputs [N,H,W,C] with all its parts, and these.
  private func ended(_ shape: [Int]) -> (inputs: [Tensor], end: (ArraySlice<Tensor>) -> BiasActivation) {
    let ofPictures = [shape[0], 1, 1, shape[3]]
    let inputs = [
      formulaValues(ofPictures, salt: 14), formulaValues([shape[3]], salt: 15), Tensor([0.5], shape: [1]),
      formulaValues(ofPictures, salt: 16),
    ]
    let noise = formulaValues(shape.dropLast() + [1], salt: 17)
    return (
      inputs,
      {
        let parts = Array($0)
        return BiasActivation(scale: parts[0], bias: parts[1], noise: noise, strength: parts[2], next: parts[3])
      }
    )
  }

  func testSumsOfSquares() {
    for (shape, axes) in [([3, 3, 64, 70], 2), ([3, 3, 128, 96], 2), ([200, 7], 1), ([5, 1], 1), ([1, 1, 9], 2)] {
      let x = formulaValues(shape, salt: 5)
      assertSameBits([x], { sumOfSquares($0[0], leadingAxes: axes) }, "\(shape)")
      let inner = Array(shape.dropFirst(axes))
      var expected = [Double](repeating: 0, count: inner.elementCount)
      for (index, value) in x.values.enumerated() { expected[index % expected.count] += Double(value) * Double(value) }
      assertClose(sumOfSquares(x, leadingAxes: axes), shape: inner, expected, tolerance: 1e-6, "\(shape)")
    }
  }

  func testUprightTransposedConvolutions() {
    let cases: [(input: [Int], weight: [Int], window: Window)] = [
      ([2, 5, 4, 6], [3, 3, 6, 7], Window(stride: 2)), ([1, 1, 1, 8], [3, 3, 8, 8], Window(stride: 2)),
      ([2, 4, 6, 3], [3, 3, 3, 5], Window(stride: 2, padding: 1)), ([2, 5, 5, 4], [1, 1, 4, 3], Window()),
      // By Winograd's transforms, of large and of larger tiles.
      ([6, 20, 17, 136], [3, 3, 136, 128], Window(stride: 2)), ([4, 64, 64, 128], [3, 3, 128, 136], Window(stride: 2)),
    ]
    for (input, weight, window) in cases {
      let (x, w) = (formulaValues(input, salt: 6), formulaValues(weight, salt: 7))
      assertSameBits([x, w], { convTranspose2d($0[0], upright: $0[1], window) }, "\(input), \(weight)")
      let transposed = convTranspose2d(x, w.transposed([0, 1, 3, 2]), window)
      XCTAssertTrue(bits(convTranspose2d(x, upright: w, window)) == bits(transposed), "\(input), \(weight)")
    }
  }

  /// A large 1×1 convolution of stride 2 sees every second pixel, and so does its gradient.
  func testStridedPointsAreADenseConvolutionOfWhatTheySee() throws {
    let (batch, height, width, inputs, outputs) = (2, 63, 66, 256, 1024)
    let (x, w) = (formulaValues([batch, height, width, inputs], salt: 8), formulaValues([1, 1, inputs, outputs], salt: 9))
    let window = Window(stride: 2)
    let size = ConvolutionSize(input: x.shape, weight: w.shape, window: window)
    XCTAssertNotNil(StridedPoints(size))
    func seen(_ row: Int, _ column: Int) -> Bool { row % 2 == 0 && column % 2 == 0 }
    let small = Tensor.zeros([batch, size.outHeight, size.outWidth, inputs])
    var next = 0
    let pixels = (0..<batch).flatMap { p in (0..<height).flatMap { y in (0..<width).map { (p, y, $0) } } }
    for (p, y, c) in pixels where seen(y, c) {
      for i in 0..<inputs { small.pointer[next + i] = x.pointer[((p * height + y) * width + c) * inputs + i] }
      next += inputs
    }
    let g = formulaValues(size.outputShape, salt: 10)
    XCTAssertTrue(bits(conv2d(x, w, window)) == bits(conv2d(small, w)))
    let kernel = (1, 1)
    XCTAssertTrue(
      bits(conv2dWeightGradient(x, g, window, kernel: kernel)) == bits(conv2dWeightGradient(small, g, Window(), kernel: kernel)))
    let byInput = conv2dInputGradient(g, w, window, inputSize: (height, width)).values
    let dense = conv2dInputGradient(g, w, Window(), inputSize: (size.outHeight, size.outWidth)).values
    next = 0
    for (index, (_, y, c)) in pixels.enumerated() {
      let found = byInput[(index * inputs)..<((index + 1) * inputs)]
      if seen(y, c) {
        XCTAssertTrue(found.elementsEqual(dense[next..<(next + inputs)]), "pixel \(index)")
        next += inputs
      } else {
        XCTAssertTrue(found.allSatisfy { $0 == 0 }, "pixel \(index)")
      }
    }
  }
}
