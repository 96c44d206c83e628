import Notebook

/// The rows of a speed report read back from `results.json`: ratios must follow from seconds, and the numbers of its
/// tables are made of what was measured.
struct SpeedVerification {
  private(set) var knowledge = ReportKnowledge()

  init(_ report: JSONValue) {
    var count = 0
    let peak = report["data"]?["all threads"]?["operations"]?.double
    for part in ["one thread", "all threads"] {
      knowledge.numbers += (report["data"]?[part]?.object ?? [:]).values.compactMap { $0.double.map { $0 * 1e-9 } }
    }
    for (name, row) in (report["values"]?.object ?? [:]).sorted(by: { $0.key < $1.key }) {
      if let sizes = row["sizes"]?.doubles, let seconds = row["seconds"]?.doubles { growing(sizes, seconds) }
      guard row["secondsAllThreads"] != nil, let seconds = row["seconds"]?.doubles else { continue }
      count += 1
      check(row, seconds, place: "results.json, value “\(name)”")
      knowledge.numbers.append(Statistics.median(seconds) * 1e3)
      for peer in row["peers"]?.array ?? [] {
        knowledge.numbers.append(Statistics.median(peer["seconds"]?.doubles ?? []) * 1e3)
      }
      if let rate = row["rate"]?.double {
        knowledge.numbers.append(rate * 1e-9)
        if let peak { knowledge.numbers.append(rate / peak) }
      }
      for bytes in [row["peakBytes"]] + (row["peers"]?.array ?? []).map({ $0["peakBytes"] }) {
        if let bytes = bytes?.integer { knowledge.numbers.append(Double(bytes >> 20)) }
      }
      operations(row)
      sharing(row, threads: report["data"]?["threads"]?.integer ?? 1)
    }
    if count > 0 { knowledge.checked.append(("rows of measured times", count)) }
  }

  /// Time per picture and per pixel, relative to the smallest size.
  private mutating func growing(_ sizes: [Double], _ seconds: [Double]) {
    for power in [1.0, 2] {
      let costs = zip(sizes, seconds).map { $1 / ($0 * (power == 2 ? $0 : 1)) }
      knowledge.numbers += costs.map { $0 / (costs.first ?? 1) }
    }
  }

  private mutating func check(_ row: JSONValue, _ seconds: [Double], place: String) {
    func compare(_ name: String, _ computed: [Double]) {
      let recorded = row[name]?.doubles ?? row[name]?.double.map { [$0] } ?? []
      // What is not a number in both is no difference.
      let isOther = zip(recorded, computed).contains { $0 != $1 && !($0.isNaN && $1.isNaN) }
      if recorded.count != computed.count || isOther {
        knowledge.findings.append(.wrong(place, "\(name) is \(recorded), but the seconds give \(computed)"))
      }
    }
    let peers = (row["peers"]?.array ?? []).filter { !($0["seconds"]?.doubles ?? []).isEmpty }
    let fastest = peers.min {
      Statistics.median($0["seconds"]?.doubles ?? []) < Statistics.median($1["seconds"]?.doubles ?? [])
    }
    compare("ratios", fastest.map { zip(seconds, $0["seconds"]?.doubles ?? []).map { $0 / $1 } } ?? [])
    if let ours = row["peakBytes"]?.integer, let theirs = fastest?["peakBytes"]?.integer {
      compare("memoryRatio", [Double(ours) / Double(theirs)])
    }
    let pairs = zip(row["secondsOneThread"]?.doubles ?? [], row["secondsAllThreads"]?.doubles ?? [])
    compare("speedUps", pairs.map { $0 / $1 })
    let operations = row["directOperations"]?.integer ?? 0
    compare("rate", [operations == 0 ? .nan : Double(operations) / Statistics.median(seconds)])
  }

  /// What of a row is too short to share, the bound that follows, and the fastest runs' ratio.
  private mutating func sharing(_ row: JSONValue, threads: Int) {
    if let one = row["secondsOneThread"]?.doubles?.min(), let all = row["secondsAllThreads"]?.doubles?.min() {
      knowledge.numbers.append(one / all)
    }
    knowledge.numbers += (row["handOvers"]?.doubles ?? []).map { $0 * 1e-9 }
    let one = row["oneThread"]
    guard let seconds = one?["seconds"]?.double, let brief = one?["briefSeconds"]?.double,
      let between = one?["secondsBetween"]?.double
    else { return }
    let unshared = (brief + between) / seconds
    knowledge.numbers += [unshared, 1 / (unshared + (1 - unshared) / Double(threads))]
  }

  /// What a table of operations shows: shares of the time and rates, of each operation and of the small ones together.
  private mutating func operations(_ row: JSONValue) {
    guard let whole = row["tracedSeconds"]?.double, whole > 0 else { return }
    let all = (row["operations"]?.array ?? []).map { one in
      ["calls", "seconds", "operations", "bytes"].map { one[$0]?.double ?? 0 }
    }
    let small = all.filter { $0[1] < 0.01 * whole }
    let together = small.reduce([0, 0, 0, 0]) { zip($0, $1).map(+) }
    for one in all + [together] {
      knowledge.numbers += [one[0], one[1] / whole]
      if one[1] > 0 { knowledge.numbers += [one[2] / one[1] * 1e-9, one[3] / one[1] * 1e-9, one[2] / one[1]] }
    }
    knowledge.numbers += [Double(small.count), max(0, whole - all.reduce(0) { $0 + $1[1] }) / whole]
  }
}
