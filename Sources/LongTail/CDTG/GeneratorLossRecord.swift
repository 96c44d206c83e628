import Foundation
import Notebook

/// The losses of a run, smoothed over some twenty steps, and their course in about a hundred points.
public struct GeneratorLossRecord {
  public enum Kind: String, CaseIterable, Codable, Sendable {
    case discriminator, generator, classifier, text, r1, path
    case realScore = "real score"
    case fakeScore = "fake score"
    /// The probability of the adaptive augmentation's changes.
    case augmentation
  }

  private var values = [Float](repeating: .nan, count: Kind.allCases.count)
  /// One row per point: the step, then a value per kind; NaN where nothing was noted.
  private(set) var course: [[Float]] = []

  mutating func note(_ kind: Kind, _ value: Float) {
    let index = Kind.allCases.firstIndex(of: kind)!
    values[index] = values[index].isNaN ? value : 0.95 * values[index] + 0.05 * value
  }

  /// Called after every step; keeps about a hundred points of a run.
  mutating func keep(step: Int, of total: Int) {
    if step % max(1, total / 100) == 0 { course.append([Float(step)] + values) }
  }

  /// What a resumed run needs, as plain numbers.
  var state: [Float] { values + course.flatMap { $0 } }

  mutating func restore(_ state: [Float]) {
    let width = values.count
    // A record of other kinds, from another version, is left aside.
    guard state.count >= width, (state.count - width) % (width + 1) == 0 else { return }
    values = Array(state.prefix(width))
    course = stride(from: width, to: state.count, by: width + 1).map { Array(state[$0..<($0 + width + 1)]) }
  }

  /// Comma-separated values with a header, one line per point; empty where nothing was noted.
  var csv: String {
    let header = (["step"] + Kind.allCases.map(\.rawValue)).joined(separator: ",")
    let lines = course.map { row in row.map { $0.isNaN ? "" : "\($0)" }.joined(separator: ",") }
    return ([header] + lines).joined(separator: "\n") + "\n"
  }

  /// Reads back what `csv` wrote: the points of one kind.
  public static func points(_ kind: Kind, inCSV text: String) -> [(x: Double, y: Double)] {
    let column = 1 + Kind.allCases.firstIndex(of: kind)!
    return text.split(separator: "\n").dropFirst().compactMap { line in
      let fields = line.split(separator: ",", omittingEmptySubsequences: false)
      guard fields.count > column, let x = Double(fields[0]), let y = Double(fields[column]) else { return nil }
      return (x, y)
    }
  }

  /// What stands beside the progress bar.
  var summary: String {
    func text(_ name: String, _ kind: Kind) -> String? {
      let value = values[Kind.allCases.firstIndex(of: kind)!]
      return value.isNaN ? nil : "\(name) " + NumberFormat.fixed(Double(value), digits: 2)
    }
    return [
      text("d", .discriminator), text("g", .generator), text("class", .classifier), text("text", .text),
      text("augment", .augmentation),
    ].compactMap { $0 }.joined(separator: ", ")
  }
}
