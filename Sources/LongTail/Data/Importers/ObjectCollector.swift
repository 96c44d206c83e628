import Foundation

/// Gives the objects of annotations their labels, and keeps account of those left out.
struct ObjectCollector {
  /// Where an object stands.
  struct Origin {
    let annotation: String
    let position: String
    let index: Int
  }

  private let classes: ClassList?
  private let options: ImportOptions
  /// Without a class list: the names in the order they came, until `plan` sorts them.
  private var found: [String] = []
  private var foundLabels: [String: Int] = [:]
  private(set) var skipped: [SkippedObject] = []

  init(classNames: [String]?, options: ImportOptions) {
    classes = classNames.map(ClassList.init)
    self.options = options
  }

  mutating func skip(_ origin: Origin, _ reason: SkippedObject.Reason) {
    skipped.append(
      .init(annotation: origin.annotation, position: origin.position, object: origin.index, reason: reason))
  }

  /// An object with its label; nil where it is left out.
  ///
  /// - Throws: `ImportError.unknownClass`
  mutating func take(
    _ name: String, box: CropBox?, isDifficult: Bool, from origin: Origin, at place: AnnotationPlace
  ) throws -> AnnotatedObject? {
    guard let label = try label(of: name, from: origin, at: place) else { return nil }
    if isDifficult && options.skipsDifficult {
      skip(origin, .difficult)
      return nil
    }
    if let box, box.isEmpty {
      skip(origin, .noArea)
      return nil
    }
    return AnnotatedObject(label: label, box: box, index: origin.index, position: origin.position)
  }

  private mutating func label(of name: String, from origin: Origin, at place: AnnotationPlace) throws -> Int? {
    guard let classes else {
      if let label = foundLabels[name] { return label }
      found.append(name)
      foundLabels[name] = found.count - 1
      return found.count - 1
    }
    if let label = classes.label(of: name) { return label }
    guard options.ignoresOtherClasses else { throw classes.unknown(name, at: place) }
    skip(origin, .otherClass)
    return nil
  }

  /// The plan of what was taken; classes without a list are put in alphabetical order.
  ///
  /// - Throws: `ImportError`, see `ImportPlan.init`.
  func plan(
    folder: DataFolder, name: String, train: [AnnotatedImage], test: [AnnotatedImage]
  ) throws -> ImportPlan {
    guard classes == nil else {
      return try ImportPlan(
        folder: folder, name: name, classNames: classes!.names, train: train, test: test, skipped: skipped)
    }
    let order = found.indices.sorted { found[$0].utf8.lexicographicallyPrecedes(found[$1].utf8) }
    var newLabels = [Int](repeating: 0, count: found.count)
    for (new, old) in order.enumerated() { newLabels[old] = new }
    func renumbered(_ images: [AnnotatedImage]) -> [AnnotatedImage] {
      images.map { image in
        var image = image
        for index in image.objects.indices { image.objects[index].label = newLabels[image.objects[index].label] }
        return image
      }
    }
    return try ImportPlan(
      folder: folder, name: name, classNames: order.map { found[$0] }, train: renumbered(train),
      test: renumbered(test), skipped: skipped)
  }

  /// - Throws: `ImportError.badNumber` for what is no finite number.
  static func number(_ text: String, name: String, at place: AnnotationPlace) throws -> Double {
    guard let value = Double(text), value.isFinite else {
      throw ImportError.badNumber(place, name: name, text: text)
    }
    return value
  }
}
