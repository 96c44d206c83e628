import Checkpoints
import Engine
import Foundation
import Imaging
import Models
import XCTest

@testable import LongTail

/// Runs the package's `tgn` as a user does, in a process of its own.
struct CommandRunner {
  private let program: URL
  private let folder: URL

  /// - Parameter folder: For what the command says.
  /// - Throws: `XCTSkip` where the program is not beside the tests.
  init(in folder: URL) throws {
    self.folder = folder
    program = URL(fileURLWithPath: ProcessInfo.processInfo.arguments[0]).deletingLastPathComponent()
      .appendingPathComponent("tgn")
    guard FileManager.default.isExecutableFile(atPath: program.path) else {
      throw XCTSkip("tgn is not beside the tests")
    }
  }

  final class Run {
    let process = Process()
    fileprivate var log: URL!

    /// Everything that it has written so far.
    var said: String { (try? String(contentsOf: log, encoding: .utf8)) ?? "" }

    func wait() -> Int32 {
      process.waitUntilExit()
      return process.terminationStatus
    }
  }

  /// Starts the command.
  ///
  /// - Parameter fileLimit: The largest file that it may write, in KiB; beyond, writing fails as on a full disk.
  func start(_ arguments: [String], fileLimit: Int? = nil) throws -> Run {
    let run = Run()
    run.log = folder.appendingPathComponent("log-\(UUID())")
    try Data().write(to: run.log)
    let output = try FileHandle(forWritingTo: run.log)
    if let fileLimit {
      run.process.executableURL = URL(fileURLWithPath: "/bin/bash")
      // Without the trap the system would end the process.
      run.process.arguments = ["-c", "trap '' XFSZ; ulimit -f \(fileLimit); exec \"$0\" \"$@\"", program.path] + arguments
    } else {
      run.process.executableURL = program
      run.process.arguments = arguments
    }
    run.process.standardOutput = output
    run.process.standardError = output
    try run.process.run()
    return run
  }

  /// Runs the command to its end.
  func run(_ arguments: [String], fileLimit: Int? = nil) throws -> (status: Int32, said: String) {
    let run = try start(arguments, fileLimit: fileLimit)
    let status = run.wait()
    return (status, run.said)
  }
}

/// A data set of three tail classes, one of them of a single picture, with a tail model, and the options of a generator
/// so small that a step takes hundredths of a second.
final class TinyWorkflow {
  let folder: URL
  let command: CommandRunner

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("workflow-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    command = try CommandRunner(in: folder)
    var lines = ""
    var number = 0
    for (label, count) in [9, 8, 5, 3, 1].enumerated() {
      for index in 0..<count {
        let name = "\(label)/\(index).png"
        let url = file("data/train/\(name)")
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try noisePicture(number, width: 16, height: 16).write(to: url)
        lines += "\(name) \(label)\n"
        number += 1
      }
    }
    try FileManager.default.createDirectory(at: file("data/anno"), withIntermediateDirectories: true)
    try Data(lines.utf8).write(to: file("data/anno/TINY_train.txt"))
    try Data("0 ship\n1 dam\n2 bridge\n3 airport\n4 windmill\n".utf8).write(to: file("data/anno/classes.txt"))
    try writeTailModel(classes: 3, to: "tail.pth")
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func file(_ name: String) -> URL { folder.appendingPathComponent(name) }

  func writeTailModel(classes: Int, to name: String) throws {
    var stream = RandomStream(seed: 4, name: "tail")
    try writeWeights(
      StateDictionary(try BackboneName(named: "resnet18").network(classes: classes, stream: &stream)), to: file(name))
  }

  func training(_ out: String, iterations: Int, _ more: [String] = []) -> [String] {
    [
      "train-generator", "--data", file("data").path, "--tail-model", file("tail.pth").path, "--backbone", "resnet18",
      "--out", file(out).path, "--iter", "\(iterations)", "--batch", "4", "--size", "16", "--threads", "1",
      "--set", "latentWidth=8", "--set", "mappingLayers=2", "--set", "labelWidth=4", "--set", "r1Every=2",
      "--set", "pathEvery=3", "--set", #"channels={"narrow":{"maximum":8,"product":64}}"#,
      "--sample-every", "10", "--checkpoint-every", "10",
    ] + more
  }
}
