import Foundation
import Imaging
import LongTail
import Notebook
import XCTest

final class DescriptionTests: XCTestCase {
  /// A smooth picture with contrast, as noise of a few pixels is not.
  private func shape(_ number: Int, width: Int = 40, height: Int = 32, brightness: Int = 0) -> Image {
    let centre = (x: width * (1 + number % 3) / 4, y: height * (1 + number / 3) / 4)
    var pixels = [UInt8]()
    for y in 0..<height {
      for x in 0..<width {
        let distance = abs(x - centre.x) * 40 / width + abs(y - centre.y) * 40 / height
        pixels += [UInt8](repeating: UInt8(min(220, 5 * distance) + brightness), count: 3)
      }
    }
    return Image(width: width, height: height, pixels: pixels)
  }

  private func layout() throws -> ImportTree {
    let tree = try ImportTree()
    func put(_ split: String, _ images: [(String, Data)]) throws {
      for (name, data) in images { try tree.write("\(split)/\(name)", data) }
      let lines = images.map { "\($0.0) \($0.0.prefix { $0 != "/" })\n" }.joined()
      try tree.write("anno/MINI_\(split).txt", lines)
    }
    try put("train", [
      ("0/a.png", shape(0).pngData()), ("0/b.png", shape(1).pngData()), ("0/c.png", shape(2).pngData()),
      ("0/again.png", shape(1).pngData()), ("1/d.png", shape(3).pngData()), ("1/contradiction.png", shape(0).pngData()),
      ("2/e.png", shape(4).pngData()),
    ])
    try put("test", [
      ("0/leak.png", shape(2).pngData()), ("1/coded.jpg", shape(3, brightness: 2).jpegData(quality: 90)),
      ("1/broken.jpg", shape(5).jpegData().prefix(200)), ("0/new.png", shape(8).pngData()),
      ("2/plain.png", Image(width: 9, height: 9, fill: [9, 9, 9]).pngData()),
    ])
    try tree.write("anno/classes.txt", "0 ship\n1 dam\n2 kite\n")
    return tree
  }

  func testFindsLeaksRepetitionsAndBrokenFiles() throws {
    let tree = try layout()
    let description = try DatasetDescription(of: tree.root)
    XCTAssertEqual(description.train.counts, [4, 2, 1])
    XCTAssertEqual(description.imbalance, 4)
    XCTAssertEqual(description.split?.headClasses, [0])
    XCTAssertEqual(description.order, [0, 1, 2])
    XCTAssertEqual(description.broken.map(\.path), ["test/1/broken.jpg"])
    XCTAssertTrue(description.broken[0].reason.contains("JPEG"), description.broken[0].reason)
    let duplicates = description.duplicates
    XCTAssertEqual(duplicates.exact.map { [$0.train, $0.test] }, [[2, 0]])
    XCTAssertEqual(duplicates.near.map { [$0.train, $0.test] }, [[4, 1]])
    XCTAssertEqual(duplicates.withinTrain, 2)
    XCTAssertEqual(duplicates.contradictions, 1)
    XCTAssertEqual(duplicates.withinTest, 0)
    XCTAssertEqual(description.sizes?.median, 40)
    XCTAssertEqual(description.sizes?.largest, 40)
    let json = description.json.prettyPrinted()
    XCTAssertTrue(json.contains("\"train\": \"train/1/d.png\"") && json.contains("test/1/coded.jpg"), json)
    XCTAssertFalse(json.contains(tree.root.path))
  }

  func testDrawsASheetAndTheFigure() throws {
    let tree = try layout()
    let description = try DatasetDescription(of: tree.root)
    let sheet = description.contactSheet(train: 3, test: 2, side: 24)
    XCTAssertGreaterThan(sheet.width, 5 * 24)
    XCTAssertGreaterThan(sheet.height, 3 * 24)
    XCTAssertEqual(description.figure.classes.map(\.name), ["ship", "dam", "kite"])
    XCTAssertEqual(description.figure.classes.map(\.isHead), [true, false, false])
    let drawing = tree.folder.appendingPathComponent("classes.svg")
    do { try description.figure.write(toSVG: drawing) } catch NotebookError.gnuplotMissing {
      throw XCTSkip("gnuplot is not installed")
    }
    XCTAssertTrue(String(decoding: try Data(contentsOf: drawing), as: UTF8.self).contains("kite"))
  }

  func testDescribesHalvesThatLackSomething() throws {
    let tree = try layout()
    try tree.remove("anno/MINI_test.txt")
    try tree.write("anno/MINI_train.txt", "0/a.png 0\n")
    let description = try DatasetDescription(of: tree.root)
    XCTAssertNil(description.test)
    XCTAssertEqual(description.train.counts, [1, 0, 0])
    XCTAssertEqual(description.imbalance, 1)
    XCTAssertGreaterThan(description.contactSheet().height, 64)
    XCTAssertThrowsError(try DatasetDescription(of: tree.root.appendingPathComponent("none"))) {
      XCTAssertTrue($0 is TGNLayoutError)
    }
  }

  func testVHR10SharesNoPictureBetweenTrainingAndTest() throws {
    let description = try DatasetDescription(of: try DataFixtures.sharedFolder("data/vhr10"))
    XCTAssertEqual(description.broken, [])
    XCTAssertEqual(description.duplicates.exact, [])
    XCTAssertEqual(description.split?.headClasses, [2, 0, 9, 4])
  }
}

final class SplitFoldersTests: XCTestCase {
  private func layout() throws -> ImportTree {
    let tree = try ImportTree()
    // Training and test disagree on which class is the largest.
    for (split, counts) in [("train", [2, 5, 1, 3, 4]), ("test", [5, 1, 2, 2, 4])] {
      var lines = ""
      for (label, count) in counts.enumerated() {
        for number in 0..<count {
          try tree.picture("\(split)/\(label)/p\(number).png", width: 3, height: 3)
          lines += "\(label)/p\(number).png \(label)\n"
        }
      }
      try tree.write("anno/MINI_\(split).txt", lines)
    }
    return tree
  }

  func testWritesTheReleasedFolders() throws {
    let tree = try layout()
    let split = try SplitFolders(of: tree.root)
    try split.write(into: tree.out)
    XCTAssertEqual(
      try tree.output("KMDN/train/head/head_classes.txt"),
      (0..<5).map { "1/p\($0).png 1\n" }.joined() + (0..<4).map { "4/p\($0).png 4\n" }.joined())
    XCTAssertEqual(
      try tree.output("KMDN/test/tail/tail_classes.txt"),
      (0..<5).map { "0/p\($0).png 0\n" }.joined() + "2/p0.png 2\n2/p1.png 2\n3/p0.png 3\n3/p1.png 3\n")
    let files = try ImportTree.contents(tree.out)
    let largest = files.keys.filter { $0.hasPrefix("CDTG/train/tail/0/") }
    XCTAssertEqual(largest.count, 3, "class 3 is the largest of the tail")
    XCTAssertEqual(files["CDTG/train/tail/2/p0.png"], try tree.pictures["train/2/p0.png"]?.pngData())
    XCTAssertEqual(files["KMDN/train/tail/3/p2.png"], try tree.pictures["train/3/p2.png"]?.pngData())
    XCTAssertTrue(try tree.output("split.json").contains("\"newLabel\": 2"))
    XCTAssertThrowsError(try split.write(into: tree.out)) {
      XCTAssertEqual($0 as? TGNLayoutError, .alreadyThere(file: tree.out.path))
    }
  }

  func testTheReleasedRecipeSplitsTheTestSetByItself() throws {
    let tree = try layout()
    XCTAssertEqual(try SplitFolders(of: tree.root).testSplit.headClasses, [1, 4])
    let released = try SplitFolders(of: tree.root, recipe: .released)
    XCTAssertEqual(released.trainSplit.headClasses, [1, 4])
    XCTAssertEqual(released.testSplit.headClasses, [0, 4])
    try released.write(into: tree.out, copies: true)
    XCTAssertTrue(try tree.output("KMDN/test/head/head_classes.txt").hasPrefix("0/p0.png 0\n"))
    try tree.remove("train/1/p0.png")
    XCTAssertNotNil(try ImportTree.contents(tree.out)["KMDN/train/head/1/p0.png"], "a copy")
  }
}
