import XCTest

@testable import LongTail

final class ExperimentOptionsTests: XCTestCase {
  /// A report on photographs must not be written over the one on procedural scenes.
  func testReportsOnOtherDataStandBesideTheUsualOne() throws {
    func name(_ experiment: String, _ arguments: String...) throws -> String {
      try ExperimentOptions.parse(arguments).reportName(of: experiment)
    }
    XCTAssertEqual(try name("dior-table"), "dior-table")
    XCTAssertEqual(try name("dior-noise-ratio", "--dataset", "dota"), "dota-noise-ratio")
    XCTAssertEqual(try name("latent-factors", "--dataset", "dota"), "latent-factors-dota")
    XCTAssertEqual(try name("dior-ablation", "--data", "/data/VHR10/"), "dior-ablation-vhr10")
    XCTAssertEqual(try name("dior-ablation", "--data", "/data/other/../dior"), "dior-ablation-dior")
  }
}
