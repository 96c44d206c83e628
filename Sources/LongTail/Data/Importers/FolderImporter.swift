import Engine
import Foundation

/// Reads pictures that are sorted into class folders, each showing one object: FGSC-23 and others.
///
/// `train/CLASS/*` and `test/CLASS/*` (or `val/`), or `CLASS/*` alone, of which a share of each class is drawn as the
/// test set. Class folders are named by class or numbered.
public enum FolderImporter {
  /// FGSC-23, with its 23 classes in folders such as `2`, `02` or `2.destroyer`.
  ///
  /// - Throws: `ImportError`
  public static func fgsc(
    _ root: URL, testShare: Double = 0.2, seed: UInt64 = 0, options: ImportOptions = .init()
  ) throws -> ImportPlan {
    try read(
      root, name: "FGSC", classNames: options.classNames ?? KnownClasses.fgsc, testShare: testShare, seed: seed,
      options: options)
  }

  /// Any class folders. Without a class list the classes are the folders' names, numbers in their order.
  ///
  /// - Parameters:
  ///   - testShare: For folders without `train` and `test`: this share of each class, rounded, at least one picture.
  ///   - seed: Which pictures these are.
  /// - Throws: `ImportError`
  public static func folders(
    _ root: URL, testShare: Double = 0.2, seed: UInt64 = 0, options: ImportOptions = .init()
  ) throws -> ImportPlan {
    let name = root.standardizedFileURL.lastPathComponent.map { $0.isWhitespace || $0 == "/" ? "_" : $0 }
    return try read(
      root, name: String(name), classNames: options.classNames, testShare: testShare, seed: seed, options: options)
  }

  private static func read(
    _ root: URL, name: String, classNames: [String]?, testShare: Double, seed: UInt64, options: ImportOptions
  ) throws -> ImportPlan {
    guard testShare > 0, testShare < 1 else {
      throw ImportError.badOption(name: "--test-share", value: "\(testShare)", expected: "a number between 0 and 1")
    }
    let folder = try DataFolder(root, contents: "train/CLASS/ and test/CLASS/, or CLASS/ folders")
    var collector = ObjectCollector(classNames: nil, options: options)
    let isSplit = try folder.isFolder("train")
    let trainFolder = isSplit ? "train" : ""
    let trainClasses = try classFolders(in: trainFolder, of: folder)
    let test = try isSplit ? folder.folder(["test", "val"], contents: "class folders, as train/ does") : nil
    let testClasses = try test.map { try classFolders(in: $0, of: folder) } ?? []

    let names: [String]
    let label: (String) -> Int?
    if let classNames {
      let list = ClassList(classNames)
      (names, label) = (classNames, list.label(ofFolder:))
    } else {
      names = Set(trainClasses + testClasses).sorted(by: precedes)
      label = names.firstIndex(of:)
    }

    func images(_ classes: [String], in part: String) throws -> [[AnnotatedImage]] {
      try classes.map { className in
        let path = part.isEmpty ? className : part + "/" + className
        let place = AnnotationPlace(folder.url(path).path)
        guard let label = label(className) else {
          guard options.ignoresOtherClasses else { throw ClassList(names).unknown(className, at: place) }
          for picture in try folder.pictures(in: path) {
            collector.skip(.init(annotation: path + "/" + picture, position: "folder", index: 0), .otherClass)
          }
          return []
        }
        return try folder.pictures(in: path).map { picture in
          guard let file = try folder.find(picture, in: path, named: place) else {
            throw ImportError.missingImage(place, image: picture)
          }
          let object = AnnotatedObject(label: label, box: nil, index: 0, position: "folder")
          return AnnotatedImage(path: file, annotation: file, objects: [object])
        }
      }
    }
    let train = try images(trainClasses, in: trainFolder)
    if let test {
      let held = try images(testClasses, in: test).flatMap { $0 }
      return try ImportPlan(
        folder: folder, name: options.name ?? name, classNames: names, train: train.flatMap { $0 }, test: held,
        skipped: collector.skipped)
    }
    var (kept, held) = ([AnnotatedImage](), [AnnotatedImage]())
    for (number, images) in train.enumerated() where images.count > 1 {
      var stream = RandomStream(seed: seed, name: "test share", index: UInt64(number))
      let count = min(max(1, Int((Double(images.count) * testShare).rounded())), images.count - 1)
      let drawn = Set(stream.permutation(images.count).prefix(count))
      for (index, image) in images.enumerated() {
        if drawn.contains(index) { held.append(image) } else { kept.append(image) }
      }
    }
    // A single picture can only be learned from.
    kept += train.filter { $0.count == 1 }.flatMap { $0 }
    return try ImportPlan(
      folder: folder, name: options.name ?? name, classNames: names, train: kept, test: held,
      skipped: collector.skipped)
  }

  /// - Throws: `ImportError.leadsOutside` for a linked folder elsewhere, `.noObjects` where there is none.
  private static func classFolders(in part: String, of folder: DataFolder) throws -> [String] {
    let names = try folder.names(in: part).filter {
      try folder.isFolder(part.isEmpty ? $0 : part + "/" + $0)
    }
    guard !names.isEmpty else { throw ImportError.noObjects(folder: folder.url(part).path) }
    return names.sorted(by: precedes)
  }

  /// "2" before "10", numbers before words, words by their bytes.
  private static func precedes(_ left: String, _ right: String) -> Bool {
    switch (Int(left), Int(right)) {
    case (let left?, let right?) where left != right: return left < right
    case (.some, nil): return true
    case (nil, .some): return false
    default: return left.utf8.lexicographicallyPrecedes(right.utf8)
    }
  }
}
