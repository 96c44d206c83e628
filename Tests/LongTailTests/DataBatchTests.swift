import Foundation
import Imaging
import LongTail
import XCTest

final class DataBatchTests: XCTestCase {
  private func settings(
    _ batchSize: Int = 4, seed: UInt64 = 5, sampling: BatchSampling = .shuffled, flips: Bool = false,
    dropsLast: Bool = false
  ) -> BatchSettings {
    BatchSettings(
      side: 4, batchSize: batchSize, seed: seed, streamName: "test", sampling: sampling, flips: flips,
      dropsLast: dropsLast)
  }

  private func all(_ loader: BatchLoader) throws -> [Batch] {
    var batches = [Batch]()
    while let batch = try loader.next() { batches.append(batch) }
    return batches
  }

  func testAnEpochShowsEveryItemOnce() throws {
    let images = DecodedImages(memoryDataset([6, 5]), side: 4)
    let batches = try all(BatchLoader(images, settings: settings(), epoch: 0))
    XCTAssertEqual(batches.map(\.count), [4, 4, 3])
    XCTAssertEqual(batches.flatMap(\.indices).sorted(), Array(0..<11))
    XCTAssertNotEqual(batches.flatMap(\.indices), Array(0..<11))
    for batch in batches { XCTAssertEqual(batch.labels, batch.indices.map { $0 < 6 ? 0 : 1 }) }
    XCTAssertEqual(try all(BatchLoader(images, settings: settings(), epoch: 0)), batches)
    XCTAssertNotEqual(try all(BatchLoader(images, settings: settings(), epoch: 1)), batches)
    XCTAssertNotEqual(try all(BatchLoader(images, settings: settings(seed: 6), epoch: 0)), batches)
    XCTAssertEqual(
      try all(BatchLoader(images, settings: settings(dropsLast: true), epoch: 0)), Array(batches.prefix(2)))
    let inOrder = try all(BatchLoader(images, settings: settings(sampling: .inOrder), epoch: 3))
    XCTAssertEqual(inOrder.flatMap(\.indices), Array(0..<11))
  }

  func testPixelsAreChannelsLastFromMinusOneToOne() throws {
    let image = Image(width: 2, height: 1, pixels: [0, 255, 127, 10, 20, 30]).resized(width: 2, height: 2)
    let dataset = ObjectDataset(classNames: ["a"], items: [.init(label: 0, source: .memory(image))])
    let images = DecodedImages(dataset, side: 2)
    let batch = try images.batch([.init(index: 0, isFlipped: false), .init(index: 0, isFlipped: true)])
    let scaled = { (value: Float) in (value / 255 - 0.5) / 0.5 }
    XCTAssertEqual(batch.pixels.count, 2 * 2 * 2 * 3)
    XCTAssertEqual(Array(batch.pixels[0..<6]), [-1, 1, scaled(127), scaled(10), scaled(20), scaled(30)])
    XCTAssertEqual(Array(batch.pixels[18..<24]), [scaled(10), scaled(20), scaled(30), -1, 1, scaled(127)])
  }

  func testALastBatchOfTwoIsLeftOut() throws {
    func leftOut(_ counts: [Int], _ batchSize: Int) -> [Int?] {
      counts.map { BatchPlan.leftOut(of: $0, batchSize: batchSize) }
    }
    XCTAssertEqual(leftOut([128, 129, 130, 131, 132, 191], 64), [nil, 1, 2, 3, nil, nil])
    XCTAssertEqual(leftOut([33, 34, 36, 3], 32), [1, 2, nil, nil])
    XCTAssertEqual(leftOut([9, 10, 17], 8), [nil, nil, nil], "batches are small anyway")
    XCTAssertEqual(leftOut([5], 0), [nil])
    let dataset = memoryDataset([40, 26], side: 1)
    var plan = try BatchPlan(for: dataset, settings: settings(32))
    XCTAssertEqual(plan.stepsPerEpoch, 2)
    let drawn = (0..<20).map { epoch in
      plan.steps(ofEpoch: epoch).flatMap { step -> [Int] in
        let items = plan.entries(atStep: step).map(\.index)
        XCTAssertEqual(items.count, 32)
        return items
      }
    }
    XCTAssertTrue(drawn.allSatisfy { Set($0).count == 64 })
    XCTAssertEqual(Set(drawn.joined()).count, 66, "others each time")
    XCTAssertEqual(try BatchPlan(for: dataset, settings: settings(32, sampling: .inOrder)).stepsPerEpoch, 3)
  }

  func testAnyStepCanBeResumed() throws {
    let images = DecodedImages(memoryDataset([6, 5]), side: 4)
    for sampling in [BatchSampling.shuffled, .classBalanced, .inOrder] {
      let settings = settings(sampling: sampling, flips: true)
      let unbroken = try BatchLoader(images, settings: settings)
      var batches = [Batch]()
      for _ in 0..<10 { batches.append(try XCTUnwrap(unbroken.next())) }
      XCTAssertEqual(unbroken.stepsPerEpoch, 3)
      for step in [0, 1, 4, 9] {
        let resumed = try BatchLoader(images, settings: settings, fromStep: step)
        for expected in batches[step...] { XCTAssertEqual(try resumed.next(), expected, "\(sampling) \(step)") }
      }
      let epoch = try all(BatchLoader(images, settings: settings, epoch: 2))
      XCTAssertEqual(epoch, Array(batches[6..<9]), "\(sampling)")
    }
  }

  /// Several loaders at once on the same pictures, with short and long queues, taken from fast and slowly.
  func testTheOrderOfLoadingChangesNothing() throws {
    let images = DecodedImages(memoryDataset([6, 5]), side: 4, memoryLimit: 5 * 4 * 4 * 3)
    let settings = settings(flips: true)
    let alone = try BatchLoader(DecodedImages(memoryDataset([6, 5]), side: 4), settings: settings)
    let expected = try (0..<12).map { _ in try XCTUnwrap(alone.next()) }
    let loaders = try [1, 2, 8].map { try BatchLoader(images, settings: settings, queueLength: $0) }
    for (step, batch) in expected.enumerated() {
      if step % 5 == 0 { usleep(20_000) }
      for (place, loader) in loaders.enumerated().reversed() {
        XCTAssertEqual(try loader.next(), batch, "step \(step), loader \(place)")
      }
    }
  }

  func testFlipsAreHalfAndFollowThePosition() throws {
    var plan = try BatchPlan(for: memoryDataset([600, 400], side: 1), settings: settings(10, flips: true))
    let flips = (0..<300).flatMap { plan.entries(atStep: $0).map(\.isFlipped) }
    let share = Double(flips.filter { $0 }.count) / Double(flips.count)
    XCTAssertEqual(share, 0.5, accuracy: 0.04)
    XCTAssertNotEqual(Array(flips[0..<1000]), Array(flips[1000..<2000]))
    var other = try BatchPlan(for: memoryDataset([600, 400], side: 1), settings: settings(20, flips: true))
    XCTAssertEqual((0..<50).flatMap { other.entries(atStep: $0).map(\.isFlipped) }, Array(flips[0..<1000]))
  }

  func testClassBalanceDrawsClassesAlike() throws {
    let dataset = memoryDataset([190, 0, 10], side: 1)
    var plan = try BatchPlan(for: dataset, settings: settings(32, sampling: .classBalanced))
    let labels = (0..<100).flatMap { step -> [Int] in
      let entries = plan.entries(atStep: step)
      XCTAssertEqual(entries.count, 32)
      return entries.map { dataset.items[$0.index].label }
    }
    XCTAssertEqual(Double(labels.filter { $0 == 2 }.count) / Double(labels.count), 0.5, accuracy: 0.04)
  }

  func testErrorsReachTheConsumer() throws {
    let tree = try MiniatureTree()
    try tree.write("train/1/a.png", "no picture")
    let images = DecodedImages(try tree.layout.read(.train), side: 4)
    let loader = try BatchLoader(images, settings: settings(1, sampling: .inOrder), epoch: 0)
    XCTAssertEqual(try loader.next()?.indices, [0])
    XCTAssertEqual(try loader.next()?.indices, [1])
    for _ in 0..<2 {
      XCTAssertThrowsError(try loader.next()) { error in
        XCTAssertEqual(error as? ImageError, .unknownFormat(file: tree.path("train/1/a.png")))
      }
    }
  }

  func testSettingsWithoutBatchesThrow() throws {
    let images = DecodedImages(memoryDataset([2, 1]), side: 4)
    let empty = DecodedImages(memoryDataset([0]), side: 4)
    XCTAssertThrowsError(try BatchLoader(images, settings: settings(4, dropsLast: true))) { error in
      XCTAssertEqual("\(error)", "3 images give no batch of 4; choose a batch size of at most 3")
    }
    XCTAssertThrowsError(try BatchLoader(images, settings: settings(0)))
    XCTAssertThrowsError(try BatchLoader(empty, settings: settings(4)))
  }

  func testMemoryLimitChangesNothingButSpeed() throws {
    let tree = try MiniatureTree()
    let dataset = try tree.layout.read(.train)
    let settings = settings(2, flips: true)
    let kept = try all(BatchLoader(DecodedImages(dataset, side: 4), settings: settings, epoch: 1))
    for limit in [0, 48, 100] {
      let images = DecodedImages(dataset, side: 4, memoryLimit: limit)
      XCTAssertEqual(try all(BatchLoader(images, settings: settings, epoch: 1)), kept)
    }
    let images = DecodedImages(dataset, side: 4)
    _ = try all(BatchLoader(images, settings: settings, epoch: 0))
    try FileManager.default.removeItem(at: tree.root)
    XCTAssertEqual(try all(BatchLoader(images, settings: settings, epoch: 1)), kept, "decoded once, then kept")
  }

  /// A loader that is let go in the middle ends its thread, which holds the images.
  func testShutdownReleasesTheImages() throws {
    weak var watched: DecodedImages?
    for taken in 0..<4 {
      do {
        let images = DecodedImages(memoryDataset([6, 5]), side: 4)
        watched = images
        let loader = try BatchLoader(images, settings: settings())
        for _ in 0..<taken { _ = try loader.next() }
      }
      // The thread has said that it ends; its closure goes a moment later.
      for _ in 0..<200 where watched != nil { usleep(5_000) }
      XCTAssertNil(watched, "\(taken) batches taken")
    }
  }

  func testLoadsRealPhotographs() throws {
    let dataset = try TGNLayout(root: DataFixtures.sharedFolder("data/vhr10")).read(.test)
    let images = DecodedImages(dataset, side: 32)
    let settings = BatchSettings(side: 32, batchSize: 64, seed: 1, streamName: "photographs", flips: true)
    let batches = try all(BatchLoader(images, settings: settings, epoch: 0))
    XCTAssertEqual(batches.map(\.count).reduce(0, +), 1416)
    XCTAssertTrue(batches.allSatisfy { $0.pixels.allSatisfy { $0 >= -1 && $0 <= 1 } })
  }
}
