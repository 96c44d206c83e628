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
  static let colours = ["#0072b2", "#e69f00", "#222222", "#56b4e9", "#d55e00", "#a9a9a9", "#009e73", "#cc79a7"]
  static let dashes = ["1", "'- '", "'. '", "'-. '"]
  static let points = [7, 5, 9, 13, 6, 4, 8, 12]

  static func colour(_ index: Int) -> String { colours[index % colours.count] }
  /// The dash pattern changes with each series, so that lines can be told apart without colour.
  static func dash(_ index: Int) -> String { dashes[index % dashes.count] }
  static func point(_ index: Int) -> Int { points[index % points.count] }

  /// Border, grid and legend: a frame of two axes, light lines, the legend above the plot.
  static func prelude(title: String) -> String {
    """
    set encoding utf8
    set border 3 lc rgb '#555555' lw 1
    set tics nomirror out scale 0.6 textcolor rgb '#222222'
    set grid ytics back lc rgb '#e2e2e2' lt 1 lw 1
    set key outside top center horizontal samplen 2.4 spacing 1.2 height 0.4 textcolor rgb '#222222'
    set title \(quoted(title)) font ',15' textcolor rgb '#111111'

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

  static func range(_ range: ClosedRange<Double>?) -> String {
    range.map { "[\($0.lowerBound):\($0.upperBound)]" } ?? "[*:*]"
  }
}
