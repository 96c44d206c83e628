import Foundation
import XCTest

/// Every `tgn` line of the README is understood by `tgn`. The files it names are not here, so each ends with an error
/// about a file, not about its options.
final class ReadmeCommandTests: XCTestCase {
  private func commands() throws -> [[String]] {
    var root = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let text = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
    // Either a line of a block, or between backticks.
    let lines = text.split(separator: "\n").map { String($0.prefix { $0 != "#" }) }
    let blocks = lines.filter { $0.hasPrefix("swift run tgn ") }
    let inline = lines.filter { !$0.hasPrefix("swift run tgn ") }.joined(separator: " ").split(separator: "`")
      .map(String.init)
    return (blocks + inline).compactMap { command in
      let words = command.split(separator: " ").map(String.init)
      guard let start = words.firstIndex(of: "tgn"), start == 0 || start == 2, words.count > start + 1 else {
        return nil
      }
      return words.contains("…") ? nil : Array(words[(start + 1)...])
    }
  }

  func testEveryCommandOfTheReadmeIsUnderstood() throws {
    let folder = try TemporaryFolder()
    let all = try commands()
    XCTAssertGreaterThanOrEqual(all.count, 18)
    for words in all {
      // They would train, and write the package's own page. A single word is a command's name within a sentence.
      if ["pretrain", "reports"].contains(words[0]) || words.count == 1 { continue }
      XCTAssertNil(words.first { $0.hasPrefix("/") && FileManager.default.fileExists(atPath: $0) })
      let result = try Command.tgn(words, in: folder.url)
      let line = "tgn " + words.joined(separator: " ")
      // 64 is the status of a wrong command line.
      XCTAssertNotEqual(result.status, 64, "\(line): \(result.errors)")
      XCTAssertNotEqual(result.status, 0, "\(line) found files where there are none")
      XCTAssertFalse(result.errors.isEmpty, line)
    }
  }
}
