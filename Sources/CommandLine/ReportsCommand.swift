import ArgumentParser
import Foundation
import LongTail
import Notebook

/// `tgn reports`: the page over all reports.
struct ReportsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "reports",
    abstract: "Rebuild Reports/README.md: all claims with verdicts, data, cost and command, and the checklist.",
    discussion: """
      A function of the reports' files alone. Costs come from the run.json that each run leaves beside its report, \
      which is no part of what two runs must have in common.

      Examples:
        swift run tgn reports
        swift run tgn reports --check
      """)

  @Option(help: ArgumentHelp("The folder of all reports.", valueName: "dir"))
  var folder = Package.folder.appendingPathComponent("Reports").path
  @Flag(help: "Write nothing; the exit status is 1 if the page is not what the reports make it.")
  var check = false

  func run() throws {
    let url = URL(fileURLWithPath: folder)
    let index = try ReportIndex(folder: url, experiments: Package.folder.appendingPathComponent("Experiments"))
    let page = Data(index.markdown(statement: ReproducibilityStatement.markdown(for: index)).utf8)
    let file = url.appendingPathComponent("README.md")
    if check {
      guard FileManager.default.contents(atPath: file.path) == page else {
        print("\(file.path): is not what the reports make it; run `swift run tgn reports`")
        throw ExitCode(1)
      }
      return print("\(file.path) is what the reports make it.")
    }
    try page.write(to: file, options: .atomic)
    print("\(index.entries.count) reports in \(file.path).")
  }
}
