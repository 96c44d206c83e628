import Checkpoints
import Engine
import Foundation
import XCTest

@testable import LongTail

/// Several ranks against one. They are processes of `parallel-check`, which the ordinary build has no MPI for:
/// `swift build --traits MPI --scratch-path .build-mpi --product parallel-check` makes the one that is started here.
final class ParallelTests: XCTestCase {
  private var folder = URL(fileURLWithPath: "/")
  private var made: [IndependentRun] = []
  private let lock = NSLock()

  override func setUpWithError() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("ranks-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  override func tearDown() { try? FileManager.default.removeItem(at: folder) }

  private struct Ended {
    let status: Int32
    let output: String
    let seconds: Double
  }

  /// Runs a check by some ranks and waits for its end, at most two minutes.
  @discardableResult
  private func launch(_ arguments: [String], ranks: Int) throws -> Ended {
    let package = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
      .deletingLastPathComponent()
    let program = package.appendingPathComponent(".build-mpi/debug/parallel-check").path
    guard FileManager.default.isExecutableFile(atPath: program) else {
      throw XCTSkip("build .build-mpi/debug/parallel-check with --traits MPI first")
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["mpirun", "-np", "\(ranks)", program] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging([
      "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    ]) { $1 }
    let pipe = Pipe()
    (process.standardOutput, process.standardError) = (pipe, pipe)
    let start = ProcessInfo.processInfo.systemUptime
    try process.run()
    let watchdog = DispatchWorkItem { process.terminate() }
    DispatchQueue.global().asyncAfter(deadline: .now() + 120, execute: watchdog)
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    watchdog.cancel()
    return Ended(
      status: process.terminationStatus, output: output, seconds: ProcessInfo.processInfo.systemUptime - start)
  }

  private func file(_ name: String) -> URL { folder.appendingPathComponent(name) }

  private func result(of check: ParallelCheck, ranks: Int, _ name: String = "") throws -> URL {
    let file = file("\(check.rawValue)-\(ranks)\(name)")
    let ended = try launch([check.rawValue, file.path], ranks: ranks)
    XCTAssertEqual(ended.status, 0, ended.output)
    return file
  }

  /// How far two results lie apart, over the length of the first: for each group of tensors, named before the dot.
  private func distances(_ first: URL, _ second: URL) throws -> [String: Double] {
    let (first, second) = (try SafeTensors(contentsOf: first).tensors, try SafeTensors(contentsOf: second).tensors)
    XCTAssertEqual(first.keys, second.keys)
    var sums: [String: (apart: Double, length: Double)] = [:]
    for (key, value) in first.entries {
      let group = String(key.prefix { $0 != "." })
      for (a, b) in zip(value.values, try XCTUnwrap(second[key]).values) {
        sums[group, default: (0, 0)].apart += pow(Double(a) - Double(b), 2)
        sums[group, default: (0, 0)].length += pow(Double(a), 2)
      }
    }
    return sums.mapValues { ($0.apart / max($0.length, 1e-30)).squareRoot() }
  }

  private func assertRanksAgree(_ check: ParallelCheck, tolerance: Double) throws {
    let one = try result(of: check, ranks: 1)
    for ranks in [2, 3] {
      for (group, distance) in try distances(one, try result(of: check, ranks: ranks)) {
        XCTAssertLessThan(distance, tolerance, "\(check.rawValue), \(group), \(ranks) ranks")
      }
    }
  }

  // Gradients differ by rounding alone. Adam divides by their size, so that after some steps what differed in the last
  // bits of a small gradient has grown.

  func testGradientsOfFirstAndSecondOrder() throws { try assertRanksAgree(.gradients, tolerance: 1e-5) }
  func testClassifiers() throws { try assertRanksAgree(.classifier, tolerance: 1e-3) }
  func testDistillation() throws { try assertRanksAgree(.distillation, tolerance: 1e-3) }
  func testTheLastLayerAlone() throws { try assertRanksAgree(.lastLayer, tolerance: 1e-3) }
  func testGeneratorAndDiscriminator() throws { try assertRanksAgree(.generator, tolerance: 1e-2) }
  func testTheSmallCLIPInAStore() throws { try assertRanksAgree(.clip, tolerance: 1e-3) }

  func testTheSameRanksGiveTheSameBits() throws {
    for check in [ParallelCheck.ownStatistics, .generator] {
      let files = try ["a", "b"].map { try result(of: check, ranks: 2, $0) }
      XCTAssertEqual(try Data(contentsOf: files[0]), try Data(contentsOf: files[1]))
    }
  }

  func testBatchNormByTheRankIsAnotherTraining() throws {
    let files = try [1, 2].map { try result(of: .ownStatistics, ranks: $0) }
    XCTAssertGreaterThan(try XCTUnwrap(try distances(files[0], files[1])["cross-entropy"]), 0.01)
  }

  func testADeadRankEndsTheJobWhichGoesOnFromItsCheckpoint() throws {
    let name = ParallelCheck.resumed.rawValue
    let whole = file("whole")
    let unbroken = try launch([name, whole.path, file("state").path], ranks: 2)
    XCTAssertEqual(unbroken.status, 0, unbroken.output)
    try FileManager.default.removeItem(at: file("state"))

    let dead = try launch([name, file("dead").path, file("state").path, "dies"], ranks: 2)
    XCTAssertNotEqual(dead.status, 0)
    XCTAssertLessThan(dead.seconds, 30, "the others must not wait for the dead one")
    XCTAssertTrue(dead.output.contains("rank 1"), dead.output)
    XCTAssertFalse(FileManager.default.fileExists(atPath: file("dead").path))
    let state = try Data(contentsOf: file("state"))

    for ranks in [1, 2, 3] {
      try state.write(to: file("state-\(ranks)"))
      let again = file("again-\(ranks)")
      let ended = try launch([name, again.path, file("state-\(ranks)").path], ranks: ranks)
      XCTAssertEqual(ended.status, 0, ended.output)
      XCTAssertTrue(ended.output.contains("going on after step"), ended.output)
      if ranks == 2 { XCTAssertEqual(try Data(contentsOf: again), try Data(contentsOf: whole)) }
      XCTAssertLessThan(try XCTUnwrap(try distances(whole, again)["model"]), 1e-3)
    }
  }

  func testAFailingRankIsNamed() throws {
    let ended = try launch(["nonsense"], ranks: 2)
    XCTAssertNotEqual(ended.status, 0)
    XCTAssertTrue(ended.output.contains("of 2 on") && ended.output.contains("no check 'nonsense'"), ended.output)
  }

  // MARK: - Without MPI

  func testASweepMakesEveryRunOnceWhoeverComes() throws {
    let runs = (1...6).map { IndependentRun.classifier(.none, seed: $0) }
    let group = DispatchGroup()
    for rank in 0..<3 {
      DispatchQueue.global().async(group: group) {
        do {
          let store = try StageStore(directory: self.folder, log: { _ in })
          try Pipeline.sweep(runs, from: rank * 2, in: store) { run in
            // All runs start from one shared result.
            let base = try store.run(Stage(name: "base", version: 1, settings: 0)) { context in
              usleep(50_000)
              try context.write(Data("x".utf8), "result")
            }
            _ = try store.run(Stage(name: "run", version: 1, settings: "\(run)", inputs: [base])) { context in
              self.lock.withLock { self.made.append(run) }
              usleep(20_000)
              try context.write(Data("x".utf8), "result")
            }
          }
          XCTAssertTrue(store.waits)
        } catch { XCTFail("\(error)") }
      }
    }
    group.wait()
    XCTAssertEqual(made.count, 6, "each run once")
    XCTAssertEqual(Set(made), Set(runs))
  }

  func testBatchNormRanksMustBeThoseThatRun() throws {
    var settings = ClassifierSettings.released(epochs: 1)
    let key = try JSONEncoder().encode(settings)
    XCTAssertFalse(String(decoding: key, as: UTF8.self).contains("batchNormRanks"), "old results keep their keys")
    settings.batchNormRanks = 4
    let run = TrainingRun("test", file: file("state"))
    XCTAssertThrowsError(try run.parallel(for: settings)) {
      XCTAssertEqual($0 as? DataParallelError, .otherRanks(wanted: 4, ranks: 1))
    }
  }

  func testTheClusterModelByHand() {
    let model = ClusterModel(latency: 1e-6, bandwidth: 1e9, bucketBytes: 1e6)
    let work = ClusterModel.Work(
      name: "work", operationsPerPicture: 1e9, nodeRate: 1e10, bytes: 4e6, exchanges: 10)
    let one = model.cost(work, nodes: 1, picturesPerNode: 8)
    XCTAssertEqual(one.seconds, 0.8, accuracy: 1e-12)
    let four = model.cost(work, nodes: 4, picturesPerNode: 2)
    XCTAssertEqual(four.compute, 0.2, accuracy: 1e-12)
    // Four buckets of 2 · 3 messages, and 2 · 3/4 of the bytes.
    XCTAssertEqual(four.sums, 24e-6 + 6e-3, accuracy: 1e-12)
    XCTAssertEqual(four.exchanges, 20e-6, accuracy: 1e-12)
    XCTAssertEqual(four.overlapped, 0.2 + 20e-6, accuracy: 1e-12)
  }
}
