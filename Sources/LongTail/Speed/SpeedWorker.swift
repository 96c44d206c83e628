import Engine
import Foundation

/// Our side of a measurement: a process of its own for each row, so that no row pays for another's memory.
struct SpeedWorker {
  private let photos: URL?
  private var name: String?
  private var work: (() throws -> Void)?
  private var loading: PhotoLoading?

  init(photos: URL?) { self.photos = photos }

  /// Answers requests from standard input until it ends.
  static func serve(photos: URL?) {
    var worker = SpeedWorker(photos: photos)
    func say(_ answer: SpeedAnswer) {
      let line = (try? JSONEncoder().encode(answer)) ?? Data(#"{"error":"the answer has no JSON"}"#.utf8)
      FileHandle.standardOutput.write(line + Data("\n".utf8))
    }
    say(SpeedAnswer(ready: BuildFacts.openBLASVersion, threads: Parallel.threadCount))
    while let line = readLine(), line != "quit" { say(worker.answer(line)) }
  }

  /// Does what one line asks for. What goes wrong is said in the answer.
  mutating func answer(_ line: String) -> SpeedAnswer {
    let words = line.split(separator: " ").map(String.init)
    do {
      switch (words.first, words.count) {
      case ("threads", 2):
        guard let threads = Int(words[1]), threads > 0 else { break }
        Parallel.threadCount = threads
        return SpeedAnswer(threads: threads)
      case ("peak", 2):
        guard let scale = Double(words[1]), scale > 0 else { break }
        return SpeedAnswer(peak: .measured(scale: scale))
      case ("hand-over", 1): return SpeedAnswer(handOver: MachinePeak.handOverRate(0.1))
      case ("run", 3):
        guard let repeats = Int(words[2]), repeats > 0 else { break }
        let work = try prepared(words[1])
        let canReset = ResidentMemory.resetPeak()
        let seconds = try (0..<repeats).map { _ in try Self.timed(work) }
        return SpeedAnswer(name: words[1], seconds: seconds, peakBytes: canReset ? ResidentMemory.peakBytes : nil)
      case ("trace", 2), ("trace", 3):
        return try traced(words[1], file: words.count == 3 ? URL(fileURLWithPath: words[2]) : nil)
      default: break
      }
      return SpeedAnswer(error: "the request “\(line)” is not known")
    } catch {
      return SpeedAnswer(error: "\(error)")
    }
  }

  /// Builds the work if it is new, and runs it once: buffers are then allocated, pages mapped, threads awake.
  private mutating func prepared(_ name: String) throws -> () throws -> Void {
    if name == self.name, let work { return work }
    (work, loading) = (nil, nil)
    guard let workload = SpeedWorkload(name) else { throw SpeedError.unknownWork(name) }
    let new: () throws -> Void
    if workload.kind == "jpeg" {
      guard let photos else { throw SpeedError.noPhotoFolder }
      let loading = try PhotoLoading(folder: photos)
      self.loading = loading
      new = loading.run
    } else {
      guard let known = workload.prepared() else { throw SpeedError.unknownWork(name) }
      new = known
    }
    try new()
    (self.name, work) = (name, new)
    return new
  }

  private mutating func traced(_ name: String, file: URL?) throws -> SpeedAnswer {
    let work = try prepared(name)
    _ = loading?.takeParts()
    var wall = 0.0
    let (_, trace) = try Trace.recording { wall = try Self.timed(work) }
    try file.map { try trace.chromeFormat().write(to: $0) }
    let totals = loading?.takeParts() ?? trace.totals().map {
      SpeedAnswer.Total(
        name: $0.name, calls: $0.calls, seconds: $0.seconds, operations: $0.operations, bytes: $0.bytes)
    }
    let brief = trace.spans.map(\.ownDuration).filter { $0 < OneThreadTrace.shortest }
    return SpeedAnswer(
      name: name, totals: totals, wall: wall, briefCalls: brief.count, briefSeconds: brief.reduce(0, +))
  }

  private static func timed(_ work: () throws -> Void) rethrows -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try work()
    return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
  }
}
