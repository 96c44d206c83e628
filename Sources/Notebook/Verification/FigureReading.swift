/// Figures made again from what `results.json` keeps of them.
enum FigureReading {
  static let kinds: Set<String> = ["bars", "lines", "heat map", "histogram", "class distribution", "roofline"]

  /// - Returns: nil where the document describes no figure.
  static func figure(_ json: JSONValue) -> (any Figure)? {
    guard let title = json["title"]?.string else { return nil }
    switch json["kind"]?.string {
    case "bars": return bars(title, json)
    case "lines": return lines(title, json)
    case "heat map": return heatMap(title, json)
    case "histogram": return histogram(title, json)
    case "class distribution": return classDistribution(title, json)
    case "roofline": return roofline(title, json)
    default: return nil
    }
  }

  private static func range(_ json: JSONValue?) -> ClosedRange<Double>? {
    guard let ends = json?.doubles, ends.count == 2, ends[0] <= ends[1] else { return nil }
    return ends[0]...ends[1]
  }

  /// All of a list's elements, read one by one; nil if one cannot be.
  private static func all<Value>(_ json: JSONValue?, _ read: (JSONValue) -> Value?) -> [Value]? {
    guard let elements = json?.array else { return nil }
    let values = elements.compactMap(read)
    return values.count == elements.count ? values : nil
  }

  private static func bars(_ title: String, _ json: JSONValue) -> BarChart? {
    guard let y = json["y"]?.string, let groups = json["groups"]?.strings,
      let series = all(json["series"], { one -> BarChart.Series? in
        guard let name = one["name"]?.string, let values = one["values"]?.doubles, values.count == groups.count,
          one["errors"]?.doubles.map({ $0.count == values.count }) ?? true
        else { return nil }
        return .init(name, values: values, errors: one["errors"]?.doubles)
      })
    else { return nil }
    var reference: (String, Double)?
    if let name = json["reference"]?["name"]?.string, let value = json["reference"]?["value"]?.double {
      reference = (name, value)
    }
    return BarChart(
      title, yLabel: y, groups: groups, series: series, yRange: range(json["yRange"]), reference: reference)
  }

  private static func lines(_ title: String, _ json: JSONValue) -> LinePlot? {
    guard let x = json["x"]?.string, let y = json["y"]?.string,
      let series = all(json["series"], { one -> LinePlot.Series? in
        guard let name = one["name"]?.string, let xs = one["x"]?.doubles, let ys = one["y"]?.doubles,
          xs.count == ys.count, one["errors"]?.doubles.map({ $0.count == xs.count }) ?? true
        else { return nil }
        var band: [Interval]?
        if let lower = one["lower"]?.doubles, let upper = one["upper"]?.doubles {
          guard lower.count == xs.count, upper.count == xs.count else { return nil }
          band = zip(lower, upper).map { Interval(lower: $0, upper: $1) }
        }
        return .init(name, points: zip(xs, ys).map { ($0, $1) }, errors: one["errors"]?.doubles, band: band)
      })
    else { return nil }
    return LinePlot(
      title, xLabel: x, yLabel: y, series: series, xRange: range(json["xRange"]), yRange: range(json["yRange"]),
      logarithmicX: json["logarithmicX"]?.bool ?? false, logarithmicY: json["logarithmicY"]?.bool ?? false,
      marksPoints: json["marksPoints"]?.bool)
  }

  private static func heatMap(_ title: String, _ json: JSONValue) -> HeatMap? {
    guard let x = json["x"]?.string, let y = json["y"]?.string, let columns = json["columns"]?.strings,
      let rows = json["rows"]?.strings, let values = all(json["values"], \.doubles), values.count == rows.count,
      values.allSatisfy({ $0.count == columns.count })
    else { return nil }
    return HeatMap(
      title, xLabel: x, yLabel: y, columns: columns, rows: rows, values: values, range: range(json["range"]),
      showsValues: json["showsValues"]?.bool, digits: json["digits"]?.integer ?? 2,
      scaleLabel: json["scale"]?.string ?? "")
  }

  private static func histogram(_ title: String, _ json: JSONValue) -> Histogram? {
    guard let x = json["x"]?.string, let bins = json["bins"]?.integer, bins > 0,
      let series = all(json["series"], { one -> Histogram.Series? in
        guard let name = one["name"]?.string, let values = one["values"]?.doubles else { return nil }
        return .init(name, values: values)
      })
    else { return nil }
    return Histogram(title, xLabel: x, series: series, bins: bins)
  }

  private static func classDistribution(_ title: String, _ json: JSONValue) -> ClassDistribution? {
    guard let classes = all(json["classes"], { one -> ClassDistribution.Entry? in
      guard let name = one["name"]?.string, let isHead = one["head"]?.bool, let count = one["count"]?.integer,
        let added = one["added"]?.integer
      else { return nil }
      return .init(name, isHead: isHead, count: count, added: added)
    }),
      let accuracies = all(json["accuracies"], { one -> ClassDistribution.Accuracy? in
        guard let name = one["name"]?.string, let values = one["values"]?.doubles, values.count == classes.count else {
          return nil
        }
        return .init(name, values: values)
      })
    else { return nil }
    return ClassDistribution(
      title, classes: classes, accuracies: accuracies, logarithmic: json["logarithmic"]?.bool ?? false)
  }

  private static func roofline(_ title: String, _ json: JSONValue) -> Roofline? {
    guard let operations = json["peakOperations"]?.double, let bytes = json["peakBytes"]?.double,
      let groups = all(json["groups"], { one -> Roofline.Group? in
        guard let name = one["name"]?.string, let labels = one["points"]?.strings,
          let intensities = one["intensity"]?.doubles, let rates = one["rate"]?.doubles,
          labels.count == intensities.count, labels.count == rates.count
        else { return nil }
        return .init(name, zip(labels, zip(intensities, rates)).map { .init($0, intensity: $1.0, rate: $1.1) })
      })
    else { return nil }
    return Roofline(title, groups: groups, peakOperations: operations, peakBytes: bytes)
  }
}
