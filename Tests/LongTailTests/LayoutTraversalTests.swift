import Foundation
import Imaging
import XCTest

@testable import LongTail

/// Annotations that name files outside the data folder, by climbing, absolutely or through links.
final class LayoutTraversalTests: XCTestCase {
  private var folder = URL(fileURLWithPath: "/")
  private let files = FileManager.default

  override func setUpWithError() throws {
    folder = files.temporaryDirectory.appendingPathComponent("traversal-\(UUID().uuidString)")
    for path in ["data/anno", "data/train/0", "data/train/1"] {
      try files.createDirectory(at: folder.appendingPathComponent(path), withIntermediateDirectories: true)
    }
    let picture = Image(width: 4, height: 4, fill: [1, 2, 3])
    for path in ["x.png", "data/top.png", "data/train/0/a.png", "data/train/1/b.png"] {
      try picture.write(to: folder.appendingPathComponent(path))
    }
  }

  override func tearDown() { try? files.removeItem(at: folder) }

  private func read(_ name: String) throws -> ObjectDataset {
    try Data("0/a.png 0\n1/b.png 1\n\(name) 1\n".utf8).write(to: folder.appendingPathComponent("data/anno/X_train.txt"))
    return try TGNLayout(root: folder.appendingPathComponent("data")).read(.train)
  }

  private func assertRefused(_ name: String, line: UInt = #line) {
    XCTAssertThrowsError(try read(name), line: line) { error in
      let annotation = folder.appendingPathComponent("data/anno/X_train.txt").path
      XCTAssertEqual(
        error as? TGNLayoutError, .leadsOutside(file: annotation, line: 3, image: name), "\(error)", line: line)
    }
  }

  func testClimbing() {
    assertRefused("../../x.png")
    assertRefused("0/../../../x.png")
    // Refused although it ends inside: no honest annotation climbs.
    assertRefused("../top.png")
  }

  func testAbsolute() {
    assertRefused(folder.appendingPathComponent("x.png").path)
    assertRefused("/etc/passwd")
  }

  func testLinksOut() throws {
    let link = folder.appendingPathComponent("data/train/1/link.png")
    try files.createSymbolicLink(at: link, withDestinationURL: folder.appendingPathComponent("x.png"))
    assertRefused("1/link.png")
    try files.createSymbolicLink(at: folder.appendingPathComponent("data/train/2"), withDestinationURL: folder)
    assertRefused("2/x.png")
  }

  func testLinksWithinAreFollowed() throws {
    let link = folder.appendingPathComponent("data/train/1/link.png")
    try files.createSymbolicLink(at: link, withDestinationURL: folder.appendingPathComponent("data/train/0/a.png"))
    XCTAssertEqual(try read("1/link.png").count, 3)
  }

  func testADataFolderThatIsItselfALink() throws {
    let link = folder.appendingPathComponent("linked")
    try files.createSymbolicLink(at: link, withDestinationURL: folder.appendingPathComponent("data"))
    try Data("0/a.png 0\n1/b.png 1\n".utf8).write(to: folder.appendingPathComponent("data/anno/X_train.txt"))
    XCTAssertEqual(try TGNLayout(root: link).read(.train).count, 2)
  }

  /// Reading a pipe would wait for ever.
  func testAPipeIsNoPicture() {
    mkfifo(folder.appendingPathComponent("data/train/1/pipe.png").path, 0o600)
    XCTAssertThrowsError(try read("1/pipe.png")) { error in
      guard case TGNLayoutError.missingImage = error else { return XCTFail("\(error)") }
    }
  }
}
