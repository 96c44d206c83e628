import Engine
import Foundation
import LongTail
import XCTest

/// Annotations with bytes changed, cut out, doubled or cut off: whatever comes, it is a plan or an `ImportError`.
final class ImportMutationTests: XCTestCase {
  private func mutated(_ data: Data, _ stream: inout RandomStream) -> Data {
    var bytes = [UInt8](data)
    let strange: [UInt8] = [0, 0x0d, 0x22, 0x3c, 0x3e, 0x26, 0x2d, 0x39, 0x65, 0x7f, 0x80, 0xc3, 0xe9, 0xff]
    for _ in 0...stream.integer(below: 4) where !bytes.isEmpty {
      let place = stream.integer(below: bytes.count)
      let end = min(bytes.count, place + 1 + stream.integer(below: 12))
      switch stream.integer(below: 6) {
      case 0: bytes[place] = UInt8(stream.integer(below: 256))
      case 1: bytes[place] = strange[stream.integer(below: strange.count)]
      case 2: bytes.removeSubrange(place..<end)
      case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
      case 4: bytes.insert(contentsOf: Array("\(Int64.max)9e99".utf8), at: place)
      default: bytes.removeSubrange(place...)
      }
    }
    return Data(bytes)
  }

  private func check(_ tree: ImportTree, _ name: String, rounds: Int = 400, _ read: () throws -> ImportPlan) throws {
    let whole = try Data(contentsOf: tree.root.appendingPathComponent(name))
    _ = try read()
    var refused = 0
    for round in 0..<rounds {
      var stream = RandomStream(seed: 20, name: name, index: UInt64(round))
      try tree.write(name, mutated(whole, &stream))
      do { _ = try read() } catch {
        refused += 1
        XCTAssertTrue(error is ImportError, "round \(round): \(error)")
        XCTAssertFalse("\(error)".contains("\n"), "round \(round): \(error)")
      }
    }
    XCTAssertGreaterThan(refused, rounds / 10)
  }

  func testVOC() throws {
    let tree = try ImportTree()
    for (list, stem) in [("train", "a"), ("val", "b")] {
      try tree.write("ImageSets/Main/\(list).txt", stem + "\n")
      try tree.picture("JPEGImages/\(stem).png")
      let object = VOCImporterTests.object("dam", ["1", "1", "9", "9"])
      let annotation = VOCImporterTests.annotation(object, declaration: "<?xml version='1.0'?>\n")
      try tree.write("Annotations/\(stem).xml", annotation)
    }
    try check(tree, "Annotations/a.xml") { try VOCImporter.voc(tree.root) }
    try tree.write("Annotations/a.xml", VOCImporterTests.annotation(""))
    try check(tree, "ImageSets/Main/train.txt", rounds: 100) { try VOCImporter.voc(tree.root) }
  }

  /// What an annotation says may stand in a message, but not break its line or command a terminal.
  func testMessagesAreOfOneLineWhateverAFileSays() {
    let place = AnnotationPlace("a.xml", line: 1)
    let odd = "UTF\n-8\u{1b}[2J\r\u{2028}x"
    let errors: [any Error] = [
      ImportError.badEncoding(place, encoding: odd), TGNLayoutError.labelNotANumber(file: "a", line: 1, label: odd),
    ]
    for error in errors { XCTAssertTrue("\(error)".contains("UTF -8 [2J  x"), "\(error)") }
  }

  func testDOTA() throws {
    let tree = try ImportTree()
    for part in ["train", "val"] {
      try tree.picture("\(part)/images/P1.png")
      try tree.write(
        "\(part)/labelTxt/P1.txt", "imagesource:x\ngsd:0.1\n1 1 9 1 9 9 1 9 ship 0\n2 2 5 2 5 6 2 6 plane 1\n")
    }
    try check(tree, "train/labelTxt/P1.txt") { try DOTAImporter.dota(tree.root) }
  }

  func testCOCO() throws {
    let tree = try ImportTree()
    for part in ["train", "val"] {
      try tree.picture("\(part)/a.png")
      try tree.write(
        "annotations/\(part).json",
        #"{"images": [{"id": 1, "file_name": "a.png"}], "categories": [{"id": 4, "name": "dam"}], "#
          + #""annotations": [{"image_id": 1, "category_id": 4, "bbox": [1, 2.5, 3, 4], "iscrowd": 0}]}"#)
    }
    try check(tree, "annotations/train.json") { try COCOImporter.coco(tree.root) }
  }
}
