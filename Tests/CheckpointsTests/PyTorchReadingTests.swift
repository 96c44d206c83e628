import Checkpoints
import Engine
import Foundation
import XCTest

final class PyTorchReadingTests: XCTestCase {
  private func assertExpected(_ name: String, only: [String]? = nil, line: UInt = #line) throws {
    let expected = try FixtureFiles.expected()
    let file = try FixtureFiles.open(name)
    let dictionary = try file.stateDictionary()
    let types = Dictionary(uniqueKeysWithValues: try file.tensors().map { ($0.key, $0.tensor.type) })
    XCTAssertEqual(Set(dictionary.keys), Set(only ?? Array(expected.keys)), name, line: line)
    for (key, tensor) in dictionary.entries {
      let wanted = try XCTUnwrap(expected[key], key)
      XCTAssertEqual(types[key]?.rawValue, wanted.dtype, "\(name) \(key)", line: line)
      XCTAssertEqual(tensor.shape, wanted.shape, "\(name) \(key)", line: line)
      XCTAssertEqual(tensor.values, wanted.values.map(\.number), "\(name) \(key)", line: line)
    }
  }

  func testEveryTypeAndLayoutIsReadFromEveryFormat() throws {
    try assertExpected("zip.pth")
    try assertExpected("legacy.pth")
    let few = ["float16", "bfloat16", "float32", "int64", "uint8", "bool", "empty", "päth.名"]
    try assertExpected("types.safetensors", only: few)
  }

  func testFormatsAreRecognised() throws {
    XCTAssertEqual(try FixtureFiles.open("zip.pth").format, .pyTorchZip)
    XCTAssertEqual(try FixtureFiles.open("legacy.pth").format, .pyTorchLegacy)
    XCTAssertEqual(try FixtureFiles.open("tar.pth").format, .pyTorchTar)
    XCTAssertEqual(try FixtureFiles.open("script.pt").format, .torchScript)
    XCTAssertEqual(try FixtureFiles.open("types.safetensors").format, .safeTensors)
  }

  func testKeysKeepTheirOrder() throws {
    let keys = try FixtureFiles.open("zip.pth").stateDictionary().keys
    XCTAssertEqual(keys.prefix(3), ["float32", "float64", "float16"])
    XCTAssertEqual(keys.last, "päth.名")
  }

  func testEveryPickleProtocolIsRead() throws {
    for version in [0, 1, 3, 4, 5] {
      let name = "protocol\(version).pth"
      let file = try FixtureFiles.open(name)
      XCTAssertEqual(file.format, version < 3 ? .pyTorchLegacy : .pyTorchZip)
      // Tensors need persistent identifiers that are no text, which protocol 0 lacks.
      if version > 0 {
        let weights = try file.stateDictionary(at: "weights")
        XCTAssertEqual(weights.keys, ["w", "half"], name)
        XCTAssertEqual(weights["w"]?.values, [-0.75, -0.5, -0.25, 0, 0.25, 0.5], name)
      }
      guard case .list(let numbers) = try file.value(at: "numbers") else { return XCTFail(name) }
      XCTAssertEqual(
        numbers.map(text),
        [
          "1", "-2", "300", "70000", "1099511627776", "int(0xc00000000000000000)", "1.5", "true", "none", "text",
          "zeile\nä\\", "[0, 255]",
        ],
        name)
      XCTAssertEqual(text(try file.value(at: "nested.tuple")), "(1, 2, (3))", name)
      XCTAssertEqual(text(try file.value(at: "nested.7")), "seven", name)
      XCTAssertEqual(text(try file.value(at: "nested.set.0")), "4", name)
    }
  }

  private func text(_ value: CheckpointValue) -> String {
    switch value {
    case .none: "none"
    case .bool(let value): "\(value)"
    case .integer(let value): "\(value)"
    case .float(let value): "\(value)"
    case .string(let value): value
    case .bytes(let value): "\(value)"
    case .tuple(let values): "(\(values.map(text).joined(separator: ", ")))"
    case .record(let record): "\(record.name)(\(record.arguments.map(text).joined(separator: ", ")))"
    default: "other"
    }
  }

  func testATrainingCheckpointIsReadEntirely() throws {
    for name in ["training.pt", "training-legacy.pt"] {
      let file = try FixtureFiles.open(name)
      let network = try file.stateDictionary(at: "g_ema")
      XCTAssertEqual(
        network.keys,
        [
          "conv1.weight", "conv1.bias", "norm.weight", "norm.bias", "norm.running_mean", "norm.running_var",
          "norm.num_batches_tracked",
        ])
      XCTAssertEqual(network["conv1.weight"]?.shape, [3, 2, 3, 3])
      let moments = try file.stateDictionary(at: "g_optim.state.0")
      XCTAssertEqual(moments.keys, ["step", "exp_avg", "exp_avg_sq"])
      XCTAssertEqual(moments["step"]?.item, 1)
      XCTAssertEqual(text(try file.value(at: "d_optim.param_groups.0.betas")), "(0.0, 0.99)")
      XCTAssertEqual(text(try file.value(at: "ada_aug_p")), "0.125")
      XCTAssertEqual(text(try file.value(at: "size")), "(3, 4)")
      XCTAssertEqual(text(try file.value(at: "type")), "float16()")
      XCTAssertEqual(text(try file.value(at: "counts.a")), "1")
      guard case .record(let arguments) = try file.value(at: "args") else { return XCTFail(name) }
      XCTAssertEqual("\(arguments.module).\(arguments.name)", "argparse.Namespace")
      XCTAssertEqual(arguments.attributes?["path"].map(text), "./données")
      XCTAssertEqual(arguments.attributes?["mean"].map(text), "0.25")
      XCTAssertEqual(arguments.attributes?["device"].map(text), "device(cpu)")
      // NumPy's arrays, by rows and by columns, and parameters are tensors.
      let all = try file.stateDictionary()
      XCTAssertEqual(all["array"]?.values, [0, 1, 2, 3, 4, 5])
      XCTAssertEqual(all["array"]?.shape, [2, 3])
      XCTAssertEqual(all["big"]?.values, [0, 1, 2, 3, 4, 5])
      XCTAssertEqual(all["parameter"]?.values, [-0.75, -0.5])
    }
  }

  func testTorchScriptGivesWeightsByAttributePath() throws {
    let weights = try FixtureFiles.open("script.pt").stateDictionary()
    XCTAssertEqual(
      Set(weights.keys),
      [
        "logit_scale", "visual.0.weight", "visual.0.bias", "visual.1.weight", "visual.1.bias", "visual.1.running_mean",
        "visual.1.running_var", "visual.1.num_batches_tracked",
      ])
    XCTAssertEqual(weights["visual.0.weight"]?.values, [-0.75, -0.5, -0.25, 0, 0.25, 0.5])
    XCTAssertEqual(weights["logit_scale"]?.item, 4.5)
  }

  func testAPickledModuleGivesTheKeysOfItsStateDictionary() throws {
    let keys = try FixtureFiles.open("module.pt").stateDictionary().keys
    XCTAssertEqual(
      Set(keys),
      ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked"])
  }

  func testTheFirstFormatIsRead() throws {
    let file = try FixtureFiles.open("tar.pth")
    let weights = try file.stateDictionary(at: "model")
    XCTAssertEqual(weights.keys, ["weight", "tail", "count", "view"])
    XCTAssertEqual(weights["weight"]?.values, [-0.75, -0.5, -0.25, 0, 0.25, 0.5])
    XCTAssertEqual(weights["tail"]?.values, [0.75, 1])
    XCTAssertEqual(weights["count"]?.values, [3, 4])
    XCTAssertEqual(weights["view"]?.values, [-0.25, 0.25, 0, 0.5])
    XCTAssertEqual(text(try file.value(at: "epoch")), "3")
  }

  func testOtherByteOrdersAndUnsignedTypesAreRead() throws {
    let big = try FixtureFiles.open("big-endian.pth").stateDictionary()
    XCTAssertEqual(big["w"]?.values, [-0.75, -0.5, -0.25, 0, 0.25, 0.5])
    XCTAssertEqual(big["n"]?.values, [258])
    let unsigned = try FixtureFiles.open("unsigned.pt").stateDictionary()
    XCTAssertEqual(unsigned["u16"]?.values, [65535])
    XCTAssertEqual(unsigned["u64"]?.values, [1_099_511_627_776])
  }

  func testAWrongPathNamesTheNearest() throws {
    let file = try FixtureFiles.open("training.pt")
    XCTAssertThrowsError(try file.stateDictionary(at: "g_emma")) {
      XCTAssertEqual(($0 as? CheckpointError)?.reason, .noSuchPath("g_emma", nearest: "g_ema"))
    }
    XCTAssertThrowsError(try file.stateDictionary(at: "args.size")) {
      XCTAssertEqual(($0 as? CheckpointError)?.reason, .noTensors("args.size"))
    }
    XCTAssertEqual(try file.stateDictionary(at: "g_ema.conv1.bias").keys, ["g_ema.conv1.bias"])
  }

  func testNonFiniteWeightsAreNamed() throws {
    XCTAssertEqual(try FixtureFiles.open("zip.pth").stateDictionary().keysWithNonFiniteValues, ["float16"])
    XCTAssertEqual(try FixtureFiles.open("training.pt").stateDictionary().keysWithNonFiniteValues, [])
  }

  func testAListingShowsTheTree() throws {
    let listing = CheckpointListing(try FixtureFiles.open("training.pt"))
    XCTAssertTrue(listing.summary.contains("PyTorch zip, 16.7 KB, "), listing.summary)
    let whole = try listing.tree()
    for part in ["args", "argparse.Namespace", "OrderedDict of 7 entries", "exp_avg", "\"./données\""] {
      XCTAssertTrue(whole.contains(part), "\(part) is not in\n\(whole)")
    }
    XCTAssertEqual(
      try listing.tree(at: "g_ema").split(separator: "\n").prefix(2),
      [
        "conv1.weight              float32  [3, 2, 3, 3]  216 B",
        "conv1.bias                float32  [3]            12 B",
      ])
    for name in ["zip.pth", "legacy.pth", "tar.pth", "script.pt", "types.safetensors", "protocol0.pth", "module.pt"] {
      XCTAssertFalse(try CheckpointListing(try FixtureFiles.open(name)).tree().isEmpty, name)
    }
  }
}
