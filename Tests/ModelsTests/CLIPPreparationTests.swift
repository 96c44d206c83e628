import Engine
import Imaging
import Models
import XCTest

final class CLIPPreparationTests: XCTestCase {
  func testTheMiddleSquareIsTaken() {
    // Three squares side by side; only the middle one is seen.
    let (side, width) = (8, 24)
    let pixels = (0..<side).flatMap { _ in
      (0..<width).flatMap { column -> [UInt8] in column / side == 1 ? [255, 0, 128] : [0, 255, 7] }
    }
    let prepared = CLIP.prepared(Image(width: width, height: side, pixels: pixels), size: side)
    XCTAssertEqual(prepared.shape, [1, side, side, 3])
    let expected = zip([1, 0, 128 / 255], zip(CLIP.mean, CLIP.deviation)).map { ($0 - $1.0) / $1.1 }
    for (index, value) in prepared.values.enumerated() {
      XCTAssertEqual(value, expected[index % 3], accuracy: 1e-5)
    }
  }

  func testGreyAndAlphaAreTaken() {
    let grey = CLIP.prepared(Image(width: 5, height: 9, fill: [100]), size: 6)
    let colour = CLIP.prepared(Image(width: 5, height: 9, fill: [100, 100, 100]), size: 6)
    let alpha = CLIP.prepared(Image(width: 5, height: 9, fill: [100, 100, 100, 3]), size: 6)
    XCTAssertEqual(grey.values, colour.values)
    XCTAssertEqual(alpha.values, colour.values)
  }

  func testColoursAreNormalised() {
    let x = ColourNormalization.half(Tensor([0, 0.5, 1], shape: [1, 1, 1, 3]))
    XCTAssertEqual(x.values, [-1, 0, 1])
  }
}
