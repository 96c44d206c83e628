import Imaging
import XCTest

final class GeometryTests: XCTestCase {
  /// 1 2 3
  /// 4 5 6
  private let picture = Image(width: 3, height: 2, channels: 1, pixels: [1, 2, 3, 4, 5, 6])

  func testCrop() {
    XCTAssertEqual(
      picture.cropped(x: 1, y: 0, width: 2, height: 2),
      Image(width: 2, height: 2, channels: 1, pixels: [2, 3, 5, 6]))
    let colour = formulaPicture(width: 6, height: 5)
    let crop = colour.cropped(x: 2, y: 3, width: 3, height: 2)
    XCTAssertEqual(crop.pixels[0..<9], colour.pixels[(3 * 6 + 2) * 3..<(3 * 6 + 5) * 3])
  }

  func testFlip() {
    XCTAssertEqual(picture.flippedHorizontally().pixels, [3, 2, 1, 6, 5, 4])
    let colour = formulaPicture(width: 6, height: 5)
    XCTAssertEqual(colour.flippedHorizontally().pixels[0..<3], colour.pixels[15..<18])
  }

  func testRotation() {
    XCTAssertEqual(
      picture.rotated(quarterTurns: 1), Image(width: 2, height: 3, channels: 1, pixels: [4, 1, 5, 2, 6, 3]))
    XCTAssertEqual(picture.rotated(quarterTurns: 2).pixels, [6, 5, 4, 3, 2, 1])
    XCTAssertEqual(picture.rotated(quarterTurns: -1), picture.rotated(quarterTurns: 3))
    XCTAssertEqual(picture.rotated(quarterTurns: 3).rotated(quarterTurns: 1), picture)
  }

  func testMagnification() {
    XCTAssertEqual(
      picture.magnified(by: 2),
      Image(
        width: 6, height: 4, channels: 1,
        pixels: [1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6]))
  }

  func testGreyAndAlphaToRGB() {
    XCTAssertEqual(Image(width: 1, height: 1, fill: [7]).rgb().pixels, [7, 7, 7])
    XCTAssertEqual(Image(width: 1, height: 1, fill: [1, 2, 3, 4]).rgb().pixels, [1, 2, 3])
  }
}
