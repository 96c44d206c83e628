import Foundation
import XCTest

@testable import Imaging

/// Small files that promise huge pictures: refused before memory is asked for.
final class ImageBombTests: XCTestCase {
  /// The most memory this process ever held, in KiB.
  private func peak() throws -> Int {
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
    let line = try XCTUnwrap(status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") })
    return try XCTUnwrap(line.split(separator: " ").compactMap { Int($0) }.first)
  }

  private func assertRefused(_ data: Data, _ expected: (ImageError) -> Bool, line: UInt = #line) throws {
    let before = try peak()
    XCTAssertThrowsError(try Image(data: data, name: "bomb"), line: line) { error in
      guard let error = error as? ImageError, expected(error) else { return XCTFail("\(error)", line: line) }
      XCTAssertFalse("\(error)".contains("\n"), line: line)
    }
    XCTAssertLessThan(try peak() - before, 64 << 10, "memory was asked for", line: line)
  }

  private func isTooLarge(_ error: ImageError) -> Bool {
    if case .tooLarge = error { return true }
    return false
  }

  private func isDamaged(_ error: ImageError) -> Bool {
    if case .damaged(_, _, let reason) = error { return reason.contains("more pixels") }
    return false
  }

  /// A JPEG file whose frame header says other sides.
  private func jpeg(width: Int, height: Int) throws -> Data {
    var data = try Image(width: 16, height: 16, fill: [9, 9, 9]).jpegData()
    let frame = try XCTUnwrap(data.range(of: Data([0xff, 0xc0]))).lowerBound
    data.replaceSubrange((frame + 5)..<(frame + 9), with: [height, width].flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] })
    return data
  }

  func testJPEG() throws {
    try assertRefused(try jpeg(width: 65_500, height: 65_500), isTooLarge)
    try assertRefused(try jpeg(width: 20_000, height: 20_000), isDamaged)
    try assertRefused(try jpeg(width: 16, height: 65_500), isDamaged)
    XCTAssertEqual(try Image(data: try jpeg(width: 16, height: 16)).width, 16)
  }

  func testPlainLargeJPEGIsNoBomb() throws {
    // One colour packs as well as any picture can.
    let plain = Image(width: 3000, height: 2000, fill: [255, 255, 255])
    XCTAssertEqual(try Image(data: try plain.jpegData(quality: 1)).height, 2000)
    let grey = Image(width: 3000, height: 2000, fill: [128])
    XCTAssertEqual(try Image(data: try grey.jpegData(quality: 1)).height, 2000)
  }

  /// A PNG file whose header says other sides, its checksum right.
  private func png(width: UInt32, height: UInt32) throws -> Data {
    var data = try Image(width: 16, height: 16, fill: [9, 9, 9]).pngData()
    var header = Data("IHDR".utf8)
    for number in [width, height] { withUnsafeBytes(of: number.bigEndian) { header.append(contentsOf: $0) } }
    header.append(contentsOf: data[24..<29])
    data.replaceSubrange(12..<29, with: header)
    var sum: UInt32 = 0xffff_ffff
    for byte in header {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? sum >> 1 ^ 0xedb8_8320 : sum >> 1 }
    }
    data.replaceSubrange(29..<33, with: withUnsafeBytes(of: (~sum).bigEndian) { Array($0) })
    return data
  }

  func testPNG() throws {
    XCTAssertEqual(try Image(data: try png(width: 16, height: 16)).width, 16, "the checksum is right")
    try assertRefused(try png(width: 100_000, height: 100_000), isTooLarge)
    try assertRefused(try png(width: 20_000, height: 20_000), isDamaged)
    try assertRefused(try png(width: 1, height: 10_000_000)) { _ in true }
  }
}
