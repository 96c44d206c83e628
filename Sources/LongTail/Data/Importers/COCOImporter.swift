import Foundation
import Notebook

/// Reads COCO's JSON: `annotations/*train*.json` and `*val*.json` (or `*test*.json`), pictures in `train2017/`,
/// `train/`, `images/` or where `COCOImporter.Files` says.
///
/// Boxes are `[x, y, width, height]` from pixel 0. Crowds (`iscrowd: 1`) are left out: they show no single object.
public struct COCOImporter {
  /// Which files to read, relative to the data folder; nil is looked for.
  public struct Files: Sendable {
    public var trainJSON: String?
    public var testJSON: String?
    public var trainImages: String?
    public var testImages: String?

    public init(
      trainJSON: String? = nil, testJSON: String? = nil, trainImages: String? = nil, testImages: String? = nil
    ) {
      self.trainJSON = trainJSON
      self.testJSON = testJSON
      self.trainImages = trainImages
      self.testImages = testImages
    }
  }

  /// Classes are the categories of the training file that have objects, in the order of their numbers.
  ///
  /// - Throws: `ImportError`
  public static func coco(_ root: URL, files: Files = .init(), options: ImportOptions = .init()) throws -> ImportPlan {
    let folder = try DataFolder(root, contents: "annotations/ with *train*.json and *val*.json, and the pictures")
    let importer = COCOImporter(folder: folder)
    let train = try importer.document(files.trainJSON, kinds: ["train"], option: "--train-json")
    let test = try importer.document(files.testJSON, kinds: ["test", "val"], option: "--test-json")
    let classNames = try options.classNames ?? train.usedNames(with: test)
    var collector = ObjectCollector(classNames: classNames, options: options)
    let trainImages = try importer.images(
      of: train, folders: files.trainImages.map { [$0] } ?? candidates("train"), collector: &collector)
    let testImages = try importer.images(
      of: test, folders: files.testImages.map { [$0] } ?? candidates("val") + candidates("test"),
      collector: &collector)
    return try collector.plan(
      folder: folder, name: options.name ?? "COCO", train: trainImages, test: testImages)
  }

  private static func candidates(_ split: String) -> [String] {
    [split + "2017", split + "2014", split, "images/" + split + "2017", "images/" + split, "images", "JPEGImages", ""]
  }

  let folder: DataFolder

  private func document(_ given: String?, kinds: [String], option: String) throws -> COCODocument {
    let root = AnnotationPlace(folder.root.path)
    if let given {
      guard let path = try folder.find(given, named: root) else {
        throw ImportError.missingFile(folder.url(given).path, contents: "COCO's JSON (\(option))")
      }
      return try COCODocument(path, in: folder)
    }
    let place = try folder.folder(["annotations", "Annotations"], contents: "*train*.json and *val*.json")
    let names = try folder.names(in: place).filter { FileName.ending(of: $0) == "json" }
    for kind in kinds {
      let all = names.filter { $0.lowercased().contains(kind) }
      let instances = all.filter { $0.lowercased().contains("instances") }
      let files = all.count > 1 && !instances.isEmpty ? instances : all
      guard let file = files.first else { continue }
      guard files.count == 1 else {
        throw ImportError.severalFiles(folder: folder.url(place).path, files: files, option: option)
      }
      _ = try folder.find(file, in: place, named: root)
      return try COCODocument(place + "/" + file, in: folder)
    }
    throw ImportError.missingFile(
      folder.url(place + "/instances_\(kinds.last!).json").path, contents: "COCO's JSON; name another with \(option)")
  }

  private func images(
    of document: COCODocument, folders: [String], collector: inout ObjectCollector
  ) throws -> [AnnotatedImage] {
    var images = [AnnotatedImage]()
    var places = [Int: Int]()
    for (number, entry) in document.content.images.enumerated() {
      let place = document.place("images[\(number)].file_name")
      guard places.updateValue(number, forKey: entry.id) == nil else {
        throw ImportError.badJSON(document.place("images[\(number)].id"), reason: "\(entry.id) is an earlier id too")
      }
      var path: String?
      for candidate in folders where path == nil {
        path = try folder.find(entry.file_name, in: candidate, named: place)
      }
      guard let path else { throw ImportError.missingImage(place, image: entry.file_name) }
      images.append(.init(path: path, annotation: document.path, objects: []))
    }

    let names = try document.categoryNames()
    var objectCounts = [Int](repeating: 0, count: images.count)
    for (number, entry) in document.content.annotations.enumerated() {
      let key = "annotations[\(number)]"
      guard let image = places[entry.image_id] else {
        throw ImportError.badJSON(document.place(key + ".image_id"), reason: "no image has the id \(entry.image_id)")
      }
      guard let name = names[entry.category_id] else {
        throw ImportError.badJSON(
          document.place(key + ".category_id"), reason: "no category has the id \(entry.category_id)")
      }
      guard entry.bbox.count == 4, entry.bbox.allSatisfy(\.isFinite) else {
        throw ImportError.badNumber(document.place(key), name: "bbox", text: "\(entry.bbox)")
      }
      let origin = ObjectCollector.Origin(annotation: document.path, position: key, index: objectCounts[image])
      objectCounts[image] += 1
      if entry.iscrowd?.value == true {
        collector.skip(origin, .crowd)
        continue
      }
      let box = CropBox(
        left: entry.bbox[0], top: entry.bbox[1], right: entry.bbox[0] + entry.bbox[2],
        bottom: entry.bbox[1] + entry.bbox[3])
      let taken = try collector.take(
        name, box: box, isDifficult: false, from: origin, at: document.place(key + ".category_id"))
      if let taken { images[image].objects.append(taken) }
    }
    return images
  }
}

/// The parts of a COCO file that are read.
private struct COCODocument {
  struct Content: Decodable {
    var images: [Picture]
    var annotations: [Annotation]
    var categories: [Category]
  }
  // The names are those of the file.
  struct Picture: Decodable {
    var id: Int
    var file_name: String
  }
  struct Annotation: Decodable {
    var image_id: Int
    var category_id: Int
    var bbox: [Double]
    var iscrowd: Flag?
  }
  struct Category: Decodable {
    var id: Int
    var name: String
  }
  /// 0, 1, false or true: programs differ.
  struct Flag: Decodable {
    var value: Bool

    init(from decoder: Decoder) throws {
      let container = try decoder.singleValueContainer()
      value = try (try? container.decode(Bool.self)) ?? (container.decode(Int.self) != 0)
    }
  }

  let path: String
  let content: Content
  private let file: String

  /// - Throws: `ImportError`
  init(_ path: String, in folder: DataFolder) throws {
    self.path = path
    file = folder.url(path).path
    var data = try AnnotationText.data(of: folder.url(path), limit: AnnotationText.limitOfJSON)
    // Such a file is large and nearly always plain UTF-8: it is then held once.
    if data.first == UInt8(ascii: "{"), let content = try? JSONDecoder().decode(Content.self, from: data) {
      self.content = content
      return
    }
    data = Data(try AnnotationText(data: data, file: file).text.utf8)
    do {
      content = try JSONDecoder().decode(Content.self, from: data)
    } catch {
      throw Self.importError(error, in: data, file: file)
    }
  }

  func place(_ key: String) -> AnnotationPlace { .init(file, key: key) }

  func categoryNames() throws -> [Int: String] {
    var names = [Int: String]()
    for (number, category) in content.categories.enumerated() {
      guard !category.name.isEmpty, !category.name.contains(where: \.isNewline) else {
        throw ImportError.badJSON(place("categories[\(number)].name"), reason: "a class name is one line of text")
      }
      guard names.updateValue(category.name, forKey: category.id) == nil else {
        throw ImportError.badJSON(place("categories[\(number)].id"), reason: "\(category.id) is an earlier id too")
      }
    }
    return names
  }

  /// The names of the categories that have objects here or in another file, in the order of their numbers.
  func usedNames(with other: COCODocument) throws -> [String] {
    var result = [String]()
    for document in [self, other] {
      let names = try document.categoryNames()
      let used = Set(document.content.annotations.lazy.filter { $0.iscrowd?.value != true }.map(\.category_id))
      for id in used.sorted() {
        if let name = names[id], !result.contains(name) { result.append(name) }
      }
    }
    return result
  }

  private static func importError(_ error: Error, in text: Data, file: String) -> ImportError {
    func key(_ path: [CodingKey]) -> String? {
      let text = path.reduce("") { $0 + ($1.intValue.map { "[\($0)]" } ?? ($0.isEmpty ? "" : ".") + $1.stringValue) }
      return text.isEmpty ? nil : text
    }
    switch error {
    case DecodingError.keyNotFound(let missing, let context):
      return .badJSON(.init(file, key: key(context.codingPath)), reason: "'\(missing.stringValue)' is missing")
    case DecodingError.typeMismatch(let type, let context), DecodingError.valueNotFound(let type, let context):
      return .badJSON(.init(file, key: key(context.codingPath)), reason: "it should be of type \(type)")
    case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty:
      return .badJSON(.init(file, key: key(context.codingPath)), reason: context.debugDescription)
    default:
      return syntaxError(in: text, file: file)
    }
  }

  /// The decoder only says that something is wrong; the parser below it also says where.
  private static func syntaxError(in text: Data, file: String) -> ImportError {
    var reason = "not valid JSON"
    do { _ = try JSONSerialization.jsonObject(with: text) } catch {
      reason = (error as NSError).userInfo["NSDebugDescription"] as? String ?? reason
    }
    var end = text.count
    if let place = reason.range(of: " around character [0-9]+", options: .regularExpression) {
      end = min(end, reason[place].split(separator: " ").last.flatMap { Int($0) } ?? end)
      reason.removeSubrange(place)
    } else if !reason.contains("end of file") {
      return .badJSON(.init(file), reason: reason)
    }
    let before = text.prefix(end)
    let line = before.reduce(1) { $1 == 0x0a ? $0 + 1 : $0 }
    return .badJSON(.init(file, line: line), reason: reason.hasSuffix(".") ? String(reason.dropLast()) : reason)
  }
}
