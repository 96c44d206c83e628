import XCTest

@testable import Engine

/// What ranks share, as far as one process can tell.
final class RanksTests: XCTestCase {
  func testSkippedNormalsAreThoseThatWereNotDrawn() {
    for before in 0..<6 {
      for count in [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 31, 64, 1001] {
        var drawn = RandomStream(seed: 3, name: "skip")
        var skipped = drawn
        for _ in 0..<before {
          _ = drawn.normal()
          _ = skipped.normal()
        }
        for _ in 0..<count { _ = drawn.normal() }
        skipped.skipNormals(count)
        for number in 0..<5 {
          XCTAssertEqual(drawn.normal(), skipped.normal(), "\(before), \(count), \(number)")
        }
        XCTAssertEqual(drawn.next32(), skipped.next32())
      }
    }
  }

  func testSharesMakeUpTheBatch() {
    for (total, ranks) in [(8, 2), (7, 3), (2, 3), (0, 2), (5, 1)] {
      let shares = (0..<ranks).map { BatchShare(of: total, rank: $0, ranks: ranks) }
      XCTAssertEqual(shares.flatMap { Array($0.places) }.sorted(), Array(0..<total))
      XCTAssertEqual(shares.map(\.count), shares.map { Array($0.places).count })
      var whole = RandomStream(seed: 1, name: "shares")
      let all = Tensor.normal([total, 3], from: &whole)
      for share in shares {
        var stream = RandomStream(seed: 1, name: "shares")
        XCTAssertEqual(share.normal([3], from: &stream).values, share.part(of: all).values)
        var next = whole
        XCTAssertEqual(stream.next32(), next.next32(), "the streams must go on alike")
        XCTAssertEqual(share.part(of: Array(0..<total)), Array(share.places))
      }
    }
  }

  func testPartsOfAMeanAddUpToIt() {
    let values: [Float] = [1, 2, 3, 4, 5, 6, 7]
    let parts = (0..<3).map { rank -> Float in
      let share = BatchShare(of: 7, rank: rank, ranks: 3)
      return share.part(ofMean: Tensor(share.part(of: values), shape: [share.count]).mean()).item
    }
    XCTAssertEqual(parts.reduce(0, +), 4, accuracy: 1e-6)
  }

  func testGradientsAreAnnouncedOnceAndInTheirFinalForm() {
    final class Watcher: BackwardWatcher {
      var found: [Int: [Float]] = [:]
      func gradientIsFinal(_ index: Int, _ gradient: Tensor) {
        XCTAssertNil(found[index])
        found[index] = gradient.values
      }
      func operationIsDone() {}
    }
    var stream = RandomStream(seed: 5, name: "watch")
    let leaves = (0..<4).map { _ in Tensor.normal([3], from: &stream).tracked }
    // The first is used twice, the last not at all.
    let output = ((leaves[0] * leaves[1]).squared() + leaves[0] * leaves[2]).sum()
    let watcher = Watcher()
    let result = gradients(of: output, withRespectTo: leaves, keepingGraph: true, watcher: watcher)
    XCTAssertEqual(Set(watcher.found.keys), [0, 1, 2])
    for (index, values) in watcher.found { XCTAssertEqual(values, result[index].values) }
    XCTAssertEqual(result[3].values, [0, 0, 0])
  }
}
