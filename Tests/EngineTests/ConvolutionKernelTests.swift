import XCTest

@testable import Engine

/// The convolution kernels against seven plain loops, at sizes that take every path through them.
final class ConvolutionKernelTests: XCTestCase {
  private struct Case {
    let path: String
    let input: [Int]
    let weight: [Int]
    let window: Window

    init(_ path: String, _ input: [Int], _ weight: [Int], stride: Int = 1, padding: Int = 0) {
      (self.path, self.input, self.weight) = (path, input, weight)
      window = Window(stride: stride, padding: padding)
    }
  }

  private let cases = [
    Case("pointwise", [3, 9, 7, 20], [1, 1, 20, 33]),
    Case("pointwise, cut into rows", [2, 31, 17, 24], [1, 1, 24, 40]),
    Case("stride 1, one block", [1, 5, 6, 3], [3, 3, 3, 4], padding: 1),
    Case("stride 1, blocks across pictures", [6, 10, 10, 5], [3, 3, 5, 20], padding: 1),
    Case("stride 1, weight larger than a tile when turned", [2, 6, 5, 19], [3, 3, 19, 37], padding: 1),
    Case("stride 1, blocks bounded by the cache", [2, 24, 24, 128], [3, 3, 128, 4], padding: 1),
    Case("stride 1, no padding", [2, 9, 8, 4], [5, 5, 4, 6]),
    Case("stride 1, full padding", [2, 4, 5, 3], [3, 3, 3, 2], padding: 2),
    Case("stride 1, padding beyond the kernel", [2, 4, 5, 3], [1, 1, 3, 2], padding: 2),
    Case("stride 1, kernel higher than wide", [2, 6, 7, 3], [4, 2, 3, 5], padding: 1),
    Case("strided", [3, 9, 8, 6], [3, 3, 6, 7], stride: 2, padding: 1),
    Case("strided pointwise, longest blocks", [2, 101, 100, 3], [1, 1, 3, 4], stride: 2),
    Case("strided, several blocks a picture", [2, 36, 37, 128], [3, 3, 128, 3], stride: 2, padding: 1),
    Case("first layer of ResNet", [2, 19, 23, 3], [7, 7, 3, 8], stride: 2, padding: 3),
    Case("stride larger than the kernel", [2, 11, 10, 3], [2, 2, 3, 4], stride: 3, padding: 1),
    Case("one pixel", [1, 1, 1, 5], [3, 3, 5, 6], padding: 1),
    Case("windows wholly in the padding", [1, 2, 2, 2], [3, 3, 2, 2], stride: 2, padding: 4),
    Case("four running sums of a large weight", [1, 16, 16, 1024], [1, 1, 1024, 1025], stride: 2),
  ]

  /// Calls `body` with the offsets in input, weight and output of every product of the convolution.
  private func forEachProduct(_ size: ConvolutionSize, _ body: (Int, Int, Int) -> Void) {
    for n in 0..<size.batch {
      for oy in 0..<size.outHeight {
        for ox in 0..<size.outWidth {
          for ky in 0..<size.kernelHeight {
            let y = oy * size.window.stride - size.window.padding + ky
            guard y >= 0 && y < size.height else { continue }
            for kx in 0..<size.kernelWidth {
              let x = ox * size.window.stride - size.window.padding + kx
              guard x >= 0 && x < size.width else { continue }
              for i in 0..<size.inChannels {
                let input = ((n * size.height + y) * size.width + x) * size.inChannels + i
                let weight = ((ky * size.kernelWidth + kx) * size.inChannels + i) * size.outChannels
                let output = ((n * size.outHeight + oy) * size.outWidth + ox) * size.outChannels
                for o in 0..<size.outChannels { body(input, weight + o, output + o) }
              }
            }
          }
        }
      }
    }
  }

  func testForwardAndBothGradients() {
    for item in cases {
      let x = formulaValues(item.input, salt: 1)
      let weight = formulaValues(item.weight, salt: 2)
      let size = ConvolutionSize(input: item.input, weight: item.weight, window: item.window)
      let g = formulaValues(size.outputShape, salt: 3)
      var (byOutput, byInput, byWeight) = (
        [Double](repeating: 0, count: g.count), [Double](repeating: 0, count: x.count),
        [Double](repeating: 0, count: weight.count)
      )
      let (p, q, r) = (x.pointer, weight.pointer, g.pointer)
      byOutput.withUnsafeMutableBufferPointer { byOutput in
        byInput.withUnsafeMutableBufferPointer { byInput in
          byWeight.withUnsafeMutableBufferPointer { byWeight in
            forEachProduct(size) { i, w, o in
              byOutput[o] += Double(p[i]) * Double(q[w])
              byInput[i] += Double(r[o]) * Double(q[w])
              byWeight[w] += Double(r[o]) * Double(p[i])
            }
          }
        }
      }
      assertClose(
        ConvolutionKernels.forward(x, weight, size), shape: size.outputShape, byOutput, tolerance: 5e-6,
        "\(item.path): forward")
      assertClose(
        ConvolutionKernels.inputGradient(g, weight, size), shape: item.input, byInput, tolerance: 5e-6,
        "\(item.path): input gradient")
      assertClose(
        ConvolutionKernels.weightGradient(x, g, size), shape: item.weight, byWeight, tolerance: 5e-6,
        "\(item.path): weight gradient")
    }
  }

  /// Finished in cache or afterwards: the same bits, through every kernel.
  func testFinishedConvolutions() {
    let cases: [([Int], [Int], Window)] = [
      ([2, 9, 7, 16], [3, 3, 16, 24], Window(padding: 1)), ([1, 1, 1, 3], [1, 1, 3, 5], Window()),
      ([3, 20, 20, 64], [1, 1, 64, 80], Window()), ([2, 40, 40, 24], [3, 3, 24, 40], Window(stride: 2, padding: 1)),
      ([20, 4, 4, 32], [3, 3, 32, 32], Window(stride: 2, padding: 1)), ([2, 14, 14, 264], [3, 3, 264, 272], Window(padding: 1)),
      ([4, 30, 30, 128], [1, 1, 128, 512], Window()), ([0, 3, 3, 2], [1, 1, 2, 2], Window()),
    ]
    for (shape, kernel, window) in cases {
      let (x, weight) = (formulaValues(shape, salt: 1), formulaValues(kernel, salt: 2))
      let (factor, offset) = (formulaValues([kernel[3]], salt: 3), formulaValues([kernel[3]], salt: 4))
      let plain = conv2d(x, weight, window)
      let residual = formulaValues(plain.shape, salt: 5)
      for (added, isRectified) in [(nil, false), (residual, true), (residual, false), (nil, true)] as [(Tensor?, Bool)] {
        let fast = conv2d(
          x, weight, window, factor: factor, offset: offset, residual: added, isRectified: isRectified)
        let slow = channelAffine(plain, factor: factor, offset: offset, residual: added, isRectified: isRectified)
        XCTAssertEqual(fast.values, slow.values, "\(shape) \(kernel)")
      }
    }
  }

  /// Products from packed panels against a plain loop in double precision.
  func testPackedPanels() {
    for (m, k, n) in [(64, 70, 80), (65, 900, 17), (300, 33, 200), (1000, 129, 130), (129, 1024, 64)] {
      for isTransposed in [false, true] {
        let a = formulaValues([m, k], salt: 1)
        let b = formulaValues(isTransposed ? [n, k] : [k, n], salt: 2)
        let (p, q) = (a.values.map(Double.init), b.values.map(Double.init))
        var expected = [Double](repeating: 0, count: m * n)
        for row in 0..<m {
          for inner in 0..<k {
            for column in 0..<n {
              expected[row * n + column] += p[row * k + inner] * q[isTransposed ? column * k + inner : inner * n + column]
            }
          }
        }
        assertClose(matmul(a, b, transposeB: isTransposed), shape: [m, n], expected, tolerance: 1e-5)
      }
    }
  }
}
