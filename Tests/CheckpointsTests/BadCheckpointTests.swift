import Checkpoints
import Engine
import Foundation
import Fuzzing
import XCTest

final class BadCheckpointTests: XCTestCase {
  func testFilesCutShortAnywhereAreTypedErrors() throws {
    for name in ["protocol4.pth", "legacy.pth", "tar.pth", "types.safetensors"] {
      let whole = try FixtureFiles.bytes(name)
      // The tar ends in empty blocks, which nothing needs.
      let end = name == "tar.pth" ? whole.lastIndex { $0 != 0 }! : whole.count
      for count in stride(from: 0, to: end, by: 13) {
        do {
          _ = try CheckpointFile(bytes: Array(whole[..<count]), path: name).stateDictionary()
          XCTFail("\(count) bytes of \(name) were read")
        } catch { XCTAssertTrue(error is CheckpointError || error is SafeTensorsError, "\(name) \(count): \(error)") }
      }
    }
  }

  func testUnknownAndUnreadableFilesAreTypedErrors() {
    assertRefused([]) { $0.reason == .unknownFormat }
    assertRefused(Array("MZ no checkpoint".utf8)) { $0.reason == .unknownFormat }
    for path in ["/nowhere/weights.pth", FixtureFiles.folder.path] {
      XCTAssertThrowsError(try CheckpointFile(contentsOf: URL(fileURLWithPath: path))) {
        guard case .unreadable? = ($0 as? CheckpointError)?.reason else { return XCTFail("\($0)") }
        XCTAssertEqual(($0 as? CheckpointError)?.file, path)
      }
    }
  }

  func testADamagedWeightFailsItsChecksum() throws {
    var bytes = try FixtureFiles.bytes("zip.pth")
    // float32's numbers: -0.75, -0.5, …
    let pattern: [UInt8] = [0, 0, 0x40, 0xbf, 0, 0, 0, 0xbf]
    let place = try XCTUnwrap(bytes.indices.first { bytes[$0...].starts(with: pattern) })
    bytes[place] ^= 1
    assertRefused(bytes) {
      if case .archive(let why) = $0.reason { why.contains("CRC") && $0.place == "zip/data/0" } else { false }
    }
  }

  func testAMissingEntryAndADuplicateEntryAreNamed() throws {
    // The storage of the tensors that the pickle names is among 0 to 31 only.
    let pickle = try CheckpointParts.pickle(of: FixtureFiles.url("unsigned.pt"))
    let text = String(decoding: pickle, as: UTF8.self)
    XCTAssertTrue(text.contains("UntypedStorage"))
    let renamed = pickle.indices.first { pickle[$0...].starts(with: [0x58, 1, 0, 0, 0, UInt8(ascii: "0")]) }!
    var other = pickle
    other[renamed + 5] = UInt8(ascii: "x")
    assertRefused(CheckpointParts.zip(around: other)) { $0.reason == .archive("the entry archive/data/x is missing") }

    var twice = try FixtureFiles.bytes("unsigned.pt")
    for place in twice.indices where twice[place...].starts(with: Array("unsigned/data/1".utf8)) {
      twice[place + 14] = UInt8(ascii: "0")
    }
    assertRefused(twice) { $0.reason == .duplicateKey("unsigned/data/0") }
  }

  func testSizesThatAreOnlyClaimedTakeNoMemory() throws {
    /// zip.pth with a pickle that is said to be packed (method 8), or plain, and to have 4 GB.
    func bomb(method: UInt8) throws -> [UInt8] {
      var bytes = try FixtureFiles.bytes("zip.pth")
      let name = Array("zip/data.pkl".utf8)
      for place in bytes.indices where bytes[place...].starts(with: [0x50, 0x4b, 1, 2]) {
        guard bytes[(place + 46)...].starts(with: name) else { continue }
        bytes[place + 10] = method
        bytes.replaceSubrange((place + 24)..<(place + 28), with: [0xf0, 0xff, 0xff, 0xff])
      }
      return bytes
    }
    func safeTensors(_ shape: String, _ end: String) -> [UInt8] {
      let header = "{\"a\":{\"dtype\":\"F32\",\"shape\":\(shape),\"data_offsets\":[0,\(end)]}}"
      return withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian, Array.init) + Array(header.utf8)
    }
    // A byte array, a text and a list of stack marks of gigabytes; a storage that the file does not hold.
    let hostile: [[UInt8]] = [
      try bomb(method: 8), try bomb(method: 0), safeTensors("[1000000000]", "4000000000"),
      withUnsafeBytes(of: UInt64(4_000_000_000).littleEndian, Array.init) + Array("{}".utf8),
      CheckpointParts.zip(around: [0x80, 2, 0x8e, 0, 0, 0, 0, 1, 0, 0, 0, 0x2e]),
      CheckpointParts.zip(around: [0x80, 2, 0x58, 0xff, 0xff, 0xff, 0x7f, 0x2e]),
    ]
    ResidentMemory.release()
    ResidentMemory.resetPeak()
    let before = ResidentMemory.bytes ?? 0
    for bytes in hostile {
      XCTAssertThrowsError(try CheckpointFile(bytes: bytes, path: "hostile").stateDictionary()) {
        XCTAssertTrue($0 is CheckpointError || $0 is SafeTensorsError, "\($0)")
      }
    }
    XCTAssertLessThan((ResidentMemory.peakBytes ?? 0) - before, 32 << 20)
  }

  func testEveryReaderAnswersDamageWithATypedError() throws {
    let readers = CheckpointFuzzing.Reader.allCases
    for reader in readers {
      let fuzzing = try CheckpointFuzzing(reader, seed: 11, folder: FixtureFiles.folder)
      let outcome = fuzzing.run(seconds: 5 / Double(readers.count))
      XCTAssertGreaterThan(outcome.trials, 10, reader.rawValue)
      XCTAssertEqual(outcome.findings, [])
      XCTAssertEqual(fuzzing.bytes(ofTrial: 7), fuzzing.bytes(ofTrial: 7), "trials can be run again")
    }
  }
}
