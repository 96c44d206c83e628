import XCTest

@testable import Notebook

final class WeavingTests: XCTestCase {
  private let source = """
    //: # Title
    //:
    //: Some *prose*.
    import Notebook

    let x = 1
    //: ## Second
    print("```")
    for i in 0..<2 {
      //: Indented prose.
      print(i)
    }
    """

  func testCutsProseFromCode() {
    let cells = WeavingSource(source).cells
    XCTAssertEqual(cells[0], .prose("# Title\n\nSome *prose*."))
    XCTAssertEqual(cells[1], .code("import Notebook\n\nlet x = 1", lines: 4...6))
    XCTAssertEqual(cells[2], .prose("## Second"))
    XCTAssertEqual(cells[3], .code("print(\"```\")\nfor i in 0..<2 {", lines: 8...9))
    XCTAssertEqual(cells[4], .prose("Indented prose."))
    XCTAssertEqual(cells[5], .code("  print(i)\n}", lines: 11...12))
  }

  func testFindsTheCellOfALine() {
    let woven = WeavingSource(source)
    XCTAssertEqual(woven.cell(containing: 4), 1)
    XCTAssertEqual(woven.cell(containing: 6), 1)
    XCTAssertEqual(woven.cell(containing: 9), 3)
    XCTAssertEqual(woven.cell(containing: 12), 5)
    XCTAssertNil(woven.cell(containing: 2))
    XCTAssertNil(woven.cell(containing: 13))
  }

  func testAnEmptySourceHasNoCells() {
    XCTAssertEqual(WeavingSource("").cells, [])
    XCTAssertEqual(WeavingSource("\n").cells, [.code("", lines: 1...1)])
    XCTAssertNil(Markdown.folded(code: "\n  \n"))
  }

  func testAFenceInCodeGetsALongerOne() throws {
    let folded = try XCTUnwrap(Markdown.folded(code: "print(\"```\")"))
    XCTAssertTrue(folded.contains("\n````swift\n"))
    XCTAssertTrue(folded.contains("\n````\n"))
  }

  func testSlugsAreFileNames() {
    XCTAssertEqual(Markdown.slug("Tail accuracy (%), r = 0.05"), "tail-accuracy-r-0-05")
    XCTAssertEqual(Markdown.slug("±"), "untitled")
  }
}
