import Engine
import Foundation
import Imaging
import LongTail
import XCTest

/// A picture of noise, the same for the same number.
func noisePicture(_ number: Int, width: Int = 6, height: Int = 5) -> Image {
  var stream = RandomStream(seed: 1, name: "test picture", index: UInt64(number))
  return Image(
    width: width, height: height, pixels: (0..<width * height * 3).map { _ in UInt8(stream.integer(below: 256)) })
}

/// A data set in memory with the given number of items for each class.
func memoryDataset(_ counts: [Int], side: Int = 4) -> ObjectDataset {
  var items = [ObjectDataset.Item]()
  for (label, count) in counts.enumerated() {
    for _ in 0..<count {
      items.append(.init(label: label, source: .memory(noisePicture(items.count, width: side, height: side))))
    }
  }
  return ObjectDataset(classNames: counts.indices.map { "class \($0)" }, items: items)
}

/// A data set in TGN's layout in a temporary folder, to be broken by a test. Two classes, three images.
final class MiniatureTree {
  let root: URL
  var layout: TGNLayout { TGNLayout(root: root) }

  init() throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("layout-\(UUID().uuidString)")
    for (number, image) in ["0/a.png", "0/b.png", "1/a.png"].enumerated() {
      try addImage(image, number: number)
    }
    try write("anno/MINI_train.txt", "0/a.png 0\n0/b.png 0\n1/a.png 1\n")
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  func path(_ name: String) -> String { root.appendingPathComponent(name).path }

  func addImage(_ name: String, split: String = "train", number: Int = 0) throws {
    let url = root.appendingPathComponent("\(split)/\(name)")
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try noisePicture(number).write(to: url)
  }

  func write(_ name: String, _ text: String) throws {
    let url = root.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(text.utf8).write(to: url)
  }
}

enum DataFixtures {
  /// The folder `shared` beside the package, which only some machines have.
  static func sharedFolder(_ path: String, file: String = #filePath) throws -> URL {
    var root = URL(fileURLWithPath: file)
    for _ in 0..<3 { root.deleteLastPathComponent() }
    let url = root.deletingLastPathComponent().appendingPathComponent("shared/\(path)")
    guard FileManager.default.fileExists(atPath: url.path) else { throw XCTSkip("../shared/\(path) is not here") }
    return url
  }
}
