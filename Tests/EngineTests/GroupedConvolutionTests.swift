import XCTest

@testable import Engine

/// Grouped and depthwise convolution and the poolings of back-bones: PyTorch's numbers, references, finite differences.
final class GroupedConvolutionTests: XCTestCase {
  func testAgainstPyTorch() throws {
    let operations: [String: (Fixture, [Tensor]) -> Tensor] = [
      "depthwiseConv2d": { depthwiseConv2d($1[0], $1[1], $0.window) },
      "groupedConv2d": { groupedConv2d($1[0], $1[1], $0.window, groups: $0.integer("groups")) },
      "paddedConv2d": { fixture, x in
        let sides = fixture.integers("sides")
        let padded = x[0].padded(Padding(top: sides[0], bottom: sides[1], left: sides[2], right: sides[3]))
        return groupedConv2d(
          padded, x[1], Window(stride: fixture.integer("stride")), groups: fixture.integer("groups"))
      },
      "averagePool2d": {
        averagePool2d($1[0], kernel: $0.integer("kernel"), $0.window, countsPadding: $0.flag("counts"))
      },
      "maxPool2dRoundingUp": { maxPool2dRoundingUp($1[0], kernel: $0.integer("kernel"), $0.window) },
      "adaptiveAveragePool2d": {
        adaptiveAveragePool2d($1[0], height: $0.integer("height"), width: $0.integer("width"))
      },
      "interpolatedBilinearly": {
        interpolatedBilinearly($1[0], height: $0.integer("height"), width: $0.integer("width"))
      },
      "swish": { $1[0].swish() },
    ]
    let fixtures = try Fixture.read("grouped", as: [Fixture].self)
    XCTAssertEqual(Set(fixtures.map(\.operation)), Set(operations.keys))
    for fixture in fixtures { fixture.check { operations[fixture.operation]!(fixture, $0) } }
  }

  /// Channel numbers around the widths of the lanes, and maps too large for one thread.
  func testDepthwiseAgreesWithItsReference() {
    for (shape, kernel, window) in [
      ([2, 9, 7, 1], 3, Window(padding: 1)), ([1, 9, 11, 7], 3, Window(stride: 2, padding: 1)),
      ([2, 12, 9, 8], 5, Window(stride: 2, padding: 2)), ([1, 8, 8, 41], 3, Window(padding: 1)),
      ([3, 20, 17, 72], 5, Window(padding: 2)), ([1, 7, 6, 33], 3, Window(stride: 3)),
      ([1, 2, 2, 32], 5, Window(stride: 1, padding: 4)),
    ] {
      let x = formulaValues(shape, salt: 1).tracked
      let weight = formulaValues([kernel, kernel, 1, shape[3]], salt: 2).tracked
      let fast = depthwiseConv2d(x, weight, window)
      let slow = depthwiseConv2dReference(x, weight, window)
      assertClose(fast, slow, tolerance: 4e-6, "\(shape): value")
      let seed = formulaValues(fast.shape, salt: 3)
      for (ours, theirs) in zip(
        gradients(of: fast, withRespectTo: [x, weight], seed: seed),
        gradients(of: slow, withRespectTo: [x, weight], seed: seed))
      {
        assertClose(ours, theirs, tolerance: 4e-6, "\(shape): gradient")
      }
    }
  }

  func testGroupedAgreesWithItsReference() {
    for (shape, outputs, groups, window) in [
      ([2, 9, 7, 12], 6, 3, Window(padding: 1)), ([1, 12, 12, 64], 64, 32, Window(padding: 1)),
      ([2, 7, 8, 64], 128, 2, Window(stride: 2, padding: 1)), ([1, 5, 5, 3], 9, 3, Window()),
      ([1, 4, 4, 5], 7, 1, Window(padding: 1)),
    ] {
      let x = formulaValues(shape, salt: 1).tracked
      let weight = formulaValues([3, 3, shape[3] / groups, outputs], salt: 2).tracked
      let fast = groupedConv2d(x, weight, window, groups: groups)
      let slow = groupedConv2dReference(x, weight, window, groups: groups)
      assertClose(fast, slow, tolerance: 1e-5, "\(shape): value")
      let seed = formulaValues(fast.shape, salt: 3)
      for (ours, theirs) in zip(
        gradients(of: fast, withRespectTo: [x, weight], seed: seed),
        gradients(of: slow, withRespectTo: [x, weight], seed: seed))
      {
        assertClose(ours, theirs, tolerance: 1e-5, "\(shape): gradient")
      }
    }
  }

  func testGradientsOfBothOrders() {
    let x = formulaValues([1, 4, 3, 4], salt: 1)
    assertGradients([x, formulaValues([3, 3, 1, 4], salt: 2)]) {
      depthwiseConv2d($0[0], $0[1], Window(stride: 2, padding: 1)).squared()
    }
    assertGradients([x, formulaValues([2, 2, 2, 2], salt: 2)]) {
      groupedConv2d($0[0], $0[1], Window(padding: 1), groups: 2).squared()
    }
    assertGradients([x]) { averagePool2d($0[0], kernel: 3, Window(padding: 1), countsPadding: false).squared() }
    assertGradients([x]) { adaptiveAveragePool2d($0[0], height: 2, width: 2).squared() }
    assertGradients([x]) { interpolatedBilinearly($0[0], height: 5, width: 2).squared() }
    assertGradients([x]) { $0[0].swish() }
    assertGradients([x]) { $0[0].padded(Padding(top: 1, bottom: 0, left: 0, right: 2)).squared() }
    // Values far enough apart that no step changes which one is the largest.
    let spread = Tensor((0..<20).map { Float(($0 * 7) % 20) }, shape: [1, 5, 4, 1])
    assertGradients([spread], tolerance: 5e-3) { maxPool2dRoundingUp($0[0], kernel: 2, Window(stride: 2)).squared() }
  }

  func testEmptyBatchesAndSinglePixels() {
    let none = Tensor([], shape: [0, 4, 4, 2]).tracked
    let weight = formulaValues([3, 3, 1, 2], salt: 1).tracked
    let y = depthwiseConv2d(none, weight, Window(padding: 1))
    XCTAssertEqual(y.shape, [0, 4, 4, 2])
    XCTAssertEqual(gradients(of: y.sum(), withRespectTo: [weight])[0].values, [Float](repeating: 0, count: 18))
    XCTAssertEqual(groupedConv2d(none, formulaValues([1, 1, 1, 4], salt: 1), groups: 2).shape, [0, 4, 4, 4])
    XCTAssertEqual(maxPool2dRoundingUp(none, kernel: 3, Window(stride: 2)).shape, [0, 2, 2, 2])
    XCTAssertEqual(averagePool2d(none, kernel: 2, Window(stride: 2)).shape, [0, 2, 2, 2])
    let pixel = Tensor([3], shape: [1, 1, 1, 1])
    XCTAssertEqual(adaptiveAveragePool2d(pixel, height: 2, width: 3).values, [3, 3, 3, 3, 3, 3])
    XCTAssertEqual(interpolatedBilinearly(pixel, height: 2, width: 1).values, [3, 3])
  }

  func testTheSameBitsOnAnyNumberOfThreads() {
    let before = Parallel.threadCount
    defer { Parallel.threadCount = before }
    let x = formulaValues([3, 15, 14, 24], salt: 1).tracked
    let depthwise = formulaValues([3, 3, 1, 24], salt: 2).tracked
    let grouped = formulaValues([3, 3, 6, 16], salt: 3).tracked
    let runs = [1, 3].map { threads in
      Parallel.threadCount = threads
      let y = depthwiseConv2d(x, depthwise, Window(stride: 2, padding: 1))
      let z = groupedConv2d(x, grouped, Window(padding: 1), groups: 4)
      return gradients(of: y.squared().sum() + z.squared().sum(), withRespectTo: [x, depthwise, grouped]).map(bits)
    }
    XCTAssertEqual(runs[0], runs[1])
  }

  func testGeneralConv2dIsNamedAndShapedAsPyTorchs() {
    var stream = RandomStream(seed: 1, name: "test")
    let layer = GeneralConv2d(
      6, 4, kernel: (1, 7), padding: Padding(vertical: 0, horizontal: 3), groups: 2, bias: true, stream: &stream)
    XCTAssertEqual(layer.states.map(\.key), ["weight", "bias"])
    XCTAssertEqual(layer.weight.layout.exportedShape(layer.weight.value.shape), [4, 3, 1, 7])
    XCTAssertEqual(layer(.zeros([2, 5, 9, 6])).shape, [2, 5, 9, 4])
    XCTAssertEqual(Padding.same(size: 224, kernel: 3, stride: 2), Padding(top: 0, bottom: 1, left: 0, right: 1))
    XCTAssertEqual(Padding.same(size: 15, kernel: 5, stride: 2), Padding(vertical: 2, horizontal: 2))
    XCTAssertEqual(Padding.same(size: 7, kernel: 1, stride: 2), Padding())
  }

  func testDropoutDropsItsShareAndKeepsTheMean() {
    let dropout = Dropout(0.25)
    let x = Tensor.ones([200, 50])
    let y = dropout(x).values
    XCTAssertEqual(Double(y.filter { $0 == 0 }.count) / 10000, 0.25, accuracy: 0.02)
    XCTAssertEqual(Set(y), [0, 4 / 3])
    XCTAssertNotEqual(y, dropout(x).values)
    dropout.isTraining = false
    XCTAssertEqual(bits(dropout(x)), bits(x))

    let branch = DropBranch(0.5)
    let pictures = branch(.ones([64, 2, 2, 3])).values
    for picture in 0..<64 { XCTAssertEqual(Set(pictures[picture * 12..<(picture + 1) * 12]).count, 1) }
    XCTAssertEqual(Set(pictures), [0, 2])
  }

  func testAStepNamesItsRandomNumbers() {
    final class Two: Module {
      let first = Dropout(0.5)
      let second = Dropout(0.5)
    }
    let x = Tensor.ones([40])
    func run(_ step: UInt64) -> [[Float]] {
      let two = Two()
      _ = two.first(x)
      two.setRandomness(seed: 4, step: step)
      return [two.first(x).values, two.second(x).values]
    }
    XCTAssertEqual(run(3), run(3))
    XCTAssertNotEqual(run(3)[0], run(4)[0])
    XCTAssertNotEqual(run(3)[0], run(3)[1])
  }
}
