import XCTest

@testable import Engine

/// Winograd's convolution against a naive one in double precision and against the direct kernels.
final class WinogradTests: XCTestCase {
  private struct Case {
    let batch, height, width, inputs, outputs, padding: Int
    var size: ConvolutionSize {
      ConvolutionSize(
        input: [batch, height, width, inputs], weight: [3, 3, inputs, outputs], window: Window(padding: padding))
    }
    var x: Tensor { formulaValues(size.inputShape, salt: 1) }
    var weight: Tensor { formulaValues(size.weightShape, salt: 2) }
    var gradient: Tensor { formulaValues(size.outputShape, salt: 3) }
  }

  private let cases = [
    Case(batch: 1, height: 1, width: 1, inputs: 8, outputs: 8, padding: 1),
    Case(batch: 2, height: 3, width: 3, inputs: 9, outputs: 16, padding: 1),
    Case(batch: 1, height: 5, width: 7, inputs: 13, outputs: 11, padding: 1),
    Case(batch: 3, height: 4, width: 4, inputs: 64, outputs: 64, padding: 1),
    Case(batch: 1, height: 8, width: 6, inputs: 24, outputs: 40, padding: 0),
    Case(batch: 2, height: 9, width: 10, inputs: 17, outputs: 8, padding: 2),
    Case(batch: 5, height: 13, width: 16, inputs: 32, outputs: 24, padding: 1),
    Case(batch: 40, height: 7, width: 7, inputs: 8, outputs: 9, padding: 1),
    // Large weights, in panels of 80, 80, 80 and 32 columns, and in one.
    Case(batch: 1, height: 6, width: 6, inputs: 264, outputs: 272, padding: 1),
    Case(batch: 1, height: 5, width: 3, inputs: 256, outputs: 257, padding: 1),
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
      let turned = ConvolutionKernels.turnedWeight(w)
      let back = ConvolutionSize(input: g.shape, weight: turned.shape, window: Window(padding: 2 - size.window.padding))
      let errors = [
        relativeDifference(WinogradConvolution.forward(x, w, size).values, forward),
        relativeDifference(WinogradConvolution.forward(g, turned, back).values, byInput),
        relativeDifference(WinogradConvolution.weightGradient(x, g, size).values, byWeight),
      ]
      for error in errors { XCTAssertLessThan(error, 6e-6, "\(one): \(errors)") }
    }
  }

  /// The direct kernels know nothing of tiles; the two must agree through both gradients and their gradients.
  func testAgreesWithTheDirectWayInAllDerivatives() {
    defer { ConvolutionKernels.usesWinograd = true }
    let one = Case(batch: 32, height: 10, width: 9, inputs: 24, outputs: 16, padding: 1)
    XCTAssertTrue(WinogradConvolution.pays(one.size), "this case must go through the transforms")
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
      if index < 3 { XCTAssertNotEqual(bits(a), bits(b), "the setting changed nothing in derivative \(index)") }
    }
  }

  func testSameBitsOnAnyNumberOfThreads() {
    let before = Parallel.threadCount
    defer { Parallel.threadCount = before }
    for one in cases {
      func all() -> [[UInt32]] {
        [
          bits(WinogradConvolution.forward(one.x, one.weight, one.size)),
          bits(WinogradConvolution.weightGradient(one.x, one.gradient, one.size)),
        ]
      }
      Parallel.threadCount = 1
      let alone = all()
      Parallel.threadCount = 3
      XCTAssertEqual(alone, all(), "\(one)")
    }
  }

  func testTheShapeAloneChooses() {
    func pays(_ one: Case) -> Bool { WinogradConvolution.pays(one.size) }
    XCTAssertTrue(pays(Case(batch: 16, height: 56, width: 56, inputs: 64, outputs: 64, padding: 1)))
    XCTAssertTrue(pays(Case(batch: 32, height: 4, width: 4, inputs: 64, outputs: 64, padding: 1)))
    XCTAssertFalse(pays(Case(batch: 32, height: 2, width: 2, inputs: 64, outputs: 64, padding: 1)), "only waste")
    XCTAssertFalse(pays(Case(batch: 1, height: 4, width: 4, inputs: 512, outputs: 512, padding: 1)), "weight too large")
    XCTAssertFalse(pays(Case(batch: 16, height: 56, width: 56, inputs: 1, outputs: 64, padding: 1)), "one channel")
  }
}
