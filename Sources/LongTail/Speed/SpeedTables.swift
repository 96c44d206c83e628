import Foundation
import Notebook

extension SpeedExperiment {
  /// The machine and its ceilings: the one place, with `absoluteColumns`, for figures that are this machine's own.
  public func machineTable(one: MachinePeak, all: MachinePeak) -> Table {
    func rate(_ value: Double) -> TableCell { .number(value * 1e-9, digits: 1) }
    let memory = ProcessInfo.processInfo.physicalMemory >> 30
    return Table(
      [
        "This machine: \(RunLog.processor()), \(memory) GiB", "one thread",
        all.threads == 1 ? "all" : "\(all.threads) threads",
      ],
      rows: [
        ["multiply-adds in registers, 10⁹ operations/s", rate(one.fusedMultiplyAdd), rate(all.fusedMultiplyAdd)],
        ["product of large matrices, 10⁹ operations/s", rate(one.matrixProduct), rate(all.matrixProduct)],
        ["copy, read and written, 10⁹ bytes/s", rate(one.copy), rate(all.copy)],
        ["what another thread wrote, in cache, 10⁹ bytes/s", rate(one.handOver), rate(all.handOver)],
      ])
  }

  /// What the ceilings say about the run itself.
  public func peakSummary(one: MachinePeak, all: MachinePeak) -> String {
    let reached = "The arithmetic peak was reached by \(all.operationsSource)."
    if threadCount == 1 { return reached }
    let factor = NumberFormat.fixed(all.speedUp(over: one))
    let loop = " The register loop, which shares nothing, ran \(factor) times as fast on \(threadCount) threads as on one"
    if !all.wasDisturbed(over: one) { return reached + loop + "." }
    return reached + loop + ": **something else kept the machine busy**, and every figure below suffers from it."
  }

  /// Ratios to PyTorch and to the machine's ceiling.
  public func comparisonColumns(_ peak: (one: MachinePeak, all: MachinePeak)) -> [TableColumn<MeasuredRow>] {
    [
      TableColumn("Row", .left) { .text("`\($0.row.id)`") },
      TableColumn("Work", .left) { .text($0.row.title) },
      TableColumn("time, ours / PyTorch") { Self.cell($0.ratio) },
      TableColumn("smallest to largest") { row in
        guard let low = row.ratios.min(), let high = row.ratios.max() else { return .missing("–") }
        return TableCell("\(NumberFormat.fixed(low)) to \(NumberFormat.fixed(high))", value: .numbers(row.ratios))
      },
      TableColumn("target") { $0.row.target.map { .number($0) } ?? .missing("–") },
      TableColumn("PyTorch's layout", .left) { row in
        .text(row.peer.map { $0.layout.isEmpty ? "its own" : $0.layout } ?? (row.peerFailure == nil ? "–" : "failed"))
      },
      TableColumn("memory, ours / PyTorch") { Self.cell($0.memoryRatio ?? .nan) },
      TableColumn("one thread / all") { Self.cell($0.speedUp) },
      TableColumn("share of the peak") { row in
        row.rate.isNaN ? .missing("–") : .percent(row.rate / peak.all.operations, digits: 0)
      },
    ]
  }

  /// The smallest to the largest of some rates, in 10⁹.
  private static func range(_ rates: [Double]) -> TableCell {
    guard let low = rates.min(), let high = rates.max() else { return .missing("–") }
    return TableCell(
      "\(NumberFormat.fixed(low * 1e-9, digits: 0)) to \(NumberFormat.fixed(high * 1e-9, digits: 0))",
      value: .numbers(rates))
  }

  private static func cell(_ value: Double) -> TableCell { value.isNaN ? .missing("–") : .number(value) }

  /// Times and memory as they were here.
  public static var absoluteColumns: [TableColumn<MeasuredRow>] {
    func milliseconds(_ seconds: [Double]) -> TableCell {
      if seconds.isEmpty { return .missing("–") }
      let value = Statistics.median(seconds) * 1e3
      return .number(value, digits: value < 100 ? 1 : 0)
    }
    func mebibytes(_ bytes: Int?) -> TableCell { bytes.map { .count($0 >> 20) } ?? .missing("–") }
    return [
      TableColumn("Row", .left) { .text("`\($0.row.id)`") },
      TableColumn("ours, ms") { milliseconds($0.seconds) },
      TableColumn("PyTorch, ms") { milliseconds($0.peer?.seconds ?? []) },
      TableColumn("ours, 10⁹ operations/s") { $0.rate.isNaN ? .missing("–") : .number($0.rate * 1e-9, digits: 0) },
      TableColumn("ours, MiB") { mebibytes($0.peakBytes) },
      TableColumn("PyTorch, MiB") { mebibytes($0.peer?.peakBytes) },
    ]
  }

  /// Where a row's time goes, operation by operation; what takes less than a hundredth stands together.
  public func operationTable(_ row: MeasuredRow) -> Table {
    let whole = row.tracedSeconds
    func rate(_ count: Int, _ seconds: Double) -> TableCell {
      count == 0 || seconds == 0 ? .missing("–") : .number(Double(count) / seconds * 1e-9, digits: 1)
    }
    func cells(_ name: String, _ calls: Int, _ seconds: Double, _ operations: Int, _ bytes: Int) -> [TableCell] {
      [
        .text(name), .count(calls), .percent(seconds / whole, digits: 1), rate(operations, seconds),
        rate(bytes, seconds),
      ]
    }
    var table = Table(["Operation", "calls", "share of time", "10⁹ operations/s", "10⁹ bytes/s"])
    let (large, small) = (
      row.operations.filter { $0.seconds >= 0.01 * whole }, row.operations.filter { $0.seconds < 0.01 * whole }
    )
    for one in large { table.append(cells(one.name, one.calls, one.seconds, one.operations, one.bytes)) }
    if !small.isEmpty {
      table.append(cells(
        "\(small.count) others", small.reduce(0) { $0 + $1.calls }, small.reduce(0) { $0 + $1.seconds },
        small.reduce(0) { $0 + $1.operations }, small.reduce(0) { $0 + $1.bytes }))
    }
    let between = whole - row.operations.reduce(0) { $0 + $1.seconds }
    let none = TableCell.missing("–")
    table.append([.text("between operations"), none, .percent(max(0, between) / whole, digits: 1), none, none])
    return table
  }

  /// What of each row is too short to share, and how far that lets threads help.
  public func sharingTable(_ rows: [MeasuredRow]) -> Table {
    var table = Table(
      [
        "Row", "operations", "under \(Int(OneThreadTrace.shortest * 1e6)) µs", "time in these and between",
        "times as fast, at most", "measured", "fastest runs", "others' cache, 10⁹ bytes/s",
      ])
    for row in rows {
      guard let one = row.oneThread else { continue }
      table.append([
        .text("`\(row.row.id)`"), .count(one.operations), .count(one.brief), .percent(one.unshared, digits: 1),
        .number(one.speedUp(threads: threadCount)), Self.cell(row.speedUp),
        Self.cell(row.fastestSpeedUp), Self.range(row.handOvers),
      ])
    }
    return table
  }

  /// What the report says of the machine and the run, for `results.json`.
  static func facts(one: MachinePeak, all: MachinePeak, threads: Int, threadTarget: Double) -> JSONValue {
    func rates(_ peak: MachinePeak) -> JSONValue {
      [
        "fusedMultiplyAdd": .number(peak.fusedMultiplyAdd), "matrixProduct": .number(peak.matrixProduct),
        "copy": .number(peak.copy), "handOver": .number(peak.handOver), "operations": .number(peak.operations),
      ]
    }
    return [
      "threads": .integer(threads), "processor": .string(RunLog.processor()),
      "memory, GiB": .integer(Int(ProcessInfo.processInfo.physicalMemory >> 30)),
      "one thread": rates(one), "all threads": rates(all), "all over one": .number(all.speedUp(over: one)),
      "threadTarget": .number(threadTarget),
    ]
  }

  /// A sweep's times, for `results.json`.
  static func json(_ sweep: MeasuredSweep) -> JSONValue {
    ["sizes": .array(sweep.times.map { .integer($0.size) }), "seconds": .numbers(sweep.times.map(\.seconds))]
  }

  /// Every measurement, for `results.json`.
  public func json(_ row: MeasuredRow) -> JSONValue {
    [
      "work": .string(row.row.workload.name), "seconds": .numbers(row.seconds),
      "peakBytes": row.peakBytes.map(JSONValue.integer) ?? .null,
      "peers": .array(row.peers.map {
        [
          "layout": .string($0.layout), "seconds": .numbers($0.seconds),
          "peakBytes": $0.peakBytes.map(JSONValue.integer) ?? .null,
        ]
      }),
      "peerFailure": row.peerFailure.map(JSONValue.string) ?? .null,
      "secondsOneThread": .numbers(row.threadPairs.map(\.one)),
      "secondsAllThreads": .numbers(row.threadPairs.map(\.all)),
      "handOvers": .numbers(row.handOvers),
      "oneThread": row.oneThread.map {
        [
          "seconds": .number($0.seconds), "operations": .integer($0.operations), "brief": .integer($0.brief),
          "briefSeconds": .number($0.briefSeconds), "secondsBetween": .number($0.secondsBetween),
        ]
      } ?? .null,
      "directOperations": .integer(row.directOperations), "tracedSeconds": .number(row.tracedSeconds),
      "operations": .array(row.operations.map {
        [
          "name": .string($0.name), "calls": .integer($0.calls), "seconds": .number($0.seconds),
          "operations": .integer($0.operations), "bytes": .integer($0.bytes),
        ]
      }),
      // What the tables and claims are made of, each derived from the above.
      "target": row.row.target.map(JSONValue.number) ?? .null, "ratios": .numbers(row.ratios),
      "memoryRatio": row.memoryRatio.map(JSONValue.number) ?? .null, "speedUps": .numbers(row.speedUps),
      "rate": .number(row.rate), "intensity": .number(row.intensity),
    ]
  }
}
