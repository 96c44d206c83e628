import Engine
import Foundation
import Imaging
import Notebook
import XCTest

@testable import LongTail

final class SpeedTests: XCTestCase {
  private func temporaryFolder() throws -> URL {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("speed-tests-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    addTeardownBlock { try? FileManager.default.removeItem(at: folder) }
    return folder
  }

  /// A process that speaks the protocol: a shell script.
  private func process(_ script: String) throws -> SpeedProcess {
    try SpeedProcess("script", executable: URL(fileURLWithPath: "/bin/sh"), arguments: ["-c", script])
  }

  func testWorkNamesAreReadAsTheyAreWritten() {
    for row in Profile.allCases.flatMap(SpeedRow.all) {
      let name = row.workload.name
      XCTAssertEqual(SpeedWorkload(name)?.name, name)
    }
    XCTAssertNil(SpeedWorkload("resnet50-train:batch=many"))
    XCTAssertNil(SpeedWorkload("resnet50-train:batch"))
  }

  func testRowsOfAProfileHaveNamesOfTheirOwnAndLayoutsForResidualNetworksAlone() {
    for profile in Profile.allCases {
      let rows = SpeedRow.all(profile)
      XCTAssertEqual(Set(rows.map(\.id)).count, rows.count)
      for row in rows {
        let isResidual = row.workload.kind.hasPrefix("resnet50") || row.workload.kind == "classifier-small"
        XCTAssertEqual(row.peerWorkloads().count, isResidual ? 2 : 1, row.id)
      }
    }
    XCTAssertTrue(SpeedRow.all(.default).allSatisfy { $0.target != nil })
  }

  func testTheWorkerRunsATinyNetworkAndTracesIt() throws {
    var worker = SpeedWorker(photos: nil)
    let name = "classifier-small:batch=2"
    let run = worker.answer("run \(name) 3")
    XCTAssertNil(run.error)
    XCTAssertEqual(run.seconds?.count, 3)
    XCTAssertTrue(run.seconds?.allSatisfy { $0 > 0 } ?? false)
    #if os(Linux)
      if FileManager.default.isWritableFile(atPath: "/proc/self/clear_refs") {
        XCTAssertGreaterThan(run.peakBytes ?? 0, 1 << 20)
      }
    #endif
    let traced = worker.answer("trace \(name)")
    let totals = traced.totals ?? []
    XCTAssertTrue(totals.contains { $0.name == "conv2d" && $0.calls > 0 && $0.operations > 0 })
    XCTAssertLessThanOrEqual(totals.reduce(0) { $0 + $1.seconds }, traced.wall ?? 0)
    let (brief, briefSeconds) = (try XCTUnwrap(traced.briefCalls), try XCTUnwrap(traced.briefSeconds))
    XCTAssertTrue((1...totals.reduce(0) { $0 + $1.calls }).contains(brief))
    XCTAssertLessThan(briefSeconds, Double(brief) * OneThreadTrace.shortest)
  }

  func testTheWorkerSaysWhatItDoesNotKnow() {
    var worker = SpeedWorker(photos: nil)
    let wrong = [
      "", "walk", "run resnet50-train", "run classifier-small none", "threads 0", "run juggling 1", "run jpeg 1",
    ]
    for request in wrong { XCTAssertNotNil(worker.answer(request).error, request) }
    XCTAssertTrue(worker.answer("run jpeg 1").error?.contains("--photos") ?? false)
  }

  func testPhotographsAreTakenInOrderAndNormalised() throws {
    let folder = try temporaryFolder()
    let inner = folder.appendingPathComponent("b")
    try FileManager.default.createDirectory(at: inner, withIntermediateDirectories: true)
    let grey = Image(width: 30, height: 20, fill: [128, 128, 128])
    for file in [folder.appendingPathComponent("c.jpg"), inner.appendingPathComponent("a.jpg")] {
      try grey.jpegData(quality: 95).write(to: file)
    }
    try Data("no picture".utf8).write(to: folder.appendingPathComponent("notes.txt"))
    XCTAssertEqual(PhotoLoading.files(in: folder).map(\.lastPathComponent), ["a.jpg", "c.jpg"])
    let loading = try PhotoLoading(folder: folder)
    try loading.run()
    XCTAssertEqual(loading.last.count, 224 * 224 * 3)
    let expected: [Float] = [(128 / 255 - 0.485) / 0.229, (128 / 255 - 0.456) / 0.224, (128 / 255 - 0.406) / 0.225]
    for channel in 0..<3 { XCTAssertEqual(loading.last[3 * 777 + channel], expected[channel], accuracy: 0.02) }
    XCTAssertEqual(loading.takeParts().map(\.calls), [2, 2, 2])
    XCTAssertThrowsError(try PhotoLoading(folder: try temporaryFolder())) {
      XCTAssertTrue("\($0)".contains("--photos"), "\($0)")
    }
  }

  func testAProcessIsAskedLineByLine() throws {
    let process = try process(
      #"echo '{"ready":"1.0"}'; while read a && [ "$a" != quit ]; do echo "{\"name\":\"$a\",\"seconds\":[0.5,0.25]}"; done"#)
    XCTAssertEqual(process.version, "1.0")
    XCTAssertEqual(try process.ask("run something 2").seconds, [0.5, 0.25])
    XCTAssertEqual(try process.ask("again").name, "again")
  }

  func testAProcessThatDiesRefusesOrBabblesIsAnErrorWithItsLastWords() throws {
    let dying = try process(#"echo '{"ready":"1"}'; read a; echo 'out of memory' >&2; exit 1"#)
    XCTAssertThrowsError(try dying.ask("run big 1")) {
      XCTAssertEqual($0 as? SpeedError, .ended(program: "script", request: "run big 1", message: "out of memory"))
    }
    XCTAssertThrowsError(try dying.ask("run big 1"))
    let refusing = try process(#"echo '{"ready":"1"}'; read a; echo '{"error":"no"}'; read a"#)
    XCTAssertThrowsError(try refusing.ask("x")) {
      XCTAssertEqual($0 as? SpeedError, .refused(program: "script", request: "x", message: "no"))
    }
    let babbling = try process(#"echo '{"ready":"1"}'; read a; echo 'hello'; read a"#)
    XCTAssertThrowsError(try babbling.ask("x"))
    XCTAssertThrowsError(try process("echo 'no torch' >&2; exit 3")) {
      XCTAssertEqual($0 as? SpeedError, .ended(program: "script", request: "start", message: "no torch"))
    }
    XCTAssertThrowsError(
      try SpeedProcess("nothing", executable: URL(fileURLWithPath: "/nowhere/python"), arguments: []))
  }

  func testManyProcessesOneAfterTheOtherKeepTheirPipesApart() throws {
    for round in 0..<40 {
      let process = try process(
        #"echo '{"ready":"1"}'; while read a && [ "$a" != quit ]; do echo "{\"name\":\"$a\"}"; done"#)
      for request in 0..<5 {
        XCTAssertEqual(try process.ask("round \(round) \(request)").name, "round \(round) \(request)")
      }
    }
  }

  func testTheFasterLayoutIsComparedRoundByRound() {
    var row = MeasuredRow(SpeedRow.all(.default)[0])
    XCTAssertTrue(row.ratio.isNaN && row.fastestSpeedUp.isNaN)
    row.seconds = [1, 2, 3]
    row.peers = [
      .init(layout: "channels first", seconds: [9, 9, 9], peakBytes: 10),
      .init(layout: "channels last", seconds: [4, 4, 4], peakBytes: 20),
    ]
    row.peakBytes = 5
    row.threadPairs = [(3, 2), (4, 2), (5, 2)]
    XCTAssertEqual(row.peer?.layout, "channels last")
    XCTAssertEqual(row.ratios, [0.25, 0.5, 0.75])
    XCTAssertEqual(row.ratio, 0.5)
    XCTAssertEqual(row.memoryRatio, 0.25)
    XCTAssertEqual(row.speedUp, 2)
    row.threadPairs = [(3, 2), (4, 1.5), (5, 2)]
    XCTAssertEqual(row.fastestSpeedUp, 2)
  }

  func testWhatIsTooShortToShareBoundsTheSpeedUp() throws {
    func total(_ calls: Int, _ seconds: Double) -> SpeedAnswer.Total {
      .init(name: "x", calls: calls, seconds: seconds, operations: 0, bytes: 0)
    }
    let trace = try XCTUnwrap(
      OneThreadTrace(seconds: 1, SpeedAnswer(totals: [total(2, 0.5), total(3, 0.25)], briefCalls: 4, briefSeconds: 0.25)))
    XCTAssertEqual(trace.operations, 5)
    XCTAssertEqual(trace.brief, 4)
    XCTAssertEqual(trace.secondsBetween, 0.25)
    XCTAssertEqual(trace.unshared, 0.5)
    XCTAssertEqual(trace.speedUp(threads: 2), 1 / 0.75)
    XCTAssertEqual(trace.speedUp(threads: 1), 1)
    XCTAssertNil(OneThreadTrace(seconds: 1, SpeedAnswer(wall: 1)))
  }

  func testRatesCountProductsAlone() {
    var row = MeasuredRow(SpeedRow.all(.default)[0])
    row.seconds = [0.5]
    row.operations = [
      .init(.init(name: "conv2d weight gradient", calls: 1, seconds: 0.2, operations: 600, bytes: 10)),
      .init(.init(name: "batchNorm", calls: 1, seconds: 0.2, operations: 999, bytes: 20)),
    ]
    XCTAssertEqual(row.rate, 1200)
    XCTAssertEqual(row.intensity, 20)
  }

  func testGrowthIsRelativeToTheSmallestSize() {
    let sweep = MeasuredSweep(title: "x", times: [(2, 1), (4, 4), (8, 32)])
    XCTAssertEqual(sweep.relativeCosts { Double($0 * $0) }.map(\.y), [1, 1, 2])
  }

  func testPeaksAreFiniteAndMorePerSecondThanAnyInterpreter() {
    let peak = MachinePeak.measured(scale: 0.01)
    for value in [peak.fusedMultiplyAdd, peak.matrixProduct, peak.copy, peak.handOver] {
      XCTAssertTrue(value.isFinite)
      XCTAssertGreaterThan(value, 1e8)
    }
    XCTAssertEqual(peak.operations, max(peak.fusedMultiplyAdd, peak.matrixProduct))
  }

  func testABusyMachineIsKnownByTheLoopThatSharesNothing() {
    func peak(_ threads: Int, _ rate: Double) -> MachinePeak {
      MachinePeak(threads: threads, fusedMultiplyAdd: rate, matrixProduct: 1, copy: 1, handOver: 1)
    }
    XCTAssertFalse(peak(2, 195).wasDisturbed(over: peak(1, 100)))
    XCTAssertTrue(peak(2, 150).wasDisturbed(over: peak(1, 100)))
  }

  func testATraceStopsAtItsLimit() {
    let x = Tensor(repeating: 1, shape: [4])
    let trace = Trace.start(limit: 3)
    for _ in 0..<5 { _ = x + x }
    Trace.stop()
    XCTAssertEqual(trace.spans.count, 3)
    XCTAssertTrue(trace.isFull)
    let (_, short) = Trace.recording { _ = x + x }
    XCTAssertFalse(short.isFull)
  }

  func testATraceIsWrittenAndAFileThatCannotBeIsFoundBeforeTheWork() throws {
    let file = try temporaryFolder().appendingPathComponent("trace.json")
    var options = try TraceOptions.parse(["--trace", file.path])
    let x = Tensor(repeating: 1, shape: [4])
    _ = try options.recording { x + x }
    let object = try JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any]
    XCTAssertEqual((object?["traceEvents"] as? [Any])?.count, 1)

    let merged = try SpeedExperiment.merged([("first", file), ("second", file)])
    let all = try JSONSerialization.jsonObject(with: merged) as? [String: Any]
    let events = all?["traceEvents"] as? [[String: Any]] ?? []
    XCTAssertEqual(events.compactMap { $0["pid"] as? Int }, [1, 1, 2, 2])

    options = try TraceOptions.parse(["--trace", "/nowhere/trace.json"])
    var hasRun = false
    XCTAssertThrowsError(try options.recording { hasRun = true }) {
      XCTAssertTrue("\($0)".contains("/nowhere/trace.json"), "\($0)")
    }
    XCTAssertFalse(hasRun)
  }

  func testRowsAreChosenByName() throws {
    XCTAssertFalse(try SpeedOptions.parse([]).selectedRows().contains { $0.id == "jpeg" })
    XCTAssertEqual(try SpeedOptions.parse(["--rows", "r1,clip-image"]).selectedRows().map(\.id), ["r1", "clip-image"])
    XCTAssertThrowsError(try SpeedOptions.parse(["--rows", "r2"]))
    XCTAssertThrowsError(try SpeedOptions.parse(["--rows", "jpeg"]))
    XCTAssertThrowsError(try SpeedOptions.parse(["--repeats", "0"]))
  }
}
