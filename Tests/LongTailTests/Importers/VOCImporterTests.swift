import Foundation
import LongTail
import XCTest

final class VOCImporterTests: XCTestCase {
  static func object(_ name: String, _ box: [String], difficult: Bool = false) -> String {
    """
      <object>
        <name>\(name)</name>
        <difficult>\(difficult ? 1 : 0)</difficult>
        <bndbox>
          <xmin>\(box[0])</xmin><ymin>\(box[1])</ymin><xmax>\(box[2])</xmax><ymax>\(box[3])</ymax>
        </bndbox>
      </object>

    """
  }

  static func annotation(_ objects: String, declaration: String = "") -> String {
    "\(declaration)<annotation>\n  <filename>x.jpg</filename>\n\(objects)</annotation>\n"
  }

  private let annotations = "Annotations/Horizontal Bounding Boxes"

  private func diorTree() throws -> ImportTree {
    let tree = try ImportTree()
    for (list, stem) in [("train", "00001"), ("val", "00002"), ("test", "11726")] {
      try tree.write("ImageSets/Main/\(list).txt", stem + "\n")
      try tree.picture("JPEGImages-\(list == "test" ? "test" : "trainval")/\(stem).jpg")
      try tree.write(
        "\(annotations)/\(stem).xml",
        Self.annotation(Self.object("ship", ["2", "3", "9", "8"]) + Self.object("dam", ["0", "0", "20", "16"])))
    }
    return tree
  }

  func testCropsDIORToThePixel() throws {
    let tree = try diorTree()
    let manifest = try tree.run(try VOCImporter.dior(tree.root))
    XCTAssertEqual(
      try tree.output("anno/DIOR_train.txt"),
      "6/00001_1.png 6\n6/00002_1.png 6\n13/00001_0.png 13\n13/00002_0.png 13\n")
    XCTAssertEqual(try tree.output("anno/DIOR_test.txt"), "6/11726_1.png 6\n13/11726_0.png 13\n")
    XCTAssertTrue(try tree.output("anno/classes.txt").hasPrefix("0 airplane\n1 airport\n"))
    XCTAssertEqual(manifest.count(.train), 4)
    XCTAssertEqual(manifest.classes[13].train, 2)
    XCTAssertEqual(manifest.skipped, [])
    try tree.assertCrop(
      "train/13/00002_0.png", of: "JPEGImages-trainval/00002.jpg", x: 2, y: 3, width: 7, height: 5)
    try tree.assertCrop("test/6/11726_1.png", of: "JPEGImages-test/11726.jpg", x: 0, y: 0, width: 20, height: 16)
    let layout = TGNLayout(root: tree.out)
    XCTAssertEqual(try layout.read(.train, requiresEveryClass: false).counts[6], 2)
    XCTAssertThrowsError(try layout.read(.train))
  }

  func testWritesJPEGByDefault() throws {
    let tree = try diorTree()
    try CropRun(try VOCImporter.dior(tree.root), into: tree.out).run()
    let data = try Data(contentsOf: tree.out.appendingPathComponent("train/13/00001_0.jpg"))
    let crop = tree.pictures["JPEGImages-trainval/00001.jpg"]!.cropped(x: 2, y: 3, width: 7, height: 5)
    XCTAssertEqual(data, try crop.jpegData(quality: 95))
  }

  func testClipsAndSkipsBoxes() throws {
    let tree = try diorTree()
    let objects = [
      ["-5", "-2", "4", "6"], ["15", "10", "99", "99"], ["5", "5", "5", "9"], ["9", "9", "3", "12"],
      ["20", "0", "30", "9"], ["1", "1", "3", "15"], ["1.5", "2.5", "7.2", "9"], ["1e300", "0", "2e300", "5"],
    ]
    try tree.write("\(annotations)/00001.xml", Self.annotation(objects.map { Self.object("ship", $0) }.joined()))
    let manifest = try tree.run(try VOCImporter.dior(tree.root)) { $0.minimumSide = 3 }
    let picture = "JPEGImages-trainval/00001.jpg"
    try tree.assertCrop("train/13/00001_0.png", of: picture, x: 0, y: 0, width: 4, height: 6)
    try tree.assertCrop("train/13/00001_1.png", of: picture, x: 15, y: 10, width: 5, height: 6)
    try tree.assertCrop("train/13/00001_6.png", of: picture, x: 1, y: 2, width: 7, height: 7)
    XCTAssertEqual(manifest.clipped, 2)
    XCTAssertEqual(
      manifest.skipped.map { [$0.position, "\($0.object)", $0.reason.rawValue] },
      [
        ["line 17", "2", "no area"], ["line 24", "3", "no area"], ["line 31", "4", "outside the picture"],
        ["line 38", "5", "smaller than --minimum-side"], ["line 52", "7", "outside the picture"],
      ])
    XCTAssertEqual(manifest.skippedCounts["no area"], 2)
    XCTAssertEqual(manifest.skipped.first?.annotation, "\(annotations)/00001.xml")
  }

  func testPaddingStaysInThePicture() throws {
    let tree = try diorTree()
    _ = try tree.run(try VOCImporter.dior(tree.root)) { $0.padding = 3 }
    try tree.assertCrop(
      "train/13/00001_0.png", of: "JPEGImages-trainval/00001.jpg", x: 0, y: 0, width: 12, height: 11)
  }

  private func vocTree() throws -> ImportTree {
    let tree = try ImportTree()
    try tree.write("ImageSets/Main/train.txt", "a\nb.jpg\n")
    try tree.write("ImageSets/Main/val.txt", "c")
    for stem in ["a", "b", "c"] {
      try tree.picture("JPEGImages/\(stem).png")
      let box = "<bndbox><xmin>0</xmin><ymin>0</ymin><xmax>1</xmax><ymax>1</ymax></bndbox>"
      let part = "<part><name>mast</name>\(box)</part>"
      let boat = Self.object("boat", ["1", "1", "4", "6"])
        .replacingOccurrences(of: "</object>", with: part + "</object>")
      try tree.write(
        "Annotations/\(stem).xml", Self.annotation(boat + Self.object("bird", ["2", "2", "5", "5"], difficult: true)))
    }
    return tree
  }

  func testVOCTakesItsClassesFromTheAnnotations() throws {
    let tree = try vocTree()
    let plan = try VOCImporter.voc(tree.root)
    XCTAssertEqual(plan.classNames, ["bird", "boat"])
    XCTAssertEqual(plan.train.map(\.path), ["JPEGImages/a.png", "JPEGImages/b.png"])
    XCTAssertEqual(plan.test.map(\.path), ["JPEGImages/c.png"])
    _ = try tree.run(plan)
    try tree.assertCrop("train/1/a_0.png", of: "JPEGImages/a.png", x: 1, y: 1, width: 3, height: 5)
    XCTAssertNoThrow(try TGNLayout(root: tree.out).read(.train))
  }

  func testVOCOptions() throws {
    let tree = try vocTree()
    var options = ImportOptions()
    options.isOneBased = true
    options.skipsDifficult = true
    options.classNames = ["boat", "bird"]
    options.name = "PASCAL"
    let manifest = try tree.run(try VOCImporter.voc(tree.root, options: options))
    try tree.assertCrop("train/0/a_0.png", of: "JPEGImages/a.png", x: 0, y: 0, width: 4, height: 6)
    XCTAssertEqual(manifest.skippedCounts, ["difficult": 3])
    XCTAssertEqual(try tree.output("anno/PASCAL_test.txt"), "0/c_0.png 0\n")
  }

  func testEncodingsAndLineEnds() throws {
    let text = Self.annotation(Self.object("Fährhafen", ["1", "1", "4", "6"]))
    let files: [(String, Data)] = [
      ("UTF-8", Data(text.utf8)),
      ("UTF-8 with mark", Data([0xef, 0xbb, 0xbf]) + Data(text.utf8)),
      ("UTF-8 declared", Data(("<?xml version=\"1.0\" encoding=\"utf-8\"?>" + text).utf8)),
      ("CR LF", Data(text.replacingOccurrences(of: "\n", with: "\r\n").utf8)),
      ("CR", Data(text.replacingOccurrences(of: "\n", with: "\r").utf8)),
      ("UTF-16 LE", Data([0xff, 0xfe]) + text.data(using: .utf16LittleEndian)!),
      ("UTF-16 BE", Data([0xfe, 0xff]) + text.data(using: .utf16BigEndian)!),
      ("UTF-16 LE without mark", text.data(using: .utf16LittleEndian)!),
      ("UTF-16 declared", Data([0xff, 0xfe])
        + ("<?xml version='1.0' encoding='UTF-16'?>" + text).data(using: .utf16LittleEndian)!),
      ("Latin-1 declared", ("<?xml version='1.0' encoding='ISO-8859-1'?>" + text).data(using: .isoLatin1)!),
      ("Windows", ("<?xml version='1.0' encoding='windows-1252'?>" + text).data(using: .windowsCP1252)!),
      ("Latin-1 undeclared", text.data(using: .isoLatin1)!),
    ]
    for (name, data) in files {
      let tree = try vocTree()
      try tree.write("Annotations/a.xml", data)
      let plan = try VOCImporter.voc(tree.root)
      XCTAssertEqual(plan.classNames, ["Fährhafen", "bird", "boat"], name)
      XCTAssertEqual(plan.train[0].objects.map(\.position), ["line 3"], name)
    }
  }

  func testNamesBeyondASCII() throws {
    let tree = try vocTree()
    try tree.picture("JPEGImages/港 1.png")
    try tree.write("Annotations/港 1.xml", Self.annotation(Self.object("boat", ["2", "2", "9", "9"])))
    try tree.write("ImageSets/Main/val.txt", "港 1\r\n", encoding: .utf16)
    _ = try tree.run(try VOCImporter.voc(tree.root))
    XCTAssertEqual(try tree.output("anno/VOC_test.txt"), "1/港_1_0.png 1\n")
    try tree.assertCrop("test/1/港_1_0.png", of: "JPEGImages/港 1.png", x: 2, y: 2, width: 7, height: 7)
  }

  func testDamagedAnnotations() throws {
    let tree = try diorTree()
    let file = tree.path("\(annotations)/00001.xml")
    let good = Self.annotation(Self.object("ship", ["1", "2", "3", "4"]))
    func check(_ text: String, _ expected: (AnnotationPlace) -> ImportError, at line: Int, from: UInt = #line) throws {
      try tree.write("\(annotations)/00001.xml", text)
      tree.assertError(expected(.init(file, line: line)), line: from) { try VOCImporter.dior(tree.root) }
    }
    func bad(_ reason: String) -> (AnnotationPlace) -> ImportError { { .badXML($0, reason: reason) } }
    // Cut at every letter, it is an error and nothing else.
    for length in stride(from: 0, to: good.utf8.count - 14, by: 7) {
      try tree.write("\(annotations)/00001.xml", String(good.prefix(length)))
      XCTAssertThrowsError(try VOCImporter.dior(tree.root), "\(length)") { error in
        guard case .badXML(let place, _) = error as? ImportError else { return XCTFail("\(error)") }
        XCTAssertEqual(place.file, file)
        XCTAssertNotNil(place.line)
      }
    }
    try check("", bad("it ends too early"), at: 1)
    try check(String(good.prefix(80)), bad("it ends too early"), at: 5)
    try check(good.replacingOccurrences(of: "</bndbox>", with: ""), bad("an end tag does not match its start"), at: 9)
    try check("<html></html>", bad("its root is <html>, not <annotation>"), at: 1)
    try check("<!DOCTYPE x [<!ENTITY a 'aa'>]>\n" + good, bad("it has a document type"), at: 1)
    // Foundation's parser crashes at such a one.
    try check(good.replacingOccurrences(of: "<bndbox>", with: "<bndbox><?x?>"), bad("it has a processing instruction"), at: 6)
    try check(
      good.replacingOccurrences(of: "<name>ship</name>", with: ""), bad("an object has no name of one line"), at: 3)
    try check(
      good.replacingOccurrences(of: "<ymax>4</ymax>", with: ""), bad("object 'ship' has no bndbox/ymax"), at: 3)
    try check(
      good.replacingOccurrences(of: "<ymax>4</ymax>", with: "<ymax>4</ymax>\n<ymax>5</ymax>"),
      bad("an object has a second ymax"), at: 8)
    for number in ["nan", "inf", "1,5", "", "12px"] {
      try check(
        good.replacingOccurrences(of: "<ymax>4", with: "<ymax>\(number)"),
        { .badNumber($0, name: "ymax", text: number) }, at: 7)
    }
    try check(
      good.replacingOccurrences(of: "ship", with: "shipp"), { .unknownClass($0, name: "shipp", nearest: "ship") },
      at: 3)
    try check(
      "<?xml version='1.0' encoding='GB18030'?>" + good,
      { .badEncoding($0, encoding: "UTF-8, UTF-16 or Latin-1, but GB18030") }, at: 1)
    try tree.write(
      "\(annotations)/00001.xml", Data("<?xml version='1.0' encoding='UTF-8'?>\n<annotation>\n\u{e4}".utf8.dropLast()))
    tree.assertError(.badEncoding(.init(file, line: 3), encoding: "UTF-8")) { try VOCImporter.dior(tree.root) }
    try tree.write("\(annotations)/00001.xml", Data([0xff, 0xfe, 0x3c, 0x00, 0x00]))
    tree.assertError(.badEncoding(.init(file), encoding: "UTF-16")) { try VOCImporter.dior(tree.root) }
    try tree.write("\(annotations)/00001.xml", Data([0xff, 0x00, 0x01, 0xd8]))
    XCTAssertThrowsError(try VOCImporter.dior(tree.root)) { XCTAssertTrue($0 is ImportError) }
  }

  func testOtherClassesCanBeLeftOut() throws {
    let tree = try diorTree()
    try tree.write(
      "\(annotations)/00001.xml",
      Self.annotation(Self.object("kite", ["1", "2", "3", "4"]) + Self.object("Storage Tank", ["1", "2", "3", "4"])))
    var options = ImportOptions()
    options.ignoresOtherClasses = true
    let plan = try VOCImporter.dior(tree.root, options: options)
    XCTAssertEqual(plan.train[0].objects.map(\.label), [15])
    XCTAssertEqual(plan.skipped.map(\.reason), [.otherClass])
  }

  func testMissingAndForeignFiles() throws {
    let tree = try diorTree()
    let list = tree.path("ImageSets/Main/train.txt")
    try tree.write("ImageSets/Main/train.txt", "00001\r\n00009\r\n")
    tree.assertError(
      .missingFile(tree.path("\(annotations)/00009.xml"), contents: "the annotation of \(list):2")
    ) { try VOCImporter.dior(tree.root) }
    try tree.write("\(annotations)/00009.xml", Self.annotation(""))
    tree.assertError(.missingImage(.init(list, line: 2), image: "00009.jpg")) { try VOCImporter.dior(tree.root) }
    for name in ["../../x.jpg", "/etc/passwd", "..", "a/../../b", "..\\..\\x.jpg"] {
      try tree.write("ImageSets/Main/train.txt", "00001\n\n" + name)
      XCTAssertThrowsError(try VOCImporter.dior(tree.root)) { error in
        guard case .leadsOutside(let place, _) = error as? ImportError else { return XCTFail("\(name): \(error)") }
        XCTAssertEqual(place, .init(list, line: 3))
      }
    }
    try tree.write("ImageSets/Main/train.txt", "00001\n00001\n")
    tree.assertError(
      .repeatedImage(
        .init(tree.path("\(annotations)/00001.xml")), image: "JPEGImages-trainval/00001.jpg")
    ) { try VOCImporter.dior(tree.root) }
    try tree.remove("ImageSets/Main/train.txt")
    try tree.remove("ImageSets/Main/val.txt")
    tree.assertError(.missingFile(list, contents: "the names of pictures, one a line")) {
      try VOCImporter.dior(tree.root)
    }
    try tree.write("JPEGImages-test/more.tif", "")
    tree.assertError(.unreadableKind(file: tree.path("JPEGImages-test/more.tif"))) { try VOCImporter.dior(tree.root) }
  }

  func testLinksThatLeadOutAreRefused() throws {
    let tree = try diorTree()
    let secret = tree.folder.appendingPathComponent("secret.png")
    try noisePicture(1).write(to: secret)
    let picture = "JPEGImages-trainval/00001.jpg"
    try tree.remove(picture)
    try FileManager.default.createSymbolicLink(atPath: tree.path(picture), withDestinationPath: secret.path)
    tree.assertError(.leadsOutside(.init(tree.path("ImageSets/Main/train.txt"), line: 1), path: picture)) {
      try VOCImporter.dior(tree.root)
    }
    // A link to another place in the folder is fine.
    try tree.remove(picture)
    try FileManager.default.createSymbolicLink(
      atPath: tree.path(picture), withDestinationPath: tree.path("JPEGImages-test/11726.jpg"))
    XCTAssertNoThrow(try VOCImporter.dior(tree.root))
  }

  func testMissingFolders() throws {
    let tree = try ImportTree()
    XCTAssertThrowsError(try VOCImporter.dior(tree.root)) { error in
      guard case .missingFolder(let folder, _) = error as? ImportError else { return XCTFail("\(error)") }
      XCTAssertEqual(folder, tree.path("Annotations/Horizontal Bounding Boxes"))
    }
    XCTAssertThrowsError(try VOCImporter.dior(tree.root.appendingPathComponent("none")))
  }
}
