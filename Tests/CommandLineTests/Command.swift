import Foundation
import XCTest

/// The `tgn` that was built with the tests, run as a user runs it.
enum Command {
  struct Result {
    let status: Int32
    let output: String
    let errors: String
  }

  /// - Throws: `XCTSkip` where the tests were built without it.
  static func tgn(_ arguments: [String], in folder: URL? = nil) throws -> Result {
    let bundle = Bundle(for: WorkflowCommandTests.self).bundleURL
    let places = [bundle, bundle.deletingLastPathComponent()].map { $0.appendingPathComponent("tgn") }
    guard let program = places.first(where: { FileManager.default.isExecutableFile(atPath: $0.path) }) else {
      throw XCTSkip("tgn is not built beside \(bundle.path)")
    }
    let process = Process()
    process.executableURL = program
    process.arguments = arguments
    if let folder { process.currentDirectoryURL = folder }
    let (output, errors) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    // Both are read at once: a full pipe would stop the program.
    nonisolated(unsafe) var said = Data()
    let done = DispatchSemaphore(value: 0)
    DispatchQueue(label: "errors").async {
      said = errors.fileHandleForReading.readDataToEndOfFile()
      done.signal()
    }
    let printed = output.fileHandleForReading.readDataToEndOfFile()
    done.wait()
    process.waitUntilExit()
    XCTAssertEqual(process.terminationReason, .exit, "tgn \(arguments.joined(separator: " ")) crashed")
    return Result(
      status: process.terminationStatus, output: String(decoding: printed, as: UTF8.self),
      errors: String(decoding: said, as: UTF8.self))
  }
}

/// A folder for one test class, with a name that is not ASCII.
final class TemporaryFolder {
  let url: URL

  init() throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("tgn prüfung 名 \(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func path(_ name: String) -> String { url.appendingPathComponent(name).path }
  func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }
}
