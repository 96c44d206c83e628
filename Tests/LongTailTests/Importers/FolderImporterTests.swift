import Foundation
import LongTail
import XCTest

final class FolderImporterTests: XCTestCase {
  func testFGSCFoldersByNumberAndName() throws {
    let tree = try ImportTree()
    for part in ["train", "test"] {
      for (folder, picture) in [
        ("0", "x 1.png"), ("02", "y.png"), ("3.landing craft", "z.png"), ("oil_tanker", "z.png"), ("22", "w.png"),
      ] {
        try tree.picture("\(part)/\(folder)/\(picture)")
      }
    }
    try tree.write("train/readme.txt", "no class")
    try tree.write("train/22/Thumbs.db", "no picture")
    let manifest = try tree.run(try FolderImporter.fgsc(tree.root))
    XCTAssertEqual(
      try tree.output("anno/FGSC_train.txt"),
      "0/x_1_0.png 0\n2/y_0.png 2\n3/z_0.png 3\n18/z_0.png 18\n22/w_0.png 22\n")
    XCTAssertEqual(manifest.classes[18].name, "oil tanker")
    try tree.assertCrop("test/18/z_0.png", of: "test/oil_tanker/z.png", x: 0, y: 0, width: 20, height: 16)

    try tree.picture("train/23/v.png")
    tree.assertError(.unknownClass(.init(tree.path("train/23")), name: "23", nearest: nil)) {
      try FolderImporter.fgsc(tree.root)
    }
  }

  func testWholePicturesKeepTheirBytes() throws {
    let tree = try ImportTree()
    let jpeg = try noisePicture(3, width: 30, height: 20).jpegData(quality: 40)
    for part in ["train", "test"] {
      for folder in ["1", "2"] { try tree.write("\(part)/\(folder)/a.jpg", jpeg) }
      try tree.picture("\(part)/10/b.png")
    }
    let plan = try FolderImporter.folders(tree.root)
    XCTAssertEqual(plan.classNames, ["1", "2", "10"])
    XCTAssertEqual(plan.name, "data")
    try CropRun(plan, into: tree.out).run()
    XCTAssertEqual(try Data(contentsOf: tree.out.appendingPathComponent("train/1/a_0.jpg")), jpeg)
    let coded = try Data(contentsOf: tree.out.appendingPathComponent("test/2/b_0.jpg"))
    XCTAssertEqual(coded, try tree.pictures["test/10/b.png"]!.jpegData(quality: 95))
  }

  func testDividesWhatIsNotDivided() throws {
    let tree = try ImportTree()
    for (name, count) in [("dam", 10), ("ship", 3), ("single", 1)] {
      for number in 0..<count { try tree.picture("\(name)/\(number).png") }
    }
    let plan = try FolderImporter.folders(tree.root, testShare: 0.3, seed: 5)
    XCTAssertEqual(plan.classNames, ["dam", "ship", "single"])
    XCTAssertEqual((0..<3).map { label in plan.test.filter { $0.objects[0].label == label }.count }, [3, 1, 0])
    XCTAssertEqual(plan.train.count + plan.test.count, 14)
    XCTAssertEqual(plan.test, try FolderImporter.folders(tree.root, testShare: 0.3, seed: 5).test)
    XCTAssertNotEqual(plan.test, try FolderImporter.folders(tree.root, testShare: 0.3, seed: 6).test)
    for share in [0, 1, -1, Double.nan] {
      XCTAssertThrowsError(try FolderImporter.folders(tree.root, testShare: share)) { XCTAssertTrue($0 is ImportError) }
    }
  }

  func testNamesThatWouldCollide() throws {
    let tree = try ImportTree()
    for part in ["train", "test"] {
      for name in ["a b.png", "a_b.png", "a\tb.png", "a_b-2.png", "a_b.jpg"] { try tree.picture("\(part)/x/\(name)") }
      try tree.picture("\(part)/y/a_b.png")
    }
    let manifest = try tree.run(try FolderImporter.folders(tree.root))
    XCTAssertEqual(manifest.count(.train), 6)
    let files = try ImportTree.contents(tree.out).keys.filter { $0.hasPrefix("train/") }
    XCTAssertEqual(files.count, 6, "\(files.sorted())")
    XCTAssertEqual(try TGNLayout(root: tree.out).read(.train).counts, [5, 1])
  }

  func testClassListAndOtherClasses() throws {
    let tree = try ImportTree()
    for part in ["train", "test"] {
      for name in ["dam", "ship", "kite"] { try tree.picture("\(part)/\(name)/a.png") }
    }
    try tree.write("classes.txt", "\u{feff}0 Ship\r\n1 dam\r\n")
    var options = ImportOptions()
    options.classNames = try ImportOptions.classNames(in: tree.root.appendingPathComponent("classes.txt"))
    XCTAssertEqual(options.classNames, ["Ship", "dam"])
    tree.assertError(.unknownClass(.init(tree.path("train/kite")), name: "kite", nearest: nil)) {
      try FolderImporter.folders(tree.root, options: options)
    }
    options.ignoresOtherClasses = true
    let plan = try FolderImporter.folders(tree.root, options: options)
    XCTAssertEqual(plan.train.map { $0.objects[0].label }.sorted(), [0, 1])
    XCTAssertEqual(plan.skipped.count, 2)

    try tree.write("classes.txt", "oil tanker\nbarge\n")
    XCTAssertEqual(
      try ImportOptions.classNames(in: tree.root.appendingPathComponent("classes.txt")), ["oil tanker", "barge"])
    try tree.write("classes.txt", "ship\n\nSHIP\n")
    tree.assertError(
      .badLine(.init(tree.path("classes.txt"), line: 3), text: "SHIP", expected: "a name not yet in the list")
    ) { try ImportOptions.classNames(in: tree.root.appendingPathComponent("classes.txt")) }
  }

  func testBadFolders() throws {
    let tree = try ImportTree()
    tree.assertError(.noObjects(folder: tree.root.path)) { try FolderImporter.folders(tree.root) }
    try tree.picture("ship/a.png")
    try tree.write("ship/b.bmp", "BM")
    tree.assertError(.unreadableKind(file: tree.path("ship/b.bmp"))) { try FolderImporter.folders(tree.root) }
    try tree.remove("ship/b.bmp")
    let outside = tree.folder.appendingPathComponent("outside")
    try FileManager.default.createDirectory(at: outside, withIntermediateDirectories: true)
    try FileManager.default.createSymbolicLink(atPath: tree.path("dam"), withDestinationPath: outside.path)
    tree.assertError(.leadsOutside(.init(tree.root.path), path: "dam")) { try FolderImporter.folders(tree.root) }
  }
}
