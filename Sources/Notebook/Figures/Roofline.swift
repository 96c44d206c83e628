import Foundation

/// Rates under a machine's ceilings, over arithmetic intensity, both logarithmic: what a piece of work could reach at
/// most is the lower of the arithmetic peak and the memory's rate times its operations per byte (Williams et al. 2009).
public struct Roofline: Figure {
  public struct Point: Sendable {
    /// Written beside the point; empty for a point without a label.
    public var label: String
    /// Operations per byte.
    public var intensity: Double
    /// Operations per second.
    public var rate: Double

    public init(_ label: String, intensity: Double, rate: Double) {
      (self.label, self.intensity, self.rate) = (label, intensity, rate)
    }
  }

  /// Points of one look.
  public struct Group: Sendable {
    public var name: String
    public var points: [Point]

    public init(_ name: String, _ points: [Point]) { (self.name, self.points) = (name, points) }
  }

  public var title: String
  public var groups: [Group]
  /// Operations per second at most.
  public var peakOperations: Double
  /// Bytes per second at most.
  public var peakBytes: Double

  public init(_ title: String, groups: [Group], peakOperations: Double, peakBytes: Double) {
    (self.title, self.groups) = (title, groups)
    (self.peakOperations, self.peakBytes) = (peakOperations, peakBytes)
  }

  public var size: (width: Int, height: Int) { (900, 560) }
  public var hasData: Bool { !drawn.isEmpty }

  private var drawn: [Point] { groups.flatMap(\.points).filter(Self.isDrawable) }

  private static func isDrawable(_ point: Point) -> Bool {
    point.intensity > 0 && point.rate > 0 && point.intensity.isFinite && point.rate.isFinite
  }

  // The plot's margins in pixels, set here so that labels can be kept apart.
  private static let left = 80.0
  private static let right = 30.0
  private static let bottom = 68.0
  private static let top = 96.0

  private var xRange: ClosedRange<Double> {
    let ridge = peakOperations / peakBytes
    let all = drawn.map(\.intensity) + [ridge]
    return all.min()! / 2...all.max()! * 3
  }

  private var yRange: ClosedRange<Double> {
    let all = drawn.map { $0.rate * 1e-9 } + [peakOperations * 1e-9]
    return all.min()! / 2...all.max()! * 2
  }

  public var script: String {
    let (x, y) = (xRange, yRange)
    let (width, height) = (Double(size.width), Double(size.height))
    var text = FigureStyle.prelude(for: self, legend: groups.map(\.name) + ["ceilings"])
    text += """
      set xlabel 'operations per byte'
      set ylabel '10⁹ operations per second' offset 1.5
      set grid xtics
      set logscale xy
      set lmargin at screen \(Self.left / width)
      set rmargin at screen \(1 - Self.right / width)
      set bmargin at screen \(Self.bottom / height)
      set tmargin at screen \(1 - Self.top / height)
      set xrange \(FigureStyle.range(x))
      set yrange \(FigureStyle.range(y))

      """
    for (index, label) in labels.enumerated() {
      text += "set label \(index + 2) \(FigureStyle.quoted(label.text)) at \(label.x), \(label.y) left font ',11' "
        + "textcolor rgb '#222222' front\n"
      if let line = label.line {
        text += "set arrow \(index + 1) from \(line.from.x), \(line.from.y) to \(line.to.x), \(line.to.y) nohead "
          + "lc rgb '#999999' lw 0.8 back\n"
      }
    }
    let ridge = peakOperations / peakBytes
    let roof = [x.lowerBound, ridge, x.upperBound].map { "\($0) \(min(peakOperations, $0 * peakBytes) * 1e-9)" }
    text += FigureStyle.block("roof", roof)
    var parts = ["$roof using 1:2 with lines lc rgb '#222222' lw 2 title 'ceilings'"]
    for (index, group) in groups.enumerated() {
      let rows = group.points.filter(Self.isDrawable).map { "\($0.intensity) \($0.rate * 1e-9)" }
      if rows.isEmpty { continue }
      text += FigureStyle.block("group\(index)", rows)
      parts.append(
        "$group\(index) using 1:2 with points lc rgb '\(FigureStyle.colour(index))' pt \(FigureStyle.point(index)) "
          + "ps \(group.points.contains { !$0.label.isEmpty } ? 1.1 : 0.6) title \(FigureStyle.quoted(group.name))")
    }
    return text + "plot " + parts.joined(separator: ", \\\n  ") + "\n"
  }

  private struct Label {
    var text: String
    var x: Double
    var y: Double
    /// From the point to a label that had to move away from it.
    var line: (from: (x: Double, y: Double), to: (x: Double, y: Double))?
  }

  /// The labels in the plot's coordinates, each at the nearest free place beside its point.
  private var labels: [Label] {
    let area = (
      width: Double(size.width) - Self.left - Self.right, height: Double(size.height) - Self.top - Self.bottom
    )
    let (x, y) = (xRange, yRange)
    let (xDecades, yDecades) = (log10(x.upperBound / x.lowerBound), log10(y.upperBound / y.lowerBound))
    func pixel(_ point: Point) -> (x: Double, y: Double) {
      (log10(point.intensity / x.lowerBound) / xDecades * area.width,
        log10(point.rate * 1e-9 / y.lowerBound) / yDecades * area.height)
    }
    func value(_ at: (x: Double, y: Double)) -> (x: Double, y: Double) {
      (x.lowerBound * pow(10, at.x / area.width * xDecades), y.lowerBound * pow(10, at.y / area.height * yDecades))
    }
    let labelled = drawn.filter { !$0.label.isEmpty }.sorted { $0.rate > $1.rate }
    /// Whether the ceilings run through a label.
    func isCrossed(_ box: Box) -> Bool {
      let heights = [box.x, box.x + box.width].map { left -> Double in
        let rate = min(peakOperations, value((left, 0)).x * peakBytes) * 1e-9
        return log10(rate / y.lowerBound) / yDecades * area.height
      }
      return box.y + 8 > heights[0] && box.y - 8 < heights[1]
    }
    var taken = drawn.map { Box(x: pixel($0).x - 6, y: pixel($0).y, width: 12) }
    return labelled.map { point in
      let at = pixel(point)
      let width = Double(point.label.count) * 6.0
      var nearest: (box: Box, distance: Double)?
      search: for step in stride(from: 0.0, through: 220, by: 7) {
        for (dx, dy) in [(9.0, step), (9.0, -step), (-9 - width, step), (-9 - width, -step)] {
          let box = Box(x: at.x + dx, y: at.y + dy, width: width)
          let isInside = box.x > 2 && box.x + width < area.width && box.y > 9 && box.y + 9 < area.height
          if isInside, !isCrossed(box), !taken.contains(where: box.overlaps) {
            nearest = (box, step)
            break search
          }
        }
      }
      let (box, distance) = nearest ?? (Box(x: at.x + 9, y: at.y, width: width), 0)
      taken.append(box)
      let place = value((box.x, box.y))
      let end = box.x > at.x ? box.x - 2 : box.x + width + 2
      return Label(
        text: point.label, x: place.x, y: place.y, line: distance > 14 ? (value(at), value((end, box.y))) : nil)
    }
  }

  /// A line of text in pixels: its left end, the height of its middle, and its width.
  private struct Box {
    var x: Double
    var y: Double
    var width: Double

    func overlaps(_ other: Box) -> Bool {
      x < other.x + other.width && other.x < x + width && abs(y - other.y) < 13
    }
  }

  public var json: JSONValue {
    let all = groups.map { group -> JSONValue in
      [
        "name": .string(group.name), "points": .strings(group.points.map(\.label)),
        "intensity": .numbers(group.points.map(\.intensity)), "rate": .numbers(group.points.map(\.rate)),
      ]
    }
    return [
      "kind": "roofline", "peakOperations": .number(peakOperations), "peakBytes": .number(peakBytes),
      "groups": .array(all),
    ]
  }
}
