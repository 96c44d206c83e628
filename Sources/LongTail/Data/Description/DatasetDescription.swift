import Engine
import Foundation
import Imaging
import Notebook

/// What a data set in TGN's layout holds: counts, its head and tail, files that cannot be read, and pictures that
/// stand in training and test.
public struct DatasetDescription: Sendable {
  public struct BrokenFile: Equatable, Sendable {
    public let path: String
    public let reason: String
  }

  /// The shorter and longer sides of a half's pictures.
  public struct Sizes: Equatable, Sendable {
    public let smallest: Int
    public let median: Int
    public let largest: Int
  }

  public let name: String
  public let classNames: [String]
  public let train: ObjectDataset
  /// Nil where the layout has no test annotation.
  public let test: ObjectDataset?
  /// Nil where there are too few classes for one.
  public let split: HeadTailSplit?
  /// Of readable training pictures' longer sides, in pixels; nil where there is none.
  public let sizes: Sizes?
  public let broken: [BrokenFile]
  public let duplicates: Duplicates
  private let root: URL

  /// Reads and decodes every picture, on all threads.
  ///
  /// - Throws: `TGNLayoutError`; broken pictures are described, not thrown.
  public init(of root: URL, headShare: Double = HeadTailSplit.releasedShare) throws {
    let layout = TGNLayout(root: root)
    let train = try layout.read(.train, requiresEveryClass: false)
    let test: ObjectDataset?
    do { test = try layout.read(.test, requiresEveryClass: false) } catch TGNLayoutError.missingAnnotation {
      test = nil
    }
    if let test, test.classNames != train.classNames {
      throw DataError.differentClasses(train: train.classCount, test: test.classCount)
    }
    self.root = root.standardizedFileURL
    name = root.standardizedFileURL.lastPathComponent
    classNames = train.classNames
    self.train = train
    self.test = test
    split = try? HeadTailSplit(counts: train.counts, headShare: headShare)

    let all = train.items + (test?.items ?? [])
    let outcomes = Self.fingerprints(of: all)
    let prints = outcomes.map { try? $0?.get() }
    broken = zip(all, outcomes).compactMap { [root = self.root] item, outcome in
      guard case .failure(let error)? = outcome, case .file(let url) = item.source else { return nil }
      let path = Self.path(of: url, in: root)
      return BrokenFile(path: path, reason: "\(error)".replacingOccurrences(of: url.path + ": ", with: ""))
    }
    let sides = prints[..<train.count].compactMap { $0.map { max($0.width, $0.height) } }.sorted()
    sizes = sides.isEmpty
      ? nil : Sizes(smallest: sides[0], median: sides[sides.count / 2], largest: sides[sides.count - 1])
    duplicates = Duplicates.find(
      train: Array(prints[..<train.count]), test: Array(prints[train.count...]), trainLabels: train.items.map(\.label))
  }

  /// Training images of the largest class over those of the smallest that has any; nil without images.
  public var imbalance: Double? {
    let counts = train.counts.filter { $0 > 0 }
    guard let largest = counts.max(), let smallest = counts.min() else { return nil }
    return Double(largest) / Double(smallest)
  }

  /// The classes from many training images to few, head before tail.
  public var order: [Int] {
    split.map { $0.headClasses + $0.tailClasses }
      ?? train.counts.indices.sorted { (train.counts[$1], $0) < (train.counts[$0], $1) }
  }

  /// A picture's path in the data set's folder.
  public func path(of item: ObjectDataset.Item) -> String {
    guard case .file(let url) = item.source else { return "picture in memory" }
    return Self.path(of: url, in: root)
  }

  /// The paper's picture of the long tail.
  public var figure: ClassDistribution {
    let counts = train.counts
    return ClassDistribution(
      "Training images of \(name)",
      classes: order.map { .init(classNames[$0], isHead: split?.headLabel(of: $0) != nil, count: counts[$0]) },
      logarithmic: (imbalance ?? 1) >= 100)
  }

  /// A row for each class from head to tail: training pictures, then test pictures, spread evenly over the class.
  public func contactSheet(train trainCount: Int = 8, test testCount: Int = 4, side: Int = 64) -> Image {
    var sheet = ImageSheet(title: name, textScale: 1)
    sheet.columnHeadings = ["train"] + [String](repeating: "", count: trainCount - 1) + (test == nil ? [] : ["test"])
    let blank = Image(width: side, height: side, fill: [255, 255, 255])
    for label in order {
      var images = Self.samples(of: train, label: label, count: trainCount, side: side)
      if let test {
        images += [Image](repeating: blank, count: trainCount - images.count)
        images += Self.samples(of: test, label: label, count: testCount, side: side)
      }
      let part = split.map { $0.headLabel(of: label) == nil ? "tail" : "head" } ?? ""
      let counts = "\(train.counts[label]) train" + (test.map { ", \($0.counts[label]) test" } ?? "")
      sheet.append(label: "\(label) \(classNames[label])\n\(part)\n\(counts)", images)
    }
    return sheet.rendered()
  }

  /// Pictures spread evenly over a class, each fitted into a square; broken ones are left out.
  private static func samples(of dataset: ObjectDataset, label: Int, count: Int, side: Int) -> [Image] {
    let items = dataset.items.indices.filter { dataset.items[$0].label == label }
    let chosen = items.count <= count ? items : (0..<count).map { items[$0 * items.count / count] }
    return chosen.compactMap { index in
      guard let image = try? dataset.image(at: index) else { return nil }
      let longer = max(image.width, image.height)
      return image.resized(
        width: max(1, image.width * side / longer), height: max(1, image.height * side / longer))
    }
  }

  private static func path(of url: URL, in root: URL) -> String {
    let path = url.standardizedFileURL.path
    return path.hasPrefix(root.path + "/") ? String(path.dropFirst(root.path.count + 1)) : path
  }

  private static func fingerprints(
    of items: [ObjectDataset.Item]
  ) -> [Result<PictureFingerprint, Error>?] {
    let lock = NSLock()
    var outcomes = [Result<PictureFingerprint, Error>?](repeating: nil, count: items.count)
    let bar = ProgressBar("Reading pictures", total: items.count)
    Parallel.pieces(items.count) { index in
      guard case .file(let url) = items[index].source else { return }
      let outcome = Result { try PictureFingerprint(of: url) }
      lock.withLock { outcomes[index] = outcome }
      bar.advance()
    }
    bar.finish()
    return outcomes
  }
}
