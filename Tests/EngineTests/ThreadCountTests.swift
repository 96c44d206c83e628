import XCTest

@testable import Engine

/// The promise "the same seed gives the same bits on any number of threads", operation by operation.
final class ThreadCountTests: XCTestCase {
  private var before = 1

  override func setUp() { before = Parallel.threadCount }
  override func tearDown() { Parallel.threadCount = before }

  /// Asserts that values, gradients and gradients of gradients are the same bits on 1, 2, 3 and 5 threads.
  private func assertSameBits(_ name: String, _ shapes: [[Int]], _ f: ([Tensor]) -> Tensor, line: UInt = #line) {
    let inputs = shapes.enumerated().map { formulaValues($0.element, salt: $0.offset) }
    var reference: [[UInt32]] = []
    for threads in [1, 2, 3, 5] {
      Parallel.threadCount = threads
      let x = inputs.map(\.tracked)
      let y = f(x)
      let seed = formulaValues(y.shape, salt: 20).tracked
      let quick = gradients(of: y, withRespectTo: x, seed: seed)
      let recorded = gradients(of: y, withRespectTo: x, seed: seed, recording: true)
      let total = recorded.reduce(Tensor(0)) { $0 + $1.squared().sum() }
      let found = ([y] + quick + recorded + gradients(of: total, withRespectTo: x + [seed])).map(bits)
      if threads == 1 {
        reference = found
      } else {
        XCTAssertTrue(found == reference, "\(name): other bits on \(threads) threads than on one", line: line)
      }
    }
  }

  func testElementwiseAndReductions() {
    let picture = [3, 40, 50, 24]
    assertSameBits("product", [picture, picture]) { $0[0] * $0[1] }
    assertSameBits("product by style", [picture, [3, 1, 1, 24]]) { $0[0] * $0[1] }
    assertSameBits("product by channel", [picture, [24]]) { $0[0] * $0[1] + $0[1] }
    assertSameBits("sum of everything", [[300_001]]) { $0[0].squared().sum() }
    assertSameBits("sums of long rows", [[3, 200_000]]) { $0[0].squared().sum([1]) }
    assertSameBits("sums by channel", [[1, 100_003, 7]]) { $0[0].squared().sum([0, 1]) }
    assertSameBits("sums over pictures", [picture]) { $0[0].squared().mean([1, 2]) }
    assertSameBits("softmax", [[700, 130]]) { $0[0].softmax() }
    assertSameBits("logSoftmax", [[700, 130]]) { $0[0].logSoftmax() }
    assertSameBits("transposed", [picture]) { $0[0].transposed([0, 3, 1, 2]).tanh() }
    assertSameBits("joined and cut", [picture, picture]) {
      concatenated([$0[0], $0[1]], axis: 3).slice(3, 5..<40).exp()
    }
  }

  func testProducts() {
    assertSameBits("tall product", [[1100, 30], [30, 20]]) { matmul($0[0], $0[1]) }
    assertSameBits("long sum", [[20, 3000], [3000, 30]]) { matmul($0[0], $0[1]) }
    assertSameBits("wide product", [[20, 40], [40, 700]]) { matmul($0[0], $0[1]) }
    assertSameBits("batch", [[30, 40, 50], [30, 60, 50]]) { matmul($0[0], $0[1], transposeB: true) }
  }

  func testConvolutions() {
    assertSameBits("3×3", [[3, 20, 22, 16], [3, 3, 16, 24]]) { conv2d($0[0], $0[1], Window(padding: 1)) }
    assertSameBits("1×1", [[3, 30, 32, 16], [1, 1, 16, 24]]) { conv2d($0[0], $0[1]) }
    assertSameBits("7×7, strided", [[2, 40, 41, 3], [7, 7, 3, 16]]) {
      conv2d($0[0], $0[1], Window(stride: 2, padding: 3))
    }
    assertSameBits("transposed", [[3, 12, 13, 16], [3, 3, 8, 16]]) { convTranspose2d($0[0], $0[1], Window(stride: 2)) }
  }

  func testPictures() {
    let picture = [3, 40, 36, 12]
    assertSameBits("up-FIR-down", [picture]) { upFIRDown($0[0], .blur(up: 2, padding: (2, 1), gain: 4)) }
    assertSameBits("Haar", [picture]) { haarTransform($0[0]) }
    assertSameBits("inverse Haar", [picture]) { inverseHaarTransform($0[0]) }
    assertSameBits("maxPool2d", [picture]) { maxPool2d($0[0], kernel: 3, Window(stride: 2, padding: 1)) }
    assertSameBits("biasActivation", [picture, [12], [1]]) {
      biasActivation($0[0], bias: $0[1], noise: formulaValues([3, 40, 36, 1], salt: 9), strength: $0[2])
    }
    assertSameBits("batchNorm", [picture, [12], [12]]) {
      batchNormTraining($0[0], scale: $0[1], offset: $0[2], epsilon: 1e-5).output
    }
    assertSameBits("layerNorm", [picture, [12], [12]]) {
      layerNorm($0[0], scale: $0[1], offset: $0[2], epsilon: 1e-5)
    }
  }

  func testOptimizers() {
    var results: [[UInt32]] = []
    for threads in [1, 2, 3] {
      Parallel.threadCount = threads
      let parameter = Parameter(formulaValues([100_003], salt: 1))
      let optimizers: [any Optimizer] = [Adam([parameter]), SGD([parameter], learningRate: 0.1, momentum: 0.9)]
      for step in 0..<4 { optimizers[step % 2].step([formulaValues([100_003], salt: 2 + step)]) }
      results.append(bits(parameter.value))
    }
    XCTAssertTrue(results[1] == results[0] && results[2] == results[0])
  }

  /// Loops in quick succession, so that late threads meet the next one, and after pauses, so that they sleep.
  func testManyShortLoops() {
    for threads in [2, 4] {
      Parallel.threadCount = threads
      let sums = Tensor.zeros([4])
      for loop in 0..<20_000 {
        Parallel.pieces(4) { piece in sums.pointer[piece] += 1 }
        if loop % 5000 == 0 { Thread.sleep(forTimeInterval: 0.002) }
      }
      XCTAssertEqual(sums.values, [20_000, 20_000, 20_000, 20_000], "\(threads) threads")
    }
  }

  func testRangesAreEqualSharesAndCoverEverything() {
    for (count, grain) in [(1, 8), (8, 8), (9, 8), (17, 8), (36_864, 32_768), (100_003, 4096), (65, 16)] {
      let length = Parallel.equalLength(count, atMost: grain)
      let shares = (count + length - 1) / length
      XCTAssertLessThanOrEqual(length, grain)
      XCTAssertLessThan(length * shares - count, max(shares, length), "\(count) in \(shares)")
      let visits = Tensor.zeros([count])
      Parallel.ranges(count, grain: grain) { start, end in
        XCTAssertLessThanOrEqual(end - start, grain)
        for i in start..<end { visits.pointer[i] += 1 }
      }
      XCTAssertTrue(visits.values.allSatisfy { $0 == 1 }, "\(count) by \(grain)")
    }
    XCTAssertEqual(Parallel.equalLength(36_864, atMost: 32_768), 18_432)
    XCTAssertEqual(Parallel.equalLength(0, atMost: 5), 1)
  }

  func testEveryPieceRunsOnceOnAnyNumberOfThreads() {
    for threads in [1, 2, 3, 8] {
      Parallel.threadCount = threads
      for count in [0, 1, 2, 7, 1000] {
        // A place for each piece of the inner loop, which shares its work out where the outer one has a single piece.
        let visits = Tensor.zeros([count, 3])
        Parallel.pieces(count) { piece in
          Parallel.pieces(3) { inner in visits.pointer[3 * piece + inner] += 1 }
        }
        XCTAssertTrue(visits.values.allSatisfy { $0 == 1 }, "\(threads) threads, \(count) pieces")
      }
    }
  }
}
