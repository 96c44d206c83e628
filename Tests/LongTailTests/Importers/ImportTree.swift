import Foundation
import Imaging
import LongTail
import XCTest

/// A miniature data set in a temporary folder, and a folder beside it to prepare it into.
final class ImportTree {
  let folder: URL
  var root: URL { folder.appendingPathComponent("data") }
  var out: URL { folder.appendingPathComponent("out") }
  private(set) var pictures: [String: Image] = [:]

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("import-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: root, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func path(_ name: String) -> String { root.appendingPathComponent(name).path }

  func write(_ name: String, _ data: Data) throws {
    let url = root.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try data.write(to: url)
  }

  func write(_ name: String, _ text: String, encoding: String.Encoding = .utf8) throws {
    try write(name, XCTUnwrap(text.data(using: encoding)))
  }

  /// Writes a picture of noise. PNG whatever its ending says, so that its pixels are exactly known: readers go by
  /// the first bytes.
  func picture(_ name: String, width: Int = 20, height: Int = 16) throws {
    let image = noisePicture(pictures.count, width: width, height: height)
    pictures[name] = image
    try write(name, image.pngData())
  }

  func remove(_ name: String) throws { try FileManager.default.removeItem(at: root.appendingPathComponent(name)) }

  func run(_ plan: ImportPlan, _ change: (inout CropSettings) -> Void = { _ in }, skipsBroken: Bool = false) throws
    -> CropManifest
  {
    var settings = CropSettings()
    settings.format = .png
    change(&settings)
    return try CropRun(plan, settings: settings, into: out, skipsBroken: skipsBroken).run()
  }

  /// The text of a written file.
  func output(_ name: String) throws -> String {
    String(decoding: try Data(contentsOf: out.appendingPathComponent(name)), as: UTF8.self)
  }

  /// Checks that a written crop is a rectangle of a source picture, to the pixel.
  func assertCrop(
    _ name: String, of picture: String, x: Int, y: Int, width: Int, height: Int, line: UInt = #line
  ) throws {
    let crop = try Image(contentsOf: out.appendingPathComponent(name))
    let expected = try XCTUnwrap(pictures[picture]).cropped(x: x, y: y, width: width, height: height)
    XCTAssertEqual(crop.width, width, "width of \(name)", line: line)
    XCTAssertEqual(crop.height, height, "height of \(name)", line: line)
    XCTAssertTrue(crop == expected, "the pixels of \(name)", line: line)
  }

  /// Every file of a folder with its bytes.
  static func contents(_ folder: URL) throws -> [String: Data] {
    var result = [String: Data]()
    for case let url as URL in FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)! {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder)
      if !isFolder.boolValue {
        result[String(url.path.dropFirst(folder.path.count + 1))] = try Data(contentsOf: url)
      }
    }
    return result
  }

  /// Checks that work ends with one error, that it is one line, and that it names a file of this tree.
  func assertError(_ expected: ImportError, line: UInt = #line, _ work: () throws -> Any) {
    XCTAssertThrowsError(try work(), line: line) { error in
      XCTAssertEqual(error as? ImportError, expected, "\(error)", line: line)
      XCTAssertFalse("\(error)".contains("\n"), "one line", line: line)
      XCTAssertTrue("\(error)".contains(folder.path), "names the place: \(error)", line: line)
    }
  }
}
