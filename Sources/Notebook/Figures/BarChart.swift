import Foundation

/// Bars for named groups, one or several per group, with error bars. Long names are turned.
public struct BarChart: Figure {
  public struct Series: Sendable {
    public var name: String
    /// One value per group.
    public var values: [Double]
    /// One value per group: half the length of its error bar.
    public var errors: [Double]?

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
    }
  }

  public var title: String
  public var yLabel: String
  public var groups: [String]
  public var series: [Series]
  public var yRange: ClosedRange<Double>?

  public init(
    _ title: String, yLabel: String, groups: [String], series: [Series], yRange: ClosedRange<Double>? = nil
  ) {
    precondition(series.allSatisfy { $0.values.count == groups.count }, "bars need one value per group")
    self.title = title
    self.yLabel = yLabel
    self.groups = groups
    self.series = series
    self.yRange = yRange
  }

  public var size: (width: Int, height: Int) { (900, GroupAxis(groups).isTurned ? 460 : 420) }
  public var hasData: Bool { series.contains { $0.values.contains(where: \.isFinite) } }

  public var script: String {
    var text = FigureStyle.prelude(title: title)
    text += "set ylabel \(FigureStyle.quoted(yLabel))\n" + GroupAxis(groups).script
    text += "set style fill solid 1 noborder\nset errorbars 0.6\n"
    let ends = series.flatMap { one in
      one.values.indices.flatMap { i in [one.values[i] + (one.errors?[i] ?? 0), one.values[i] - (one.errors?[i] ?? 0)] }
    }.filter(\.isFinite)
    let top = max(0, ends.max() ?? 1)
    let bottom = min(0, ends.min() ?? 0)
    let automatic = (bottom < 0 ? -FigureStyle.roundedUp(-bottom) : 0)...(top > 0 ? FigureStyle.roundedUp(top) : 0)
    text += "set yrange \(FigureStyle.range(yRange ?? automatic))\n"
    if bottom < 0 { text += "set xzeroaxis lt 1 lw 1 lc rgb '#555555'\n" }
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
        bars.append("$series\(index) using 1:2:3 with yerrorbars lc rgb '#000000' lw 1.2 pt -1 notitle")
      }
    }
    if series.count < 2 && series.first?.name.isEmpty ?? true { text += "unset key\n" }
    return text + "plot " + (parts + bars).joined(separator: ", \\\n  ") + "\n"
  }

  public var json: JSONValue {
    let all = series.map { one -> JSONValue in
      var fields: [String: JSONValue] = ["name": .string(one.name), "values": .numbers(one.values)]
      if let errors = one.errors { fields["errors"] = .numbers(errors) }
      return .object(fields)
    }
    return ["kind": "bars", "y": .string(yLabel), "groups": .strings(groups), "series": .array(all)]
  }
}

/// An axis of names at 0, 1, 2, …; names that would run into each other are turned.
struct GroupAxis {
  let names: [String]

  init(_ names: [String]) { self.names = names }

  /// About 7 pixels per letter of the axis' 800.
  var isTurned: Bool { Double((names.map(\.count).max() ?? 0) * 7) > 780 / Double(max(names.count, 1)) }

  var script: String {
    let tics = names.enumerated().map { "\(FigureStyle.quoted(Self.shortened($1))) \($0)" }.joined(separator: ", ")
    let turn = isTurned ? " rotate by -38 left offset -0.4,-0.1" : " norotate"
    var text = "set xrange [-0.6:\(Double(names.count) - 0.4)]\nset xtics (\(tics)) scale 0\(turn)\n"
    if isTurned {
      let longest = Double(names.map { Self.shortened($0).count }.max() ?? 0)
      let depth = min(2.4 + longest * 0.27, 11)
      text += "set bmargin \(depth)\nset rmargin \(max(4, min(longest * 0.55, 14)))\n"
    }
    return text
  }

  /// The longest class name of FGSC-23 has 39 letters, more than a figure has room for.
  static func shortened(_ name: String) -> String { name.count <= 26 ? name : name.prefix(25) + "…" }
}
