import XCTest

@testable import Engine

/// Convolution without gathered windows against the sum over taps of shifted, weighted pictures.
final class PositionConvolutionTests: XCTestCase {
  private let cases: [(input: [Int], weight: [Int], window: Window)] = [
    ([16, 2, 2, 32], [3, 3, 32, 24], Window(padding: 1)),
    ([17, 9, 7, 33], [3, 3, 33, 16], Window(stride: 2)),
    ([20, 4, 5, 40], [3, 3, 40, 70], Window(stride: 2, padding: 1)),
    ([16, 8, 8, 32], [1, 1, 32, 130], Window(stride: 2)),
    ([16, 1, 1, 32], [3, 3, 32, 16], Window(padding: 1)),
    ([16, 7, 6, 32], [2, 4, 32, 16], Window(stride: 3, padding: 2)),
    ([16, 2, 2, 32], [3, 3, 32, 16], Window(stride: 2, padding: 4)),
  ]

  func testAgreesWithADoubleSumInAllThreeMaps() {
    for (input, weight, window) in cases {
      let size = ConvolutionSize(input: input, weight: weight, window: window)
      let x = formulaValues(input, salt: 1)
      let w = formulaValues(weight, salt: 2)
      let g = formulaValues(size.outputShape, salt: 3)
      let (xs, ws, gs) = (x.values.map(Double.init), w.values.map(Double.init), g.values.map(Double.init))
      var forward = [Double](repeating: 0, count: gs.count)
      var byInput = [Double](repeating: 0, count: xs.count)
      var byWeight = [Double](repeating: 0, count: ws.count)
      for pixel in 0..<size.pixels {
        let (line, column) = pixel.quotientAndRemainder(dividingBy: size.outWidth)
        let (picture, row) = line.quotientAndRemainder(dividingBy: size.outHeight)
        for tap in 0..<(weight[0] * weight[1]) {
          let y = row * window.stride - window.padding + tap / weight[1]
          let at = column * window.stride - window.padding + tap % weight[1]
          guard (0..<size.height).contains(y), (0..<size.width).contains(at) else { continue }
          for i in 0..<size.inChannels {
            let from = ((picture * size.height + y) * size.width + at) * size.inChannels + i
            for o in 0..<size.outChannels {
              let (k, to) = ((tap * size.inChannels + i) * size.outChannels + o, pixel * size.outChannels + o)
              forward[to] += xs[from] * ws[k]
              byInput[from] += gs[to] * ws[k]
              byWeight[k] += gs[to] * xs[from]
            }
          }
        }
      }
      let what = "\(input) \(weight) \(window)"
      assertClose(PositionConvolution.forward(x, w, size), shape: size.outputShape, forward, tolerance: 3e-6, what)
      assertClose(PositionConvolution.inputGradient(g, w, size), shape: input, byInput, tolerance: 3e-6, what)
      assertClose(PositionConvolution.weightGradient(x, g, size), shape: weight, byWeight, tolerance: 3e-6, what)
      XCTAssertTrue(PositionConvolution.paysForward(size) && PositionConvolution.paysInputGradient(size), what)
    }
  }

  func testSameBitsOnAnyNumberOfThreads() {
    let before = Parallel.threadCount
    defer { Parallel.threadCount = before }
    for (input, weight, window) in cases {
      let size = ConvolutionSize(input: input, weight: weight, window: window)
      let (x, w) = (formulaValues(input, salt: 1), formulaValues(weight, salt: 2))
      let g = formulaValues(size.outputShape, salt: 3)
      func all() -> [[UInt32]] {
        [
          PositionConvolution.forward(x, w, size), PositionConvolution.inputGradient(g, w, size),
          PositionConvolution.weightGradient(x, g, size),
        ].map(bits)
      }
      Parallel.threadCount = 1
      let alone = all()
      Parallel.threadCount = 3
      XCTAssertEqual(alone, all(), "\(input) \(weight)")
    }
  }

  /// Large enough for the shape to choose this way: the rules must fit together in every derivative.
  func testDerivativesThroughTheChosenKernels() {
    let x = formulaValues([16, 5, 5, 32], salt: 1).tracked
    let w = formulaValues([3, 3, 32, 24], salt: 2).tracked
    let window = Window(stride: 2, padding: 1)
    let y = conv2d(x, w, window)
    let seed = formulaValues(y.shape, salt: 3).tracked
    let first = gradients(of: y, withRespectTo: [x, w], seed: seed, recording: true)
    // A bilinear map: <y, g> is the same number from all three sides, and so are its derivatives.
    let value = (y * seed).sum().item
    XCTAssertEqual((first[0] * x).sum().item, value, accuracy: 2e-3 * abs(value))
    XCTAssertEqual((first[1] * w).sum().item, value, accuracy: 2e-3 * abs(value))
    let (u, v) = (formulaValues(x.shape, salt: 4), formulaValues(w.shape, salt: 5))
    let total = (first[0] * u).sum() + (first[1] * v).sum()
    let again = gradients(of: total, withRespectTo: [x, w, seed])
    assertClose(again[0], conv2dInputGradient(seed, v, window, inputSize: (5, 5)), tolerance: 1e-5, "by input")
    assertClose(again[1], conv2dWeightGradient(u, seed, window, kernel: (3, 3)), tolerance: 1e-5, "by weight")
    assertClose(again[2], conv2d(u, w, window) + conv2d(x, v, window), tolerance: 1e-5, "by seed")
  }
}
