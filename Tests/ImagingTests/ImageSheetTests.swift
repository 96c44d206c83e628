import Foundation
import Imaging
import XCTest

final class ImageSheetTests: XCTestCase {
  func testLayoutWithoutText() {
    let (red, blue) = (Image(width: 2, height: 1, fill: [255, 0, 0]), Image(width: 1, height: 1, fill: [0, 0, 255]))
    let sheet = ImageSheet(rows: [.init(images: [red]), .init(images: [blue, blue])], magnification: 2, margin: 1)
    let result = sheet.rendered()
    // Columns of 4 and 2 pixels, rows of 2, margins of 1.
    XCTAssertEqual([result.width, result.height, result.channels], [9, 7, 3])
    let picture = (0..<7).map { y in
      (0..<9).map { x -> String in
        switch Array(result.pixels[(y * 9 + x) * 3..<(y * 9 + x) * 3 + 3]) {
        case [255, 0, 0]: return "r"
        case [0, 0, 255]: return "b"
        case [255, 255, 255]: return "."
        default: return "?"
        }
      }.joined()
    }
    XCTAssertEqual(
      picture, [".........", ".rrrr....", ".rrrr....", ".........", "..bb..bb.", "..bb..bb.", "........."])
  }

  func testEveryLetterIsDrawnAndDiffers() {
    var seen = Set<[UInt8]>()
    for code in UInt8(33)...126 {
      let sheet = ImageSheet(title: String(UnicodeScalar(code)), margin: 0, textScale: 1)
      let drawn = sheet.rendered().pixels
      XCTAssertTrue(drawn.contains { $0 < 128 }, "\(code)")
      XCTAssertTrue(seen.insert(drawn).inserted, "\(UnicodeScalar(code)) looks like another letter")
    }
    XCTAssertTrue(seen.insert(ImageSheet(title: "é", margin: 0, textScale: 1).rendered().pixels).inserted)
  }

  func testTextMakesRoom() {
    let image = Image(width: 4, height: 4, fill: [0, 200, 0])
    var sheet = ImageSheet(title: "Title", columnHeadings: ["a wide heading", ""], margin: 4, textScale: 1)
    sheet.append(label: "two\nlines", [image, image])
    let result = sheet.rendered()
    let textWidth = { (letters: Int) in letters * 6 - 1 }
    XCTAssertEqual(result.width, 4 + textWidth(5) + 4 + textWidth(14) + 6 + 4 + 4 + 4)
    XCTAssertEqual(result.height, 4 + 11 + 4 + 11 + 4 + 22 + 4)
    XCTAssertEqual(result.pixels.filter { $0 == 200 }.count, 32)
  }

  func testEmptySheet() {
    XCTAssertEqual(ImageSheet(margin: 0).rendered().pixels, [255, 255, 255])
    XCTAssertEqual(ImageSheet(columnHeadings: ["x"]).rendered().channels, 3)
  }
}
