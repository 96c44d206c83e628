import Foundation

// Statistics read back from results.json. What follows from other fields is computed anew, so that a changed number
// shows as a difference between what was recorded and `json` of what was read.

extension PairedDifference {
  init?(json: JSONValue) {
    guard let level = json["level"]?.double, level > 0, level < 1, let differences = json["differences"]?.doubles else {
      return nil
    }
    if let values = json["values"]?.doubles, let baseline = json["baseline"]?.doubles {
      guard values.count == baseline.count else { return nil }
      self.init(values, minus: baseline, level: level)
    } else {
      self.init(differences: differences, level: level)
    }
  }
}

extension PairedBootstrap {
  /// Takes the recorded estimates; `recomputed` draws them again.
  init?(json: JSONValue) {
    guard let mean = json["mean"]?.double, let lower = json["lower"]?.double, let upper = json["upper"]?.double,
      let level = json["level"]?.double, let p = json["p"]?.double, let runs = json["runs"]?.integer,
      let images = json["images"]?.integer, let resamples = json["resamples"]?.integer
    else { return nil }
    self.init(
      mean: mean, interval: Interval(lower: lower, upper: upper), level: level, pValue: p, runs: runs, images: images,
      resamples: resamples)
    guard let source = json["source"] else { return }
    guard let row = source["row"]?.string, let baseline = source["baseline"]?.string,
      let classes = source["classes"]?.array?.compactMap(\.integer),
      let stream = source["stream"]?.string
    else { return nil }
    self.source = Source(row: row, baseline: baseline, classes: classes, stream: stream)
  }
}

extension CorrectedComparison {
  init?(json: JSONValue) {
    guard let difference = json["difference"].flatMap(PairedBootstrap.init(json:)),
      var family = json["family"]?.doubles, let place = json["place"]?.integer, family.indices.contains(place)
    else { return nil }
    family[place] = difference.pValue
    self.init(difference: difference, pValue: Statistics.holm(family)[place], family: family, place: place)
  }
}

/// What a rule makes of a raw value.
struct RecomputedCell: Equatable {
  let text: String
  /// The raw value itself, with everything in it that follows from something else in it computed anew.
  let value: JSONValue
}

extension CellRule {
  /// - Returns: nil where the text does not follow by rule.
  /// - Throws: `WrongKind` where the raw value is none that the rule can read.
  func recomputed(_ value: JSONValue) throws -> RecomputedCell? {
    func need<Value>(_ value: Value?) throws -> Value {
      guard let value else { throw WrongKind() }
      return value
    }
    switch self {
    case .text, .free, .missing: return nil
    case .count: return RecomputedCell(text: NumberFormat.count(try need(value.integer)), value: value)
    case .fixed(let digits):
      return RecomputedCell(text: NumberFormat.fixed(try need(value.double), digits: digits), value: value)
    case .percent(let digits):
      return RecomputedCell(text: NumberFormat.percent(try need(value.double), digits: digits), value: value)
    case .mean(let digits, let scale):
      let text = NumberFormat.meanAndDeviation(try need(value.doubles), digits: digits, scale: scale)
      return RecomputedCell(text: text, value: value)
    case .difference(let digits, let scale):
      let difference = try need(PairedDifference(json: value))
      return RecomputedCell(
        text: NumberFormat.difference(difference, digits: digits, scale: scale), value: difference.json)
    case .bootstrap(let digits, let scale):
      let difference = try need(PairedBootstrap(json: value))
      return RecomputedCell(
        text: NumberFormat.difference(difference, digits: digits, scale: scale), value: difference.json)
    case .pValue:
      let comparison = try need(CorrectedComparison(json: value))
      return RecomputedCell(text: NumberFormat.pValue(comparison.pValue), value: comparison.json)
    case .verdict:
      let comparison = try need(CorrectedComparison(json: value))
      return RecomputedCell(text: comparison.verdict, value: comparison.json)
    }
  }

  struct WrongKind: Error {}
}

extension ClaimBasis {
  init?(json: JSONValue) {
    let digits = json["digits"]?.integer
    let scale = json["scale"]?.double
    switch json["kind"]?.string {
    case "paired difference":
      guard let value = json["value"].flatMap(PairedDifference.init(json:)), let digits, let scale else { return nil }
      self = .difference(value, digits: digits, scale: scale)
    case "comparison":
      guard let value = json["value"].flatMap(CorrectedComparison.init(json:)), let digits, let scale else {
        return nil
      }
      self = .comparison(value, digits: digits, scale: scale)
    case "ahead of all":
      guard let names = json["names"]?.strings, let values = json["values"]?.array else { return nil }
      let comparisons = values.compactMap(CorrectedComparison.init(json:))
      guard comparisons.count == names.count, values.count == names.count else { return nil }
      self = .aheadOfAll(names: names, comparisons)
    default: return nil
    }
  }

  /// The claim that follows from the basis.
  func claim(_ statement: String) -> Claim {
    switch self {
    case .difference(let difference, let digits, let scale):
      return Claim(statement, difference: difference, digits: digits, scale: scale)
    case .comparison(let comparison, let digits, let scale):
      return Claim(statement, comparison: comparison, digits: digits, scale: scale)
    case .aheadOfAll(let names, let comparisons): return Claim(statement, aheadOf: names, comparisons)
    }
  }
}
