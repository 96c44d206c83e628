import Foundation

/// The paper's picture of a long tail: one bar per class, from many images to few, in head, tail and added images,
/// and on a second axis the accuracy of each class before and after.
public struct ClassDistribution: Figure {
  public struct Entry: Sendable {
    public var name: String
    public var isHead: Bool
    /// Real training images.
    public var count: Int
    /// Generated images that were added.
    public var added: Int

    public init(_ name: String, isHead: Bool, count: Int, added: Int = 0) {
      self.name = name
      self.isHead = isHead
      self.count = count
      self.added = added
    }
  }

  public struct Accuracy: Sendable {
    public var name: String
    /// One share in 0...1 per class.
    public var values: [Double]

    public init(_ name: String, values: [Double]) {
      self.name = name
      self.values = values
    }
  }

  public var title: String
  public var classes: [Entry]
  public var accuracies: [Accuracy]
  /// A logarithmic count axis shows the tail of a steep distribution; bars then start at one image.
  public var logarithmic: Bool

  public init(_ title: String, classes: [Entry], accuracies: [Accuracy] = [], logarithmic: Bool = false) {
    precondition(accuracies.allSatisfy { $0.values.count == classes.count }, "accuracies need one value per class")
    self.title = title
    self.classes = classes
    self.accuracies = accuracies
    self.logarithmic = logarithmic
  }

  public var size: (width: Int, height: Int) { (900, 480) }
  public var hasData: Bool { !classes.isEmpty }

  public var script: String {
    let base = logarithmic ? 1 : 0
    let stacks: [(name: String, colour: String, block: String, rows: [(Int, Int, Int)])] = [
      ("head", "#5a5a5a", "head", rows { $0.isHead ? (base, $0.count) : nil }),
      ("tail", "#9c9c9c", "tail", rows { $0.isHead ? nil : (base, $0.count) }),
      ("added", "#c3e4f7", "added", rows { $0.added > 0 ? (max($0.count, base), $0.count + $0.added) : nil }),
    ].filter { !$0.rows.isEmpty }
    var text = FigureStyle.prelude(for: self, legend: stacks.map(\.name) + accuracies.map(\.name))
    text += GroupAxis(classes.map(\.name)).script(size: size, right: accuracies.isEmpty ? 30 : 90)
    text += "set style fill solid 1 noborder\nset ylabel 'training images'\n"
    let top = Double(classes.map { $0.count + $0.added }.max() ?? 1)
    if logarithmic {
      text += "set logscale y\nset yrange [1:\(max(10, pow(10, ceil(log10(max(top, 1) * 1.05)))))]\n"
    } else {
      text += "set yrange [0:\(FigureStyle.roundedUp(top))]\n"
    }
    if !accuracies.isEmpty {
      text += "set y2label 'accuracy, %'\n"
      text += "set ytics nomirror\nset y2range [0:100]\nset y2tics 0,20,100 out scale 0.6\nset border 11\n"
    }
    var parts: [String] = []
    for stack in stacks {
      text += FigureStyle.block(stack.block, stack.rows.map { "\($0.0) \($0.1) \($0.2)" })
      let columns = "using 1:3:($1-0.38):($1+0.38):2:3"
      parts.append("$\(stack.block) \(columns) with boxxyerror lc rgb '\(stack.colour)' title '\(stack.name)'")
    }
    for (index, accuracy) in accuracies.enumerated() {
      text += FigureStyle.block("accuracy\(index)", accuracy.values.enumerated().map {
        "\($0) \(FigureStyle.field($1 * 100))"
      })
      let colour = ["#222222", "#d55e00", "#0072b2", "#009e73"][index % 4]
      let line = "lc rgb '\(colour)' lw 1.8 dt \(FigureStyle.dash(accuracies.count - 1 - index))"
      parts.append(
        "$accuracy\(index) using 1:2 axes x1y2 with linespoints \(line) pt \(FigureStyle.point(index)) ps 0.7 "
          + "title \(FigureStyle.quoted(accuracy.name))")
    }
    return text + "plot " + parts.joined(separator: ", \\\n  ") + "\n"
  }

  private func rows(_ ends: (Entry) -> (Int, Int)?) -> [(Int, Int, Int)] {
    classes.enumerated().compactMap { index, entry in ends(entry).map { (index, $0.0, max($0.0, $0.1)) } }
  }

  public var json: JSONValue {
    [
      "kind": "class distribution", "logarithmic": .bool(logarithmic),
      "classes": .array(classes.map {
        ["name": .string($0.name), "head": .bool($0.isHead), "count": .integer($0.count), "added": .integer($0.added)]
      }),
      "accuracies": .array(accuracies.map { ["name": .string($0.name), "values": .numbers($0.values)] }),
    ]
  }
}
