import Foundation
import LongTail
import XCTest

final class COCOImporterTests: XCTestCase {
  private func json(
    images: String = #"{"id": 7, "file_name": "a.png", "width": 20}, {"id": 3, "file_name": "b.png"}"#,
    annotations: String,
    categories: String = #"{"id": 9, "name": "dam"}, {"id": 2, "name": "ship"}, {"id": 1, "name": "kite"}"#
  ) -> String {
    "{\"info\": null,\n\"images\": [\(images)],\n\"annotations\": [\(annotations)],\n\"categories\": [\(categories)]}\n"
  }

  private func entry(_ image: Int, _ category: Int, _ box: String, crowd: String = "0") -> String {
    #"{"id": 5, "image_id": \#(image), "category_id": \#(category), "bbox": \#(box), "iscrowd": \#(crowd), "#
      + #""segmentation": []}"#
  }

  private func cocoTree() throws -> ImportTree {
    let tree = try ImportTree()
    for part in ["train", "val"] {
      for picture in ["a", "b"] { try tree.picture("\(part)2017/\(picture).png") }
      let entries = [
        entry(3, 9, "[2, 3, 5, 4]"), entry(7, 2, "[0.5, 1.2, 4.0, 3.0]"), entry(3, 2, "[15, 12, 30, 30]"),
        entry(3, 2, "[1, 1, 5, 5]", crowd: "1"), entry(7, 9, "[3, 3, 0, 8]"), entry(7, 9, "[3, 3, 4, -8]"),
      ]
      try tree.write("annotations/instances_\(part)2017.json", json(annotations: entries.joined(separator: ",\n")))
      try tree.write("annotations/captions_\(part)2017.json", "{}")
    }
    return tree
  }

  func testCropsToThePixel() throws {
    let tree = try cocoTree()
    let plan = try COCOImporter.coco(tree.root)
    XCTAssertEqual(plan.classNames, ["ship", "dam"], "the used categories, by number")
    let manifest = try tree.run(plan)
    XCTAssertEqual(try tree.output("anno/COCO_train.txt"), "0/a_0.png 0\n0/b_1.png 0\n1/b_0.png 1\n")
    try tree.assertCrop("train/0/a_0.png", of: "train2017/a.png", x: 0, y: 1, width: 5, height: 4)
    try tree.assertCrop("train/1/b_0.png", of: "train2017/b.png", x: 2, y: 3, width: 5, height: 4)
    try tree.assertCrop("test/0/b_1.png", of: "val2017/b.png", x: 15, y: 12, width: 5, height: 4)
    XCTAssertEqual(manifest.skippedCounts, ["crowd": 2, "no area": 4])
    XCTAssertEqual(manifest.clipped, 2)
    XCTAssertEqual(manifest.skipped[0].position, "annotations[3]")
  }

  func testNamedFiles() throws {
    let tree = try cocoTree()
    try tree.write("x/my.json", json(annotations: entry(7, 1, "[0, 0, 4, 4]")))
    try tree.picture("x/pictures/a.png")
    try tree.picture("x/pictures/b.png")
    let files = COCOImporter.Files(trainJSON: "x/my.json", trainImages: "x/pictures")
    let plan = try COCOImporter.coco(tree.root, files: files)
    XCTAssertEqual(plan.train.map(\.path), ["x/pictures/a.png", "x/pictures/b.png"])
    XCTAssertEqual(plan.classNames, ["kite", "ship", "dam"])
  }

  func testEncodings() throws {
    let text = json(annotations: entry(7, 9, "[0, 0, 4, 4]"), categories: #"{"id": 9, "name": "Fähre"}"#)
    for data in [
      Data([0xef, 0xbb, 0xbf]) + Data(text.utf8), Data([0xff, 0xfe]) + text.data(using: .utf16LittleEndian)!,
      text.data(using: .utf16BigEndian)!, text.data(using: .isoLatin1)!,
      Data(text.replacingOccurrences(of: "\n", with: "\r").utf8),
    ] {
      let tree = try cocoTree()
      for part in ["train", "val"] { try tree.write("annotations/instances_\(part)2017.json", data) }
      XCTAssertEqual(try COCOImporter.coco(tree.root).classNames, ["Fähre"])
    }
  }

  func testDamagedJSON() throws {
    let tree = try cocoTree()
    let name = "annotations/instances_train2017.json"
    let file = tree.path(name)
    func check(_ text: String, key: String?, reason: String, line: UInt = #line) throws {
      try tree.write(name, text)
      tree.assertError(.badJSON(.init(file, key: key), reason: reason), line: line) { try COCOImporter.coco(tree.root) }
    }
    let good = json(annotations: entry(7, 9, "[0, 0, 4, 4]"))
    for length in stride(from: 0, to: good.utf8.count - 2, by: 11) {
      try tree.write(name, String(good.prefix(length)))
      XCTAssertThrowsError(try COCOImporter.coco(tree.root), "\(length)") { error in
        guard case .badJSON(let place, _) = error as? ImportError else { return XCTFail("\(error)") }
        XCTAssertEqual(place.file, file)
        XCTAssertFalse("\(error)".contains("\n"), "\(error)")
      }
    }
    try check("{}", key: nil, reason: "'images' is missing")
    try check("[]", key: nil, reason: "it should be of type Dictionary<String, Any>")
    try check(json(annotations: #"{"image_id": 7}"#), key: "annotations[0]", reason: "'category_id' is missing")
    try check(
      json(annotations: entry(7, 9, "null")), key: "annotations[0].bbox", reason: "it should be of type Array<Any>")
    try check(
      json(annotations: entry(7, 9, "[0, 0, \"4\", 4]")), key: "annotations[0].bbox[2]",
      reason: "it should be of type Double")
    try check(
      json(annotations: entry(8, 9, "[0,0,4,4]")), key: "annotations[0].image_id", reason: "no image has the id 8")
    try check(
      json(annotations: entry(7, 8, "[0,0,4,4]")), key: "annotations[0].category_id",
      reason: "no category has the id 8")
    try check(
      json(images: #"{"id": 7, "file_name": "a.png"}, {"id": 7, "file_name": "b.png"}"#, annotations: ""),
      key: "images[1].id", reason: "7 is an earlier id too")
    try tree.write(name, json(annotations: entry(7, 9, "[0, 0, 4]")))
    tree.assertError(.badNumber(.init(file, key: "annotations[0]"), name: "bbox", text: "[0.0, 0.0, 4.0]")) {
      try COCOImporter.coco(tree.root)
    }
    try tree.write(name, json(annotations: entry(7, 9, "[0, 0, NaN, 4]")))
    XCTAssertThrowsError(try COCOImporter.coco(tree.root)) { error in
      guard case .badJSON(let place, _) = error as? ImportError else { return XCTFail("\(error)") }
      XCTAssertEqual(place.line, 3, "\(error)")
    }
    // Nested deeper than any reader's stack.
    try tree.write(name, String(repeating: "[", count: 200_000))
    XCTAssertThrowsError(try COCOImporter.coco(tree.root)) { XCTAssertTrue($0 is ImportError, "\($0)") }
  }

  func testForeignAndMissingPictures() throws {
    let tree = try cocoTree()
    let name = "annotations/instances_train2017.json"
    let place = AnnotationPlace(tree.path(name), key: "images[0].file_name")
    for path in ["../out.png", "/etc/passwd", "a/../../b.png"] {
      try tree.write(name, json(images: #"{"id": 7, "file_name": "\#(path)"}"#, annotations: ""))
      tree.assertError(.leadsOutside(place, path: path)) { try COCOImporter.coco(tree.root) }
    }
    for path in ["none.png", ""] {
      try tree.write(name, json(images: #"{"id": 7, "file_name": "\#(path)"}"#, annotations: ""))
      tree.assertError(.missingImage(place, image: path)) { try COCOImporter.coco(tree.root) }
    }
    try tree.write("annotations/instances_train2014.json", "{}")
    tree.assertError(
      .severalFiles(
        folder: tree.path("annotations"), files: ["instances_train2014.json", "instances_train2017.json"],
        option: "--train-json")
    ) { try COCOImporter.coco(tree.root) }
  }
}
