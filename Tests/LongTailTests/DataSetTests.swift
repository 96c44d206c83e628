import Foundation
import Imaging
import LongTail
import XCTest

final class DataSetTests: XCTestCase {
  func testSubsetOfClassesRenumbers() throws {
    let dataset = memoryDataset([3, 1, 2])
    let subset = dataset.subset(classes: [2, 0])
    XCTAssertEqual(subset.classNames, ["class 2", "class 0"])
    XCTAssertEqual(subset.counts, [2, 3])
    XCTAssertEqual(subset.items.map(\.label), [1, 1, 1, 0, 0])
    XCTAssertEqual(try subset.image(at: 3), try dataset.image(at: 4))
  }

  func testAppendingMatchesClassesByName() throws {
    let dataset = memoryDataset([2, 1, 2])
    let tail = dataset.subset(classes: [2])
    let expanded = try dataset.appending(tail)
    XCTAssertEqual(expanded.items.map(\.label), [0, 0, 1, 2, 2, 2, 2])
    XCTAssertThrowsError(try tail.appending(dataset)) { error in
      XCTAssertEqual(error as? ObjectDatasetError, .unknownClass(name: "class 0", known: ["class 2"]))
    }
  }

  func testContentHashSeesContentOnly() throws {
    let dataset = memoryDataset([2, 1])
    XCTAssertEqual(try dataset.contentHash(), try memoryDataset([2, 1]).contentHash())
    XCTAssertEqual(try dataset.contentHash().count, 64)
    var seen: Set = [try dataset.contentHash()]
    let renamed = ObjectDataset(classNames: ["class 0", "other"], items: dataset.items)
    let relabelled = ObjectDataset(
      classNames: dataset.classNames, items: dataset.items.map { .init(label: 1 - $0.label, source: $0.source) })
    for changed in [dataset.subset(items: [0, 1]), dataset.subset(items: [1, 0, 2]), renamed, relabelled] {
      XCTAssertTrue(seen.insert(try changed.contentHash()).inserted)
    }

    let (one, other) = (try MiniatureTree(), try MiniatureTree())
    let hash = try one.layout.read(.train).contentHash()
    XCTAssertEqual(hash, try other.layout.read(.train).contentHash())
    try other.addImage("0/a.png", number: 77)
    XCTAssertNotEqual(hash, try other.layout.read(.train).contentHash())
    let unread = try one.layout.read(.train)
    try FileManager.default.removeItem(at: one.root)
    XCTAssertThrowsError(try unread.contentHash())
  }

  func testHeadTailSplitOfDIOR() throws {
    // Test counts in label order, and the published split.
    let counts = [
      8212, 666, 3434, 2146, 2589, 1031, 538, 1085, 688, 575, 1885, 3105, 1782, 35186, 672, 23361, 7343, 509, 26640,
      2998,
    ]
    let split = try HeadTailSplit(counts: counts)
    XCTAssertEqual(split.headClasses, [13, 18, 15, 0, 16, 2, 11, 19])
    XCTAssertEqual(split.tailClasses, [4, 3, 10, 12, 7, 5, 8, 14, 1, 9, 6, 17])
    XCTAssertEqual(split.tailLabel(of: 10), 2)
    XCTAssertEqual(split.headLabel(of: 13), 0)
    XCTAssertNil(split.headLabel(of: 10))
  }

  func testHeadTailSplitRoundsDownAndSettlesTiesByLabel() throws {
    XCTAssertEqual(try HeadTailSplit(counts: [5, 9, 5, 5, 9]).headClasses, [1, 4])
    XCTAssertEqual(try HeadTailSplit(counts: [5, 9, 5, 5, 9]).tailClasses, [0, 2, 3])
    XCTAssertEqual(try HeadTailSplit(counts: Array(1...23), headShare: 0.33).headClasses, [22, 21, 20, 19, 18, 17, 16])
    let (head, tail) = try HeadTailSplit(counts: [1, 2, 3, 4, 5]).parts(of: memoryDataset([1, 2, 3, 4, 5]))
    XCTAssertEqual(head.counts, [5, 4])
    XCTAssertEqual(tail.counts, [3, 2, 1])
    XCTAssertEqual(tail.classNames, ["class 2", "class 1", "class 0"])
    XCTAssertThrowsError(try HeadTailSplit(counts: [3, 4])) { error in
      XCTAssertEqual(error as? HeadTailSplitError, .emptyPart(classCount: 2, headShare: 0.4, headCount: 0))
    }
    XCTAssertThrowsError(try HeadTailSplit(counts: [3, 4], headShare: 1))
    XCTAssertThrowsError(try HeadTailSplit(counts: [3, 4], headShare: .nan))
    XCTAssertThrowsError(try HeadTailSplit(counts: []))
  }

  func testProfileTargets() throws {
    XCTAssertEqual(try LongTailProfile.none.targets(existing: [3, 9]), [3, 9])
    XCTAssertEqual(
      try LongTailProfile.exponential(imbalance: 100).targets(existing: [100, 1000, 100, 100, 100]),
      [100, 1000, 100, 32, 10])
    XCTAssertEqual(try LongTailProfile.exponential(imbalance: 1e6).targets(existing: [4, 4]), [4, 1])
    XCTAssertEqual(try LongTailProfile.exponential(imbalance: 5).targets(existing: [7]), [7])
    XCTAssertEqual(try LongTailProfile.counts([1, 0]).targets(existing: [3, 9]), [1, 0])
    let bad: [LongTailProfile] = [
      .exponential(imbalance: 0.5), .exponential(imbalance: .nan), .counts([1]), .counts([4, 1]), .counts([-1, 1]),
    ]
    for bad in bad {
      XCTAssertThrowsError(try bad.targets(existing: [3, 9])) { XCTAssertTrue($0 is LongTailProfileError) }
    }
    XCTAssertEqual(LongTailProfile.scaled(counts: [27351, 501, 1077], maximum: 400, minimum: 10), [400, 10, 16])
    XCTAssertEqual(LongTailProfile.scaled(counts: [0, 0], maximum: 5, minimum: 1), [0, 0])
  }

  func testProfileDrawsFromTheSeed() throws {
    let dataset = memoryDataset([40, 40])
    let profile = LongTailProfile.counts([40, 10])
    let thin = try profile.applied(to: dataset, seed: 3)
    XCTAssertEqual(thin.counts, [40, 10])
    XCTAssertEqual(try thin.contentHash(), try profile.applied(to: dataset, seed: 3).contentHash())
    XCTAssertNotEqual(try thin.contentHash(), try profile.applied(to: dataset, seed: 4).contentHash())
    // Another class's count does not change which images of this class stay.
    let thinner = try LongTailProfile.counts([5, 10]).applied(to: dataset, seed: 3)
    XCTAssertEqual(try thin.subset(classes: [1]).contentHash(), try thinner.subset(classes: [1]).contentHash())
  }
}
