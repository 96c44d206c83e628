import Checkpoints
import Engine
import Foundation
import XCTest

final class SafeTensorsTests: XCTestCase {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("safetensors-\(UUID().uuidString)")

  override func setUpWithError() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  override func tearDownWithError() throws { try FileManager.default.removeItem(at: folder) }

  /// A file of a given header and data.
  private func file(_ header: String, _ bytes: [UInt8] = [], length: UInt64? = nil) -> Data {
    var data = withUnsafeBytes(of: (length ?? UInt64(header.utf8.count)).littleEndian) { Data($0) }
    data.append(contentsOf: header.utf8)
    data.append(contentsOf: bytes)
    return data
  }

  private func reason(_ data: Data) -> SafeTensorsError.Reason? {
    do {
      _ = try SafeTensors(data, file: "broken.safetensors")
      return nil
    } catch let error as SafeTensorsError {
      XCTAssertTrue(error.description.hasPrefix("broken.safetensors: "))
      return error.reason
    } catch {
      XCTFail("\(error) is of another type")
      return nil
    }
  }

  func testARoundTripKeepsNamesOrderShapesValuesAndMetadata() throws {
    var stream = RandomStream(seed: 3, name: "test")
    var dictionary = StateDictionary()
    dictionary["z.weight"] = .normal([3, 2, 5], from: &stream)
    dictionary["a \"quoted\" näme\n"] = Tensor([1, -0.0, .infinity], shape: [3])
    dictionary["scalar"] = Tensor(7)
    dictionary["empty"] = .zeros([0, 4])
    let url = folder.appendingPathComponent("a.safetensors")
    try SafeTensors(dictionary, metadata: ["steps": "12", "note\\": "tab\t"]).write(to: url)
    let read = try SafeTensors(contentsOf: url)
    XCTAssertEqual(Set(read.tensors.keys), Set(dictionary.keys))
    XCTAssertEqual(read.tensors.keys.first, "z.weight")
    for (key, value) in dictionary.entries {
      XCTAssertEqual(read.tensors[key]?.shape, value.shape, key)
      XCTAssertEqual(read.tensors[key]?.values.map(\.bitPattern), value.values.map(\.bitPattern), key)
    }
    XCTAssertEqual(read.metadata, ["steps": "12", "note\\": "tab\t"])
    XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder.path), ["a.safetensors"])
  }

  func testOtherTypesAreWidened() throws {
    func value(_ type: String, _ bytes: [UInt8]) throws -> Float? {
      let header = "{\"x\":{\"dtype\":\"\(type)\",\"shape\":[1],\"data_offsets\":[0,\(bytes.count)]}}"
      return try SafeTensors(file(header, bytes), file: "f").tensors["x"]?.values[0]
    }
    XCTAssertEqual(try value("F16", [0x00, 0xc1]), -2.5)
    XCTAssertEqual(try value("F16", [0x01, 0x00]), 0x1p-24)
    XCTAssertEqual(try value("F16", [0x01, 0x80]), -0x1p-24)
    XCTAssertEqual(try value("F16", [0xff, 0x7b]), 65504)
    XCTAssertEqual(try value("F16", [0x00, 0x7c]), .infinity)
    XCTAssertEqual(try value("BF16", [0x20, 0xc0]), -2.5)
    XCTAssertEqual(try value("F64", [0, 0, 0, 0, 0, 0, 0x04, 0xc0]), -2.5)
    XCTAssertEqual(try value("I64", [UInt8](repeating: 0xff, count: 8)), -1)
    XCTAssertEqual(try value("I32", [0xfe, 0xff, 0xff, 0xff]), -2)
    XCTAssertEqual(try value("I16", [0x00, 0x80]), -32768)
    XCTAssertEqual(try value("I8", [0x80]), -128)
    XCTAssertEqual(try value("U64", [0, 0, 0, 0, 1, 0, 0, 0]), 4_294_967_296)
    XCTAssertEqual(try value("U16", [0xff, 0xff]), 65535)
    XCTAssertEqual(try value("U8", [0xff]), 255)
    XCTAssertEqual(try value("BOOL", [2]), 1)
    XCTAssertEqual(reason(file("{\"x\":{\"dtype\":\"F8_E5M2\",\"shape\":[1],\"data_offsets\":[0,1]}}", [0])),
      .unknownType(key: "x", "F8_E5M2"))
  }

  func testAHeaderThatDoesNotFitTheFileIsRefused() {
    XCTAssertEqual(reason(Data([1, 2, 3])), .tooShort(bytes: 3))
    XCTAssertEqual(reason(file("{}", length: .max)), .headerLength(.max, fileSize: 10))
    XCTAssertEqual(reason(file("{}", length: 3)), .headerLength(3, fileSize: 10))
    XCTAssertEqual(reason(file("[1]")), .header("it is not a JSON object"))
    XCTAssertEqual(reason(file("{\"x\":")), .header("it is not a JSON object"))
    XCTAssertEqual(reason(file("{}", [0, 0])), .unusedBytes(2))
    XCTAssertNil(reason(file("{}")))
  }

  func testWrongOffsetsAreRefusedWithTheirKey() {
    func one(_ shape: String, _ offsets: String) -> SafeTensorsError.Reason? {
      reason(
        file("{\"w\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":\(offsets)}}", [UInt8](repeating: 0, count: 8)))
    }
    func assertOffsets(_ found: SafeTensorsError.Reason?, line: UInt = #line) {
      guard case .offsets(let key, _, _, _)? = found else { return XCTFail("\(String(describing: found))", line: line) }
      XCTAssertEqual(key, "w", line: line)
    }
    XCTAssertNil(one("[2]", "[0,8]"))
    assertOffsets(one("[2]", "[-8,0]"))
    assertOffsets(one("[2]", "[8,0]"))
    assertOffsets(one("[4]", "[0,16]"))
    assertOffsets(one("[1]", "[0,8]"))
    assertOffsets(one("[1]", "[4,8]"))
    assertOffsets(one("[2]", "[0,9223372036854775807]"))
    XCTAssertEqual(one("[-2]", "[0,8]"), .shape(key: "w", [-2]))
    XCTAssertEqual(
      one("[4611686018427387904,4]", "[0,8]"), .shape(key: "w", [4_611_686_018_427_387_904, 4]))
    XCTAssertEqual(
      one("[0,4611686018427387904,4]", "[0,0]"), .shape(key: "w", [0, 4_611_686_018_427_387_904, 4]))
    for (shape, offsets) in [("[2]", "[0,99999999999999999999]"), ("[1.5]", "[0,8]"), ("2", "[0,8]"), ("[2]", "[0]")] {
      guard case .entry(key: "w", _)? = one(shape, offsets) else {
        XCTFail("\(shape) \(offsets): \(String(describing: one(shape, offsets)))")
        continue
      }
    }
  }

  func testOverlappingTensorsAreRefused() {
    let entry = "{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":"
    let found = reason(file("{\"a\":\(entry)[0,8]},\"b\":\(entry)[4,12]}}", [UInt8](repeating: 0, count: 12)))
    XCTAssertEqual(found, .offsets(key: "b", start: 4, end: 12, "overlaps another tensor"))
  }

  func testADuplicateKeyIsRefused() {
    let entry = "{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":"
    XCTAssertEqual(reason(file("{\"a\":\(entry)[0,1]},\"a\":\(entry)[1,2]}}", [0, 0])), .duplicateKey("a"))
    // However it is written.
    XCTAssertEqual(reason(file("{\"a\":\(entry)[0,1]},\"\\u0061\":\(entry)[1,2]}}", [0, 0])), .duplicateKey("a"))
  }

  func testMetadataMustBeStrings() {
    XCTAssertEqual(
      reason(file("{\"__metadata__\":{\"a\":1}}")), .entry(key: "__metadata__", "it needs strings"))
  }

  func testAMissingFileAndAMissingFolderAreTypedErrors() {
    let nowhere = folder.appendingPathComponent("none/x.safetensors")
    XCTAssertThrowsError(try SafeTensors(contentsOf: nowhere)) { XCTAssertTrue($0 is SafeTensorsError, "\($0)") }
    XCTAssertThrowsError(try SafeTensors(StateDictionary()).write(to: nowhere)) {
      XCTAssertEqual(($0 as? AtomicFile.Failure)?.step, "create")
    }
  }

  func testAFailedWriteLeavesTheOldFile() throws {
    struct Stop: Error {}
    let url = folder.appendingPathComponent("kept")
    try AtomicFile.write(Data("old".utf8), to: url)
    XCTAssertThrowsError(
      try AtomicFile.write(to: url) { put in
        try Data("new".utf8).withUnsafeBytes { try put($0) }
        throw Stop()
      })
    XCTAssertEqual(try Data(contentsOf: url), Data("old".utf8))
    XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder.path), ["kept"])
  }
}
