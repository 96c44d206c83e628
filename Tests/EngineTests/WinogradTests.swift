import XCTest

@testable import Engine

/// A 3×3 convolution.
private struct Case {
  let batch, height, width, inputs, outputs: Int
  var stride = 1
  let padding: Int
  var size: ConvolutionSize {
    ConvolutionSize(
      input: [batch, height, width, inputs], weight: [3, 3, inputs, outputs],
      window: Window(stride: stride, padding: padding))
  }
  var x: Tensor { formulaValues(size.inputShape, salt: 1) }
  var weight: Tensor { formulaValues(size.weightShape, salt: 2) }
  var gradient: Tensor { formulaValues(size.outputShape, salt: 3) }

  /// The result and both gradients by plain loops in double precision.
  var naive: [[Double]] {
    let (xs, ws, gs) = (x.values.map(Double.init), weight.values.map(Double.init), gradient.values.map(Double.init))
    var forward = [Double](repeating: 0, count: size.outputShape.elementCount)
    var byInput = [Double](repeating: 0, count: xs.count)
    var byWeight = [Double](repeating: 0, count: ws.count)
    naiveConvolution(size) { i, k, o in
      forward[o] += xs[i] * ws[k]
      byInput[i] += gs[o] * ws[k]
      byWeight[k] += gs[o] * xs[i]
    }
    return [forward, byInput, byWeight]
  }
}

/// Winograd's transforms, each of their sizes, against a naive convolution in double precision and against the direct
/// kernels.
final class WinogradTests: XCTestCase {
  private let dense = [
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
  private let strided = [
    Case(batch: 1, height: 1, width: 1, inputs: 8, outputs: 8, stride: 2, padding: 1),
    Case(batch: 2, height: 3, width: 3, inputs: 9, outputs: 16, stride: 2, padding: 0),
    Case(batch: 1, height: 4, width: 5, inputs: 13, outputs: 11, stride: 2, padding: 0),
    Case(batch: 1, height: 5, width: 8, inputs: 13, outputs: 11, stride: 2, padding: 1),
    Case(batch: 3, height: 9, width: 9, inputs: 64, outputs: 64, stride: 2, padding: 0),
    Case(batch: 2, height: 10, width: 7, inputs: 17, outputs: 8, stride: 2, padding: 2),
    Case(batch: 2, height: 14, width: 13, inputs: 24, outputs: 40, stride: 2, padding: 1),
    Case(batch: 20, height: 7, width: 7, inputs: 8, outputs: 9, stride: 2, padding: 0),
    Case(batch: 1, height: 12, width: 12, inputs: 264, outputs: 272, stride: 2, padding: 1),
  ]

  /// The result and both gradients.
  private func all<Way: WinogradTransforms>(_: Way.Type, _ one: Case) -> [Tensor] {
    let turned = ConvolutionKernels.transposed(one.weight, isTurned: true)
    let back = ConvolutionSize(
      input: one.gradient.shape, weight: turned.shape, window: Window(padding: 2 - one.size.window.padding))
    return [
      WinogradConvolution<Way>.forward(one.x, one.weight, one.size),
      WinogradConvolution<Way>.forward(one.gradient, turned, back),
      WinogradConvolution<Way>.weightGradient(one.x, one.gradient, one.size),
    ]
  }

  private func all<Outer>(strided _: Outer.Type, _ one: Case) -> [Tensor] where Outer: TwoTapTransforms {
    [
      WinogradConvolution<Strided<Outer>>.forward(one.x, one.weight, one.size),
      WinogradConvolution<Strided<Outer>>.inputGradient(one.gradient, one.weight, one.size),
      WinogradConvolution<Strided<Outer>>.weightGradient(one.x, one.gradient, one.size),
    ]
  }

  /// Every way, with its cases and the largest error allowed, relative to the largest value.
  private var ways: [(name: String, cases: [Case], error: Double, run: (Case) -> [Tensor])] {
    [
      ("F(4,3)", dense, 6e-6, { self.all(Winograd4.self, $0) }),
      ("F(5,3)", dense, 2e-5, { self.all(Winograd5.self, $0) }),
      ("F(6,3)", dense, 3e-5, { self.all(Winograd6.self, $0) }),
      ("F(3,2), stride 2", strided, 3e-6, { self.all(strided: TwoTaps3.self, $0) }),
      ("F(4,2), stride 2", strided, 6e-6, { self.all(strided: TwoTaps4.self, $0) }),
      ("F(5,2), stride 2", strided, 6e-6, { self.all(strided: TwoTaps5.self, $0) }),
    ]
  }

  func testErrorAgainstDoublePrecision() {
    var naive: [String: [[Double]]] = [:]
    for way in ways {
      var largest = 0.0
      for one in way.cases {
        let expected = naive["\(one)"] ?? one.naive
        naive["\(one)"] = expected
        let errors = zip(way.run(one), expected).map { relativeDifference($0.values, $1) }
        for error in errors { XCTAssertLessThan(error, way.error, "\(way.name), \(one): \(errors)") }
        largest = max(largest, errors.max()!)
      }
      print("\(way.name): largest error \(largest)")
    }
  }

  /// Tiles that lie wholly in the padding are zero.
  func testWidePadding() {
    for stride in [1, 2] {
      let one = Case(batch: 1, height: 5, width: 2, inputs: 8, outputs: 16, stride: stride, padding: 13)
      let expected = one.naive[0]
      let size = one.size
      let results = stride == 1
        ? [
          WinogradConvolution<Winograd4>.forward(one.x, one.weight, size),
          WinogradConvolution<Winograd5>.forward(one.x, one.weight, size),
          WinogradConvolution<Winograd6>.forward(one.x, one.weight, size),
        ]
        : [
          WinogradConvolution<Strided<TwoTaps3>>.forward(one.x, one.weight, size),
          WinogradConvolution<Strided<TwoTaps4>>.forward(one.x, one.weight, size),
          WinogradConvolution<Strided<TwoTaps5>>.forward(one.x, one.weight, size),
        ]
      for result in results { assertClose(result, shape: size.outputShape, expected, tolerance: 1e-5, "stride \(stride)") }
    }
  }

  func testSameBitsOnAnyNumberOfThreads() {
    let before = Parallel.threadCount
    defer { Parallel.threadCount = before }
    for way in ways {
      for one in way.cases {
        Parallel.threadCount = 1
        let alone = way.run(one).map(bits)
        Parallel.threadCount = 3
        XCTAssertTrue(alone == way.run(one).map(bits), "\(way.name), \(one)")
      }
    }
  }

  /// The direct kernels know nothing of tiles; the two must agree through both gradients and their gradients.
  func testAgreesWithTheDirectWayInAllDerivatives() {
    defer { ConvolutionKernels.usesWinograd = true }
    let cases: [(Case, side: Int, tolerance: Double)] = [
      (Case(batch: 32, height: 10, width: 9, inputs: 24, outputs: 16, padding: 1), 4, 1e-5),
      (Case(batch: 3, height: 45, width: 55, inputs: 136, outputs: 128, padding: 1), 5, 3e-5),
      (Case(batch: 8, height: 36, width: 30, inputs: 128, outputs: 136, padding: 1), 6, 5e-5),
      (Case(batch: 6, height: 35, width: 41, inputs: 136, outputs: 128, stride: 2, padding: 0), 3, 1e-5),
      (Case(batch: 8, height: 66, width: 64, inputs: 128, outputs: 128, stride: 2, padding: 1), 4, 1e-5),
      (Case(batch: 2, height: 129, width: 139, inputs: 128, outputs: 128, stride: 2, padding: 0), 5, 1e-5),
    ]
    for (one, side, tolerance) in cases {
      XCTAssertEqual(Winograd.tileSide(one.size), side, "\(one)")
      XCTAssertTrue(Winograd.pays(one.size) && Winograd.pays(one.size, isTransposed: true), "\(one) goes another way")
      func derivatives() -> [Tensor] {
        let (x, w, seed) = (one.x.tracked, one.weight.tracked, one.gradient.tracked)
        let y = conv2d(x, w, one.size.window)
        let first = gradients(of: y, withRespectTo: [x, w], seed: seed, recording: true)
        let total =
          (first[0] * formulaValues(x.shape, salt: 4)).sum() + (first[1] * formulaValues(w.shape, salt: 5)).sum()
        return [y] + first + gradients(of: total, withRespectTo: [x, w, seed])
      }
      ConvolutionKernels.usesWinograd = true
      let fast = derivatives()
      ConvolutionKernels.usesWinograd = false
      for (index, (a, b)) in zip(fast, derivatives()).enumerated() {
        assertClose(a, b, tolerance: tolerance, "derivative \(index), \(one)")
        if index < 3 { XCTAssertFalse(bits(a) == bits(b), "the setting changed nothing in derivative \(index)") }
      }
    }
  }

  func testWhatFollowsAConvolutionIsDone() {
    for one in [
      Case(batch: 8, height: 24, width: 24, inputs: 128, outputs: 128, stride: 2, padding: 1),
      Case(batch: 8, height: 31, width: 35, inputs: 128, outputs: 128, padding: 1),
    ] {
      XCTAssertTrue(Winograd.pays(one.size))
      let finish = ChannelFinish(
        factor: formulaValues([128], salt: 6), offset: formulaValues([128], salt: 7), residual: one.gradient,
        isRectified: true)
      let bare = ConvolutionKernels.forward(one.x, one.weight, one.size)
      let finished = ConvolutionKernels.forward(one.x, one.weight, one.size, finish: finish)
      XCTAssertTrue(bits(finished) == bits(finish.applied(to: bare)))
    }
  }

  func testTheShapeAloneChooses() {
    func pays(_ one: Case) -> Bool { Winograd.pays(one.size) }
    XCTAssertTrue(pays(Case(batch: 16, height: 56, width: 56, inputs: 64, outputs: 64, padding: 1)))
    XCTAssertTrue(pays(Case(batch: 32, height: 4, width: 4, inputs: 64, outputs: 64, padding: 1)))
    XCTAssertFalse(pays(Case(batch: 32, height: 2, width: 2, inputs: 64, outputs: 64, padding: 1)), "only waste")
    XCTAssertFalse(pays(Case(batch: 1, height: 4, width: 4, inputs: 512, outputs: 512, padding: 1)), "weight too large")
    XCTAssertFalse(pays(Case(batch: 16, height: 56, width: 56, inputs: 1, outputs: 64, padding: 1)), "one channel")
    XCTAssertTrue(pays(Case(batch: 4, height: 257, width: 257, inputs: 128, outputs: 256, stride: 2, padding: 0)))
    XCTAssertFalse(
      pays(Case(batch: 4, height: 257, width: 257, inputs: 64, outputs: 256, stride: 2, padding: 0)), "not measured")
    XCTAssertFalse(
      pays(Case(batch: 32, height: 8, width: 8, inputs: 128, outputs: 128, stride: 2, padding: 1)), "too much waste")
    XCTAssertFalse(
      pays(Case(batch: 1, height: 9, width: 9, inputs: 512, outputs: 512, stride: 2, padding: 0)), "weight too large")
  }

  /// The fewest multiplications: tiles of five for side 14, of six for side 64, of four where the others hang over.
  func testLargeMapsChooseTheirTiles() {
    func outputs(_ height: Int, stride: Int = 1, batch: Int = 16, channels: Int = 256) -> Int {
      let one = Case(
        batch: batch, height: height, width: height, inputs: channels, outputs: channels, stride: stride,
        padding: stride == 1 ? 1 : 0)
      return Winograd.tileSide(one.size)
    }
    XCTAssertEqual(outputs(14), 5)
    XCTAssertEqual(outputs(64), 6)
    XCTAssertEqual(outputs(32), 4)
    XCTAssertEqual(outputs(64, channels: 64), 4, "few channels keep the smallest error")
    XCTAssertEqual(outputs(14, batch: 1), 4, "and so do small maps")
    XCTAssertEqual(outputs(65, stride: 2), 4)
    XCTAssertEqual(outputs(129, stride: 2), 5)
    XCTAssertEqual(outputs(67, stride: 2), 3)
  }
}
