import ArgumentParser
import Foundation
import LongTail
import Notebook

/// `tgn split`: which classes are head and which are tail.
struct SplitCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "split",
    abstract: "Divide a data set in TGN's layout into head and tail classes (the released dataset_split.py).",
    discussion: """
      Classes are sorted by their number of images, descending, equal ones by label; the first 40 % (rounded down) are \
      head. Prints the table. With --out it also writes what both released scripts write: \
      OUT/KMDN/{train,test}/{head,tail}/LABEL/ with head_classes.txt and tail_classes.txt, \
      OUT/CDTG/train/tail/K/ with the tail renumbered from 0, and OUT/split.json.

      --recipe released splits the test folder by its own counts, as the released script does; paper uses the training \
      counts for both.

      Examples:
        tgn split /data/dior
        tgn split /data/fgsc --head-share 0.33 --out /data/fgsc-split
      """)

  @Argument(help: ArgumentHelp("Data set in TGN's layout (anno, train, test).", valueName: "dir"))
  var folder: String
  @Option(help: "Share of classes that are head: 0.4 as released, 0.33 for FGSC-23.")
  var headShare = HeadTailSplit.releasedShare
  @Option(help: "paper or released: by which counts the test set is divided.")
  var recipe = Recipe.paper
  @Option(help: ArgumentHelp("Folder to write; new or empty.", valueName: "dir"))
  var out: String?
  @Flag(help: "Copy pictures. Without it they are hard links, which take no room, where the disk allows.")
  var copy = false

  func run() throws {
    let split = try SplitFolders(
      of: URL(fileURLWithPath: folder, isDirectory: true), headShare: headShare, recipe: recipe)
    let (train, test) = (split.train.counts, split.test.counts)
    var table = TextTable(["part", "new", "label", "class", "train", "test"], words: [0, 3])
    for (part, classes) in [("head", split.trainSplit.headClasses), ("tail", split.trainSplit.tailClasses)] {
      for (new, label) in classes.enumerated() {
        table.append([
          part, "\(new)", "\(label)", split.train.classNames[label], NumberFormat.count(train[label]),
          NumberFormat.count(test[label]),
        ])
      }
    }
    print(table.text)
    if Set(split.testSplit.headClasses) != Set(split.trainSplit.headClasses) {
      let names = split.testSplit.headClasses.map { split.test.classNames[$0] }
      print("By the test counts the head of the test set is \(names.joined(separator: ", ")).")
    }
    if let out {
      try split.write(into: URL(fileURLWithPath: out, isDirectory: true), copies: copy)
      print("Written to \(out).")
    }
  }
}
