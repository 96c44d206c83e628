import Foundation

/// How often values fall into each of a row of bins of equal width; several series are drawn as outlines.
public struct Histogram: Figure {
  public struct Series: Sendable {
    public var name: String
    public var values: [Double]

    public init(_ name: String, values: [Double]) {
      self.name = name
      self.values = values
    }
  }

  public var title: String
  public var xLabel: String
  public var series: [Series]
  public var bins: Int

  public init(_ title: String, xLabel: String, series: [Series], bins: Int = 30) {
    precondition(bins > 0, "a histogram needs at least one bin")
    self.title = title
    self.xLabel = xLabel
    self.series = series
    self.bins = bins
  }

  public var hasData: Bool { series.contains { $0.values.contains(where: \.isFinite) } }

  /// The bins' common range and the share of each series' values in each bin.
  var shares: (low: Double, width: Double, values: [[Double]]) {
    let finite = series.flatMap { $0.values.filter(\.isFinite) }
    let low = finite.min() ?? 0
    let high = finite.max() ?? 1
    let width = high > low ? (high - low) / Double(bins) : 1
    let values = series.map { one -> [Double] in
      var counts = [Double](repeating: 0, count: bins)
      let kept = one.values.filter(\.isFinite)
      for value in kept { counts[min(Int((value - low) / width), bins - 1)] += 1 }
      return counts.map { $0 / Double(max(kept.count, 1)) }
    }
    return (low, width, values)
  }

  public var script: String {
    let (low, width, values) = shares
    var text = FigureStyle.prelude(for: self, legend: series.map(\.name))
    text += "set xlabel \(FigureStyle.quoted(xLabel))\nset ylabel 'share of values, %'\n"
    text += "set yrange [0:*]\nset rmargin at screen 0.97\n"
    text += "set xrange [\(low):\(low + width * Double(bins))]\nset style fill transparent solid 0.3 noborder\n"
    var parts: [String] = []
    for (index, one) in series.enumerated() {
      text += FigureStyle.block("series\(index)", values[index].enumerated().map {
        "\(low + (Double($0) + 0.5) * width) \($1 * 100)"
      })
      let colour = "lc rgb '\(FigureStyle.colour(index))'"
      let outline = "lw 2 dt \(FigureStyle.dash(index)) \(colour) title \(FigureStyle.quoted(one.name))"
      parts.append("$series\(index) using 1:2:(\(width)) with boxes \(colour) notitle")
      parts.append("$series\(index) using 1:2 with histeps \(outline)")
    }
    return text + "plot " + parts.joined(separator: ", \\\n  ") + "\n"
  }

  public var json: JSONValue {
    let (low, width, values) = shares
    return [
      "kind": "histogram", "x": .string(xLabel), "low": .number(low), "width": .number(width), "bins": .integer(bins),
      "series": .array(zip(series, values).map {
        ["name": .string($0.name), "shares": .numbers($1), "values": .numbers($0.values)]
      }),
    ]
  }
}
