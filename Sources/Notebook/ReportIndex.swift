import Foundation

/// The page over all reports: what each asks, what it claims and with which verdict, what it cost, and its command.
/// A pure function of the reports' files, so that it can be made again to the same bytes.
public struct ReportIndex {
  /// One report's part of the page.
  public struct Entry {
    public let folder: String
    /// The report's first heading.
    public let title: String
    public let command: String
    public let profile: String
    public let data: String
    public let seeds: Int
    public let claims: [(statement: String, verdict: String, evidence: String)]
    /// Seconds from nothing, and where; nil where no run recorded it.
    public let cost: (seconds: Double, machine: String)?

    public func count(_ verdict: String) -> Int { claims.filter { $0.verdict == verdict }.count }
  }

  public let entries: [Entry]
  /// Experiments in the package that have no report here, such as "dior-noise-ratio".
  public let missing: [String]

  /// Reads all reports of a folder, in the order of their names.
  ///
  /// - Parameters:
  ///   - folder: Such as `Reports`. What holds no results.json is no report.
  ///   - experiments: The folder of the experiments' sources.
  /// - Throws: `VerificationError` for a report that cannot be read.
  public init(folder: URL, experiments: URL) throws {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    entries = try names.sorted().compactMap { name in
      let report = folder.appendingPathComponent(name)
      guard FileManager.default.fileExists(atPath: report.appendingPathComponent(RecordedReport.file).path) else {
        return nil
      }
      return try Self.entry(report, name: name)
    }
    let sources = (try? FileManager.default.contentsOfDirectory(atPath: experiments.path)) ?? []
    let known = Set(entries.map(\.folder))
    missing = sources.filter {
      FileManager.default.fileExists(atPath: experiments.appendingPathComponent("\($0)/main.swift").path)
    }.map(Self.kebab).filter { !known.contains($0) }.sorted()
  }

  private static func entry(_ report: URL, name: String) throws -> Entry {
    func json(_ file: String) throws -> JSONValue {
      let url = report.appendingPathComponent(file)
      do { return try JSONValue(parsing: try Data(contentsOf: url)) } catch {
        throw VerificationError.unreadable(
          file: url.path, reason: (error as? JSONError)?.description ?? SystemReason.of(error))
      }
    }
    let results = try json(RecordedReport.file)
    let provenance = results["provenance"] ?? .null
    let page = (try? String(contentsOf: report.appendingPathComponent("README.md"), encoding: .utf8)) ?? ""
    let heading = page.split(separator: "\n").first { $0.hasPrefix("# ") }.map { String($0.dropFirst(2)) }
    var cost: (Double, String)?
    if let run = try? json(RunLog.reportFile), let seconds = run["secondsFromNothing"]?.double {
      let cores = run["machine"]?["cores"]?.integer.map { "\($0) cores" } ?? ""
      let machine = [run["machine"]?["processor"]?.string ?? "", cores]
      cost = (seconds, machine.filter { !$0.isEmpty }.joined(separator: ", "))
    }
    // An older report keeps the data sets' names as keys.
    let dataNames = provenance["dataSets"]?.array?.compactMap { $0["name"]?.string }
      ?? provenance["dataSets"]?.object?.keys.sorted() ?? []
    let data = dataNames.compactMap { $0.hasSuffix(", training") ? String($0.dropLast(10)) : nil }
    return Entry(
      folder: name, title: heading ?? name, command: provenance["command"]?.string ?? "",
      profile: provenance["profile"]?.string ?? "", data: data.isEmpty ? "none" : data.joined(separator: ", "),
      seeds: provenance["seeds"]?.array?.count ?? 0,
      claims: (results["claims"]?.array ?? []).map {
        ($0["statement"]?.string ?? "", $0["verdict"]?.string ?? "", $0["evidence"]?.string ?? "")
      }, cost: cost)
  }

  /// "dior-noise-ratio" for "DiorNoiseRatio".
  static func kebab(_ name: String) -> String {
    name.enumerated().map { ($0 > 0 && $1.isUppercase ? "-" : "") + $1.lowercased() }.joined()
  }

  /// All verdicts of all reports.
  public func count(_ verdict: String) -> Int { entries.reduce(0) { $0 + $1.count(verdict) } }

  /// The page.
  /// - Parameter statement: Markdown for the end, such as the reproducibility checklist.
  public func markdown(statement: String) -> String {
    var blocks = [
      """
      # Reports

      What the package's experiments found, as they wrote it. Every claim was decided by computing and may have come \
      out false. `swift run tgn verify Reports/NAME` checks a report against its raw values, `--rerun` does it again \
      from nothing and compares it to the bit. This page is made by `swift run tgn reports`.

      Figures measured on procedural scenes or on other photographs are not figures on the data sets whose class names \
      they borrow.
      """
    ]
    var table = Table(columns: [
      .init("Report", .left), .init("Data", .left), .init("Profile", .left), .init("Seeds"), .init("holds"),
      .init("does not"), .init("open"), .init("Time from nothing", .left), .init("Command", .left),
    ])
    for entry in entries {
      let counts = ["holds", "does not hold", "not decided"].map { TableCell.count(entry.count($0)) }
      let cost = entry.cost.map { "\(ProgressBar.duration($0.seconds)) (\($0.machine))" } ?? "not recorded"
      table.append(
        [
          .text("[\(entry.title)](\(entry.folder)/README.md)"), .text(entry.data), .text(entry.profile),
          entry.seeds == 0 ? .text("–") : .count(entry.seeds),
        ] + counts + [.text(cost), .text("`\(entry.command)`")])
    }
    blocks.append(table.markdown())
    if !missing.isEmpty {
      let commands = missing.map { "`swift run exp-\($0)`" }.joined(separator: ", ")
      blocks.append("Experiments without a report here: \(commands).")
    }
    blocks.append("## All claims")
    for entry in entries where !entry.claims.isEmpty {
      var claims = Table(columns: [.init("Claim", .left), .init("Verdict", .left), .init("Evidence", .left)])
      for claim in entry.claims {
        claims.append([.text(claim.statement), .text("**\(claim.verdict)**"), .text(claim.evidence)])
      }
      blocks.append("### [\(entry.title)](\(entry.folder)/README.md)")
      blocks.append((entry.data == "none" ? "" : "Data: \(entry.data). ") + "Command: `\(entry.command)`")
      blocks.append(claims.markdown())
    }
    let statement = statement.trimmingCharacters(in: .newlines)
    if !statement.isEmpty { blocks.append(statement) }
    return blocks.joined(separator: "\n\n") + "\n"
  }
}
