import XCTest

@testable import Engine

/// Fast kernels against the same functions in plain tensor operations, at sizes that are cut into several pieces.
final class FusedAgainstReferenceTests: XCTestCase {
  /// Compares value, first gradients (fast and recorded) and second gradients of two ways to compute the same.
  private func assertSame(
    _ inputs: [Tensor], tolerance: Double, _ fast: ([Tensor]) -> Tensor, reference: ([Tensor]) -> Tensor,
    line: UInt = #line
  ) {
    func all(_ f: ([Tensor]) -> Tensor) -> [Tensor] {
      let x = inputs.map(\.tracked)
      let y = f(x)
      let seed = formulaValues(y.shape, salt: 1).tracked
      let quick = gradients(of: y, withRespectTo: x, seed: seed)
      let recorded = gradients(of: y, withRespectTo: x, seed: seed, recording: true)
      let total = recorded.enumerated().reduce(Tensor(0)) {
        $0 + ($1.element * formulaValues($1.element.shape, salt: 2 + $1.offset)).mean()
      }
      return [y] + quick + recorded + gradients(of: total, withRespectTo: x + [seed])
    }
    for (index, (a, b)) in zip(all(fast), all(reference)).enumerated() {
      assertClose(a, b, tolerance: tolerance, floor: 1e-5, "result \(index)", line: line)
    }
  }

  func testBatchNorm() {
    for shape in [[3, 20, 30, 40], [7, 5], [1, 9, 7, 1], [5000, 3], [2, 1, 1, 600]] {
      let channels = [shape.last!]
      let inputs = [
        formulaValues(shape, salt: 3, scale: 2, shift: 0.5), formulaValues(channels, salt: 4, scale: 0.5, shift: 1.25),
        formulaValues(channels, salt: 5),
      ]
      assertSame(inputs, tolerance: 2e-4, {
        batchNormTraining($0[0], scale: $0[1], offset: $0[2], epsilon: 0.01).output
      }, reference: { batchNormReference($0[0], scale: $0[1], offset: $0[2], epsilon: 0.01) })
    }
  }

  func testBatchNormMoments() {
    let x = formulaValues([4, 25, 30, 17], salt: 6, scale: 2, shift: 100)
    let (_, mean, variance) = batchNormTraining(x, scale: .ones([17]), offset: .zeros([17]), epsilon: 1e-5)
    let rows = 4 * 25 * 30
    for channel in 0..<17 {
      let column = (0..<rows).map { Double(x.values[$0 * 17 + channel]) }
      let expected = column.reduce(0, +) / Double(rows)
      let spread = column.reduce(0) { $0 + ($1 - expected) * ($1 - expected) } / Double(rows)
      XCTAssertEqual(Double(mean.values[channel]), expected, accuracy: 1e-4)
      XCTAssertEqual(Double(variance.values[channel]), spread, accuracy: 1e-4 * spread)
    }
  }

  func testBatchNormInputThatIsAlsoItsScale() {
    // An input that depends on another must not be differentiated through twice.
    let x = formulaValues([6, 2], salt: 7, scale: 2)
    assertSame([x], tolerance: 2e-4, {
      batchNormTraining($0[0], scale: $0[0].mean([0]), offset: $0[0].slice(0, 0..<1).reshaped([2]), epsilon: 0.1).output
    }, reference: {
      batchNormReference($0[0], scale: $0[0].mean([0]), offset: $0[0].slice(0, 0..<1).reshaped([2]), epsilon: 0.1)
    })
  }

  func testBiasActivation() {
    for (shape, noiseShape) in [
      ([2, 30, 40, 24], [2, 30, 40, 1]), ([3, 9, 7, 5], [1, 9, 7, 1]), ([1, 1, 1, 1], [1, 1, 1, 1]),
    ] {
      let noise = formulaValues(noiseShape, salt: 8)
      let inputs = [
        formulaValues(shape, salt: 9), formulaValues([shape[3]], salt: 10), Tensor([0.75], shape: [1]),
      ]
      let constants: [(Float, Float, Float)] = [(1, 0.2, Float(2).squareRoot()), (0.125, 0.1, 1.5), (-0.5, 0, 1)]
      for (factor, slope, gain) in constants {
        assertSame(inputs, tolerance: 2e-5, {
          biasActivation($0[0], bias: $0[1], noise: noise, strength: $0[2], factor: factor, slope: slope, gain: gain)
        }, reference: {
          biasActivationReference(
            $0[0], bias: $0[1], noise: noise, strength: $0[2], factor: factor, slope: slope, gain: gain)
        })
      }
      assertSame(Array(inputs.dropLast()), tolerance: 2e-5, { biasActivation($0[0], bias: $0[1]) }, reference: {
        biasActivationReference(
          $0[0], bias: $0[1], noise: nil, strength: nil, factor: 1, slope: 0.2, gain: Float(2).squareRoot())
      })
    }
  }

  func testBatchNormWithResidualAndRectifier() {
    for shape in [[3, 20, 30, 40], [2, 1, 1, 5], [900, 17], [2, 3, 1, 64]] {
      let channels = [shape.last!]
      let inputs = [
        formulaValues(shape, salt: 3, scale: 2, shift: 0.5), formulaValues(channels, salt: 4, scale: 0.5, shift: 1.25),
        formulaValues(channels, salt: 5), formulaValues(shape, salt: 6),
      ]
      for isRectified in [false, true] {
        assertSame(inputs, tolerance: 2e-4, {
          batchNormTraining(
            $0[0], scale: $0[1], offset: $0[2], epsilon: 0.01, residual: $0[3], isRectified: isRectified).output
        }, reference: {
          batchNormReference(
            $0[0], scale: $0[1], offset: $0[2], epsilon: 0.01, residual: $0[3], isRectified: isRectified)
        })
        assertSame(Array(inputs.dropLast()), tolerance: 2e-4, {
          batchNormTraining($0[0], scale: $0[1], offset: $0[2], epsilon: 0.01, isRectified: isRectified).output
        }, reference: {
          batchNormReference($0[0], scale: $0[1], offset: $0[2], epsilon: 0.01, isRectified: isRectified)
        })
      }
    }
  }

  func testChannelAffine() {
    for shape in [[3, 20, 30, 40], [2, 1, 1, 5], [2, 0, 3, 4]] {
      let channels = [shape.last!]
      let inputs = [
        formulaValues(shape, salt: 3), formulaValues(channels, salt: 4), formulaValues(channels, salt: 5),
        formulaValues(shape, salt: 6),
      ]
      func reference(_ x: [Tensor]) -> Tensor { (x[0] * x[1] + x[2] + x[3]).relu() }
      if shape.elementCount == 0 {
        XCTAssertEqual(channelAffine(inputs[0], factor: inputs[1], offset: inputs[2]).count, 0)
        continue
      }
      assertSame(inputs, tolerance: 2e-5, {
        channelAffine($0[0], factor: $0[1], offset: $0[2], residual: $0[3], isRectified: true)
      }, reference: reference)
      assertSame(Array(inputs.dropLast()), tolerance: 2e-5, {
        channelAffine($0[0], factor: $0[1], offset: $0[2])
      }, reference: { $0[0] * $0[1] + $0[2] })
    }
  }

  func testLayerNorm() {
    for shape in [[3, 50, 768], [7, 5], [1, 1, 1], [4, 16]] {
      let width = [shape.last!]
      let inputs = [
        formulaValues(shape, salt: 3, scale: 2, shift: 0.5), formulaValues(width, salt: 4, scale: 0.5, shift: 1.25),
        formulaValues(width, salt: 5),
      ]
      assertSame(inputs, tolerance: 2e-4, {
        layerNorm($0[0], scale: $0[1], offset: $0[2], epsilon: 0.01)
      }, reference: { layerNormReference($0[0], scale: $0[1], offset: $0[2], epsilon: 0.01) })
    }
  }

  func testExponential() {
    let steps = 200_001
    let x = (0..<steps).map { Float($0) / Float(steps - 1) * 200 - 105 }
    let edges: [Float] = [0, -0.0, .infinity, -.infinity, 88.72, 88.73, -87.34, -103.9, -200, 1e30, 1e-30, .leastNonzeroMagnitude]
    let y = Tensor(x + edges, shape: [steps + edges.count]).exp().values
    for (index, value) in (x + edges).enumerated() {
      let exact = Foundation.exp(Double(value))
      if exact > Double(Float.greatestFiniteMagnitude) {
        XCTAssertEqual(y[index], .infinity, "e^\(value)")
      } else {
        // Two units in the last place; below the normal numbers, of the smallest of them.
        let unit = Double(Float(exact).ulp)
        XCTAssertEqual(Double(y[index]), exact, accuracy: 2 * max(unit, Double(Float.leastNonzeroMagnitude)), "e^\(value)")
      }
    }
    XCTAssertTrue(Tensor(.nan).exp().item.isNaN)
  }
}
