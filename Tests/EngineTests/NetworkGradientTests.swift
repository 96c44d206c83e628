import XCTest

@testable import Engine

/// Matrix products, convolutions, filters, pooling and normalisations: gradients of first and second order against
/// finite differences.
final class NetworkGradientTests: XCTestCase {
  func testMatrixProducts() {
    for batch in [[], [2]] as [[Int]] {
      for (transposeA, transposeB) in [(false, false), (false, true), (true, false), (true, true)] {
        let a = formulaValues(batch + (transposeA ? [3, 2] : [2, 3]), salt: 1)
        let b = formulaValues(batch + (transposeB ? [2, 3] : [3, 2]), salt: 2)
        assertGradients([a, b]) { matmul($0[0], $0[1], transposeA: transposeA, transposeB: transposeB) }
      }
    }
    assertGradients([formulaValues([2, 2, 3], salt: 3), formulaValues([3, 2], salt: 4)]) { matmul($0[0], $0[1]) }
    assertGradients([formulaValues([2, 2], salt: 5)], order: 3) {
      matmul($0[0], matmul($0[0], $0[0], transposeB: true))
    }
  }

  func testConvolutions() {
    let cases: [([Int], [Int], Window)] = [
      ([1, 3, 3, 2], [3, 3, 2, 2], Window(padding: 1)), ([2, 2, 3, 2], [1, 1, 2, 2], Window()),
      ([1, 5, 4, 1], [3, 3, 1, 2], Window(stride: 2, padding: 1)), ([1, 1, 1, 2], [3, 3, 2, 2], Window(padding: 1)),
      ([1, 4, 3, 1], [2, 3, 1, 2], Window(stride: 2, padding: 2)), ([1, 2, 2, 1], [1, 1, 1, 2], Window(padding: 1)),
    ]
    for (x, weight, window) in cases {
      // The square makes all three bilinear maps meet in the second order.
      assertGradients([formulaValues(x, salt: 6), formulaValues(weight, salt: 7)], tolerance: 4e-3) {
        conv2d($0[0], $0[1], window).squared()
      }
    }
    assertGradients([formulaValues([1, 2, 2, 2], salt: 8), formulaValues([3, 3, 1, 2], salt: 9)], tolerance: 4e-3) {
      convTranspose2d($0[0], $0[1], Window(stride: 2)).squared()
    }
    assertGradients([formulaValues([1, 3, 2, 2], salt: 8), formulaValues([4, 4, 1, 2], salt: 9)], tolerance: 4e-3) {
      convTranspose2d($0[0], $0[1], Window(stride: 2, padding: 1)).squared()
    }
  }

  func testTheWeightGradientIsDifferentiableByBoth() {
    let window = Window(stride: 2, padding: 1)
    assertGradients([formulaValues([2, 4, 3, 1], salt: 1), formulaValues([2, 2, 2, 2], salt: 2)]) {
      conv2dWeightGradient($0[0], $0[1], window, kernel: (3, 3)).squared()
    }
    assertGradients([formulaValues([2, 2, 2, 2], salt: 1), formulaValues([3, 3, 1, 2], salt: 2)], tolerance: 4e-3) {
      conv2dInputGradient($0[0], $0[1], window, inputSize: (4, 3)).squared()
    }
  }

  func testFilters() {
    let filters = [
      UpFIRDown.blur(padding: (2, 1)), .blur(up: 2, padding: (2, 1), gain: 4), .blur(down: 2, padding: (1, 1)),
      UpFIRDown(taps: [0.5, -0.25, 1], up: 2, down: 2, padding: (2, 0)),
      UpFIRDown(taps: [0.5, -0.25, 1], padding: (-1, 1)),
      UpFIRDown(taps: [1, 2], up: 2, down: 3, padding: (-1, 2)),
    ]
    for filter in filters {
      assertGradients([formulaValues([1, 4, 3, 2], salt: 10)]) { upFIRDown($0[0], filter).squared() }
    }
    for (height, width) in [(6, 5), (2, 3), (1, 1), (4, 3)] {
      for filter in [ResamplingFilter.bilinear, .bicubic] {
        assertGradients([formulaValues([1, 4, 3, 2], salt: 25)]) {
          resized($0[0], height: height, width: width, filter: filter).squared()
        }
      }
    }
    assertGradients([formulaValues([1, 2, 4, 2], salt: 11)]) { haarTransform($0[0]).squared() }
    assertGradients([formulaValues([1, 1, 2, 4], salt: 12)]) { inverseHaarTransform($0[0]).squared() }
  }

  /// <A x, y> = <x, Aᵀ y>, for every filter and both orders of its gradient.
  func testTheAdjointOfAFilterIsItsTranspose() {
    for (up, down, before, after) in [
      (1, 1, 0, 0), (2, 1, 2, 1), (1, 2, 1, 1), (2, 3, -1, 3), (3, 2, 4, -2), (1, 3, 5, 0),
    ] {
      for (height, width) in [(5, 4), (6, 7), (4, 9)] {
        let filter = UpFIRDown(taps: [0.5, -1, 2, 0.25], up: up, down: down, padding: (before, after))
        let x = formulaValues([2, height, width, 3], salt: 13).tracked
        let ax = upFIRDown(x, filter)
        let y = formulaValues(ax.shape, salt: 14).tracked
        let aty = gradients(of: ax, withRespectTo: [x], seed: y, recording: true)[0]
        let left = (ax * y).sum().item
        XCTAssertEqual((x * aty).sum().item, left, accuracy: 1e-3 * max(1, abs(left)), "\(filter), \(height)×\(width)")
        // The adjoint's adjoint is the filter again.
        let again = gradients(of: aty, withRespectTo: [y], seed: x.detached)[0]
        assertClose(again, ax, tolerance: 1e-5, "\(filter), \(height)×\(width)")
      }
    }
  }

  func testPooling() {
    // A shuffled row of distances of 1/2, so that no step of 1/8 changes a maximum.
    var stream = RandomStream(seed: 1, name: "pooling")
    let order = stream.permutation(24)
    let x = Tensor(order.map { Float($0) / 2 - 20 }, shape: [1, 4, 3, 2])
    for (kernel, window) in [(2, Window()), (3, Window(stride: 2, padding: 1)), (3, Window(padding: 1))] {
      assertGradients([x]) { (maxPool2d($0[0], kernel: kernel, window) * 0.25).squared() }
    }
  }

  func testPixelMaps() {
    // One picture turned by 90°, one mirrored and shifted, with pixels repeated and pixels from outside.
    let map = PixelMap(batch: 2, from: (3, 4), to: (4, 3)) { picture, y, x in
      picture == 0 ? (2 - x, y) : (y / 2, 3 - x - y % 2)
    }
    let x = formulaValues([2, 3, 4, 2], salt: 24)
    assertGradients([x]) { gatherPixels($0[0], map).squared() }
    let turned = gatherPixels(x, map)
    XCTAssertEqual(turned.shape, [2, 4, 3, 2])
    for y in 0..<4 {
      for column in 0..<3 {
        for c in 0..<2 {
          XCTAssertEqual(turned.values[(y * 3 + column) * 2 + c], x.values[((2 - column) * 4 + y) * 2 + c])
        }
      }
    }
    let outside = PixelMap(batch: 1, from: (2, 2), to: (2, 2)) { _, y, x in (y + 1, x - 1) }
    XCTAssertEqual(gatherPixels(Tensor([1, 2, 3, 4], shape: [1, 2, 2, 1]), outside).values, [0, 3, 0, 0])
  }

  func testNormalizations() {
    let scale = formulaValues([2], salt: 15, scale: 0.5, shift: 1.25)
    let offset = formulaValues([2], salt: 16)
    for shape in [[2, 2, 1, 2], [5, 2]] {
      let x = formulaValues(shape, salt: 17, scale: 2)
      assertGradients([x, scale, offset], tolerance: 4e-3, step: 0x1p-4) {
        batchNormTraining($0[0], scale: $0[1], offset: $0[2], epsilon: 0.25).output.squared()
      }
    }
    assertGradients(
      [formulaValues([2, 3], salt: 18, scale: 2), formulaValues([3], salt: 19), formulaValues([3], salt: 20)],
      tolerance: 4e-3, step: 0x1p-4
    ) {
      layerNorm($0[0], scale: $0[1], offset: $0[2], epsilon: 0.25).squared()
    }
  }

  func testBiasActivation() {
    // x stays away from 0 by more than bias, noise and the steps can move it.
    let x = valuesAwayFromZero([2, 2, 1, 3], salt: 21, distance: 0.75)
    let bias = formulaValues([3], salt: 22, scale: 0.125)
    let noise = formulaValues([2, 2, 1, 1], salt: 23, scale: 0.5)
    let strength = Tensor([0.25], shape: [1])
    assertGradients([x, bias]) { biasActivation($0[0], bias: $0[1]).squared() }
    assertGradients([x, bias, strength]) {
      biasActivation($0[0], bias: $0[1], noise: noise, strength: $0[2], factor: 0.75, slope: 0.1, gain: 1.5).squared()
    }
    assertGradients([x, bias, strength]) {
      biasActivation($0[0], bias: $0[1], noise: noise.slice(0, 0..<1), strength: $0[2]).squared()
    }
  }
}
