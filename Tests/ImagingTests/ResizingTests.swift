import Foundation
import Imaging
import XCTest

final class ResizingTests: XCTestCase {
  private struct Case: Decodable {
    let from: [Int]
    let to: [Int]
    let channels: Int
    let filter: String
    let head: [UInt8]
    let checksum: String
  }

  func testEqualsPillowBitForBit() throws {
    let cases = try fixture("resize", as: [Case].self)
    XCTAssertEqual(cases.count, 56)
    for expected in cases {
      let source = formulaPicture(width: expected.from[0], height: expected.from[1], channels: expected.channels)
      let filter = try XCTUnwrap(ResizeFilter(rawValue: expected.filter))
      let result = source.resized(width: expected.to[0], height: expected.to[1], filter: filter)
      let label = "\(expected.from) to \(expected.to), \(expected.channels) channels, \(filter)"
      XCTAssertEqual(Array(result.pixels.prefix(12)), expected.head, label)
      XCTAssertEqual(checksum(result.pixels), expected.checksum, label)
    }
  }

  func testFourChannelsAreResampledAlone() {
    let source = formulaPicture(width: 19, height: 11, channels: 4)
    let result = source.resized(width: 8, height: 23, filter: .bicubic)
    for channel in 0..<4 {
      let plane = Image(
        width: 19, height: 11, channels: 1,
        pixels: stride(from: channel, to: source.pixels.count, by: 4).map { source.pixels[$0] })
      XCTAssertEqual(
        plane.resized(width: 8, height: 23, filter: .bicubic).pixels,
        stride(from: channel, to: result.pixels.count, by: 4).map { result.pixels[$0] })
    }
  }

  func testSameSizeIsUnchanged() {
    let source = formulaPicture(width: 9, height: 7)
    for filter in ResizeFilter.allCases { XCTAssertEqual(source.resized(width: 9, height: 7, filter: filter), source) }
  }

  private struct Golden: Decodable {
    struct Record: Decodable {
      let index: [Int]
      let value: [Float]
    }
    let size: [Int]
    let tensor: Record
  }

  func testEqualsTorchvisionOnTheGoldenPhoto() throws {
    let folder = try sharedFolder("golden")
    var photo = [UInt8]()
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in "input.photo".utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    for i in 0..<UInt64(120 * 90 * 3) {
      var z = hash &+ (i + 1) &* 0x9e37_79b9_7f4a_7c15
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      z ^= z >> 31
      let signed = 2 * (Float(z >> 40) / 16_777_216) - 1
      photo.append(UInt8((signed + 1) * 127.5))
    }
    let source = Image(width: 90, height: 120, pixels: photo)
    for name in ["resize_bilinear_down", "resize_bilinear_up"] {
      let golden = try JSONDecoder().decode(
        Golden.self, from: Data(contentsOf: folder.appendingPathComponent("\(name).json")))
      let (height, width) = (golden.size[0], golden.size[1])
      let result = source.resized(width: width, height: height)
      XCTAssertGreaterThan(golden.tensor.index.count, 50)
      for (index, value) in zip(golden.tensor.index, golden.tensor.value) {
        let (channel, position) = (index / (width * height), index % (width * height))
        XCTAssertEqual((Float(result.pixels[position * 3 + channel]) / 255 - 0.5) / 0.5, value, accuracy: 1e-6, name)
      }
    }
  }
}
