import Foundation

/// Finds a Python that can run the PyTorch script.
struct PeerPython {
  let executable: URL
  let torchVersion: String

  /// - Parameter path: As given with `--peer-python`; nil looks for `python3` in PATH.
  /// - Returns: Nil if none was asked for and there is none.
  /// - Throws: `SpeedError.noTorch` or `.notStarted` for one that was asked for.
  static func found(path: String?) throws -> PeerPython? {
    if let path {
      let name = path.contains("/") ? path : inPath(path)?.path ?? path
      return try checked(URL(fileURLWithPath: name), name: path)
    }
    return inPath("python3").flatMap { try? checked($0, name: "python3") }
  }

  private static func inPath(_ name: String) -> URL? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":")
      .map { URL(fileURLWithPath: "\($0)/\(name)") }
      .first { FileManager.default.isExecutableFile(atPath: $0.path) }
  }

  private static func checked(_ executable: URL, name: String) throws -> PeerPython {
    let process = Process()
    let (output, complaints) = (Pipe(), Pipe())
    process.executableURL = executable
    process.arguments = ["-c", "import torch, numpy, PIL; print(torch.__version__)"]
    process.standardInput = FileHandle.nullDevice
    process.standardOutput = output
    process.standardError = complaints
    do { try process.run() } catch {
      throw SpeedError.notStarted(program: name, reason: error.localizedDescription)
    }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    let errors = String(decoding: complaints.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      let reason = errors.split(separator: "\n").last.map(String.init)
      throw SpeedError.noTorch(python: name, message: reason ?? "it gave no reason")
    }
    return PeerPython(executable: executable, torchVersion: text.trimmingCharacters(in: .whitespacesAndNewlines))
  }
}
