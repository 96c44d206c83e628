import Foundation

/// Lines over a numeric axis: sweeps with error bars or bands, loss curves, on linear or logarithmic scales.
/// Of a plain line with over 1500 points, such as a long run's loss, the means of equally many neighbours are drawn.
public struct LinePlot: Figure {
  public struct Series: Sendable {
    public var name: String
    public var points: [(x: Double, y: Double)]
    /// One value per point: half the length of its error bar.
    public var errors: [Double]?
    /// One range per point, drawn as a band behind the line.
    public var band: [Interval]?
    /// One list per point: what the line and its bars or band are means and standard deviations of, where they are.
    public private(set) var samples: [[Double]]?

    public init(
      _ name: String, points: [(x: Double, y: Double)], errors: [Double]? = nil, band: [Interval]? = nil
    ) {
      precondition(errors.map { $0.count == points.count } ?? true, "error bars need one value per point")
      precondition(band.map { $0.count == points.count } ?? true, "a band needs one range per point")
      self.name = name
      self.points = points
      self.errors = errors
      self.band = band
    }

    /// Mean and sample standard deviation of several measurements (seeds) at each x.
    public init(_ name: String, samples: [(x: Double, values: [Double])], asBand: Bool = false) {
      let means = samples.map { Statistics.mean($0.values) }
      let deviations = samples.map { $0.values.count > 1 ? Statistics.standardDeviation($0.values) : 0 }
      self.init(
        name, points: zip(samples, means).map { ($0.x, $1) }, errors: asBand ? nil : deviations,
        band: asBand ? zip(means, deviations).map { Interval(lower: $0 - $1, upper: $0 + $1) } : nil)
      self.samples = samples.map(\.values)
    }
  }

  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var series: [Series]
  public var xRange: ClosedRange<Double>?
  public var yRange: ClosedRange<Double>?
  public var logarithmicX: Bool
  public var logarithmicY: Bool
  /// Whether each point gets a mark. By default only where a series has at most 40 points.
  public var marksPoints: Bool?

  public init(
    _ title: String, xLabel: String, yLabel: String, series: [Series], xRange: ClosedRange<Double>? = nil,
    yRange: ClosedRange<Double>? = nil, logarithmicX: Bool = false, logarithmicY: Bool = false,
    marksPoints: Bool? = nil
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.series = series
    self.xRange = xRange
    self.yRange = yRange
    self.logarithmicX = logarithmicX
    self.logarithmicY = logarithmicY
    self.marksPoints = marksPoints
  }

  public var hasData: Bool { series.contains { $0.points.contains(where: isDrawable) } }

  private func isDrawable(_ point: (x: Double, y: Double)) -> Bool {
    point.x.isFinite && point.y.isFinite && (!logarithmicX || point.x > 0) && (!logarithmicY || point.y > 0)
  }

  /// At most 1500 points, each the mean of `step` neighbours: a figure is 900 pixels wide.
  private func thinned(_ series: Series) -> Series {
    let points = series.points.filter(isDrawable)
    let step = (points.count + 1499) / 1500
    guard step > 1 else { return series }
    let means = stride(from: 0, to: points.count, by: step).map { start -> (x: Double, y: Double) in
      let group = points[start..<min(start + step, points.count)]
      return (Statistics.mean(group.map(\.x)), Statistics.mean(group.map(\.y)))
    }
    return Series(series.name, points: means)
  }

  /// The points' range and a little more on either side, so that no mark lies on the border.
  private var paddedRange: ClosedRange<Double> {
    let all = series.flatMap { $0.points.filter(isDrawable).map { logarithmicX ? log10($0.x) : $0.x } }
    let low = all.min() ?? 0
    let high = all.max() ?? 1
    let margin = high > low ? (high - low) * 0.02 : 0.5
    return logarithmicX ? pow(10, low - margin)...pow(10, high + margin) : (low - margin)...(high + margin)
  }

  public var script: String {
    var text = FigureStyle.prelude(for: self, legend: series.map(\.name))
    text += "set xlabel \(FigureStyle.quoted(xLabel))\nset ylabel \(FigureStyle.quoted(yLabel))\n"
    text += "set grid xtics\nset style fill transparent solid 0.18 noborder\n"
    if logarithmicX { text += "set logscale x\n" }
    if logarithmicY { text += "set logscale y\n" }
    if !logarithmicY { text += "set offsets 0, 0, graph 0.04, graph 0.04\n" }
    text += "set rmargin at screen 0.97\n"
    text += "set xrange \(FigureStyle.range(xRange ?? paddedRange))\nset yrange \(FigureStyle.range(yRange))\n"
    var bands: [String] = []
    var lines: [String] = []
    for (index, one) in series.enumerated() {
      let one = one.errors == nil && one.band == nil ? thinned(one) : one
      let rows = one.points.indices.filter { isDrawable(one.points[$0]) }
      if rows.isEmpty { continue }
      text += FigureStyle.block("series\(index)", rows.map { row in
        let point = one.points[row]
        let band = one.band?[row] ?? Interval(lower: point.y, upper: point.y)
        let fields = [point.x, point.y, one.errors?[row] ?? 0, band.lower, band.upper]
        return fields.map { FigureStyle.field($0) }.joined(separator: " ")
      })
      let colour = FigureStyle.colour(index)
      if one.band != nil {
        bands.append("$series\(index) using 1:4:5 with filledcurves lc rgb '\(colour)' notitle")
      }
      let marked = marksPoints ?? (one.points.count <= 40)
      let line = "lc rgb '\(colour)' lw 2 dt \(FigureStyle.dash(index))"
      let mark = marked ? " pt \(FigureStyle.point(index)) ps 0.7" : ""
      if one.errors != nil {
        bands.append(FigureStyle.errorBars("series\(index)", colour: colour))
      }
      let title = FigureStyle.quoted(one.name)
      lines.append("$series\(index) using 1:2 with \(marked ? "linespoints" : "lines") \(line)\(mark) title \(title)")
    }
    return text + "plot " + (bands + lines).joined(separator: ", \\\n  ") + "\n"
  }

  public var json: JSONValue {
    let all = series.map { one -> JSONValue in
      var fields: [String: JSONValue] = [
        "name": .string(one.name), "x": .numbers(one.points.map(\.x)), "y": .numbers(one.points.map(\.y)),
      ]
      if let errors = one.errors { fields["errors"] = .numbers(errors) }
      if let band = one.band {
        fields["lower"] = .numbers(band.map(\.lower))
        fields["upper"] = .numbers(band.map(\.upper))
      }
      if let samples = one.samples { fields["samples"] = .array(samples.map(JSONValue.numbers)) }
      return .object(fields)
    }
    return [
      "kind": "lines", "x": .string(xLabel), "y": .string(yLabel), "series": .array(all),
      "xRange": FigureStyle.json(xRange), "yRange": FigureStyle.json(yRange), "logarithmicX": .bool(logarithmicX),
      "logarithmicY": .bool(logarithmicY), "marksPoints": marksPoints.map(JSONValue.bool) ?? .null,
    ]
  }
}
