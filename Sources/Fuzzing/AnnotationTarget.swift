import Engine
import Foundation
import Imaging
import LongTail

/// A small data set on disk, one of whose text files is damaged in each trial.
final class AnnotationTarget: InputTarget {
  private let reader: InputFuzzing.Reader
  private let folder: URL
  /// The files to damage, the first one most often.
  private let files: [(name: String, bytes: [UInt8])]

  init(_ reader: InputFuzzing.Reader, folder: URL) throws {
    self.reader = reader
    self.folder = folder
    var texts: [(String, String)] = []
    var pictures: [String] = []
    switch reader {
    case .voc:
      pictures = ["JPEGImages/a.png", "JPEGImages/b.png"]
      let object = { (name: String) in
        "<object><name>\(name)</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2.5</ymin><xmax>9</xmax>"
          + "<ymax>7</ymax></bndbox></object>"
      }
      let annotation = "<?xml version='1.0' encoding='UTF-8'?>\n<annotation>\n<filename>a.png</filename>\n"
        + "\(object("dam"))\n\(object("ship &amp; boat"))\n</annotation>\n"
      texts = [
        ("Annotations/a.xml", annotation), ("ImageSets/Main/train.txt", "a\n"), ("Annotations/b.xml", annotation),
        ("ImageSets/Main/val.txt", "b\n"),
      ]
    case .dota:
      pictures = ["train/images/P1.png", "val/images/P1.png"]
      let text = "imagesource:x\ngsd:0.1\n1 1 9 1 9 9 1 9 ship 0\n2 2 5 2 5 6 2 6 plane 1\n1.5 2 5 2 5 6e0 2 6 ship\n"
      texts = [("train/labelTxt/P1.txt", text), ("val/labelTxt/P1.txt", text)]
    case .coco:
      pictures = ["train/a.png", "val/a.png"]
      let text = #"{"images": [{"id": 1, "file_name": "a.png", "width": 20}], "categories": [{"id": 4, "#
        + #""name": "dam"}, "#
        + #"{"id": 7, "name": "ship"}], "annotations": [{"image_id": 1, "category_id": 4, "bbox": [1, 2.5, 3, 4], "#
        + #""iscrowd": 0}, {"image_id": 1, "category_id": 7, "bbox": [0, 0, 9, 9], "iscrowd": 0}]}"#
      texts = [("annotations/train.json", text), ("annotations/val.json", text)]
    default:
      pictures = ["train/0/a.png", "train/1/b c.png", "test/0/a.png", "test/1/b.png"]
      texts = [
        ("anno/X_train.txt", "0/a.png 0\r\n1/b c.png 1\r\n"), ("anno/classes.txt", "0 dam\n1 ship boat\n"),
        ("anno/X_test.txt", "0/a.png 0\n1/b.png 1\n"),
      ]
    }
    files = texts.map { ($0, Array($1.utf8)) }
    var stream = RandomStream(seed: 1, name: "pictures of the annotations")
    for name in pictures {
      let pixels = (0..<(20 * 16 * 3)).map { _ in UInt8(stream.integer(below: 256)) }
      try write(name, Array(Image(width: 20, height: 16, pixels: pixels).pngData()))
    }
    for (name, bytes) in files { try write(name, bytes) }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  private func write(_ name: String, _ bytes: [UInt8]) throws {
    let url = folder.appendingPathComponent("data").appendingPathComponent(name)
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
  }

  func read(_ stream: inout RandomStream) throws -> String? {
    let chosen = stream.chance(0.7) ? 0 : stream.integer(below: files.count)
    let other = files[stream.integer(below: files.count)].bytes
    try write(files[chosen].name, Mutation.mutated(files[chosen].bytes, other: other, from: &stream))
    defer { try? write(files[chosen].name, files[chosen].bytes) }

    let root = folder.appendingPathComponent("data")
    let plan: ImportPlan
    switch reader {
    case .voc: plan = try VOCImporter.voc(root)
    case .dota: plan = try DOTAImporter.dota(root)
    case .coco: plan = try COCOImporter.coco(root)
    default:
      let dataset = try TGNLayout(root: root).read(.train)
      _ = try dataset.contentHash()
      _ = try (0..<dataset.count).map { try dataset.image(at: $0, side: 8) }
      return nil
    }
    // What could be read must also be cut out: boxes may be of any size and anywhere.
    let output = folder.appendingPathComponent("out")
    defer { try? FileManager.default.removeItem(at: output) }
    _ = try CropRun(plan, settings: CropSettings(), into: output, skipsBroken: true).run()
    return nil
  }

  func isExpected(_ error: Error) -> Bool { error is ImportError || error is TGNLayoutError || error is ImageError }
}
