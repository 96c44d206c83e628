import Engine
import Foundation
import Imaging
import LongTail
import XCTest

final class CropRunTests: XCTestCase {
  private func tree(count: Int = 12) throws -> (ImportTree, ImportPlan) {
    let tree = try ImportTree()
    var lists = ["train": "", "val": ""]
    for number in 0..<count {
      lists[number % 3 == 0 ? "val" : "train"]! += "p\(number)\n"
      try tree.picture("JPEGImages/p\(number).jpg", width: 30 + number, height: 20)
      let objects = ["ship", "dam", "ship"].enumerated().map { place, name in
        VOCImporterTests.object(name, ["\(place)", "\(number)", "\(place + 9)", "\(number + 8 - 8 * (place / 2))"])
      }
      try tree.write("Annotations/p\(number).xml", VOCImporterTests.annotation(objects.joined()))
    }
    for (name, text) in lists { try tree.write("ImageSets/Main/\(name).txt", text) }
    return (tree, try VOCImporter.voc(tree.root))
  }

  func testSameBytesForAnyNumberOfThreads() throws {
    let threads = Parallel.threadCount
    defer { Parallel.threadCount = threads }
    var results = [[String: Data]]()
    for count in [1, 2, 5] {
      Parallel.threadCount = count
      let (tree, plan) = try tree()
      try CropRun(plan, into: tree.out).run()
      results.append(try ImportTree.contents(tree.out))
    }
    XCTAssertEqual(results[0].count, 24 + 4, "two objects of each picture have an area; anno, classes, manifest")
    XCTAssertEqual(results[0], results[1])
    XCTAssertEqual(results[0], results[2])
  }

  func testAStoppedRunGoesOnToTheSameBytes() throws {
    let (whole, wholePlan) = try tree()
    _ = try whole.run(wholePlan)
    let expected = try ImportTree.contents(whole.out)

    let (tree, plan) = try tree()
    let lost = "JPEGImages/p5.jpg"
    let bytes = try Data(contentsOf: tree.root.appendingPathComponent(lost))
    try tree.write(lost, bytes.prefix(80))
    XCTAssertThrowsError(try tree.run(plan)) { error in
      guard case .brokenImages(let count, let first) = error as? ImportError else { return XCTFail("\(error)") }
      XCTAssertEqual(count, 1)
      XCTAssertTrue(first.contains(lost), first)
    }
    // All others are done, there is no annotation yet, and nothing half-written counts as a picture.
    let unfinished = try ImportTree.contents(tree.out)
    XCTAssertEqual(unfinished.keys.filter { $0.hasSuffix(".png") }.count, 22)
    XCTAssertNil(unfinished["manifest.json"])
    XCTAssertNil(unfinished["anno/VOC_train.txt"])

    // What a kill may leave: half a line in the journal, a file missing, one cut short, one being written.
    try tree.write(lost, bytes)
    let journal = tree.out.appendingPathComponent(".prepare/journal")
    try (try Data(contentsOf: journal) + Data("{\"split\":\"train\",\"ima".utf8)).write(to: journal)
    try FileManager.default.removeItem(at: tree.out.appendingPathComponent("train/1/p1_0.png"))
    try Data("half".utf8).write(to: tree.out.appendingPathComponent("train/1/p2_0.png"))
    try Data("half".utf8).write(to: tree.out.appendingPathComponent(".prepare/3.writing"))
    let kept = tree.out.appendingPathComponent("train/0/p4_1.png")
    let date = Date(timeIntervalSince1970: 1_000_000)
    try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: kept.path)
    _ = try tree.run(plan)
    XCTAssertEqual(try ImportTree.contents(tree.out), expected)
    let after = try FileManager.default.attributesOfItem(atPath: kept.path)[.modificationDate] as? Date
    XCTAssertEqual(after, date, "finished pictures are not made again")

    // Again: nothing to do, nothing changed. A lost crop is made anew.
    try FileManager.default.removeItem(at: kept)
    _ = try tree.run(plan)
    XCTAssertEqual(try ImportTree.contents(tree.out), expected)
  }

  func testAJournalMayNotNameOtherFiles() throws {
    let (tree, plan) = try tree(count: 3)
    _ = try tree.run(plan)
    let expected = try ImportTree.contents(tree.out)
    let manifest = tree.out.appendingPathComponent("manifest.json")
    let changed = try tree.output("manifest.json").replacingOccurrences(of: "1/p1_0.png", with: "../../x/p1_0.png")
    try Data(changed.utf8).write(to: manifest)
    _ = try tree.run(plan)
    XCTAssertEqual(try ImportTree.contents(tree.out), expected)
    try Data("{".utf8).write(to: manifest)
    tree.assertError(.foreignFolder(tree.out.path, file: "manifest.json")) { try tree.run(plan) }
  }

  func testOtherSettingsNeedAnotherFolder() throws {
    let (tree, plan) = try tree(count: 3)
    _ = try tree.run(plan)
    tree.assertError(.otherPlan(folder: tree.out.path)) { try tree.run(plan) { $0.padding = 1 } }
    let object = VOCImporterTests.object("dam", ["1", "1", "5", "5"])
    try tree.write("Annotations/p1.xml", VOCImporterTests.annotation(object))
    tree.assertError(.otherPlan(folder: tree.out.path)) { try tree.run(try VOCImporter.voc(tree.root)) }

    let (other, otherPlan) = try self.tree(count: 3)
    try other.write("../out/notes.txt", "mine")
    other.assertError(.foreignFolder(other.out.path, file: "notes.txt")) { try other.run(otherPlan) }
    XCTAssertEqual(try other.output("notes.txt"), "mine")
  }

  func testBrokenPicturesCanBeLeftOut() throws {
    let (tree, plan) = try tree(count: 4)
    try tree.write("JPEGImages/p1.jpg", "no picture")
    try tree.write("JPEGImages/p2.jpg", Data())
    let manifest = try tree.run(plan, skipsBroken: true)
    XCTAssertEqual(manifest.broken.map(\.image), ["JPEGImages/p1.jpg", "JPEGImages/p2.jpg"])
    XCTAssertEqual(manifest.count(.train), 0)
    XCTAssertEqual(manifest.count(.test), 4)
    XCTAssertFalse(try tree.output("manifest.json").contains(tree.folder.path), "no path of the machine")
  }

  func testCropsOfAPictureThatBrokeAreRemoved() throws {
    let (tree, plan) = try tree(count: 4)
    _ = try tree.run(plan)
    XCTAssertEqual(try ImportTree.contents(tree.out).count, 8 + 4)
    try tree.write("JPEGImages/p1.jpg", "no picture")
    XCTAssertThrowsError(try tree.run(plan))
    XCTAssertNotNil(try ImportTree.contents(tree.out)["train/1/p1_0.png"], "the former result stays for now")
    _ = try tree.run(plan, skipsBroken: true)
    XCTAssertEqual(try ImportTree.contents(tree.out).count, 6 + 4)
    // A smaller picture has one object less.
    try tree.write("JPEGImages/p2.jpg", noisePicture(1, width: 1, height: 20).pngData())
    let manifest = try tree.run(plan, skipsBroken: true)
    XCTAssertEqual(manifest.skippedCounts["outside the picture"], 1)
    XCTAssertEqual(try ImportTree.contents(tree.out).count, 5 + 4)
  }

  func testBadSettingsAndAFolderThatCannotBe() throws {
    let (tree, plan) = try tree(count: 3)
    for change: (inout CropSettings) -> Void in [
      { $0.quality = 0 }, { $0.quality = 101 }, { $0.minimumSide = 0 }, { $0.padding = -1 }, { $0.padding = .max },
    ] {
      XCTAssertThrowsError(try tree.run(plan, change)) { error in
        guard case .badOption = error as? ImportError else { return XCTFail("\(error)") }
      }
    }
    try tree.write("../out", "a file")
    XCTAssertThrowsError(try tree.run(plan)) { error in
      guard case .unwritable(let file, _) = error as? ImportError else { return XCTFail("\(error)") }
      XCTAssertEqual(file, tree.out.path)
    }
  }

  func testPixelsOfABox() {
    func pixels(_ box: CropBox) -> CropBox.Pixels { box.pixels(width: 10, height: 8) }
    XCTAssertEqual(
      pixels(.init(left: 0, top: 0, right: 10, bottom: 8)), .crop(x: 0, y: 0, width: 10, height: 8, isClipped: false))
    XCTAssertEqual(
      pixels(.init(left: -1e308, top: 7.5, right: 1e308, bottom: 9)),
      .crop(x: 0, y: 7, width: 10, height: 1, isClipped: true))
    XCTAssertEqual(
      pixels(.init(left: 3.2, top: 3.2, right: 3.4, bottom: 3.4)),
      .crop(x: 3, y: 3, width: 1, height: 1, isClipped: false))
    XCTAssertEqual(pixels(.init(left: 10, top: 0, right: 12, bottom: 8)), .skipped(.outside))
    XCTAssertEqual(pixels(.init(left: .nan, top: 0, right: 12, bottom: 8)), .skipped(.noArea))
  }
}
