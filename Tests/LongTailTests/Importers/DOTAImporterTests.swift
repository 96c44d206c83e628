import Foundation
import LongTail
import XCTest

final class DOTAImporterTests: XCTestCase {
  private func dotaTree() throws -> ImportTree {
    let tree = try ImportTree()
    for (part, stem) in [("train", "P0000"), ("val", "P0003")] {
      try tree.picture("\(part)/images/\(stem).png")
      try tree.write(
        "\(part)/labelTxt/\(stem).txt",
        """
        imagesource:GoogleEarth
        gsd:0.146343590398
        6.0 1.0 11.0 6.0 6.0 11.0 1.0 6.0 plane 0
        2 2 5 2 5 6 2 6 small-vehicle 1

        """)
    }
    return tree
  }

  func testCropsQuadrilateralsToThePixel() throws {
    let tree = try dotaTree()
    let manifest = try tree.run(try DOTAImporter.dota(tree.root))
    XCTAssertEqual(try tree.output("anno/DOTA_train.txt"), "7/P0000_0.png 7\n10/P0000_1.png 10\n")
    XCTAssertEqual(try tree.output("anno/DOTA_test.txt"), "7/P0003_0.png 7\n10/P0003_1.png 10\n")
    XCTAssertEqual(manifest.classes[7].name, "plane")
    try tree.assertCrop("train/7/P0000_0.png", of: "train/images/P0000.png", x: 1, y: 1, width: 10, height: 10)
    try tree.assertCrop("test/10/P0003_1.png", of: "val/images/P0003.png", x: 2, y: 2, width: 3, height: 4)
  }

  func testDifficultObjectsCanBeLeftOut() throws {
    let tree = try dotaTree()
    var options = ImportOptions()
    options.skipsDifficult = true
    let manifest = try tree.run(try DOTAImporter.dota(tree.root, options: options))
    XCTAssertEqual(manifest.skippedCounts, ["difficult": 2])
    XCTAssertEqual(manifest.skipped[0].position, "line 4")
    XCTAssertEqual(manifest.count(.train), 1)
  }

  func testOtherFoldersWithoutHeadersAndWithWindowsLines() throws {
    let tree = try dotaTree()
    try tree.remove("train/labelTxt")
    try tree.write(
      "train/labelTxt-v1.0/labelTxt/P0000.txt", "\u{feff}2 2 5 2 5 6 2 6 plane\r\n\r\n0 0 9 0 9 9 0 9 ship 0\r\n")
    try tree.remove("train/images")
    try tree.picture("train/images/part1/images/P0000.png")
    let plan = try DOTAImporter.dota(tree.root)
    XCTAssertEqual(plan.train[0].objects.map(\.label), [7, 9])
    XCTAssertEqual(plan.train[0].path, "train/images/part1/images/P0000.png")
  }

  func testBadLines() throws {
    let tree = try dotaTree()
    let file = tree.path("train/labelTxt/P0000.txt")
    func check(_ text: String, _ expected: (AnnotationPlace) -> ImportError, line: UInt = #line) throws {
      try tree.write("train/labelTxt/P0000.txt", "imagesource:x\r" + text)
      tree.assertError(expected(.init(file, line: 2)), line: line) { try DOTAImporter.dota(tree.root) }
    }
    let form = "x1 y1 x2 y2 x3 y3 x4 y4 category difficult"
    try check("1 2 3 plane 0", { .badLine($0, text: "1 2 3 plane 0", expected: form) })
    try check("1 2 3 4 5 6 7 nan plane 0", { .badNumber($0, name: "y4", text: "nan") })
    try check("1 2 inf 4 5 6 7 8 plane 0", { .badNumber($0, name: "x2", text: "inf") })
    try check("1 2 3 4 5 6 7 8 planes 0", { .unknownClass($0, name: "planes", nearest: "plane") })
    try check("1 2 3 4 5 6 7 8 container-crane 0", { .unknownClass($0, name: "container-crane", nearest: nil) })
    try tree.write("train/labelTxt/P0000.txt", Data([0, 1, 2, 0xff, 10]))
    tree.assertError(.badEncoding(.init(file, line: 1), encoding: "UTF-8")) { try DOTAImporter.dota(tree.root) }
  }

  func testMissingPictureAndEmptyLabels() throws {
    let tree = try dotaTree()
    try tree.write("train/labelTxt/P0009.txt", "imagesource:GoogleEarth\ngsd:null\n")
    tree.assertError(.missingImage(.init(tree.path("train/labelTxt/P0009.txt")), image: "train/images/P0009.png")) {
      try DOTAImporter.dota(tree.root)
    }
    try tree.picture("train/images/P0009.png")
    XCTAssertEqual(try DOTAImporter.dota(tree.root).train[1].objects, [])
  }
}
