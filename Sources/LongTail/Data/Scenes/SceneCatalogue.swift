import Engine
import Foundation
import Imaging

/// One rendered object crop and a sentence that is true of it.
public struct Scene: Equatable, Sendable {
  /// Square, RGB.
  public let image: Image
  public let caption: String
}

/// A data set drawn instead of downloaded: its classes, its published counts and a renderer for each class.
///
/// Every scene is a pure function of (catalogue, class, seed, index): there is no order to keep and nothing to
/// store, and index 7 shows the same scene at 32 and at 256 pixels. These are drawings. Figures measured on them
/// say how the method behaves, not how it scores on the data set whose class names they borrow.
public struct SceneCatalogue: Sendable {
  /// "dior", "dota" or "fgsc".
  public let name: String
  let classes: [SceneClass]

  /// Class names as the data set spells them, in label order.
  public var classNames: [String] { classes.map(\.name) }
  /// Readable names for text prompts, such as "expressway toll station".
  public var prompts: [String] { classes.map(\.noun) }
  /// Training objects per class. DIOR: the public annotations. DOTA and FGSC-23 publish no training counts by
  /// class: there the test counts, scaled to the published training total.
  public var publishedTrainCounts: [Int] { classes.map(\.trainCount) }
  /// Test objects per class. FGSC-23 gives four classes only together (63): split about evenly.
  public var publishedTestCounts: [Int] { classes.map(\.testCount) }

  /// Draws one scene of class `label`, `side` × `side` pixels.
  public func scene(class label: Int, side: Int, seed: UInt64, index: UInt64) -> Scene {
    precondition(classes.indices.contains(label), "the \(name) scenes have labels 0..<\(classes.count), not \(label)")
    let drawn = classes[label]
    let stream = "scene.\(name).\(drawn.name)"
    var painter = ScenePainter(side: side, random: RandomStream(seed: seed, name: stream, index: index))
    drawn.draw(&painter)
    let image = painter.develop()
    // Sensor noise takes more numbers for larger pictures; the words must not depend on that.
    painter.random = RandomStream(seed: seed, name: stream + ".caption", index: index)
    return Scene(image: image, caption: painter.caption(noun: drawn.noun, plural: drawn.plural))
  }

  /// Draws `counts[label]` scenes of every class on all cores; indices start at `firstIndex`, so that two ranges
  /// of indices are two disjoint sets of pictures.
  ///
  /// - Returns: The scenes of each class, in label order.
  public func scenes(counts: [Int], side: Int, seed: UInt64, firstIndex: UInt64 = 0) -> [[Scene]] {
    precondition(
      counts.count == classes.count, "the \(name) scenes need one count for each of \(classes.count) classes")
    let jobs = counts.indices.flatMap { label in (0..<counts[label]).map { (label: label, index: $0) } }
    guard !jobs.isEmpty else { return counts.map { _ in [] } }
    var drawn = [Scene?](repeating: nil, count: jobs.count)
    drawn.withUnsafeMutableBufferPointer { drawn in
      nonisolated(unsafe) let results = drawn
      DispatchQueue.concurrentPerform(iterations: jobs.count) { i in
        results[i] = scene(class: jobs[i].label, side: side, seed: seed, index: firstIndex + UInt64(jobs[i].index))
      }
    }
    var rest = drawn.compactMap { $0 }[...]
    return counts.map { count in
      defer { rest = rest.dropFirst(count) }
      return Array(rest.prefix(count))
    }
  }

  /// The published long tail in a smaller size: training counts in proportion, the largest class `maximum`, none
  /// below `minimum`.
  ///
  /// For DOTA and FGSC-23 the proportions are those of the test set (see `publishedTrainCounts`).
  public func longTailCounts(maximum: Int, minimum: Int = 1) -> [Int] {
    precondition(minimum >= 0 && maximum >= minimum, "the largest class cannot be smaller than the smallest")
    let counts = publishedTrainCounts
    let largest = counts.max() ?? 1
    return counts.map { max(minimum, Int((Double($0) * Double(maximum) / Double(largest)).rounded())) }
  }
}

/// A class of a catalogue and how to draw it.
struct SceneClass: Sendable {
  let name: String
  let noun: String
  let plural: String
  let trainCount: Int
  let testCount: Int
  let draw: @Sendable (inout ScenePainter) -> Void

  init(
    _ name: String, _ noun: String, plural: String? = nil, train: Int, test: Int,
    draw: @escaping @Sendable (inout ScenePainter) -> Void
  ) {
    self.name = name
    self.noun = noun
    self.plural = plural ?? noun + "s"
    trainCount = train
    testCount = test
    self.draw = draw
  }
}
