import Foundation

/// A matrix as coloured cells: a confusion matrix with the share of each true class in every predicted one.
public struct HeatMap: Figure {
  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var columns: [String]
  public var rows: [String]
  /// `rows.count` lists of `columns.count` values, the first row drawn at the top.
  public var values: [[Double]]
  /// The values of the lightest and the darkest cell; the data's own range by default.
  public var range: ClosedRange<Double>?
  /// Whether each cell shows its value. By default for at most 12 columns.
  public var showsValues: Bool?
  public var digits: Int
  /// What the colours stand for, with its unit, written beside their scale.
  public var scaleLabel: String

  public init(
    _ title: String, xLabel: String, yLabel: String, columns: [String], rows: [String], values: [[Double]],
    range: ClosedRange<Double>? = nil, showsValues: Bool? = nil, digits: Int = 2, scaleLabel: String = ""
  ) {
    precondition(
      values.count == rows.count && values.allSatisfy { $0.count == columns.count },
      "a heat map needs one value per row and column")
    self.title = title
    self.xLabel = xLabel
    self.yLabel = yLabel
    self.columns = columns
    self.rows = rows
    self.values = values
    self.range = range
    self.showsValues = showsValues
    self.digits = digits
    self.scaleLabel = scaleLabel
  }

  /// A confusion matrix: `counts[true][predicted]`, each row divided by its sum.
  public init(_ title: String, confusion counts: [[Int]], classes: [String]) {
    let shares = counts.map { row -> [Double] in
      let sum = row.reduce(0, +)
      return row.map { sum == 0 ? .nan : Double($0) / Double(sum) }
    }
    self.init(
      title, xLabel: "predicted class", yLabel: "true class", columns: classes, rows: classes, values: shares,
      range: 0...1, scaleLabel: "share of the true class's images")
  }

  public var size: (width: Int, height: Int) { (900, min(900, 230 + max(rows.count, 6) * 24)) }
  public var hasData: Bool { values.contains { $0.contains(where: \.isFinite) } }

  public var script: String {
    let finite = values.joined().filter(\.isFinite)
    let low = range?.lowerBound ?? finite.min() ?? 0
    var high = range?.upperBound ?? finite.max() ?? 1
    if high <= low { high = low + 1 }
    let columnTics = columns.map(GroupAxis.shortened)
    let columnWidth = columnTics.map { FigureStyle.width(of: $0) }.max() ?? 0
    let rowWidth = rows.map { FigureStyle.width(of: GroupAxis.shortened($0)) }.max() ?? 0
    let left = rowWidth + 50
    let turned = columnWidth > (830 - left) / Double(max(columns.count, 1))
    let bottom = (turned ? columnWidth + 12 : 24) + 34
    let height = Double(size.height)
    var text = FigureStyle.prelude(for: self, legend: [])
    text += "unset grid\nset border 15\nset lmargin at screen \(left / 900)\n"
    text += "set rmargin at screen \(scaleLabel.isEmpty ? 0.91 : 0.89)\nset cblabel \(FigureStyle.quoted(scaleLabel))\n"
    text += "set bmargin at screen \(bottom / height)\n"
    text += "set label 2 \(FigureStyle.quoted(xLabel)) at graph 0.5, screen \(14 / height) center\n"
    text += "set label 3 \(FigureStyle.quoted(yLabel)) at screen 0.018, graph 0.5 center rotate\n"
    text += "set palette defined (0 '#ffffff', 0.25 '#d3e6f3', 0.5 '#7fb6d9', 0.75 '#2f7fb8', 1 '#08335c')\n"
    text += "set cbrange [\(low):\(high)]\nset colorbox user origin graph 1.02, graph 0 size 0.018, graph 1\n"
    text += "set xrange [-0.5:\(Double(columns.count) - 0.5)]\nset yrange [\(Double(rows.count) - 0.5):-0.5]\n"
    text += "set xtics (\(Self.tics(columnTics))) scale 0\(turned ? " rotate by 90 right" : " norotate")\n"
    text += "set ytics (\(Self.tics(rows.map(GroupAxis.shortened)))) scale 0\n"
    let cells = values.enumerated().flatMap { row, line in
      line.enumerated().map { "\($0) \(row) \(FigureStyle.field($1))" }
    }
    text += FigureStyle.block("cells", cells)
    var plot = "plot $cells using 1:2:3 with image pixels"
    if showsValues ?? (columns.count <= 12) {
      let labels = values.enumerated().flatMap { row, line in
        line.enumerated().filter { $1.isFinite }.map { column, value -> String in
          let dark = (value - low) / (high - low) > 0.55
          return "\(column) \(row) \(NumberFormat.fixed(value, digits: digits)) \(dark ? 0xffffff : 0x222222)"
        }
      }
      text += FigureStyle.block("labels", labels)
      plot += ", \\\n  $labels using 1:2:3:4 with labels font ',11' textcolor rgb variable"
    }
    return text + plot + "\n"
  }

  private static func tics(_ names: [String]) -> String {
    names.enumerated().map { "\(FigureStyle.quoted($1)) \($0)" }.joined(separator: ", ")
  }

  public var json: JSONValue {
    [
      "kind": "heat map", "columns": .strings(columns), "rows": .strings(rows),
      "values": .array(values.map(JSONValue.numbers)), "x": .string(xLabel), "y": .string(yLabel),
      "range": FigureStyle.json(range), "showsValues": showsValues.map(JSONValue.bool) ?? .null,
      "digits": .integer(digits), "scale": .string(scaleLabel),
    ]
  }
}
