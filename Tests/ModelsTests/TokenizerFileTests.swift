import Foundation
import XCTest

@testable import Models

/// CLIP's tokenizer from the files it is published in.
final class TokenizerFileTests: XCTestCase {
  private let folder = FileManager.default.temporaryDirectory.appendingPathComponent("tokenizer-\(UUID().uuidString)")
  private let table = "#version: 0.2\na b\nab c</w>\n"
  /// `table` packed, in one gzip member and in two; 200000 zeros.
  private let packed = Data(base64Encoded: "H4sIAAAAAAAC/1MuSy0qzszPs1Iw0DPiSlRI4kpMUki20S+34wIAH7AO6BsAAAA=")!
  private let packedInTwo = Data(
    base64Encoded:
      "H4sIAAAAAAAC/1MuSy0qzszPs1Iw0DPiSlRIAgAduYPgEQAAAB+LCAAAAAAAAv/jSkxSSLbRL7fjAgCv6I0ACgAAAA==")!
  private let packedZeros = Data(
    base64Encoded:
      "H4sIAAAAAAAC/+3BMQEAAADCoPVPbQZ/oAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
      + "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAACA1wB7WOBc"
      + "QA0DAA==")!

  override func setUpWithError() throws {
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  override func tearDownWithError() throws { try FileManager.default.removeItem(at: folder) }

  private func file(_ name: String, _ data: Data) throws -> URL {
    let url = folder.appendingPathComponent(name)
    try data.write(to: url)
    return url
  }

  private func tokenizer(_ url: URL, mergeCount: Int = 2) throws -> BytePairTokenizer {
    try BytePairTokenizer(contentsOf: url, mergeCount: mergeCount, contextLength: 8)
  }

  func testATableIsReadPackedOrNot() throws {
    let expected = try BytePairTokenizer(table: table, contextLength: 8)
    XCTAssertEqual(expected.encode("abc"), [514, 513, 515, 0, 0, 0, 0, 0])
    XCTAssertEqual(try tokenizer(file("a.txt", Data(table.utf8))), expected)
    XCTAssertEqual(try tokenizer(file("a.txt.gz", packed)), expected)
    XCTAssertEqual(try tokenizer(file("two.gz", packedInTwo)), expected)
    let windows = table.replacingOccurrences(of: "\n", with: "\r\n")
    XCTAssertEqual(try tokenizer(file("windows.txt", Data(windows.utf8))), expected)
    // A published table goes on after the merges that CLIP takes.
    XCTAssertEqual(try tokenizer(file("long.txt", Data((table + "not a merge at all\n").utf8))), expected)
  }

  func testAFolderOfHuggingFaceIsRead() throws {
    let expected = try BytePairTokenizer(table: table, contextLength: 8)
    let numbers = expected.spelling()
    XCTAssertEqual(numbers.count, 516)
    XCTAssertEqual(numbers["<|endoftext|>"], 515)
    XCTAssertEqual(numbers["abc</w>"], 513)
    XCTAssertEqual(numbers["\u{100}"], 188)
    _ = try file("merges.txt", Data(table.utf8))
    _ = try file("vocab.json", JSONEncoder().encode(numbers))
    XCTAssertEqual(try tokenizer(folder), expected)

    var other = numbers
    (other["ab"], other["abc</w>"]) = (513, 512)
    for (broken, word) in [(other, "abc</w>"), (numbers.filter { $0.key != "!" }, "515")] {
      _ = try file("vocab.json", JSONEncoder().encode(broken))
      XCTAssertThrowsError(try tokenizer(folder)) {
        XCTAssertTrue("\($0)".contains("vocab.json") && "\($0)".contains(word), "\($0)")
      }
    }
    _ = try file("vocab.json", Data("[1]".utf8))
    XCTAssertThrowsError(try tokenizer(folder))
    try FileManager.default.removeItem(at: folder.appendingPathComponent("vocab.json"))
    XCTAssertThrowsError(try tokenizer(folder))
  }

  func testBadFilesAreRefusedWithTheirPath() throws {
    var damaged = packed
    damaged[14] ^= 0xff
    let cases: [(String, Data, String)] = [
      ("truncated.gz", packed.dropLast(9), "too early"), ("damaged.gz", damaged, "damaged"),
      ("magic.gz", Data([0x1f, 0x8b]), "too early"), ("tail.gz", packed + Data([1, 2, 3]), "damaged"),
      ("short.txt", Data("#version\na b\n".utf8), "1 merges, not 2"), ("empty.txt", Data(), "0 merges"),
      ("line.txt", Data("#version\na b\nab zz\n".utf8), "line 3"), ("latin.txt", Data([0x23, 0xe9, 0x0a]), "UTF-8"),
    ]
    for (name, data, reason) in cases {
      XCTAssertThrowsError(try tokenizer(file(name, data)), name) {
        let text = "\($0)"
        XCTAssertTrue($0 is TokenizerFileError && text.contains(name) && text.contains(reason), "\(name): \(text)")
      }
    }
    XCTAssertThrowsError(try tokenizer(folder.appendingPathComponent("none.gz"))) {
      XCTAssertTrue("\($0)".contains("cannot be read"), "\($0)")
    }
  }

  func testUnpackingIsBounded() throws {
    XCTAssertEqual(try gunzipped(packedZeros), Data(count: 200_000))
    XCTAssertThrowsError(try gunzipped(packedZeros, limit: 100_000)) {
      XCTAssertEqual($0 as? GunzipError, .tooLarge(limit: 100_000))
    }
    XCTAssertThrowsError(try gunzipped(Data()))
  }

  /// Every single byte changed, and every length cut: never a crash, never another tokenizer without an error.
  func testNoChangedBytePassesUnseen() throws {
    for index in packed.indices where index < 4 || index > 9 {
      var changed = packed
      changed[index] ^= 0x55
      if let text = try? gunzipped(changed) { XCTAssertEqual(text, Data(table.utf8), "byte \(index)") }
    }
    for length in 0..<packed.count { XCTAssertThrowsError(try gunzipped(packed.prefix(length)), "\(length) bytes") }
  }

  func testMarksWithinATextAreOneSymbol() throws {
    let tokenizer = try BytePairTokenizer(table: table, contextLength: 8)
    XCTAssertEqual(tokenizer.tokens(of: "abc<|endoftext|>"), [513, 515])
    XCTAssertEqual(tokenizer.tokens(of: "<|StartOfText|> abc"), [514, 513])
    XCTAssertEqual(tokenizer.tokens(of: "<|start|>").count, 9)
  }
}
