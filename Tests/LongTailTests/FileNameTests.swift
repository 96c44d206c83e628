import XCTest

@testable import LongTail

final class FileNameTests: XCTestCase {
  func testPartsOfNames() {
    for (path, last, ending, stem) in [
      ("a.jpg", "a.jpg", "jpg", "a"), ("0/a.b.PNG", "a.b.PNG", "png", "0/a.b"), ("", "", "", ""), ("a", "a", "", "a"),
      ("0.5/a", "a", "", "0.5/a"), (".jpg", ".jpg", "", ".jpg"), ("0/.jpg", ".jpg", "", "0/.jpg"), ("a.", "a.", "", "a."),
      ("/", "", "", "/"), (".", ".", "", "."), ("a./", "", "", "a./"), ("a.j\u{301}", "a.j\u{301}", "j\u{301}", "a"),
      // A mark that joins the slash or the dot before it: other characters, the same bytes.
      ("0/\u{301}a.jpg", "\u{301}a.jpg", "jpg", "0/\u{301}a"), ("a.\u{301}jpg", "a.\u{301}jpg", "\u{301}jpg", "a"),
      ("\u{0}.\u{0}", "\u{0}.\u{0}", "\u{0}", "\u{0}"),
    ] {
      XCTAssertEqual(FileName.last(of: path), last, path)
      XCTAssertEqual(FileName.ending(of: path), ending, path)
      XCTAssertEqual(FileName.stem(of: path), stem, path)
    }
  }
}
