import XCTest

@testable import Engine

/// Every operation against PyTorch: value, gradients, gradients of gradients.
final class FixtureTests: XCTestCase {
  private typealias Operation = (Fixture, [Tensor]) -> Tensor

  /// Runs all cases of a file. Every operation named here must occur in it, and the other way round.
  private func run(_ file: String, tolerance: Double = 4e-6, _ operations: [String: Operation]) throws {
    let fixtures = try Fixture.read(file, as: [Fixture].self)
    XCTAssertEqual(Set(fixtures.map(\.operation)), Set(operations.keys))
    for fixture in fixtures {
      guard let operation = operations[fixture.operation] else { continue }
      fixture.check(tolerance: tolerance) { operation(fixture, $0) }
    }
  }

  func testElementwise() throws {
    try run(
      "elementwise",
      [
        "add": { $1[0] + $1[1] },
        "subtract": { $1[0] - $1[1] },
        "multiply": { $1[0] * $1[1] },
        "divide": { $1[0] / $1[1] },
        "negate": { -$1[0] },
        "squared": { $1[0].squared() },
        "squareRoot": { $1[0].squareRoot() },
        "reciprocalSquareRoot": { $1[0].reciprocalSquareRoot() },
        "exp": { $1[0].exp() },
        "log": { $1[0].log() },
        "absolute": { $1[0].absolute() },
        "sigmoid": { $1[0].sigmoid() },
        "tanh": { $1[0].tanh() },
        "softplus": { $1[0].softplus() },
        "quickGELU": { $1[0].quickGELU() },
        "relu": { $1[0].relu() },
        "leakyReLU": { $1[0].leakyReLU(slope: $0.number("slope"), gain: $0.number("gain")) },
        "clamped": { $1[0].clamped($0.number("low"), $0.number("high")) },
        "addConstant": { 0.375 + $1[0] },
        "subtractConstant": { $1[0] - 0.375 },
        "subtractFromConstant": { 0.375 - $1[0] },
        "multiplyConstant": { -1.75 * $1[0] },
        "divideConstant": { $1[0] / -0.625 },
      ])
  }

  func testReductionsAndLosses() throws {
    func axes(_ fixture: Fixture) -> [Int]? {
      let axes = fixture.integers("axes")
      return axes.isEmpty ? nil : axes
    }
    // Softmax of scores near 230 rounds them to 2e-5 before anything is computed.
    try run(
      "reductions", tolerance: 2e-5,
      [
        "sum": { $1[0].sum(axes($0), keepingAxes: $0.flag("keeping")) },
        "mean": { $1[0].mean(axes($0), keepingAxes: $0.flag("keeping")) },
        "broadcast": { $1[0].broadcast(to: $0.integers("shape")) },
        "softmax": { $1[0].softmax() },
        "logSoftmax": { $1[0].logSoftmax() },
        "crossEntropy": { crossEntropy($1[0], $0.integers("labels"), labelSmoothing: $0.number("smoothing")) },
        "meanSquaredError": { meanSquaredError($1[0], $1[1]) },
      ])
  }

  func testProducts() throws {
    var stream = RandomStream(seed: 0, name: "start values that the fixture replaces")
    try run(
      "products",
      [
        "matmul": { matmul($1[0], $1[1], transposeA: $0.flag("transpose_a"), transposeB: $0.flag("transpose_b")) },
        "linear": { matmul($1[0], $1[1], transposeB: true) + $1[2] },
      ])
    let layer = Linear(4, 5, stream: &stream)
    layer.weight.set(formulaValues([5, 4], salt: 2))
    layer.bias!.set(formulaValues([5], salt: 3))
    let fixture = try XCTUnwrap(Fixture.read("products", as: [Fixture].self).first { $0.operation == "linear" })
    assertClose(layer(fixture.inputs[0].tensor), shape: [2, 3, 5], fixture.output.values, tolerance: 4e-6, "Linear")
  }

  func testMovement() throws {
    try run(
      "movement",
      [
        "transposed": { $1[0].transposed($0.integers("order")) },
        "slice": { $1[0].slice($0.integer("axis"), $0.integer("start")..<$0.integer("end")) },
        "padded": { $1[0].padded($0.integer("axis"), before: $0.integer("before"), after: $0.integer("after")) },
        "concatenated": { concatenated($1, axis: $0.integer("axis")) },
        "rows": { $1[0].rows($0.integers("labels")) },
      ])
  }

  func testConvolutions() throws {
    try run(
      "convolutions",
      [
        "conv2d": { conv2d($1[0], $1[1], $0.window) },
        "convTranspose2d": { convTranspose2d($1[0], $1[1], $0.window) },
      ])
  }

  func testGrids() throws {
    try run(
      "grids",
      [
        "sampleGrid": { fixture, x in
          let numbers = fixture.settings["maps"]!
          let maps = stride(from: 0, to: numbers.count, by: 6).map { at in
            AffineMap(
              xx: numbers[at], xy: numbers[at + 1], x0: numbers[at + 2], yx: numbers[at + 3], yy: numbers[at + 4],
              y0: numbers[at + 5])
          }
          return sampleGrid(
            x[0], AffineSampling(maps: maps, to: (fixture.integer("height"), fixture.integer("width"))))
        }
      ])
  }

  func testFiltersAndPooling() throws {
    try run(
      "filters",
      [
        "upFIRDown": { fixture, x in
          upFIRDown(
            x[0],
            UpFIRDown(
              taps: fixture.settings["taps"]!.map { Float($0) }, up: fixture.integer("up"),
              down: fixture.integer("down"), padding: (fixture.integer("before"), fixture.integer("after"))))
        },
        "haarTransform": { haarTransform($1[0]) },
        "inverseHaarTransform": { inverseHaarTransform($1[0]) },
        "resized": {
          Engine.resized(
            $1[0], height: $0.integer("height"), width: $0.integer("width"),
            filter: $0.flag("cubic") ? .bicubic : .bilinear)
        },
        "maxPool2d": { maxPool2d($1[0], kernel: $0.integer("kernel"), $0.window) },
      ])
  }

  func testNormalizations() throws {
    // One case has a mean eighty times its deviation, which costs two digits.
    try run(
      "normalizations", tolerance: 4e-5,
      [
        "batchNorm": { batchNormTraining($1[0], scale: $1[1], offset: $1[2], epsilon: $0.number("epsilon")).output },
        "layerNorm": { layerNorm($1[0], scale: $1[1], offset: $1[2], epsilon: $0.number("epsilon")) },
        "biasActivation": { fixture, x in
          biasActivation(
            x[0], bias: x[1], noise: fixture.settings["noise_shape"].map { _ in
              formulaValues(fixture.integers("noise_shape"), salt: 77)
            }, strength: x.count > 2 ? x[2] : nil, factor: fixture.number("factor"), slope: fixture.number("slope"),
            gain: fixture.number("gain"))
        },
      ])
  }
}
