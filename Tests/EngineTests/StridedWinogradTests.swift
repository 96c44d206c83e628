import XCTest

@testable import Engine

/// Winograd's transforms at stride 2 against a naive convolution in double precision and against the direct kernels.
final class StridedWinogradTests: XCTestCase {
  private struct Case {
    let batch, height, width, inputs, outputs, padding: Int
    var size: ConvolutionSize {
      ConvolutionSize(
        input: [batch, height, width, inputs], weight: [3, 3, inputs, outputs],
        window: Window(stride: 2, padding: padding))
    }
    var x: Tensor { formulaValues(size.inputShape, salt: 1) }
    var weight: Tensor { formulaValues(size.weightShape, salt: 2) }
    var gradient: Tensor { formulaValues(size.outputShape, salt: 3) }
  }

  private let cases = [
    Case(batch: 1, height: 1, width: 1, inputs: 8, outputs: 8, padding: 1),
    Case(batch: 2, height: 3, width: 3, inputs: 9, outputs: 16, padding: 0),
    Case(batch: 1, height: 4, width: 5, inputs: 13, outputs: 11, padding: 0),
    Case(batch: 1, height: 5, width: 8, inputs: 13, outputs: 11, padding: 1),
    Case(batch: 3, height: 9, width: 9, inputs: 64, outputs: 64, padding: 0),
    Case(batch: 2, height: 10, width: 7, inputs: 17, outputs: 8, padding: 2),
    Case(batch: 2, height: 14, width: 13, inputs: 24, outputs: 40, padding: 1),
    Case(batch: 20, height: 7, width: 7, inputs: 8, outputs: 9, padding: 0),
    Case(batch: 1, height: 12, width: 12, inputs: 264, outputs: 272, padding: 1),
  ]

  func testErrorAgainstDoublePrecision() {
    for one in cases {
      let size = one.size
      let (x, w, g) = (one.x, one.weight, one.gradient)
      let (xs, ws, gs) = (x.values.map(Double.init), w.values.map(Double.init), g.values.map(Double.init))
      var forward = [Double](repeating: 0, count: size.outputShape.elementCount)
      var byInput = [Double](repeating: 0, count: xs.count)
      var byWeight = [Double](repeating: 0, count: ws.count)
      naiveConvolution(size) { i, k, o in
        forward[o] += xs[i] * ws[k]
        byInput[i] += gs[o] * ws[k]
        byWeight[k] += gs[o] * xs[i]
      }
      let errors = [
        relativeDifference(StridedWinograd.forward(x, w, size).values, forward),
        relativeDifference(StridedWinograd.inputGradient(g, w, size).values, byInput),
        relativeDifference(StridedWinograd.weightGradient(x, g, size).values, byWeight),
      ]
      for error in errors { XCTAssertLessThan(error, 3e-6, "\(one): \(errors)") }
    }
  }

  /// The direct kernels know nothing of tiles; the two must agree through both gradients and their gradients.
  func testAgreesWithTheDirectWayInAllDerivatives() {
    defer { ConvolutionKernels.usesWinograd = true }
    let one = Case(batch: 6, height: 35, width: 41, inputs: 136, outputs: 128, padding: 0)
    for isTransposed in [false, true] {
      XCTAssertTrue(StridedWinograd.pays(one.size, isTransposed: isTransposed), "this case must be transformed")
    }
    func derivatives() -> [Tensor] {
      let (x, w, seed) = (one.x.tracked, one.weight.tracked, one.gradient.tracked)
      let y = conv2d(x, w, one.size.window)
      let first = gradients(of: y, withRespectTo: [x, w], seed: seed, recording: true)
      let total =
        (first[0] * formulaValues(x.shape, salt: 4)).sum() + (first[1] * formulaValues(w.shape, salt: 5)).sum()
      return [y] + first + gradients(of: total, withRespectTo: [x, w, seed])
    }
    let fast = derivatives()
    ConvolutionKernels.usesWinograd = false
    for (index, (a, b)) in zip(fast, derivatives()).enumerated() {
      assertClose(a, b, tolerance: 1e-5, "derivative \(index)")
      if index < 3 { XCTAssertFalse(bits(a) == bits(b), "the setting changed nothing in derivative \(index)") }
    }
  }

  func testWhatFollowsAConvolutionIsDone() {
    let one = Case(batch: 8, height: 24, width: 24, inputs: 128, outputs: 128, padding: 1)
    XCTAssertTrue(StridedWinograd.pays(one.size, isTransposed: false))
    let finish = ChannelFinish(
      factor: formulaValues([128], salt: 6), offset: formulaValues([128], salt: 7), residual: one.gradient,
      isRectified: true)
    let bare = ConvolutionKernels.forward(one.x, one.weight, one.size)
    let finished = ConvolutionKernels.forward(one.x, one.weight, one.size, finish: finish)
    XCTAssertTrue(bits(finished) == bits(finish.applied(to: bare)))
  }

  func testSameBitsOnAnyNumberOfThreads() {
    let before = Parallel.threadCount
    defer { Parallel.threadCount = before }
    for one in cases {
      func all() -> [[UInt32]] {
        [
          bits(StridedWinograd.forward(one.x, one.weight, one.size)),
          bits(StridedWinograd.inputGradient(one.gradient, one.weight, one.size)),
          bits(StridedWinograd.weightGradient(one.x, one.gradient, one.size)),
        ]
      }
      Parallel.threadCount = 1
      let alone = all()
      Parallel.threadCount = 3
      XCTAssertTrue(alone == all(), "\(one)")
    }
  }

  func testTheShapeAloneChooses() {
    func pays(_ one: Case) -> Bool { StridedWinograd.pays(one.size, isTransposed: false) }
    XCTAssertTrue(pays(Case(batch: 4, height: 257, width: 257, inputs: 128, outputs: 256, padding: 0)))
    XCTAssertFalse(pays(Case(batch: 4, height: 257, width: 257, inputs: 64, outputs: 256, padding: 0)), "not measured")
    XCTAssertFalse(pays(Case(batch: 32, height: 8, width: 8, inputs: 128, outputs: 128, padding: 1)), "too much waste")
    XCTAssertFalse(pays(Case(batch: 1, height: 9, width: 9, inputs: 512, outputs: 512, padding: 0)), "weight too large")
  }
}
