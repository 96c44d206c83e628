import Notebook

/// One annotated object of a picture.
public struct AnnotatedObject: Equatable, Sendable {
  /// The class, an index of the plan's class names.
  public var label: Int
  /// Nil where the whole picture shows the object.
  public var box: CropBox?
  /// Its number among all objects of its annotation from 0, those left out included.
  public var index: Int
  /// Where in the annotation it stands: "line 12", "annotations[12]".
  public var position: String

  public init(label: Int, box: CropBox?, index: Int, position: String) {
    self.label = label
    self.box = box
    self.index = index
    self.position = position
  }
}

/// A picture and what is annotated in it. Paths are relative to the data folder.
public struct AnnotatedImage: Equatable, Sendable {
  public var path: String
  /// The file that the objects were read from.
  public var annotation: String
  public var objects: [AnnotatedObject]

  public init(path: String, annotation: String, objects: [AnnotatedObject]) {
    self.path = path
    self.annotation = annotation
    self.objects = objects
  }
}

/// An object that does not become a crop, and why.
public struct SkippedObject: Equatable, Codable, Sendable {
  public enum Reason: String, Codable, Sendable, CaseIterable {
    case noArea = "no area"
    case outside = "outside the picture"
    case tooSmall = "smaller than --minimum-side"
    case difficult
    case crowd
    case otherClass = "class not in the list"
  }

  public let annotation: String
  public let position: String
  public let object: Int
  public let reason: Reason

  public init(annotation: String, position: String, object: Int, reason: Reason) {
    self.annotation = annotation
    self.position = position
    self.object = object
    self.reason = reason
  }
}

/// Everything that is to be cropped from a public data set: what an importer reads and `CropRun` carries out.
public struct ImportPlan: Sendable {
  /// The data folder, whose pictures the paths name.
  public let folder: DataFolder
  /// The annotations' prefix: "DIOR" gives `anno/DIOR_train.txt`.
  public let name: String
  public let classNames: [String]
  public let train: [AnnotatedImage]
  public let test: [AnnotatedImage]
  /// Objects that the importer left out already.
  public let skipped: [SkippedObject]

  /// - Throws: `ImportError.noObjects`, and `.repeatedImage` where training and test share a picture.
  public init(
    folder: DataFolder, name: String, classNames: [String], train: [AnnotatedImage], test: [AnnotatedImage],
    skipped: [SkippedObject]
  ) throws {
    guard (train + test).contains(where: { !$0.objects.isEmpty }) else {
      throw ImportError.noObjects(folder: folder.root.path)
    }
    var seen = Set<String>()
    for image in train + test where !seen.insert(image.path).inserted {
      throw ImportError.repeatedImage(.init(folder.url(image.annotation).path), image: image.path)
    }
    self.folder = folder
    self.name = name
    self.classNames = classNames
    self.train = train
    self.test = test
    self.skipped = skipped
  }

  public func images(_ split: TGNLayout.Split) -> [AnnotatedImage] { split == .train ? train : test }

  /// A checksum over everything the plan says: equal plans give equal crops of equal pictures.
  var checksum: String {
    var text = name + "\n" + classNames.joined(separator: "\n") + "\n"
    for split in TGNLayout.Split.allCases {
      for image in images(split) {
        text += "\(split) \(image.path)\n"
        for object in image.objects {
          let box = object.box.map { "\($0.left) \($0.top) \($0.right) \($0.bottom)" } ?? "whole"
          text += "\(object.index) \(object.label) \(box)\n"
        }
      }
    }
    return Checksum.sha256(of: text)
  }
}

/// What is read from the annotations, and what is left out, whatever their format.
public struct ImportOptions: Sendable {
  /// The classes in label order; nil for those of the data set.
  public var classNames: [String]?
  /// Leaves objects of classes beyond the list out instead of refusing them.
  public var ignoresOtherClasses = false
  /// Leaves objects out that are marked as difficult.
  public var skipsDifficult = false
  /// VOC only: pixels are counted from 1 and a box includes its right and lower end, as in PASCAL VOC itself.
  public var isOneBased = false
  /// The annotations' prefix; nil for the data set's.
  public var name: String?

  public init() {}
}
