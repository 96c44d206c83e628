import Checkpoints
import Engine
import Foundation
import Models
import XCTest

@testable import LongTail

/// Wrong files and wrong options: one line that says what to do. And what is small but right.
final class WorkflowErrorTests: XCTestCase {
  private func assertRefused(
    _ result: (status: Int32, said: String), _ words: String..., file: StaticString = #filePath, line: UInt = #line
  ) {
    XCTAssertNotEqual(result.status, 0, result.said, file: file, line: line)
    let lines = result.said.split(separator: "\n").filter { $0.hasPrefix("Error") }
    XCTAssertEqual(lines.count, 1, result.said, file: file, line: line)
    XCTAssertFalse(result.said.contains("Fatal error"), result.said, file: file, line: line)
    for word in words { XCTAssertTrue(result.said.contains(word), "\(word) in: \(result.said)", file: file, line: line) }
  }

  func testGeneratingFromACheckpoint() throws {
    let work = try TinyWorkflow()
    let trained = try work.command.run(work.training("run", iterations: 2))
    XCTAssertEqual(trained.status, 0, trained.said)
    func generate(_ out: String, _ more: [String]) throws -> (status: Int32, said: String) {
      try work.command.run(
        [
          "generate", "--ckpt", work.file("run/2.pt").path, "--data", work.file("data").path, "--backbone", "resnet18",
          "--out", work.file(out).path, "--format", "png", "--threads", "1",
        ] + more)
    }
    let tail = ["--tail-model", work.file("tail.pth").path]
    func picture(_ path: String) throws -> Data { try Data(contentsOf: work.file(path)) }

    // Class 2 has a single picture; every picture starts from it.
    let single = try generate("single", tail + ["--folder-number", "2", "--count", "5", "--batch-size", "2"])
    XCTAssertEqual(single.status, 0, single.said)
    XCTAssertNotEqual(try picture("single/2/0.png"), try picture("single/2/1.png"))

    // A picture is the same in another batch, and where others before it were rejected.
    XCTAssertEqual(try generate("batch", tail + ["--count", "12", "--batch-size", "5"]).status, 0)
    XCTAssertEqual(try picture("single/2/3.png"), try picture("batch/2/3.png"))
    let filtered = try generate("filtered", tail + ["--count", "4", "--batch-size", "3", "--filter", "tail-model"])
    XCTAssertEqual(filtered.status, 0, filtered.said)
    struct Manifest: Decodable {
      var filter: String
      var kept, rejected: [String: Int]
    }
    let manifest = try JSONDecoder().decode(Manifest.self, from: try picture("filtered/manifest.json"))
    XCTAssertEqual(manifest.filter, "tail-model")
    for label in ["0", "1", "2"] {
      let names = try FileManager.default.contentsOfDirectory(atPath: work.file("filtered/\(label)").path)
      XCTAssertEqual(names.count, manifest.kept[label])
      XCTAssertTrue(manifest.kept[label] == 4 || manifest.kept[label]! + manifest.rejected[label]! == 40)
      for name in names where (Int(name.dropLast(4)) ?? 99) < 12 {
        XCTAssertEqual(try picture("filtered/\(label)/\(name)"), try picture("batch/\(label)/\(name)"), name)
      }
    }
    // The released recipe: another fusion layer, features in training mode.
    XCTAssertEqual(try generate("released", tail + ["--count", "2", "--recipe", "released"]).status, 0)
    XCTAssertNotEqual(try picture("released/0/0.png"), try picture("batch/0/0.png"))

    // Class counts that do not agree.
    try work.writeTailModel(classes: 4, to: "four.pth")
    assertRefused(
      try generate("wrong", ["--tail-model", work.file("four.pth").path]), "four.pth", "4 classes", "3 are needed")
    assertRefused(try generate("wrong", tail + ["--head-share", "0.6"]), "2 are needed")
    assertRefused(try generate("wrong", tail + ["--filter", "text"]), "--clip")

    // A checkpoint of another size, in training.
    assertRefused(
      try work.command.run(
        work.training("more", iterations: 2, ["--ckpt", work.file("run/2.pt").path, "--set", "latentWidth=16"])),
      "latent width 8", "latent width 16", "--ckpt")
    // One of a run of this command is gone on from: four steps are two and two.
    XCTAssertEqual(try work.command.run(work.training("four", iterations: 4)).status, 0)
    let more = try work.command.run(
      work.training("more", iterations: 4, ["--ckpt", work.file("run/2.pt").path, "--continue"]))
    XCTAssertEqual(more.status, 0, more.said)
    XCTAssertEqual(try picture("four/4.pt"), try picture("more/4.pt"))
  }

  func testCLIPAndItsPrompts() throws {
    let work = try TinyWorkflow()
    func train(_ more: [String]) throws -> (status: Int32, said: String) {
      try work.command.run(work.training("run", iterations: 1, more))
    }
    // A file of the right kind for each check, but small: the first tensors tell the variant.
    func write(_ name: String, _ shapes: [String: [Int]]) throws {
      var state = StateDictionary(source: name)
      for (key, shape) in shapes { state[key] = .zeros(shape) }
      try state.writePyTorch(to: work.file(name))
    }
    try write("ViT-L-14.pt", ["visual.conv1.weight": [1024, 3, 14, 14], "visual.class_embedding": [1024]])
    try write("RN50.pt", ["visual.conv1.weight": [32, 3, 3, 3]])
    try write("tail.pt", ["fc.weight": [3, 8]])
    try Data().write(to: work.file("bpe.txt.gz"))
    let words = ["--bpe", work.file("bpe.txt.gz").path]
    assertRefused(try train(["--clip", work.file("ViT-L-14.pt").path] + words), "patches of 14", "ViT-B/32")
    assertRefused(try train(["--clip", work.file("RN50.pt").path] + words), "ResNet", "ViT-B/32")
    assertRefused(try train(["--clip", work.file("tail.pt").path] + words), "no CLIP", "ViT-B-32.pt")
    assertRefused(try train(["--clip", work.file("tail.pt").path]), "--bpe")
    try Data(#"{"bridge": ["a bridge"], "airport": []}"#.utf8).write(to: work.file("prompts.json"))
    assertRefused(
      try train(["--clip", work.file("tail.pt").path] + words + ["--prompts", work.file("prompts.json").path]),
      "airport, windmill", "A photo of a airport")
    try Data(#"["a bridge"]"#.utf8).write(to: work.file("prompts.json"))
    assertRefused(
      try train(["--clip", work.file("tail.pt").path] + words + ["--prompts", work.file("prompts.json").path]),
      "not of the form")
  }
}
