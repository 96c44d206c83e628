import Engine
import Imaging
import XCTest

@testable import LongTail

final class ImageFilterTests: XCTestCase {
  /// A picture whose number is its colour.
  private func picture(_ number: Int) -> Image { Image(width: 1, height: 1, pixels: [UInt8(number), 0, 0]) }

  private func drawn(_ count: Int, batch: Int, attempts: Int = 10, accepts: ((Int) -> Bool)?)
    -> (numbers: [Int], count: DrawnCount)
  {
    var numbers: [Int] = []
    let result = drawUntilKept(
      count, attempts: attempts, batchSize: batch, draw: { $0.map(picture) },
      accepts: accepts.map { accepts in { $0.map { accepts(Int($0.pixels[0])) } } },
      keep: { number, image in
        XCTAssertEqual(Int(image.pixels[0]), number)
        numbers.append(number)
      })
    return (numbers, result)
  }

  func testTheSamePicturesAreKeptInBatchesOfAnySize() {
    for batch in [1, 2, 7, 64] {
      let (numbers, count) = drawn(4, batch: batch) { $0 % 3 == 2 }
      XCTAssertEqual(numbers, [2, 5, 8, 11])
      XCTAssertEqual(count, DrawnCount(kept: 4, rejected: 8), "batches of \(batch)")
    }
  }

  func testWithoutAFilterAllAreKept() {
    let (numbers, count) = drawn(5, batch: 2, accepts: nil)
    XCTAssertEqual(numbers, [0, 1, 2, 3, 4])
    XCTAssertEqual(count, DrawnCount(kept: 5, rejected: 0))
  }

  func testDrawingEndsWhereNothingIsAccepted() {
    XCTAssertEqual(drawn(3, batch: 4, attempts: 5) { _ in false }.count, DrawnCount(kept: 0, rejected: 15))
  }

  func testJudges() {
    // Class 1 is the more probable, the redder the picture.
    func model(_ x: Tensor) -> Tensor {
      let red = x.slice(3, 0..<1).reshaped([x.shape[0], 1])
      return concatenated([red * -2, red * 2], axis: 1)
    }
    // This one takes everything for class 0.
    func blind(_ x: Tensor) -> Tensor { concatenated([.ones([x.shape[0], 1]), .zeros([x.shape[0], 1])], axis: 1) }
    let images = [0, 100, 140, 255].map(picture)
    func kept(_ judge: ImageFilter.Judge, minimum: Float? = nil) -> [Bool] {
      ImageFilter(judge: judge, minimum: minimum).accepts(images, tailModel: (model, 1), text: (blind, 1))
    }
    XCTAssertEqual(kept(.tailModel), [false, false, true, true])
    XCTAssertEqual(kept(.tailModel, minimum: 0.9), [false, false, false, true])
    XCTAssertEqual(kept(.tailModel, minimum: 0), [true, true, true, true])
    XCTAssertEqual(kept(.text), [false, false, false, false])
    XCTAssertEqual(kept(.either), [false, false, true, true])
    XCTAssertEqual(kept(.both), [false, false, false, false])
  }

  func testPicturesAndTensorsAreOneAnother() {
    let image = Image(width: 2, height: 1, pixels: [0, 1, 127, 128, 254, 255])
    XCTAssertEqual(pictures(tensor(of: [image]))[0].pixels, image.pixels)
  }

  func testAFilterIsNamedOrWrittenOut() throws {
    func read(_ text: String) throws -> ImageFilter { try JSONDecoder().decode(ImageFilter.self, from: Data(text.utf8)) }
    XCTAssertEqual(try read("\"text\""), ImageFilter(judge: .text))
    XCTAssertEqual(try read("{\"judge\":\"both\",\"minimum\":0.5}"), ImageFilter(judge: .both, minimum: 0.5))
    XCTAssertThrowsError(try read("\"everything\""))
  }
}
