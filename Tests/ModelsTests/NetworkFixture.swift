import Checkpoints
import Engine
import Foundation
import XCTest

/// One case of Fixtures/networks.json: a network with the golden formula's weights, and what PyTorch computed.
struct NetworkFixture: Decodable {
  let name: String
  /// PyTorch's shapes of `input.0`, `input.1`.
  let inputs: [[Int]]
  let keys: Int
  let parameters: Int
  let shape: [Int]
  let absmax: Double
  let index: [Int]
  let value: [Double]

  static func named(_ name: String) throws -> NetworkFixture {
    let url = try XCTUnwrap(
      Bundle.module.url(forResource: "networks", withExtension: "json", subdirectory: "Fixtures"))
    let all = try JSONDecoder().decode([NetworkFixture].self, from: Data(contentsOf: url))
    return try XCTUnwrap(all.first { $0.name == name }, "networks.json has no \(name)")
  }

  var pictures: [Tensor] {
    inputs.enumerated().map { GoldenFormula().picture("input.\($0.offset)", $0.element) }
  }

  /// Fills a network as the fixture's was, but for states whose keys have a prefix to be left alone.
  func fill(_ module: Module, sparing spared: String? = nil) {
    let kept = module.states.filter { entry in spared.map { entry.key.hasPrefix($0) } ?? false }
      .map { ($0.state, $0.state.value) }
    GoldenFormula().fill(module, family: .resnet, prefix: "\(name).")
    for (state, value) in kept { state.set(value) }
    module.isTraining = false
  }

  /// Compares sizes and values with PyTorch's.
  func check(_ module: Module, _ result: Tensor, tolerance: Double = 2e-5) {
    XCTAssertEqual(module.states.count, keys, "\(name): keys")
    XCTAssertEqual(module.parameterCount, parameters, "\(name): parameters")
    XCTAssertEqual(result.shape, shape, name)
    guard result.shape == shape else { return }
    let values = result.values
    for (position, expected) in zip(index, value) {
      XCTAssertEqual(Double(values[position]), expected, accuracy: tolerance * absmax, "\(name): element \(position)")
    }
  }
}
