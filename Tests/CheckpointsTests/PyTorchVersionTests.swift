import Engine
import XCTest

@testable import Checkpoints

/// The same checkpoint as PyTorch 1.4, 1.8, 1.13, 2.4 and 2.15 write it (Fixtures/Versions/version_fixtures.py).
final class PyTorchVersionTests: XCTestCase {
  private static let versions = ["1.4.0", "1.8.1", "1.13.1", "2.4.1", "2.15.0"]

  private func open(_ name: String) throws -> CheckpointFile { try FixtureFiles.open("Versions/\(name)") }

  private func ramp(_ range: Range<Int>) -> [Float] { range.map { (Float($0) - 3) / 4 } }

  /// Both formats of every version, each with its default.
  private var checkpoints: [(name: String, format: CheckpointFile.Format)] {
    Self.versions.flatMap { version -> [(String, CheckpointFile.Format)] in
      version == "1.4.0"
        ? [("torch-\(version).pt", .pyTorchLegacy), ("torch-\(version)-zip.pt", .pyTorchZip)]
        : [("torch-\(version).pt", .pyTorchZip), ("torch-\(version)-legacy.pt", .pyTorchLegacy)]
    }
  }

  func testEveryVersionsTensorsAreReadToEqualValues() throws {
    XCTAssertEqual(checkpoints.count, 10)
    for (name, format) in checkpoints {
      let file = try open(name)
      XCTAssertEqual(file.format, format, name)
      let types = Dictionary(uniqueKeysWithValues: try file.tensors(at: "weights").map { ($0.key, $0.tensor.type) })
      XCTAssertEqual(
        types,
        [
          "float32": .float32, "float64": .float64, "float16": .float16, "bfloat16": .bfloat16, "int64": .int64,
          "uint8": .uint8, "bool": .bool, "scalar": .float32, "empty": .float32, "transposed": .float32,
          "view": .float32, "shared": .float32, "name.名": .float32,
        ], name)
      let weights = try file.stateDictionary(at: "weights")
      let expected: [(String, [Int], [Float])] = [
        ("float32", [2, 3], ramp(0..<6)), ("float64", [2, 2], ramp(0..<4)), ("float16", [4], ramp(0..<4)),
        ("bfloat16", [4], ramp(0..<4)), ("int64", [2], [-5, 16_777_216]), ("uint8", [2], [0, 255]),
        ("bool", [3], [1, 0, 1]), ("scalar", [], [2.5]), ("empty", [0, 3], []),
        ("transposed", [4, 3], [0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11].map { (Float($0) - 3) / 4 }),
        ("view", [6], ramp(2..<8)), ("shared", [2, 3], ramp(6..<12)), ("name.名", [1], [-0.75]),
      ]
      XCTAssertEqual(weights.keys, expected.map(\.0), name)
      for (key, shape, values) in expected {
        XCTAssertEqual(weights[key]?.shape, shape, "\(name) \(key)")
        XCTAssertEqual(weights[key]?.values, values, "\(name) \(key)")
      }
    }
  }

  func testEveryVersionsTrainingStateIsRead() throws {
    for (name, _) in checkpoints {
      let file = try open(name)
      let network = try file.stateDictionary(at: "g_ema")
      XCTAssertEqual(network["conv1.weight"]?.values, ramp(0..<8), name)
      XCTAssertEqual(network["norm.running_var"]?.values, [1, 1], name)
      // After one step on gradients of one.
      // PyTorch 1.4 numbers parameters by their addresses, later versions from 0.
      let moments = try file.stateDictionary(at: "g_optim.state").entries.filter { $0.key.hasSuffix(".exp_avg") }
      XCTAssertEqual(moments.count, 4, name)
      XCTAssertEqual(moments.first?.value.values.first ?? .nan, 0.1, accuracy: 1e-7, name)
      if case .integer(let epoch) = try file.value(at: "epoch") { XCTAssertEqual(epoch, 7) } else { XCTFail(name) }
      guard case .float(0.125) = try file.value(at: "ada_aug_p") else { return XCTFail(name) }
      guard case .record(let arguments) = try file.value(at: "args") else { return XCTFail(name) }
      XCTAssertEqual(arguments.name, "Namespace", name)
      if case .string(let path)? = arguments.attributes?["path"] {
        XCTAssertEqual(path, "données", name)
      } else {
        XCTFail(name)
      }
    }
  }

  func testEveryVersionsTorchScriptAndPickledModuleGiveTheirWeights() throws {
    for version in Self.versions {
      let script = try open("torch-\(version)-script.pt")
      XCTAssertEqual(script.format, .torchScript, version)
      let weights = try script.stateDictionary()
      XCTAssertEqual(weights["conv1.weight"]?.values, ramp(0..<8), version)
      XCTAssertEqual(weights["conv1.bias"]?.values, ramp(0..<2), version)
      XCTAssertEqual(weights["norm.weight"]?.values, [1, 1], version)
      let module = try open("torch-\(version)-module.pt").stateDictionary()
      XCTAssertEqual(module.keys, ["conv1.weight", "conv1.bias"], version)
      XCTAssertEqual(module["conv1.weight"]?.values, ramp(0..<8), version)
    }
  }
}
