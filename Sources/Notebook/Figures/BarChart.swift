import Foundation

/// Bars for named groups, one or several per group, with error bars. Long names are turned.
public struct BarChart: Figure {
  public struct Series: Sendable {
    public var name: String
    /// One value per group.
    public var values: [Double]
    /// One value per group: half the length of its error bar.
    public var errors: [Double]?
    /// One list per group: what values and errors are the means and standard deviations of, where they are.
    public private(set) var samples: [[Double]]?

    public init(_ name: String, values: [Double], errors: [Double]? = nil) {
      precondition(errors.map { $0.count == values.count } ?? true, "error bars need one value per bar")
      self.name = name
      self.values = values
      self.errors = errors
    }

    /// Mean and sample standard deviation over the seeds of each group.
    public init(_ name: String, samples: [[Double]]) {
      self.init(
        name, values: samples.map(Statistics.mean),
        errors: samples.map { $0.count > 1 ? Statistics.standardDeviation($0) : 0 })
      self.samples = samples
    }
  }

  public var title: String
  public var yLabel: String
  public var groups: [String]
  public var series: [Series]
  public var yRange: ClosedRange<Double>?
  /// A level to hold the bars against, drawn as a dashed line.
  public var reference: (name: String, value: Double)?

  public init(
    _ title: String, yLabel: String, groups: [String], series: [Series], yRange: ClosedRange<Double>? = nil,
    reference: (name: String, value: Double)? = nil
  ) {
    precondition(series.allSatisfy { $0.values.count == groups.count }, "bars need one value per group")
    self.title = title
    self.yLabel = yLabel
    self.groups = groups
    self.series = series
    self.yRange = yRange
    self.reference = reference
  }

  public var size: (width: Int, height: Int) { (900, GroupAxis(groups).isTurned ? 460 : 420) }
  public var hasData: Bool { series.contains { $0.values.contains(where: \.isFinite) } }

  public var script: String {
    var text = FigureStyle.prelude(for: self, legend: series.map(\.name) + (reference.map { [$0.name] } ?? []))
    text += "set ylabel \(FigureStyle.quoted(yLabel))\n" + GroupAxis(groups).script(size: size, right: 30)
    text += "set style fill solid 1 noborder\n"
    var ends = series.flatMap { one in
      one.values.indices.flatMap { i in [one.values[i] + (one.errors?[i] ?? 0), one.values[i] - (one.errors?[i] ?? 0)] }
    }.filter(\.isFinite)
    if let reference { ends.append(reference.value) }
    if let yRange {
      text += "set yrange \(FigureStyle.range(yRange))\n"
    } else if let bottom = ends.min(), bottom < 0 {
      text += "set yrange [*:0<*]\nset xzeroaxis lt 1 lw 1 lc rgb '#555555'\n"
    } else {
      text += "set yrange [0:\(FigureStyle.roundedUp(ends.max() ?? 1))]\n"
    }
    let width = 0.8 / Double(max(series.count, 1))
    var parts: [String] = []
    var bars: [String] = []
    for (index, one) in series.enumerated() {
      let shift = (Double(index) - Double(series.count - 1) / 2) * width
      text += FigureStyle.block("series\(index)", one.values.indices.map { group in
        [Double(group) + shift, one.values[group], one.errors?[group] ?? 0]
          .map { FigureStyle.field($0) }.joined(separator: " ")
      })
      let style = "with boxes lc rgb '\(FigureStyle.colour(index))' title \(FigureStyle.quoted(one.name))"
      parts.append("$series\(index) using 1:2:(\(width * 0.92)) \(style)")
      if let errors = one.errors, errors.contains(where: { $0 > 0 }) {
        bars.append(FigureStyle.errorBars("series\(index)", colour: index % 8 == 2 ? "#8c8c8c" : "#000000"))
      }
    }
    if let reference {
      let title = FigureStyle.quoted(reference.name)
      bars.append("\(reference.value) with lines lc rgb '#d55e00' lw 2 dt (9,4) title \(title)")
    }
    return text + "plot " + (parts + bars).joined(separator: ", \\\n  ") + "\n"
  }

  public var json: JSONValue {
    let all = series.map { one -> JSONValue in
      var fields: [String: JSONValue] = ["name": .string(one.name), "values": .numbers(one.values)]
      if let errors = one.errors { fields["errors"] = .numbers(errors) }
      if let samples = one.samples { fields["samples"] = .array(samples.map(JSONValue.numbers)) }
      return .object(fields)
    }
    var fields: [String: JSONValue] = [
      "kind": "bars", "y": .string(yLabel), "groups": .strings(groups), "series": .array(all),
      "yRange": FigureStyle.json(yRange),
    ]
    if let reference { fields["reference"] = ["name": .string(reference.name), "value": .number(reference.value)] }
    return .object(fields)
  }
}

/// An axis of names at 0, 1, 2, …; names that would run into each other are turned.
struct GroupAxis {
  let names: [String]

  init(_ names: [String]) { self.names = names }

  /// Turned if some name is wider than its share of the axis.
  var isTurned: Bool { (names.map { FigureStyle.width(of: $0) }.max() ?? 0) > 780 / Double(max(names.count, 1)) }

  /// The axis with room for its names below and, where turned names stick out, on the right.
  /// - Parameter right: The least right margin in pixels.
  func script(size: (width: Int, height: Int), right: Double) -> String {
    let shown = names.map(Self.shortened)
    let tics = shown.enumerated().map { "\(FigureStyle.quoted($1)) \($0)" }.joined(separator: ", ")
    let turn = isTurned ? " rotate by -38 left offset -0.4,-0.1" : " norotate"
    var below = 38.0
    var margin = right
    if isTurned {
      let widths = shown.map { FigureStyle.width(of: $0) }
      let slot = 790 / Double(names.count)
      below = 26 + (widths.max() ?? 0) * sin(38 * Double.pi / 180)
      for (index, width) in widths.enumerated() {
        margin = max(margin, width * cos(38 * Double.pi / 180) - (Double(names.count - index) - 0.5) * slot + 16)
      }
    }
    return """
      set xrange [-0.6:\(Double(names.count) - 0.4)]
      set xtics (\(tics)) scale 0\(turn)
      set bmargin at screen \(below / Double(size.height))
      set rmargin at screen \(1 - margin / Double(size.width))

      """
  }

  /// The longest class name of FGSC-23 has 39 letters, more than a figure has room for.
  static func shortened(_ name: String) -> String { name.count <= 26 ? name : name.prefix(25) + "…" }
}
