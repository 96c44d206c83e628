import Foundation

/// The paper's picture of its result: a bar for each class, from many images to few, with the added images on top, a
/// line along the counts before and one along those after, and at the end of each the overall accuracy reached.
public struct ExpansionBars: Figure {
  public struct Line: Sendable {
    public var name: String
    /// Overall accuracy, a share in 0...1.
    public var accuracy: Double

    public init(_ name: String, accuracy: Double) {
      self.name = name
      self.accuracy = accuracy
    }
  }

  public var title: String
  public var classes: [ClassDistribution.Entry]
  public var before: Line
  public var after: Line

  public init(_ title: String, classes: [ClassDistribution.Entry], before: Line, after: Line) {
    self.title = title
    self.classes = classes
    self.before = before
    self.after = after
  }

  public var size: (width: Int, height: Int) { (900, 480) }
  public var hasData: Bool { !classes.isEmpty }

  private func legend(_ line: Line) -> String {
    "\(line.name): accuracy \(NumberFormat.fixed(100 * line.accuracy, digits: 2)) %"
  }

  public var script: String {
    let parts: [(name: String, colour: String, block: String, style: String)] = [
      ("Head classes", "#5a5a5a", "head", "solid 1 noborder"), ("Tail classes", "#9c9c9c", "tail", "solid 1 noborder"),
      ("Images added", "#c3e4f7", "added", "solid 1 border lc rgb '#333333'"),
    ]
    var text = FigureStyle.prelude(for: self, legend: parts.map(\.name) + [legend(before), legend(after)])
    text += GroupAxis(classes.map(\.name)).script(size: size, right: 30)
    let top = Double(classes.map { $0.count + $0.added }.max() ?? 1)
    text += "set ylabel 'Training images'\nset yrange [0:\(FigureStyle.roundedUp(top))]\n"
    var plots: [String] = []
    for part in parts {
      let rows = classes.enumerated().compactMap { index, entry -> String? in
        switch part.block {
        case "added": entry.added > 0 ? "\(index) \(entry.count) \(entry.count + entry.added)" : nil
        case "head": entry.isHead ? "\(index) 0 \(entry.count)" : nil
        default: entry.isHead ? nil : "\(index) 0 \(entry.count)"
        }
      }
      if rows.isEmpty { continue }
      text += FigureStyle.block(part.block, rows)
      plots.append(
        "$\(part.block) using 1:3:($1-0.4):($1+0.4):2:3 with boxxyerror fs \(part.style) lc rgb '\(part.colour)' "
          + "title '\(part.name)'")
    }
    for (block, line, colour, dash, count) in [
      ("before", before, "#0072b2", 2, { (entry: ClassDistribution.Entry) in entry.count }),
      ("after", after, "#000000", 1, { (entry: ClassDistribution.Entry) in entry.count + entry.added }),
    ] {
      text += FigureStyle.block(block, classes.enumerated().map { "\($0) \(count($1))" })
      plots.append(
        "$\(block) using 1:2 with linespoints lc rgb '\(colour)' lw 2 dt \(FigureStyle.dash(dash - 1)) "
          + "pt \(FigureStyle.point(dash - 1)) ps 0.6 title \(FigureStyle.quoted(legend(line)))")
    }
    return text + "plot " + plots.joined(separator: ", \\\n  ") + "\n"
  }

  public var json: JSONValue {
    [
      "kind": "expansion bars",
      "classes": .array(classes.map {
        ["name": .string($0.name), "head": .bool($0.isHead), "count": .integer($0.count), "added": .integer($0.added)]
      }),
      "accuracies": .array([before, after].map { ["name": .string($0.name), "accuracy": .number($0.accuracy)] }),
    ]
  }
}
