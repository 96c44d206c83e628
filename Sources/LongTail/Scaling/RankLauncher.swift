import Foundation

/// Starts a program as several ranks on this machine.
enum RankLauncher {
  /// Runs `mpirun -np RANKS PROGRAM ARGUMENTS` (one rank: the program alone) and gives what it prints.
  ///
  /// - Throws: `RankLauncherError`.
  static func run(_ program: String, _ arguments: [String], ranks: Int) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: ranks == 1 ? program : "/usr/bin/env")
    process.arguments = (ranks == 1 ? [] : ["mpirun", "-np", "\(ranks)", program]) + arguments
    // Open MPI: more ranks than cores, no core of its own for each, and work inside containers.
    process.environment = ProcessInfo.processInfo.environment.merging([
      "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
      "OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
    ]) { $1 }
    let output = Pipe()
    process.standardOutput = output
    do { try process.run() } catch { throw RankLauncherError.notStarted(error.localizedDescription) }
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw RankLauncherError.failed(ranks: ranks, status: process.terminationStatus)
    }
    return text
  }
}

enum RankLauncherError: Error, CustomStringConvertible {
  case notStarted(String)
  case failed(ranks: Int, status: Int32)
  case noAnswer(ranks: Int)

  var description: String {
    switch self {
    case .notStarted(let reason): "mpirun could not be started (\(reason)); install openmpi-bin"
    case .failed(let ranks, let status):
      "\(ranks) ranks ended with status \(status); with 127 mpirun is missing: install openmpi-bin"
    case .noAnswer(let ranks): "\(ranks) ranks gave no answer; see what they said above"
    }
  }
}
