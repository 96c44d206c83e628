import Foundation
import Notebook

/// The folders that the released `dataset_split.py` scripts of KMDN and CDTG make:
///
/// ```
/// OUT/KMDN/train/head/LABEL/FILE   OUT/KMDN/train/head/head_classes.txt   lines "LABEL/FILE LABEL"
/// OUT/KMDN/train/tail/LABEL/FILE   OUT/KMDN/train/tail/tail_classes.txt
/// OUT/KMDN/test/…                  alike
/// OUT/CDTG/train/tail/K/FILE       tail classes renumbered 0… from many images to few
/// OUT/split.json
/// ```
public struct SplitFolders {
  public let train: ObjectDataset
  public let test: ObjectDataset
  public let trainSplit: HeadTailSplit
  public let testSplit: HeadTailSplit

  /// - Parameter recipe: `paper` divides the test set by the training counts, `released` by its own.
  /// - Throws: `TGNLayoutError`, `DataError.differentClasses`, `HeadTailSplitError`.
  public init(of root: URL, headShare: Double = HeadTailSplit.releasedShare, recipe: Recipe = .paper) throws {
    let layout = TGNLayout(root: root)
    // A class without test images can still be head or tail.
    train = try layout.read(.train, requiresEveryClass: false)
    test = try layout.read(.test, requiresEveryClass: false)
    guard train.classNames == test.classNames else {
      throw DataError.differentClasses(train: train.classCount, test: test.classCount)
    }
    trainSplit = try HeadTailSplit(counts: train.counts, headShare: headShare)
    testSplit = recipe == .paper ? trainSplit : try HeadTailSplit(counts: test.counts, headShare: headShare)
  }

  /// Writes the folders. They appear whole or not at all.
  ///
  /// - Parameters:
  ///   - output: A folder that is not there yet, or empty.
  ///   - copies: Copies each picture; otherwise it is a second name of the same file (a hard link) where the file
  ///     system can do that.
  /// - Throws: `TGNLayoutError.alreadyThere`, `.unwritable`.
  public func write(into output: URL, copies: Bool = false) throws {
    let files = FileManager.default
    let present = (try? files.contentsOfDirectory(atPath: output.path)) ?? []
    guard present.isEmpty else { throw TGNLayoutError.alreadyThere(file: output.path) }
    // A path, not a URL, as a URL's last part may end in a slash.
    let temporary = URL(fileURLWithPath: output.standardizedFileURL.path + ".writing", isDirectory: true)
    do {
      try? files.removeItem(at: temporary)
      try files.createDirectory(at: temporary, withIntermediateDirectories: true)
      for (split, dataset, parts) in [("train", train, trainSplit), ("test", test, testSplit)] {
        for (part, classes) in [("head", parts.headClasses), ("tail", parts.tailClasses)] {
          let folder = temporary.appendingPathComponent("KMDN/\(split)/\(part)")
          let lines = try place(dataset, classes: classes, labels: classes, in: folder, copies: copies)
          try Data(lines.utf8).write(to: folder.appendingPathComponent("\(part)_classes.txt"))
        }
      }
      let tail = temporary.appendingPathComponent("CDTG/train/tail")
      let newLabels = Array(trainSplit.tailClasses.indices)
      _ = try place(train, classes: trainSplit.tailClasses, labels: newLabels, in: tail, copies: copies)
      try Data(json.prettyPrinted().utf8).write(to: temporary.appendingPathComponent("split.json"))
      if files.fileExists(atPath: output.path) { try files.removeItem(at: output) }
      try DurableFiles.move(temporary, to: URL(fileURLWithPath: output.standardizedFileURL.path))
    } catch {
      try? files.removeItem(at: temporary)
      throw TGNLayoutError.unwritable(file: output.path, reason: SystemReason.of(error))
    }
  }

  /// Puts the pictures of some classes into folders named by new labels; returns the lines that list them, which keep
  /// the order of the data set, as the released script does.
  private func place(
    _ dataset: ObjectDataset, classes: [Int], labels: [Int], in folder: URL, copies: Bool
  ) throws -> String {
    let newLabel = Dictionary(uniqueKeysWithValues: zip(classes, labels))
    for label in labels {
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("\(label)"), withIntermediateDirectories: true)
    }
    var lines = ""
    var used = Set<String>()
    for (index, item) in dataset.items.enumerated() {
      guard let label = newLabel[item.label], case .file(let url) = item.source else { continue }
      var name = "\(label)/\(url.lastPathComponent)"
      if !used.insert(name).inserted { name = "\(label)/\(index)_\(url.lastPathComponent)" }
      let target = folder.appendingPathComponent(name)
      if copies || link(url.path, target.path) != 0 {
        // A link in the data set is copied as what it points at.
        try FileManager.default.copyItem(at: url.resolvingSymlinksInPath(), to: target)
      }
      lines += "\(name) \(label)\n"
    }
    return lines
  }

  var json: JSONValue {
    func classes(_ labels: [Int]) -> JSONValue {
      .array(labels.enumerated().map { new, label in
        [
          "label": .integer(label), "newLabel": .integer(new), "name": .string(train.classNames[label]),
          "train": .integer(train.counts[label]), "test": .integer(test.counts[label]),
        ]
      })
    }
    return [
      "head": classes(trainSplit.headClasses), "tail": classes(trainSplit.tailClasses),
      "testHead": .array(testSplit.headClasses.map { .integer($0) }),
      "testTail": .array(testSplit.tailClasses.map { .integer($0) }),
    ]
  }
}
