import ArgumentParser
import Foundation
import LongTail
import Notebook

/// `tgn describe`: what a data set holds, and what is wrong with it.
struct DescribeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "describe",
    abstract: "Describe a data set in TGN's layout: counts, long tail, broken files, duplicates.",
    discussion: """
      Reads and decodes every picture. Prints the counts of each class, head and tail, the imbalance (largest class \
      over smallest), files that cannot be decoded, and pictures that stand in training and test: byte for byte, or \
      looking the same (a 64-bit difference hash within 3 bits, confirmed on 9 × 8 grey values).

      With --out it also writes classes.svg (the long tail), sheet.png (pictures of each class; of your data, so mind \
      its licence) and description.json. The exit status is 1 where files are broken.

      Example:
        tgn describe /data/dior --out /tmp/dior-description
      """)

  @Argument(help: ArgumentHelp("Data set in TGN's layout (anno, train, test).", valueName: "dir"))
  var folder: String
  @Option(help: ArgumentHelp("Folder for the figure, the sheet and the raw values.", valueName: "dir"))
  var out: String?
  @Option(help: "Share of classes that are head: 0.4 as released, 0.33 for FGSC-23.")
  var headShare = HeadTailSplit.releasedShare
  @OptionGroup var threading: ThreadOptions

  func run() throws {
    threading.apply()
    let description = try DatasetDescription(
      of: URL(fileURLWithPath: folder, isDirectory: true), headShare: headShare)
    print(text(of: description))
    if let out {
      let output = URL(fileURLWithPath: out, isDirectory: true)
      do {
        try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        try Data(description.json.prettyPrinted().utf8).write(
          to: output.appendingPathComponent("description.json"), options: .atomic)
      } catch {
        throw ImportError.unwritable(file: output.path, reason: SystemReason.of(error))
      }
      try description.contactSheet().write(to: output.appendingPathComponent("sheet.png"))
      try description.figure.write(toSVG: output.appendingPathComponent("classes.svg"))
      print("Written to \(out): classes.svg, sheet.png, description.json.")
    }
    if !description.broken.isEmpty { throw ExitCode(1) }
  }

  private func text(of description: DatasetDescription) -> String {
    let (train, test) = (description.train.counts, description.test?.counts)
    var table = TextTable(["part", "label", "class", "train", "test"], words: [0, 2])
    for label in description.order {
      let part = description.split.map { $0.headLabel(of: label) == nil ? "tail" : "head" } ?? "–"
      table.append([
        part, "\(label)", description.classNames[label], NumberFormat.count(train[label]),
        test.map { NumberFormat.count($0[label]) } ?? "–",
      ])
    }
    table.append([
      "", "", "all", NumberFormat.count(description.train.count),
      description.test.map { NumberFormat.count($0.count) } ?? "–",
    ])
    var lines = [table.text, ""]
    if let imbalance = description.imbalance {
      lines.append("Imbalance (largest class over smallest): \(NumberFormat.fixed(imbalance, digits: 1))")
    }
    if let sizes = description.sizes {
      lines.append("Longer side: \(sizes.smallest) to \(sizes.largest) pixels, median \(sizes.median)")
    }
    if description.split == nil { lines.append("Too few classes for a head and a tail.") }
    let missing = description.classNames.indices.filter { train[$0] == 0 || test?[$0] == 0 }
    for label in missing {
      lines.append("Class '\(description.classNames[label])' has no \(train[label] == 0 ? "training" : "test") images.")
    }
    lines.append("Broken files: \(description.broken.count)")
    lines += description.broken.prefix(20).map { "  \($0.path): \($0.reason)" }
    let duplicates = description.duplicates
    lines.append(
      "Repeated within training: \(duplicates.withinTrain) (\(duplicates.contradictions) under another label), "
        + "within test: \(duplicates.withinTest)")
    if let test = description.test {
      for (kind, pairs) in [("Byte for byte", duplicates.exact), ("Near-equal", duplicates.near)] {
        lines.append("\(kind) in training and test: \(pairs.count)")
        lines += pairs.prefix(10).map {
          "  \(description.path(of: description.train.items[$0.train])) = "
            + description.path(of: test.items[$0.test])
        }
      }
    }
    return lines.joined(separator: "\n")
  }
}
