import Foundation
import Notebook

/// Measures rows side by side: a process of ours and one of PyTorch for each layout, in turn.
struct SpeedSession {
  let ours: SpeedCommand
  /// Nil where PyTorch is not at hand.
  let peer: SpeedCommand?
  let threads: Int
  /// Rounds of each row: ours once, PyTorch once.
  let repeats: Int
  /// Whether measurements are drawn out until they are steady; without, everything is run once.
  let isBrief: Bool
  /// Where each row's spans are written, if anywhere.
  var traceFolder: URL?

  /// A row's rounds end early after so many seconds, but not before there are three.
  private let slowRow = 75.0
  /// Work that takes less is run several times in each round.
  private let shortestRound = 0.3

  /// Measures one row.
  /// - Throws: `SpeedError` where our own side fails; PyTorch's failure is noted in the row.
  func measure(_ row: SpeedRow) throws -> MeasuredRow {
    var result = MeasuredRow(row)
    let used = row.isSingleThreaded ? 1 : threads
    let mine = try Side(ours, row.workload, threads: used)
    var sides: [Side] = []
    do {
      for (layout, workload) in peer == nil ? [] : row.peerWorkloads() {
        sides.append(try Side(peer!, workload, threads: used))
        result.peers.append(MeasuredRow.PeerTimes(layout: layout))
      }
      try rounds(mine, sides, &result)
    } catch let error as SpeedError where peer != nil && !mine.hasFailed {
      (result.peers, result.seconds) = ([], [])
      result.peerFailure = error.description
      sides = []
      try rounds(mine, [], &result)
    }
    sides = []
    if used > 1 {
      try measureThreads(mine, &result)
      result.oneThread = try oneThreadTrace(mine, row, isShort: (result.threadPairs.map(\.one).min() ?? 0) < 0.5)
    }
    let answer = try mine.process.ask(
      "trace \(row.workload.name)" + (traceFolder.map { " " + $0.appendingPathComponent(row.id).path } ?? ""))
    result.tracedSeconds = answer.wall ?? 0
    result.operations = (answer.totals ?? []).map(OperationTotal.init)
    return result
  }

  private func rounds(_ mine: Side, _ sides: [Side], _ result: inout MeasuredRow) throws {
    for side in [mine] + sides { try side.warmUp(shortestRound: isBrief ? 0 : shortestRound) }
    let start = DispatchTime.now()
    var running = Array(sides.indices)
    for round in 0..<repeats {
      result.seconds.append(try mine.measured())
      for index in running { result.peers[index].seconds.append(try sides[index].measured()) }
      // Three rounds tell which layout is faster; more rounds of that one tell more.
      if round == 2, let faster = result.peers.firstIndex(where: { $0.layout == result.peer?.layout }) {
        running = [faster]
      }
      let elapsed = Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) * 1e-9
      if round >= 2 && elapsed > slowRow { break }
    }
    result.peakBytes = mine.peakBytes
    for (index, side) in sides.enumerated() { result.peers[index].peakBytes = side.peakBytes }
  }

  /// Times one thread and all of them in turns: at least three pairs, and for short work, which a busy moment disturbs
  /// most, up to nine.
  private func measureThreads(_ mine: Side, _ result: inout MeasuredRow) throws {
    let start = DispatchTime.now()
    for pair in 0..<(isBrief ? 1 : 9) {
      _ = try mine.process.ask("threads 1")
      let one = try mine.measured()
      _ = try mine.process.ask("threads \(threads)")
      result.threadPairs.append((one, try mine.measured()))
      if let rate = try mine.process.ask("hand-over").handOver { result.handOvers.append(rate) }
      let elapsed = Double(DispatchTime.now().uptimeNanoseconds - start.uptimeNanoseconds) * 1e-9
      if pair >= 2 && elapsed > slowRow / 2 { break }
    }
  }

  /// What one thread spends its time on: the middle one of some tries, of one where work is long.
  private func oneThreadTrace(_ mine: Side, _ row: SpeedRow, isShort: Bool) throws -> OneThreadTrace? {
    _ = try mine.process.ask("threads 1")
    let tries = try (0..<(isShort && !isBrief ? 5 : 1)).compactMap { _ in
      OneThreadTrace(seconds: try mine.measured(), try mine.process.ask("trace \(row.workload.name)"))
    }
    _ = try mine.process.ask("threads \(threads)")
    return tries.sorted { $0.unshared < $1.unshared }.dropFirst(tries.count / 2).first
  }

  /// The machine's peaks on one thread and on all.
  func machinePeaks() throws -> (one: MachinePeak, all: MachinePeak) {
    let process = try ours.start()
    func peak(_ threads: Int) throws -> MachinePeak {
      _ = try process.ask("threads \(threads)")
      guard let peak = try process.ask("peak \(isBrief ? 0.1 : 1)").peak else {
        throw SpeedError.refused(program: ours.name, request: "peak", message: "it gave none")
      }
      return peak
    }
    return (try peak(1), try peak(threads))
  }

  /// Times the sizes of a sweep, one round of all sizes after the other, so that a slow moment meets them all.
  func measure(_ sweep: SpeedSweep) throws -> MeasuredSweep {
    let sides = try sweep.workloads.map { try Side(ours, $0.workload, threads: threads) }
    for side in sides { try side.warmUp(shortestRound: isBrief ? 0 : shortestRound) }
    var seconds = sides.map { _ in [Double]() }
    for _ in 0..<min(repeats, 3) {
      for (index, side) in sides.enumerated() { seconds[index].append(try side.measured()) }
    }
    return MeasuredSweep(
      title: sweep.title, times: zip(sweep.workloads, seconds).map { ($0.size, Statistics.median($1)) })
  }
}

/// How a measuring process is started.
struct SpeedCommand {
  let name: String
  let executable: URL
  let arguments: [String]

  func start() throws -> SpeedProcess { try SpeedProcess(name, executable: executable, arguments: arguments) }
}

/// One side of a row: a process and the work it does.
private final class Side {
  let process: SpeedProcess
  private let workload: SpeedWorkload
  private var runs = 1
  private(set) var peakBytes: Int?
  private(set) var hasFailed = false

  init(_ command: SpeedCommand, _ workload: SpeedWorkload, threads: Int) throws {
    process = try command.start()
    self.workload = workload
    _ = try process.ask("threads \(threads)")
  }

  /// Builds the work, runs it, and sets how often a round repeats it.
  func warmUp(shortestRound: Double) throws {
    let seconds = try ask(1).min() ?? 1
    runs = max(1, min(50, Int((shortestRound / max(seconds, 1e-4)).rounded(.up))))
  }

  /// Seconds of one run: the median of a round.
  func measured() throws -> Double { Statistics.median(try ask(runs)) }

  private func ask(_ runs: Int) throws -> [Double] {
    do {
      let answer = try process.ask("run \(workload.name) \(runs)")
      peakBytes = [peakBytes, answer.peakBytes].compactMap { $0 }.max()
      return answer.seconds ?? []
    } catch {
      hasFailed = true
      throw error
    }
  }
}
