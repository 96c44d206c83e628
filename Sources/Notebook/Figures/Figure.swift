import Foundation

/// A picture that gnuplot draws.
public protocol Figure: Sendable {
  var title: String { get }
  /// Width and height in pixels.
  var size: (width: Int, height: Int) { get }
  /// False when there is nothing to draw; the report then says so in words.
  var hasData: Bool { get }
  /// The gnuplot commands from data to `plot`, without terminal and output.
  var script: String { get }
  /// The raw values for `results.json`.
  var json: JSONValue { get }
}

extension Figure {
  public var size: (width: Int, height: Int) { (900, 420) }
}

/// The look that all figures share, and the quoting that gnuplot needs.
enum FigureStyle {
  /// Okabe and Ito's colours, which the colour-blind can tell apart, in an order whose neighbours differ in
  /// luminance, so that they also differ on a grey printer.
  static let colours = ["#0072b2", "#e69f00", "#222222", "#009e73", "#a6d8f5", "#d55e00", "#cc79a7", "#8a8a8a"]
  static let dashes = ["1", "(9,4)", "(2,3)", "(9,3,2,3)"]
  static let points = [7, 5, 9, 13, 6, 4, 8, 12]

  static func colour(_ index: Int) -> String { colours[index % colours.count] }
  /// The dash pattern changes with each series, so that lines can be told apart without colour.
  static func dash(_ index: Int) -> String { dashes[index % dashes.count] }
  static func point(_ index: Int) -> Int { points[index % points.count] }

  /// About the width in pixels of a text of the figures' size.
  static func width(of text: String) -> Double { Double(text.count) * 6.8 }

  /// Border, grid, title and, below the title, the legend. Margins are set in pixels: gnuplot's own guess of the
  /// room that turned names and legends need is off by up to a hundred.
  static func prelude(for figure: some Figure, legend: [String]) -> String {
    let height = Double(figure.size.height)
    let names = legend.filter { !$0.isEmpty }
    let column = (names.map { width(of: $0) }.max() ?? 0) + 110
    let columns = max(1, min(names.count, Int(Double(figure.size.width - 20) / column)))
    let rows = (names.count + columns - 1) / columns
    let key = names.isEmpty
      ? "unset key"
      : "set key at screen 0.5, screen \(1 - 34 / height) center top horizontal maxcols \(columns) reverse Left "
        + "samplen 2.6 spacing 1.2 textcolor rgb '#222222'"
    return """
      set encoding utf8
      set border 3 lc rgb '#555555' lw 1
      set tics nomirror out scale 0.6 textcolor rgb '#222222'
      set grid ytics back lc rgb '#e2e2e2' lt 1 lw 1
      set label 1 \(quoted(figure.title)) at screen 0.5, screen \(1 - 20 / height) center font ',15' \
      textcolor rgb '#111111'
      set tmargin at screen \(1 - (48 + 21 * Double(rows)) / height)
      \(key)

      """
  }

  /// A text in gnuplot's single quotes, where only the quote itself is special.
  static func quoted(_ text: String) -> String {
    "'" + text.replacingOccurrences(of: "'", with: "''").replacingOccurrences(of: "\n", with: " ") + "'"
  }

  /// A text as a field of a data block.
  static func field(_ text: String) -> String {
    "\"" + text.replacingOccurrences(of: "\\", with: "/").replacingOccurrences(of: "\"", with: "”")
      .replacingOccurrences(of: "\n", with: " ") + "\""
  }

  /// A number as a field of a data block; gnuplot leaves out what is not a number.
  static func field(_ value: Double) -> String { value.isFinite ? "\(value)" : "NaN" }

  static func block(_ name: String, _ lines: [String]) -> String {
    "$\(name) << END_OF_DATA\n" + lines.joined(separator: "\n") + "\nEND_OF_DATA\n"
  }

  /// A round upper end for an axis from zero: 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6 or 8 times a power of ten.
  static func roundedUp(_ value: Double) -> Double {
    guard value > 0, value.isFinite else { return 1 }
    let power = pow(10, floor(log10(value)))
    let steps: [Double] = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10]
    return power * (steps.first { $0 * power >= value * 0.999_999 } ?? 10)
  }

  /// Error bars of a block whose columns 1, 2, 3 are x, y and half the bar's length, drawn as lines with flat ends:
  /// gnuplot's own error bars cut a white hole into whatever they cross.
  static func errorBars(_ block: String, colour: String) -> String {
    "$\(block) using 1:($3 > 0 ? $2-$3 : NaN):(0):(2*$3) with vectors heads nofilled size screen 0.004,90 "
      + "lc rgb '\(colour)' lw 1.3 notitle"
  }

  static func json(_ range: ClosedRange<Double>?) -> JSONValue {
    range.map { .numbers([$0.lowerBound, $0.upperBound]) } ?? .null
  }

  static func range(_ range: ClosedRange<Double>?) -> String {
    range.map { "[\($0.lowerBound):\($0.upperBound)]" } ?? "[*:*]"
  }
}
