extension ReportVerification {
  /// Draws every bootstrap interval again from the outcomes of single test images.
  mutating func checkBootstraps(_ uniform: (String) -> (() -> Double)?) {
    var found: [(place: String, difference: PairedBootstrap)] = []
    for (index, table) in record.tables.enumerated() {
      for cells in table.table.rows {
        for (cell, column) in zip(cells, table.table.columns) {
          let json = cell.rule == .pValue || cell.rule == .verdict ? cell.value["difference"] : cell.value
          if let difference = json.flatMap(PairedBootstrap.init(json:)) {
            let row = "row “\(cells[0].text)”, column “\(column.title)”"
            found.append(("\(RecordedReport.file), table \(index + 1), \(row)", difference))
          }
        }
      }
    }
    for (index, claim) in record.claims.enumerated() {
      for difference in claim.basis?.bootstraps ?? [] {
        found.append(("\(RecordedReport.file), claim \(index + 1)", difference))
      }
    }
    var computed: [String: PairedBootstrap] = [:]
    var unknown = 0
    for (place, difference) in found {
      guard let source = difference.source else {
        unknown += 1
        continue
      }
      let key = "\(source)"
      guard let draw = uniform(source.stream) else {
        add(.wrong(place, "“\(source.stream)” names no stream of random numbers"))
        continue
      }
      guard let anew = computed[key] ?? difference.drawnAgain(record.json, draw) else {
        add(.wrong(place, "“\(source.row)” or “\(source.baseline)” has no outcomes of single images among the values"))
        continue
      }
      computed[key] = anew
      if let change = difference.json.firstChange(to: anew.json) {
        add(.wrong(place, "\(change) when drawn again from the outcomes"))
      }
    }
    if unknown > 0 {
      add(.unchecked(
        RecordedReport.file, "\(unknown) bootstrap intervals do not say what they were drawn from"))
    }
    if !computed.isEmpty { note("bootstrap intervals drawn again", computed.count) }
  }
}

extension PairedBootstrap {
  /// The same resamples of the same outcomes; nil where those were not recorded.
  func drawnAgain(_ report: JSONValue, _ uniform: () -> Double) -> PairedBootstrap? {
    guard let source, let truth = Self.labels(report["data"]?["testLabelRuns"]),
      let mine = Self.outcomes(report["values"]?[source.row], count: truth.count),
      let theirs = Self.outcomes(report["values"]?[source.baseline], count: truth.count), mine.count == theirs.count
    else { return nil }
    let classes = Set(source.classes)
    let differences = zip(mine, theirs).map { mine, theirs in
      truth.indices.filter { classes.contains(truth[$0]) }.map { (mine[$0] ? 1.0 : 0) - (theirs[$0] ? 1 : 0) }
    }
    var anew = PairedBootstrap(differences, level: level, resamples: resamples, uniform: uniform)
    anew.source = source
    return anew
  }

  /// The labels of test images, from runs of label and count.
  private static func labels(_ runs: JSONValue?) -> [Int]? {
    guard let numbers = runs?.array?.compactMap(\.integer), numbers.count % 2 == 0 else { return nil }
    return stride(from: 0, to: numbers.count, by: 2).flatMap {
      [Int](repeating: numbers[$0], count: max(0, min(numbers[$0 + 1], 10_000_000)))
    }
  }

  /// Each seed's outcomes, four images to a hexadecimal digit.
  private static func outcomes(_ scores: JSONValue?, count: Int) -> [[Bool]]? {
    guard let seeds = scores?.array else { return nil }
    let outcomes = seeds.compactMap { seed -> [Bool]? in
      guard let digits = seed["right"]?.string, digits.utf8.count == (count + 3) / 4 else { return nil }
      let bits = digits.flatMap { digit -> [Bool] in
        let value = digit.hexDigitValue ?? 0
        return [8, 4, 2, 1].map { value & $0 != 0 }
      }
      return Array(bits.prefix(count))
    }
    return outcomes.count == seeds.count ? outcomes : nil
  }
}

extension ClaimBasis {
  /// Values of seeds that must stand among the raw ones.
  var lists: [[Double]] {
    guard case .difference(let difference, _, _) = self, let terms = difference.terms else { return [] }
    return [terms.values, terms.baseline]
  }

  var bootstraps: [PairedBootstrap] {
    switch self {
    case .difference: return []
    case .comparison(let comparison, _, _): return [comparison.difference]
    case .aheadOfAll(_, let comparisons): return comparisons.map(\.difference)
    }
  }
}
