import XCTest

@testable import Engine

/// Results written past the caches are those written through them, to the bit.
final class StreamingTests: XCTestCase {
  private func results(_ shape: [Int]) -> [Tensor] {
    let channels = shape.last!
    let x = formulaValues(shape, salt: 1).tracked
    let other = formulaValues(shape, salt: 2).tracked
    let (scale, offset) = (formulaValues([channels], salt: 3).tracked, formulaValues([channels], salt: 4).tracked)
    let noise = formulaValues([shape[0]] + shape.dropFirst().dropLast() + [1], salt: 5)
    let strength = formulaValues([1], salt: 6).tracked
    let seed = formulaValues(shape, salt: 7)
    func with(_ y: Tensor, _ inputs: [Tensor]) -> [Tensor] {
      let seed = seed.count == y.count ? seed : formulaValues(y.shape, salt: 8)
      return [y] + gradients(of: y, withRespectTo: inputs, seed: seed)
    }
    let plain = batchNormTraining(x, scale: scale, offset: offset, epsilon: 0.01).output
    let whole = batchNormTraining(x, scale: scale, offset: offset, epsilon: 0.01, residual: other, isRectified: true)
    let activated = biasActivation(x, bias: offset, noise: noise, strength: strength)
    let style = formulaValues([shape[0]] + Array(repeating: 1, count: shape.count - 2) + [channels], salt: 9).tracked
    var all = with(plain, [x, scale, offset]) + with(whole.output, [x, scale, offset, other])
    all += with(activated, [x, offset, strength]) + with(x + other, [x, other]) + with(x.leakyReLU(slope: 0.2), [x])
    all += with(x * style, [x, style]) + with(x * formulaValues(Array(shape.dropLast()) + [1], salt: 10), [x])
    if shape.count == 4 {
      all += with(upFIRDown(x, .blur(up: 2, padding: (2, 1))), [x]) + with(upFIRDown(x, .blur(padding: (2, 1))), [x])
      all.append(
        withoutRecording { upFIRDown(x, .blur(padding: (2, 1))) { BiasActivation(scale: style, bias: offset) } })
    }
    if shape.count == 4 && channels >= 8 {
      let x = x.detached
      let size = ConvolutionSize(input: shape, weight: [3, 3, channels, 32], window: Window(padding: 1))
      let weight = formulaValues(size.weightShape, salt: 11)
      all.append(WinogradConvolution<Winograd6>.forward(x, weight, size))
      let end = BiasActivation(bias: formulaValues([32], salt: 12)).pass(over: size.outputShape)
      all.append(WinogradConvolution<Winograd6>.forward(x, weight, size, finish: end))
    }
    return all
  }

  func testBitsAreTheSame() {
    let before = Lanes.leastStreamed
    defer { Lanes.leastStreamed = before }
    for shape in [[3, 20, 30, 64], [2, 9, 7, 24], [2, 5, 6, 17], [5, 3, 3, 8], [1, 1, 1, 1], [70, 600]] {
      Lanes.leastStreamed = .max
      let through = results(shape)
      Lanes.leastStreamed = 0
      for (index, (a, b)) in zip(through, results(shape)).enumerated() {
        XCTAssertEqual(a.values.map(\.bitPattern), b.values.map(\.bitPattern), "\(shape), result \(index)")
      }
    }
  }
}
