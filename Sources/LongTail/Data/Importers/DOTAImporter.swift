import Foundation
import Notebook

/// Reads DOTA: `train/` and `val/`, each with `images/*.png` and `labelTxt/*.txt`; val is the test set, as no
/// annotations of the official one are public.
///
/// A label file has the lines `imagesource:…` and `gsd:…`, then `x1 y1 … x4 y4 category difficult`. The crop is the
/// smallest upright rectangle around the quadrilateral.
public enum DOTAImporter {
  /// - Throws: `ImportError`
  public static func dota(_ root: URL, options: ImportOptions = .init()) throws -> ImportPlan {
    let folder = try DataFolder(root, contents: "train/ and val/, each with images/ and labelTxt/")
    let parts = try [["train"], ["val", "test"]].map {
      try folder.folder($0, contents: "images/ and labelTxt/")
    }
    var collector = ObjectCollector(classNames: options.classNames ?? KnownClasses.dota, options: options)
    let train = try images(in: parts[0], of: folder, collector: &collector)
    let test = try images(in: parts[1], of: folder, collector: &collector)
    return try collector.plan(folder: folder, name: options.name ?? "DOTA", train: train, test: test)
  }

  private static func images(
    in part: String, of folder: DataFolder, collector: inout ObjectCollector
  ) throws -> [AnnotatedImage] {
    let labels = try folder.folder(
      ["labelTxt", "labelTxt-v1.0/labelTxt", "labelTxt-v1.0", "labelTxt-v1.5/labelTxt", "labelTxt-v1.5"].map {
        part + "/" + $0
      }, contents: "one .txt file for each picture")
    let pictures = try folder.pictureIndex(of: try folder.folder([part + "/images"], contents: "the pictures"))
    let files = try folder.names(in: labels).filter { FileName.ending(of: $0) == "txt" }
    let bar = ProgressBar("Reading \(part)'s annotations", total: files.count)
    defer { bar.finish() }
    return try files.map { name in
      defer { bar.advance() }
      let place = AnnotationPlace(folder.url(labels + "/" + name).path)
      _ = try folder.find(name, in: labels, named: place)
      guard let picture = pictures[FileName.stem(of: name)] else {
        throw ImportError.missingImage(place, image: "\(part)/images/\(FileName.stem(of: name)).png")
      }
      _ = try folder.find(picture, named: place)
      return AnnotatedImage(
        path: picture, annotation: labels + "/" + name,
        objects: try objects(in: labels + "/" + name, of: folder, collector: &collector))
    }
  }

  private static func objects(
    in annotation: String, of folder: DataFolder, collector: inout ObjectCollector
  ) throws -> [AnnotatedObject] {
    let file = folder.url(annotation)
    var objects = [AnnotatedObject]()
    var index = 0
    for (line, text) in try AnnotationText(contentsOf: file).lines {
      let lower = text.lowercased()
      if lower.hasPrefix("imagesource:") || lower.hasPrefix("gsd:") { continue }
      let place = AnnotationPlace(file.path, line: line)
      let words = text.split(whereSeparator: \.isWhitespace).map(String.init)
      guard words.count == 9 || words.count == 10 else {
        throw ImportError.badLine(place, text: text, expected: "x1 y1 x2 y2 x3 y3 x4 y4 category difficult")
      }
      let numbers = try words[..<8].enumerated().map { number, word in
        try ObjectCollector.number(word, name: "\(number % 2 == 0 ? "x" : "y")\(number / 2 + 1)", at: place)
      }
      let corners = (0..<4).map { (x: numbers[2 * $0], y: numbers[2 * $0 + 1]) }
      let isDifficult = words.count == 10 && words[9] != "0"
      let origin = ObjectCollector.Origin(annotation: annotation, position: "line \(line)", index: index)
      index += 1
      let taken = try collector.take(
        words[8], box: CropBox(around: corners), isDifficult: isDifficult, from: origin, at: place)
      if let taken { objects.append(taken) }
    }
    return objects
  }
}
