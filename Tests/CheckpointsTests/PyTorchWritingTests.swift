import Checkpoints
import Engine
import Foundation
import XCTest

final class PyTorchWritingTests: XCTestCase {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("pytorch-\(UUID().uuidString)")

  override func setUpWithError() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  override func tearDownWithError() throws { try FileManager.default.removeItem(at: folder) }

  /// The bytes of every tensor, by path.
  private func contents(_ file: CheckpointFile) throws -> [String: [UInt8]] {
    try Dictionary(
      uniqueKeysWithValues: file.tensors().map { key, tensor in
        (key + " \(tensor.type) \(tensor.shape)", try tensor.withBytes { Array($0) })
      })
  }

  func testRoundTripsKeepEveryBitInEveryFormat() throws {
    for name in [
      "zip.pth", "legacy.pth", "training.pt", "unsigned.pt", "types.safetensors", "big-endian.pth", "tar.pth",
    ] {
      let original = try FixtureFiles.open(name)
      let expected = try contents(original)
      let (pth, safe) = (
        folder.appendingPathComponent("\(name).pth"), folder.appendingPathComponent("\(name).safetensors")
      )
      try original.root.writePyTorch(to: pth)
      let written = try CheckpointFile(contentsOf: pth)
      XCTAssertEqual(written.format, .pyTorchZip)
      XCTAssertEqual(try contents(written), expected, name)
      try SafeTensors.write(original.tensors(), to: safe)
      XCTAssertEqual(try contents(try CheckpointFile(contentsOf: safe)), expected, name)
    }
  }

  func testAStateDictionaryComesBack() throws {
    var stream = RandomStream(seed: 3, name: "test")
    var dictionary = StateDictionary()
    dictionary["z.weight"] = .normal([3, 2, 5], from: &stream)
    dictionary["ä\n"] = Tensor([.nan, -0.0, .infinity], shape: [3])
    dictionary["scalar"] = Tensor(7)
    dictionary["empty"] = .zeros([0, 4])
    let url = folder.appendingPathComponent("größe.pth")
    try dictionary.writePyTorch(to: url)
    let read = try StateDictionary(contentsOf: url)
    XCTAssertEqual(read.keys, dictionary.keys)
    for (key, value) in dictionary.entries {
      XCTAssertEqual(read[key]?.shape, value.shape)
      XCTAssertEqual(read[key]?.values.map(\.bitPattern), value.values.map(\.bitPattern))
    }
    XCTAssertEqual(read.keysWithNonFiniteValues, ["ä\n"])
  }

  func testEntriesAreAlignedAsPyTorchs() throws {
    var dictionary = StateDictionary()
    dictionary["a"] = Tensor([1, 2, 3], shape: [3])
    dictionary["b"] = Tensor([12345.5, 2], shape: [2])
    let url = folder.appendingPathComponent("aligned.pth")
    try dictionary.writePyTorch(to: url)
    let bytes = [UInt8](try Data(contentsOf: url))
    let number = withUnsafeBytes(of: Float(12345.5).bitPattern.littleEndian) { Array($0) }
    XCTAssertEqual(try XCTUnwrap(bytes.indices.first { bytes[$0...].starts(with: number) }) % 64, 0)
  }

  func testWhatPyTorchWouldNotOpenIsNotWritten() throws {
    let value = CheckpointValue.list([.record(CheckpointRecord(module: "some", name: "Thing"))])
    let url = folder.appendingPathComponent("x.pth")
    XCTAssertThrowsError(try value.writePyTorch(to: url)) {
      XCTAssertEqual(($0 as? CheckpointError)?.reason, .unsupported("a some.Thing at 0, which PyTorch would not open"))
    }
    XCTAssertFalse(FileManager.default.fileExists(atPath: url.path))
  }

  /// Runs PyTorch where `TGN_PEER_PYTHON` names a Python that has it.
  func testPyTorchOpensWhatIsWritten() throws {
    guard let python = ProcessInfo.processInfo.environment["TGN_PEER_PYTHON"] else {
      throw XCTSkip("TGN_PEER_PYTHON names no Python with PyTorch")
    }
    for name in ["zip.pth", "training.pt", "unsigned.pt", "protocol4.pth"] {
      let file = try FixtureFiles.open(name)
      var root = file.root
      if case .dictionary(let all) = root {
        var kept = CheckpointDictionary(isOrdered: all.isOrdered)
        // 2**70 and a class of NumPy have no form that weights_only knows.
        for (key, value) in all.entries where key != .string("numbers") { kept[key] = value }
        root = .dictionary(kept)
      }
      try root.writePyTorch(to: folder.appendingPathComponent(name))
    }
    try CheckpointValue.dictionary(sample).writePyTorch(to: folder.appendingPathComponent("sample.pth"))
    let process = Process()
    process.executableURL = URL(fileURLWithPath: python)
    process.arguments = [FixtureFiles.url("check_written.py").path, FixtureFiles.folder.path, folder.path]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    XCTAssertEqual(process.terminationStatus, 0, output)
    XCTAssertTrue(output.contains("all equal"), output)
  }

  private var sample: CheckpointDictionary {
    var sample = CheckpointDictionary()
    sample["integers"] = .list([.integer(1), .integer(-1), .integer(1 << 40), .integer(.min), .integer(.max)])
    sample["floats"] = .tuple([.float(0.1), .float(-.infinity)])
    sample["texts"] = .list([.string(""), .string("größe\n")])
    sample["others"] = .list([.none, .bool(true), .bool(false), .bytes([0, 255]), .list([]), .tuple([])])
    sample[.integer(3)] = .dictionary(CheckpointDictionary(isOrdered: true))
    return sample
  }
}
