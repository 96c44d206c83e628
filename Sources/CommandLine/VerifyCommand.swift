import ArgumentParser
import Foundation
import LongTail
import Notebook

/// `tgn verify`: does a report say what its raw values say?
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Check that every number, table, figure and claim of a report follows from its raw values.",
    discussion: """
      The page is woven again from the experiment's source and results.json and compared line by line. Means, \
      intervals, p-values and verdicts are computed anew from the values of single seeds, bootstrap intervals from \
      single test images, scores from confusion matrices; figures are drawn again. Source, data, settings and starting \
      weights must have the recorded checksums. What cannot be checked is listed, and why. The exit status is 1 where \
      something is wrong.

      --rerun also does the experiment again from nothing, with the report's own arguments, and compares all files to \
      the bit. Run it like the experiment itself: the default profile takes as long as it took then.

      Examples:
        swift run tgn verify Reports/dior-ablation
        swift run tgn verify Reports/dior-ablation --rerun
        swift run tgn verify Reports/dior-ablation-dior --data /data/dior
      """)

  @Argument(help: ArgumentHelp("Folders of reports.", valueName: "dir"))
  var folders: [String]
  @Option(help: ArgumentHelp("The data set's folder, for a report that was made with --data.", valueName: "dir"))
  var data: String?
  @Flag(help: "Do the experiment again from nothing and compare all files to the bit.")
  var rerun = false
  @Option(help: ArgumentHelp("The folder of the experiments' sources.", valueName: "dir"))
  var experiments = Package.folder.appendingPathComponent("Experiments").path
  @Flag(help: "Do not draw or read the data again.")
  var skipData = false

  func run() throws {
    var isRight = true
    for folder in folders {
      if folders.count > 1 { print("\(folder):") }
      let url = URL(fileURLWithPath: folder)
      let verification = try ReportVerification(
        folder: url, experiments: URL(fileURLWithPath: experiments)
      ) { PackageKnowledge.of($0, data: data.map { URL(fileURLWithPath: $0) }, skipsData: skipData) }
      var findings = verification.findings
      if rerun { findings += try Rerun(of: url, data: data).findings() }
      for finding in findings { print(finding) }
      let counts = verification.checked.map { "\($0.what): \(NumberFormat.count($0.count))" }.joined(separator: ", ")
      print("Checked " + counts + (rerun ? "; done again from nothing and compared to the bit." : "."))
      let wrong = findings.filter { $0.kind == .wrong }.count
      print(wrong == 0 ? "The report is right." : "\(wrong) errors.")
      isRight = isRight && wrong == 0
    }
    if !isRight { throw ExitCode(1) }
  }
}

/// The package that this command was built from.
enum Package {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
}

/// An experiment done again from nothing.
struct Rerun {
  let folder: URL
  let data: String?

  init(of folder: URL, data: String?) { (self.folder, self.data) = (folder, data) }

  /// Runs the experiment's program, which lies beside this one, and compares what it writes.
  ///
  /// - Throws: `VerificationError` where the report cannot be read, `RerunError` where the experiment cannot run.
  func findings() throws -> [ReportFinding] {
    let command = try RecordedCommand(folder: folder)
    guard command.name != "engine-speed" else { throw RerunError.measuresTimes }
    let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("exp-\(command.name)")
    guard FileManager.default.isExecutableFile(atPath: program.path) else {
      throw RerunError.notBuilt(name: command.name)
    }
    let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("rerun-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    let report = scratch.appendingPathComponent("report")
    let process = Process()
    process.executableURL = program
    process.arguments = try command.arguments(data: data) + [
      "--out", report.path, "--store", scratch.appendingPathComponent("stages").path,
    ]
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw RerunError.failed(name: command.name, status: process.terminationStatus)
    }
    return ReportComparison.findings(of: folder, against: report)
  }
}

enum RerunError: Error, CustomStringConvertible {
  case notBuilt(name: String)
  case failed(name: String, status: Int32)
  case measuresTimes

  var description: String {
    switch self {
    case .notBuilt(let name):
      return "exp-\(name) is not built; build it beside this command with `swift build --product exp-\(name)`"
    case .measuresTimes:
      return "engine-speed measures times, which no rerun gives to the bit; verify it without --rerun"
    case .failed(let name, let status): return "exp-\(name) ended with status \(status); its own message stands above"
    }
  }
}
