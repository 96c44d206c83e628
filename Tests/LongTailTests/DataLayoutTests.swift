import Foundation
import Imaging
import LongTail
import XCTest

final class DataLayoutTests: XCTestCase {
  private func assertError(
    _ expected: TGNLayoutError, _ tree: MiniatureTree, _ split: TGNLayout.Split = .train, line: UInt = #line
  ) {
    XCTAssertThrowsError(try tree.layout.read(split), line: line) { error in
      XCTAssertEqual(error as? TGNLayoutError, expected, "\(error)", line: line)
      XCTAssertFalse("\(error)".contains("\n"), "one line", line: line)
      XCTAssertTrue("\(error)".contains(tree.root.path), "names the place: \(error)", line: line)
    }
  }

  func testReadsAMiniature() throws {
    let tree = try MiniatureTree()
    let dataset = try tree.layout.read(.train)
    XCTAssertEqual(dataset.classNames, ["0", "1"])
    XCTAssertEqual(dataset.counts, [2, 1])
    XCTAssertEqual(try dataset.image(at: 2), noisePicture(2))
    XCTAssertEqual(try dataset.image(at: 1, side: 3), noisePicture(1).resized(width: 3, height: 3))
  }

  func testClassNamesFromFileOrPrefix() throws {
    let tree = try MiniatureTree()
    try tree.write("anno/classes.txt", "\u{feff}0 oil tanker\r\n1 barge\r\n")
    XCTAssertEqual(try tree.layout.read(.train).classNames, ["oil tanker", "barge"])
    XCTAssertEqual(KnownClasses.names(forAnnotation: "DIOR_train.txt")?.count, 20)
    XCTAssertEqual(KnownClasses.names(forAnnotation: "DOTA_test.txt")?[7], "plane")
    XCTAssertEqual(KnownClasses.names(forAnnotation: "FGSC_train.txt")?[22], "barge")
    XCTAssertNil(KnownClasses.names(forAnnotation: "MINI_train.txt"))
  }

  func testToleratesWindowsLinesMarksAndSpaces() throws {
    let tree = try MiniatureTree()
    try tree.addImage("1/a picture (2).png", number: 9)
    try tree.write(
      "anno/MINI_train.txt", "\u{feff}0/a.png 0\r\n\r\n  0/b.png\t0 \r\n1/a picture (2).png 1\r\n1/a.png  1")
    let dataset = try tree.layout.read(.train)
    XCTAssertEqual(dataset.items.map(\.label), [0, 0, 1, 1])
    XCTAssertEqual(try dataset.image(at: 2), noisePicture(9))
  }

  func testMissingFolders() throws {
    let tree = try MiniatureTree()
    assertError(.missingAnnotation(folder: tree.path("anno"), split: "test"), tree, .test)
    try tree.write("anno/MINI_test.txt", "0/a.png 0\n1/a.png 1\n")
    assertError(.missingFolder(tree.path("test")), tree, .test)
    try FileManager.default.removeItem(at: tree.root.appendingPathComponent("anno"))
    assertError(.missingFolder(tree.path("anno")), tree)
    try FileManager.default.removeItem(at: tree.root)
    assertError(.missingFolder(tree.root.path), tree)
  }

  func testBadAnnotations() throws {
    let tree = try MiniatureTree()
    let file = tree.path("anno/MINI_train.txt")
    func check(_ text: String, _ expected: TGNLayoutError, line: UInt = #line) throws {
      try tree.write("anno/MINI_train.txt", text)
      assertError(expected, tree, line: line)
    }
    let good = "0/a.png 0\n1/a.png 1\n"
    try check("", .emptyAnnotation(file: file))
    try check("\r\n \r\n", .emptyAnnotation(file: file))
    try check(good + "0/b.png\n", .lineWithoutLabel(file: file, line: 3, text: "0/b.png"))
    try check(good + "0/my picture.jpg\n", .lineWithoutLabel(file: file, line: 3, text: "0/my picture.jpg"))
    try check("\n" + good + "0/b.png ship\n", .labelNotANumber(file: file, line: 4, label: "ship"))
    try check(good + "0/b.png 0.5\n", .labelNotANumber(file: file, line: 3, label: "0.5"))
    try check(good + "0/b.png -1\n", .labelNotANumber(file: file, line: 3, label: "-1"))
    try check(
      good + "0/b.png 99999999999999999999\n",
      .labelNotANumber(file: file, line: 3, label: "99999999999999999999"))
    try check(
      good + "0/b.png 123456789\n", .unknownLabel(file: file, line: 3, label: 123_456_789, classCount: 10_000))
    try check(good + "0/c.png 0\n", .missingImage(file: file, line: 3, image: tree.path("train/0/c.png")))
    try check("0 0\n" + good, .missingImage(file: file, line: 1, image: tree.path("train/0")))
    try check(good + "0/a.png 0\n", .duplicate(file: file, line: 3, firstLine: 1, image: "0/a.png"))
    try check(good + "1/a.png 0\n", .duplicate(file: file, line: 3, firstLine: 2, image: "1/a.png"))
    try check("0/a.png 0\n1/a.png 2\n", .classWithoutImages(file: file, label: 1, name: "1"))
    try check("0/a.png 0\n0/b.png 0\n", .singleClass(file: file))
    try Data([0x30, 0x2f, 0xff, 0xfe, 0x20, 0x30]).write(to: URL(fileURLWithPath: file))
    assertError(.unreadable(file: file), tree)
    try tree.write("anno/OTHER_train.txt", good)
    assertError(
      .severalAnnotations(folder: tree.path("anno"), files: ["MINI_train.txt", "OTHER_train.txt"]), tree)
  }

  func testBadClassFiles() throws {
    let tree = try MiniatureTree()
    let file = tree.path("anno/classes.txt")
    func check(_ text: String, _ expected: TGNLayoutError, line: UInt = #line) throws {
      try tree.write("anno/classes.txt", text)
      assertError(expected, tree, line: line)
    }
    try check("", .badClassLine(file: file, line: 1, text: ""))
    try check("0 ship\nbarge\n", .badClassLine(file: file, line: 2, text: "barge"))
    try check("0 ship\n2 barge\n", .classOutOfOrder(file: file, line: 2, expected: 1))
    try check("0 ship\n1 ship\n", .repeatedClassName(file: file, line: 2, name: "ship"))
    let annotation = tree.path("anno/MINI_train.txt")
    try check("0 ship\n", .unknownLabel(file: annotation, line: 3, label: 1, classCount: 1))
    try check("0 ship\n1 barge\n2 dam\n", .classWithoutImages(file: annotation, label: 2, name: "dam"))
  }

  func testBrokenImageIsNamedWhenItIsOpened() throws {
    let tree = try MiniatureTree()
    try tree.write("train/0/b.png", "no picture")
    let dataset = try tree.layout.read(.train)
    XCTAssertThrowsError(try dataset.image(at: 1)) { error in
      XCTAssertEqual(error as? ImageError, .unknownFormat(file: tree.path("train/0/b.png")))
    }
  }

  func testWritesWhatItReads() throws {
    let (tree, copy) = (try MiniatureTree(), try MiniatureTree())
    try FileManager.default.removeItem(at: copy.root)
    let original = try tree.layout.read(.train)
    // The same file twice, and pictures in memory, as in a data set expanded with generated images.
    let drawn = ObjectDataset(
      classNames: ["1"], items: (0..<2).map { .init(label: 0, source: .memory(noisePicture(20 + $0))) })
    let expanded = try original.appending(original).appending(drawn)
    try copy.layout.write(expanded, as: .train, name: "BIG")
    let reread = try copy.layout.read(.train)
    XCTAssertEqual(reread.classNames, ["0", "1"])
    XCTAssertEqual(reread.items.map(\.label), [0, 0, 1, 0, 0, 1, 1, 1])
    for index in 0..<8 { XCTAssertEqual(try reread.image(at: index), try expanded.image(at: index), "\(index)") }

    XCTAssertThrowsError(try copy.layout.write(expanded, as: .train, name: "BIG")) { error in
      XCTAssertEqual(error as? TGNLayoutError, .alreadyThere(file: copy.path("anno/BIG_train.txt")))
    }
    XCTAssertThrowsError(try copy.layout.write(memoryDataset([1, 1]), as: .test, name: "BIG")) { error in
      XCTAssertEqual(error as? TGNLayoutError, .otherClasses(file: copy.path("anno/classes.txt")))
    }
    try copy.layout.write(original, as: .test, name: "BIG")
    XCTAssertEqual(try copy.layout.read(.test).contentHash(), try original.contentHash())
  }

  func testReadsRealPhotographs() throws {
    let layout = TGNLayout(root: try DataFixtures.sharedFolder("data/vhr10"))
    let (train, test) = (try layout.read(.train), try layout.read(.test))
    XCTAssertEqual(train.counts, [448, 187, 509, 236, 317, 99, 99, 124, 76, 385])
    XCTAssertEqual(test.count, 1416)
    XCTAssertEqual(train.classNames[2], "storagetank")
    XCTAssertEqual(try HeadTailSplit(counts: train.counts).headClasses, [2, 0, 9, 4])
    for index in stride(from: 0, to: train.count, by: 100) {
      let image = try train.image(at: index)
      XCTAssertLessThanOrEqual(max(image.width, image.height), 96)
    }
  }
}
