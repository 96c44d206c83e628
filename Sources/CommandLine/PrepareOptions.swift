import ArgumentParser
import Foundation
import LongTail
import Notebook

/// The options that every `tgn prepare` takes.
struct PrepareOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("Folder of the data set as it was downloaded and unpacked.", valueName: "dir"))
  var folder: String
  @Option(help: ArgumentHelp("Folder to write; new, empty, or of a stopped run.", valueName: "dir"))
  var out: String
  @Option(help: "The annotation files' prefix: DIOR gives anno/DIOR_train.txt (default: the data set's).")
  var name: String?
  @Option(
    help: ArgumentHelp("Class names in label order, one a line or as '0 airplane' (default: the data set's).",
      valueName: "file"))
  var classes: String?
  @Flag(help: "Leave out objects of classes that are not in the list.")
  var ignoreOtherClasses = false
  @Option(help: "jpeg, as the released data, or png, which loses nothing.")
  var format = CropSettings.Format.jpeg
  @Option(help: "JPEG quality, 1 to 100.")
  var quality = 95
  @Option(help: ArgumentHelp("Leave out objects whose shorter side has fewer pixels.", valueName: "pixels"))
  var minimumSide = 1
  @Flag(help: "Leave out pictures that cannot be decoded, and list them in the manifest.")
  var skipBroken = false
  @OptionGroup var threading: ThreadOptions

  /// Reads with an importer, writes the crops and says what came of it.
  func run(_ boxes: PrepareBoxOptions?, _ plan: (URL, ImportOptions) throws -> ImportPlan) throws {
    threading.apply()
    var options = ImportOptions()
    options.name = name
    options.ignoresOtherClasses = ignoreOtherClasses
    if let name, name.isEmpty || name.contains("/") || name.hasPrefix(".") {
      throw ValidationError("--name '\(name)' cannot begin a file's name; give one such as DIOR")
    }
    options.classNames = try classes.map { try ImportOptions.classNames(in: URL(fileURLWithPath: $0)) }
    var settings = CropSettings()
    settings.format = format
    settings.quality = quality
    settings.minimumSide = minimumSide
    settings.padding = boxes?.padding ?? 0
    let output = URL(fileURLWithPath: out, isDirectory: true)
    let plan = try plan(URL(fileURLWithPath: folder, isDirectory: true), options)
    let manifest = try CropRun(plan, settings: settings, into: output, skipsBroken: skipBroken).run()
    print(PrepareSummary(manifest: manifest, output: output.path).text)
  }
}

/// For data sets whose objects are boxes in larger pictures.
struct PrepareBoxOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Surroundings to keep on each side of the box.", valueName: "pixels"))
  var padding = 0
}

/// For Pascal VOC's annotations.
struct PrepareVOCOptions: ParsableArguments {
  @Flag(help: "Pixels are counted from 1 and boxes include their right and lower ends, as in Pascal VOC itself.")
  var oneBased = false
  @Flag(help: "Leave out objects that are marked as difficult.")
  var skipDifficult = false

  func added(to options: ImportOptions) -> ImportOptions {
    var options = options
    options.isOneBased = oneBased
    options.skipsDifficult = skipDifficult
    return options
  }
}

/// For class folders that are not divided into training and test.
struct PrepareShareOptions: ParsableArguments {
  @Option(help: "Share of each class that becomes the test set where the data set is not divided.")
  var testShare = 0.2
  @Option(help: "Which pictures these are.")
  var seed: UInt64 = 0
}

extension CropSettings.Format: ExpressibleByArgument {}

/// What `tgn prepare` prints at its end.
struct PrepareSummary {
  let manifest: CropManifest
  let output: String

  var text: String {
    var table = TextTable(["label", "class", "train", "test"], words: [1])
    for (label, row) in manifest.classes.enumerated() {
      table.append(["\(label)", row.name, NumberFormat.count(row.train), NumberFormat.count(row.test)])
    }
    table.append(["", "all", NumberFormat.count(manifest.count(.train)), NumberFormat.count(manifest.count(.test))])
    var lines = [table.text, ""]
    if manifest.clipped > 0 {
      lines.append("\(NumberFormat.count(manifest.clipped)) boxes reached out of their picture and were clipped.")
    }
    if let first = manifest.skipped.first {
      let reasons = manifest.skippedCounts.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
      lines.append(
        "\(NumberFormat.count(manifest.skipped.count)) objects left out (\(reasons.joined(separator: ", "))), first "
          + "\(first.annotation), \(first.position); all are in manifest.json.")
    }
    if let first = manifest.broken.first {
      lines.append("\(manifest.broken.count) broken pictures left out, first \(first.reason)")
    }
    for row in manifest.classes where row.train == 0 || row.test == 0 {
      lines.append(
        "Warning: class '\(row.name)' has no \(row.train == 0 ? "training" : "test") images; training and testing "
          + "need some of every class. Give --classes without it, and --ignore-other-classes.")
    }
    lines.append("Written to \(output), checksum \(manifest.sha256.prefix(16)).")
    return lines.joined(separator: "\n")
  }
}
