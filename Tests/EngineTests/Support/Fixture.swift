import XCTest

@testable import Engine

/// One case of Tests/EngineTests/Fixtures: an operation, its inputs' formula and what PyTorch computed from them.
struct Fixture: Decodable {
  struct Input: Decodable {
    let shape: [Int]
    let salt: Int
    let scale: Double
    let shift: Double
    var tensor: Tensor { formulaValues(shape, salt: salt, scale: scale, shift: shift) }
  }
  struct Values: Decodable {
    let shape: [Int]
    let values: [Double]
  }

  let operation: String
  let settings: [String: [Double]]
  let inputs: [Input]
  let output: Values
  /// The gradients of <output, seed> by the inputs; the seed has the salt 800.
  let gradients: [Values]
  /// The gradients of Σ <gradient k, formula values of salt 900 + k> by the inputs and the seed.
  let second: [Values]?

  func number(_ key: String) -> Float { Float(settings[key]![0]) }
  func integer(_ key: String) -> Int { Int(settings[key]![0]) }
  func integers(_ key: String) -> [Int] { settings[key]!.map { Int($0) } }
  func flag(_ key: String) -> Bool { settings[key]![0] != 0 }
  var window: Window { Window(stride: integer("stride"), padding: integer("padding")) }

  /// Reads a file of the test bundle.
  static func read<T: Decodable>(_ name: String, as type: T.Type) throws -> T {
    let url = try XCTUnwrap(
      Bundle.module.url(forResource: name, withExtension: "json", subdirectory: "Fixtures"), "\(name).json is missing")
    return try JSONDecoder().decode(type, from: Data(contentsOf: url))
  }

  /// Compares the value, the gradients and the gradients of gradients with PyTorch's.
  func check(tolerance: Double = 4e-6, _ operation: ([Tensor]) -> Tensor) {
    let name = "\(self.operation) \(inputs.map(\.shape)) \(settings)"
    let x = inputs.map(\.tensor.tracked)
    let y = operation(x)
    assertClose(y, shape: output.shape, output.values, tolerance: tolerance, "\(name): output")
    guard y.shape == output.shape else { return }

    // Without recording: the fast gradient of fused operations.
    let seed = formulaValues(output.shape, salt: 800).tracked
    let found = Engine.gradients(of: y, withRespectTo: x, seed: seed)
    for (index, (actual, expected)) in zip(found, gradients).enumerated() {
      assertClose(
        actual, shape: expected.shape, expected.values, tolerance: 2 * tolerance, "\(name): gradient by input \(index)")
    }
    guard let second else { return }

    let recorded = Engine.gradients(of: y, withRespectTo: x, seed: seed, recording: true)
    var total = Tensor(0)
    for (index, gradient) in recorded.enumerated() {
      assertClose(
        gradient, shape: gradients[index].shape, gradients[index].values, tolerance: 2 * tolerance,
        "\(name): recorded gradient by input \(index)")
      total = total + (gradient * formulaValues(gradient.shape, salt: 900 + index)).sum()
    }
    // By all inputs and the seed together: what one of them lacks shows in the size of the others.
    let again = Engine.gradients(of: total, withRespectTo: x + [seed])
    let largest = second.flatMap(\.values).map(abs).max() ?? 0
    for (index, (actual, expected)) in zip(again, second).enumerated() {
      assertClose(
        actual, shape: expected.shape, expected.values, tolerance: 10 * tolerance, floor: max(1e-2, 0.1 * largest),
        "\(name): second gradient by input \(index)")
    }
  }
}
