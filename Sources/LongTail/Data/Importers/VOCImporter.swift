import Foundation
import Notebook

/// Reads DIOR, and any data set in the layout of Pascal VOC.
///
/// DIOR's download: `JPEGImages-trainval/`, `JPEGImages-test/`, `Annotations/Horizontal Bounding Boxes/*.xml`,
/// `ImageSets/Main/{train,val,test}.txt` (or `Main/`). VOC: `JPEGImages/`, `Annotations/*.xml`, `ImageSets/Main/`.
///
/// Where there is a test list, training is train and val together; where there is none, val is the test set.
/// A box is taken as left ≤ x < right from pixel 0, as scripts crop DIOR; see `ImportOptions.isOneBased`.
public struct VOCImporter {
  let folder: DataFolder
  let options: ImportOptions
  let name: String
  /// Nil: the names found in the annotations, in alphabetical order.
  let classNames: [String]?
  private let annotationFolder: String
  private let listFolder: String
  private let pictures: [String: String]

  /// DIOR, with its twenty classes.
  ///
  /// - Throws: `ImportError` for missing folders.
  public static func dior(_ root: URL, options: ImportOptions = .init()) throws -> ImportPlan {
    try VOCImporter(
      root, options: options, name: "DIOR", classNames: KnownClasses.dior,
      annotations: ["Annotations/Horizontal Bounding Boxes", "Annotations/Horizontal_Bounding_Boxes", "Annotations"],
      pictures: ["JPEGImages-trainval", "JPEGImages-test", "JPEGImages"]
    ).plan()
  }

  /// Any data set in VOC's layout.
  ///
  /// - Throws: `ImportError` for missing folders.
  public static func voc(_ root: URL, options: ImportOptions = .init()) throws -> ImportPlan {
    try VOCImporter(
      root, options: options, name: "VOC", classNames: nil, annotations: ["Annotations"], pictures: ["JPEGImages"]
    ).plan()
  }

  private init(
    _ root: URL, options: ImportOptions, name: String, classNames: [String]?, annotations: [String],
    pictures: [String]
  ) throws {
    folder = try DataFolder(root, contents: annotations[0] + "/, " + pictures[0] + "/ and ImageSets/Main/")
    self.options = options
    self.name = options.name ?? name
    self.classNames = options.classNames ?? classNames
    annotationFolder = try folder.folder(annotations, contents: "the annotations, one .xml file for each picture")
    listFolder = try folder.folder(["ImageSets/Main", "Main", "ImageSets"], contents: "train.txt, val.txt, test.txt")
    var found = [String: String]()
    for candidate in pictures where try folder.isFolder(candidate) {
      for picture in try folder.pictures(in: candidate) where found[FileName.stem(of: picture)] == nil {
        found[FileName.stem(of: picture)] = candidate + "/" + picture
      }
    }
    guard !found.isEmpty else {
      throw ImportError.missingFolder(folder.url(pictures[0]).path, contents: "the pictures, .jpg or .png")
    }
    self.pictures = found
  }

  private func plan() throws -> ImportPlan {
    func list(_ names: String...) throws -> [String] {
      try names.compactMap { try folder.file([listFolder + "/" + $0 + ".txt"]) }
    }
    func need(_ files: [String], _ name: String) throws -> [String] {
      guard files.isEmpty else { return files }
      throw ImportError.missingFile(
        folder.url(listFolder + "/" + name).path, contents: "the names of pictures, one a line")
    }
    let parts = try list("train", "val")
    let whole = try list("trainval")
    let test = try list("test")
    let trainLists: [String], testLists: [String]
    if test.isEmpty {
      (trainLists, testLists) = (try need(list("train"), "train.txt"), try need(list("val"), "test.txt"))
    } else {
      (trainLists, testLists) = (try need(parts.isEmpty ? whole : parts, "train.txt"), test)
    }

    let trainEntries = try trainLists.flatMap(entries), testEntries = try testLists.flatMap(entries)
    let bar = ProgressBar("Reading annotations", total: trainEntries.count + testEntries.count)
    var collector = ObjectCollector(classNames: classNames, options: options)
    func read(_ entries: [Entry]) throws -> [AnnotatedImage] {
      try entries.map { entry in
        defer { bar.advance() }
        return try image(entry, collector: &collector)
      }
    }
    let train = try read(trainEntries), held = try read(testEntries)
    bar.finish()
    return try collector.plan(folder: folder, name: name, train: train, test: held)
  }

  private struct Entry {
    let stem: String
    let place: AnnotationPlace
  }

  private func entries(in list: String) throws -> [Entry] {
    let file = folder.url(list)
    return try AnnotationText(contentsOf: file).lines.map { line, text in
      let known = DataFolder.pictureEndings.union(["xml"])
      // With an ending added, ".." would pass for a name.
      _ = try folder.find(text, in: annotationFolder, named: .init(file.path, line: line))
      return Entry(
        stem: known.contains(FileName.ending(of: text)) ? FileName.stem(of: text) : text,
        place: .init(file.path, line: line))
    }
  }

  private func image(_ entry: Entry, collector: inout ObjectCollector) throws -> AnnotatedImage {
    guard let annotation = try folder.find(entry.stem + ".xml", in: annotationFolder, named: entry.place) else {
      throw ImportError.missingFile(
        folder.url(annotationFolder + "/" + entry.stem + ".xml").path, contents: "the annotation of \(entry.place)")
    }
    guard let picture = pictures[entry.stem], try folder.find(picture, named: entry.place) != nil else {
      throw ImportError.missingImage(entry.place, image: entry.stem + ".jpg")
    }
    let file = folder.url(annotation).path
    var objects = [AnnotatedObject]()
    for (index, object) in try VOCAnnotation(contentsOf: folder.url(annotation)).objects.enumerated() {
      let place = AnnotationPlace(file, line: object.line)
      guard let name = object.name, !name.isEmpty, !name.contains(where: \.isNewline) else {
        throw ImportError.badXML(place, reason: "an object has no name of one line")
      }
      let sides = try VOCAnnotation.sides.map { side -> Double in
        guard let (text, line) = object.box[side] else {
          throw ImportError.badXML(place, reason: "object '\(name)' has no bndbox/\(side)")
        }
        return try ObjectCollector.number(text, name: side, at: .init(file, line: line))
      }
      let shift = options.isOneBased ? 1.0 : 0
      let box = CropBox(left: sides[0] - shift, top: sides[1] - shift, right: sides[2], bottom: sides[3])
      let origin = ObjectCollector.Origin(annotation: annotation, position: "line \(object.line)", index: index)
      let taken = try collector.take(name, box: box, isDifficult: object.isDifficult, from: origin, at: place)
      if let taken { objects.append(taken) }
    }
    return AnnotatedImage(path: picture, annotation: annotation, objects: objects)
  }
}
