import ArgumentParser
import Foundation
import LongTail

/// `tgn prepare`: public data sets into TGN's layout.
struct PrepareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prepare",
    abstract: "Bring a public data set into TGN's layout: one picture for each annotated object.",
    discussion: """
      Writes OUT/train/LABEL/IMAGE_OBJECT.jpg and OUT/test/… alike, OUT/anno/NAME_train.txt and NAME_test.txt, \
      OUT/anno/classes.txt, and OUT/manifest.json with what was clipped or left out and checksums. OBJECT is the \
      object's number in its annotation, from 0. A stopped run goes on where it was and ends with the same bytes.

      Boxes that reach out of their picture are clipped. Those without area, outside the picture or smaller than \
      --minimum-side are left out and listed. A class that is not in the list, a missing picture, a damaged annotation \
      and a name that leads out of the folder end the run with the file and line.

      Example:
        tgn prepare dior /data/DIOR --out /data/dior
        tgn describe /data/dior
      """,
    subcommands: [
      PrepareDIOR.self, PrepareDOTA.self, PrepareFGSC.self, PrepareCOCO.self, PrepareVOC.self, PrepareFolders.self,
    ])
}

struct PrepareDIOR: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dior",
    abstract: "DIOR: JPEGImages-trainval, JPEGImages-test, Annotations, ImageSets/Main.",
    discussion: """
      Reads DIR/Annotations/Horizontal Bounding Boxes/*.xml (or DIR/Annotations/*.xml) of the pictures that \
      DIR/ImageSets/Main/{train,val,test}.txt (or DIR/Main/…) list; training is train and val together.

      Example:
        tgn prepare dior /data/DIOR --out /data/dior
      """)

  @OptionGroup var options: PrepareOptions
  @OptionGroup var boxes: PrepareBoxOptions
  @OptionGroup var voc: PrepareVOCOptions

  func run() throws { try options.run(boxes) { try VOCImporter.dior($0, options: voc.added(to: $1)) } }
}

struct PrepareVOC: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "voc",
    abstract: "Any data set in Pascal VOC's layout: JPEGImages, Annotations, ImageSets/Main.",
    discussion: """
      Training is train.txt and val.txt (or trainval.txt), testing test.txt; without a test.txt, training is train.txt \
      and testing val.txt. Classes are the names in the annotations in alphabetical order, or those of --classes.

      Example:
        tgn prepare voc /data/VOCdevkit/VOC2007 --one-based --out /data/voc
      """)

  @OptionGroup var options: PrepareOptions
  @OptionGroup var boxes: PrepareBoxOptions
  @OptionGroup var voc: PrepareVOCOptions

  func run() throws { try options.run(boxes) { try VOCImporter.voc($0, options: voc.added(to: $1)) } }
}

struct PrepareDOTA: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "dota",
    abstract: "DOTA: train and val, each with images and labelTxt.",
    discussion: """
      Reads DIR/{train,val}/labelTxt/*.txt (or labelTxt-v1.0/…) and the pictures in DIR/{train,val}/images. Testing is \
      val. A crop is the smallest upright rectangle around the oriented box.

      Example:
        tgn prepare dota /data/DOTA-v1.0 --out /data/DOTA --skip-difficult
      """)

  @OptionGroup var options: PrepareOptions
  @OptionGroup var boxes: PrepareBoxOptions
  @Flag(help: "Leave out objects that are marked as difficult.")
  var skipDifficult = false

  func run() throws {
    try options.run(boxes) { folder, options in
      var options = options
      options.skipsDifficult = skipDifficult
      return try DOTAImporter.dota(folder, options: options)
    }
  }
}

struct PrepareCOCO: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "coco",
    abstract: "COCO's JSON: annotations/*train*.json and *val*.json, and the pictures.",
    discussion: """
      Pictures are looked for in train2017, val2017, train, val, images and the folder itself. Classes are the \
      categories that have objects, in the order of their numbers, or those of --classes. Crowds are left out.

      Example:
        tgn prepare coco /data/coco --out /data/coco-objects --minimum-side 16
        tgn prepare coco /data/own --train-json train.json --test-json test.json --out /data/own-objects
      """)

  @OptionGroup var options: PrepareOptions
  @OptionGroup var boxes: PrepareBoxOptions
  @Option(help: ArgumentHelp("Annotations of the training pictures, in DIR.", valueName: "file"))
  var trainJson: String?
  @Option(help: ArgumentHelp("Annotations of the test pictures, in DIR.", valueName: "file"))
  var testJson: String?
  @Option(help: ArgumentHelp("Folder of the training pictures, in DIR.", valueName: "dir"))
  var trainImages: String?
  @Option(help: ArgumentHelp("Folder of the test pictures, in DIR.", valueName: "dir"))
  var testImages: String?

  func run() throws {
    let files = COCOImporter.Files(
      trainJSON: trainJson, testJSON: testJson, trainImages: trainImages, testImages: testImages)
    try options.run(boxes) { try COCOImporter.coco($0, files: files, options: $1) }
  }
}

struct PrepareFGSC: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fgsc",
    abstract: "FGSC-23: class folders of ship pictures.",
    discussion: """
      Reads DIR/train/CLASS/* and DIR/test/CLASS/*, or DIR/CLASS/*, where CLASS is a number as 2 or 02, a name, or \
      both as 2.destroyer. A picture is the object; JPEG files are kept byte for byte.

      Example:
        tgn prepare fgsc /data/FGSC-23 --out /data/fgsc
      """)

  @OptionGroup var options: PrepareOptions
  @OptionGroup var share: PrepareShareOptions

  func run() throws {
    try options.run(nil) {
      try FolderImporter.fgsc($0, testShare: share.testShare, seed: share.seed, options: $1)
    }
  }
}

struct PrepareFolders: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "folders",
    abstract: "Class folders of pictures, each showing one object.",
    discussion: """
      Reads DIR/train/CLASS/* and DIR/test/CLASS/* (or val), or DIR/CLASS/*, of which --test-share of each class \
      becomes the test set. Labels follow the folders' names, or the lines of --classes.

      Example:
        tgn prepare folders /data/UCMerced --test-share 0.3 --out /data/ucm
      """)

  @OptionGroup var options: PrepareOptions
  @OptionGroup var share: PrepareShareOptions

  func run() throws {
    try options.run(nil) {
      try FolderImporter.folders($0, testShare: share.testShare, seed: share.seed, options: $1)
    }
  }
}
