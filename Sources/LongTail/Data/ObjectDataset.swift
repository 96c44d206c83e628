import Crypto
import Foundation
import Imaging

/// Labelled pictures of objects: what every stage trains on, measures or adds to.
///
/// A picture is a file, opened when it is needed, or lies in memory (drawn scenes, generated images). The set is a
/// value: thinning, splitting and adding give new sets that share the pictures.
public struct ObjectDataset: Sendable {
  public enum Source: Sendable {
    case file(URL)
    case memory(Image)
  }

  public struct Item: Sendable {
    /// The class, an index of `classNames`.
    public let label: Int
    public let source: Source

    public init(label: Int, source: Source) {
      self.label = label
      self.source = source
    }
  }

  /// The classes' names in label order, all different.
  public let classNames: [String]
  public let items: [Item]

  /// - Precondition: The names differ and every label is one of theirs.
  public init(classNames: [String], items: [Item]) {
    precondition(Set(classNames).count == classNames.count, "two classes of a data set share a name")
    precondition(items.allSatisfy { classNames.indices.contains($0.label) }, "a label is not a class of the data set")
    self.classNames = classNames
    self.items = items
  }

  public var count: Int { items.count }
  public var classCount: Int { classNames.count }

  /// How many items each class has, in label order.
  public var counts: [Int] {
    var result = [Int](repeating: 0, count: classCount)
    for item in items { result[item.label] += 1 }
    return result
  }

  /// The positions of each class's items, in label order.
  public var indicesByClass: [[Int]] {
    var result = [[Int]](repeating: [], count: classCount)
    for (index, item) in items.enumerated() { result[item.label].append(index) }
    return result
  }

  /// The picture of one item at its own size, as RGB.
  ///
  /// - Throws: `ImageError` for a file that cannot be read.
  public func image(at index: Int) throws -> Image {
    switch items[index].source {
    case .file(let url): return try Image(contentsOf: url)
    case .memory(let image): return image.rgb()
    }
  }

  /// The picture of one item as a square, whatever its shape: bilinear with antialiasing, as the method resizes all
  /// its inputs.
  ///
  /// - Throws: `ImageError` for a file that cannot be read.
  public func image(at index: Int, side: Int) throws -> Image {
    try image(at: index).resized(width: side, height: side)
  }

  /// The items of some classes, renumbered 0… in the order given.
  public func subset(classes: [Int]) -> ObjectDataset {
    precondition(classes.allSatisfy(classNames.indices.contains), "a subset names a class that is not there")
    let newLabels = Dictionary(uniqueKeysWithValues: classes.enumerated().map { ($1, $0) })
    return ObjectDataset(
      classNames: classes.map { classNames[$0] },
      items: items.compactMap { item in newLabels[item.label].map { Item(label: $0, source: item.source) } })
  }

  /// The items at some positions, in the order given; the classes stay.
  public func subset(items indices: [Int]) -> ObjectDataset {
    ObjectDataset(classNames: classNames, items: indices.map { items[$0] })
  }

  /// This set followed by another's items. Classes are matched by name, so that a set of tail classes alone can be
  /// added to a set of all classes.
  ///
  /// - Throws: `ObjectDatasetError.unknownClass` where the other set has a class that this one has not.
  public func appending(_ other: ObjectDataset) throws -> ObjectDataset {
    let labels = try other.classNames.map { name -> Int in
      guard let label = classNames.firstIndex(of: name) else {
        throw ObjectDatasetError.unknownClass(name: name, known: classNames)
      }
      return label
    }
    return ObjectDataset(
      classNames: classNames, items: items + other.items.map { Item(label: labels[$0.label], source: $0.source) })
  }

  /// SHA-256 over class names, labels and pictures in order, in hexadecimal: equal for equal content, wherever the
  /// files lie and whatever they are called. Reads every file.
  ///
  /// - Throws: `ImageError.unreadable`
  public func contentHash() throws -> String {
    var hash = SHA256()
    func add(_ numbers: Int...) {
      for number in numbers { withUnsafeBytes(of: UInt64(number).littleEndian) { hash.update(bufferPointer: $0) } }
    }
    add(classCount, count)
    for name in classNames {
      add(name.utf8.count)
      hash.update(data: Data(name.utf8))
    }
    for item in items {
      switch item.source {
      case .file(let url):
        let data: Data
        do { data = try Data(contentsOf: url) } catch {
          throw ImageError.unreadable(file: url.path, reason: "no such file, or no permission")
        }
        add(item.label, 0, data.count)
        hash.update(data: data)
      case .memory(let image):
        add(item.label, 1, image.width, image.height, image.channels)
        image.pixels.withUnsafeBytes { hash.update(bufferPointer: $0) }
      }
    }
    return hash.finalize().map { byte in
      let digits = String(byte, radix: 16)
      return digits.count == 1 ? "0" + digits : digits
    }.joined()
  }
}

public enum ObjectDatasetError: Error, Equatable, CustomStringConvertible {
  case unknownClass(name: String, known: [String])

  public var description: String {
    switch self {
    case .unknownClass(let name, let known):
      return "class '\(name)' is not one of \(known.joined(separator: ", ")); "
        + "use the same class names in both data sets"
    }
  }
}
