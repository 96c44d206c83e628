/// Named points on two axes; every point has its own mark and its name in the legend.
public struct ScatterPlot: Figure {
  public struct Point: Sendable {
    public var name: String
    public var x: Double
    public var y: Double
  }

  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var points: [Point]
  public var yRange: ClosedRange<Double>?

  public init(
    _ title: String, xLabel: String, yLabel: String, points: [(name: String, x: Double, y: Double)],
    yRange: ClosedRange<Double>? = nil
  ) {
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.points = points.map { Point(name: $0.name, x: $0.x, y: $0.y) }
    self.yRange = yRange
  }

  private var drawn: [Point] { points.filter { $0.x.isFinite && $0.y.isFinite } }
  public var hasData: Bool { !drawn.isEmpty }

  public var script: String {
    var text = FigureStyle.prelude(for: self, legend: drawn.map(\.name))
    text += "set xlabel \(FigureStyle.quoted(xLabel))\nset ylabel \(FigureStyle.quoted(yLabel))\nset grid xtics\n"
    let (low, high) = (drawn.map(\.x).min() ?? 0, drawn.map(\.x).max() ?? 1)
    let margin = high > low ? 0.05 * (high - low) : 0.5
    text += "set xrange \(FigureStyle.range((low - margin)...(high + margin)))\n"
    text += "set yrange \(FigureStyle.range(yRange))\nset rmargin at screen 0.97\n"
    var plots: [String] = []
    for (index, point) in drawn.enumerated() {
      text += FigureStyle.block("point\(index)", ["\(FigureStyle.field(point.x)) \(FigureStyle.field(point.y))"])
      plots.append(
        "$point\(index) using 1:2 with points lc rgb '\(FigureStyle.colour(index))' pt \(FigureStyle.point(index)) "
          + "ps 1.4 lw 2 title \(FigureStyle.quoted(point.name))")
    }
    return text + "plot " + plots.joined(separator: ", \\\n  ") + "\n"
  }

  public var json: JSONValue {
    [
      "kind": "points", "x": .string(xLabel), "y": .string(yLabel),
      "points": .array(points.map { ["name": .string($0.name), "x": .number($0.x), "y": .number($0.y)] }),
    ]
  }
}
