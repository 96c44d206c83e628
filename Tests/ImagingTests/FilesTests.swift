import Foundation
import Imaging
import XCTest

final class FilesTests: XCTestCase {
  private struct Picture: Decodable {
    let data: Data
    let size: [Int]
    let checksum: String
    let head: [UInt8]
  }

  func testEveryKindOfFileDecodesToPILsPixels() throws {
    let pictures = try fixture("pictures", as: [String: Picture].self)
    XCTAssertEqual(pictures.count, 17)
    for (name, expected) in pictures {
      let image = try Image(data: expected.data, name: name)
      XCTAssertEqual([image.width, image.height, image.channels], expected.size + [3], name)
      XCTAssertEqual(Array(image.pixels.prefix(12)), expected.head, name)
      XCTAssertEqual(checksum(image.pixels), expected.checksum, name)
    }
  }

  func testPNGRoundTrip() throws {
    try withTemporaryFolder { folder in
      let url = folder.appendingPathComponent("a picture.png")
      for channels in [1, 3, 4] {
        for (width, height) in [(1, 1), (17, 5), (300, 200)] {
          let source = formulaPicture(width: width, height: height, channels: channels)
          try source.write(to: url)
          XCTAssertEqual(try Image(contentsOf: url), source.rgb(), "\(width) × \(height) × \(channels)")
        }
      }
      XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder.path), ["a picture.png"])
    }
  }

  func testNoiseFitsThePNGBuffer() throws {
    var state: UInt64 = 1
    let noise = (0..<200 * 200 * 3).map { _ -> UInt8 in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return UInt8(state >> 56)
    }
    let source = Image(width: 200, height: 200, pixels: noise)
    XCTAssertEqual(try Image(data: source.pngData()), source)
  }

  func testJPEGRoundTripIsClose() throws {
    var smooth = Image(width: 40, height: 30, fill: [0, 0, 90])
    for pixel in 0..<40 * 30 {
      smooth.pixels[pixel * 3] = UInt8(pixel % 40 * 5)
      smooth.pixels[pixel * 3 + 1] = UInt8(pixel / 40 * 7)
    }
    for (source, limit) in [(smooth, 8), (Image(width: 33, height: 21, fill: [77]), 1)] {
      let decoded = try Image(data: source.jpegData(quality: 95))
      let worst = zip(decoded.pixels, source.rgb().pixels).map { abs(Int($0) - Int($1)) }.max()!
      XCTAssertLessThanOrEqual(worst, limit)
    }
    XCTAssertLessThan(try smooth.jpegData(quality: 20).count, try smooth.jpegData(quality: 95).count)
  }

  func testBrokenFilesThrow() throws {
    let source = formulaPicture(width: 64, height: 48)
    for (format, data) in [("PNG", try source.pngData()), ("JPEG", try source.jpegData())] {
      for length in Array(8..<40) + [data.count / 4, data.count / 2, data.count - 20] {
        XCTAssertThrowsError(try Image(data: data.prefix(length)), "\(format) cut to \(length) bytes") { error in
          guard case ImageError.damaged(_, format, _) = error else { return XCTFail("\(error)") }
        }
      }
      var damaged = data
      for position in (data.count / 2)..<(data.count / 2 + 40) { damaged[position] = 0 }
      if format == "PNG" { XCTAssertThrowsError(try Image(data: damaged)) }
    }
    for nothing in ["", "a", "GIF89a..............", "\u{89}PNG\r\n"] {
      XCTAssertThrowsError(try Image(data: Data(nothing.utf8), name: "x")) { error in
        XCTAssertEqual(error as? ImageError, .unknownFormat(file: "x"))
      }
    }
  }

  /// Any single changed byte either throws or gives a picture; none crashes.
  func testEveryDamagedByteIsSurvived() throws {
    let source = formulaPicture(width: 24, height: 16)
    for data in [try source.pngData(), try source.jpegData(), try source.rgb().jpegData(quality: 20)] {
      for position in 3..<data.count {
        for change: UInt8 in [0x01, 0x80, 0xff] {
          var damaged = data
          damaged[position] ^= change
          if let image = try? Image(data: damaged) {
            XCTAssertEqual(image.pixels.count, image.width * image.height * 3)
          }
        }
      }
    }
  }

  func testErrorsNameTheFile() throws {
    try withTemporaryFolder { folder in
      let missing = folder.appendingPathComponent("missing.png")
      XCTAssertThrowsError(try Image(contentsOf: missing)) { error in
        XCTAssertEqual(
          "\(error)", "\(missing.path): cannot be read (no such file); check the path and its permissions")
      }
      XCTAssertThrowsError(try Image(contentsOf: folder))
      let source = formulaPicture(width: 4, height: 4)
      XCTAssertThrowsError(try source.write(to: folder.appendingPathComponent("no/such/folder.png"))) { error in
        guard case ImageError.unwritable = error else { return XCTFail("\(error)") }
      }
      XCTAssertThrowsError(try source.write(to: folder.appendingPathComponent("picture.gif"))) { error in
        guard case ImageError.cannotEncode = error else { return XCTFail("\(error)") }
      }
      for name in ["empty.png", "empty.jpg"] {
        XCTAssertThrowsError(
          try Image(width: 0, height: 3, pixels: []).write(to: folder.appendingPathComponent(name)))
      }
      XCTAssertEqual(try FileManager.default.contentsOfDirectory(atPath: folder.path), [])
    }
  }
}
