import XCTest

@testable import Engine

final class CoresTests: XCTestCase {
  func testListsAsTheKernelWritesThem() {
    for (list, count) in [("\t0-3,8,10-11\n", 7), ("0", 1), ("5-5", 1), ("\t0-127", 128)] {
      XCTAssertEqual(Cores.count(in: list), count, list)
    }
    for list in ["", "\t", "a", "3-1", "1-2-3", "0-", "-4"] { XCTAssertNil(Cores.count(in: list), list) }
  }

  func testAProcessMayUseSomeOfTheCores() {
    XCTAssertGreaterThan(Cores.allowed, 0)
    XCTAssertLessThanOrEqual(Cores.allowed, Cores.all)
  }
}
