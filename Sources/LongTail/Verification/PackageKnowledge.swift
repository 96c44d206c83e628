import Engine
import Foundation
import Notebook

/// What this package knows of a report beyond its own text: whether scores, settings, data and starting weights are as
/// it says.
public struct PackageKnowledge {
  private var knowledge: ReportKnowledge
  private let report: JSONValue
  private let provenance: JSONValue

  /// - Parameters:
  ///   - report: The content of `results.json`.
  ///   - data: The data set's folder, where the report was not made from procedural scenes.
  ///   - skipsData: Leaves the data's content out, which must be drawn or read.
  public static func of(_ report: JSONValue, data: URL?, skipsData: Bool = false) -> ReportKnowledge {
    var package = PackageKnowledge(report)
    guard report["settings"] != nil, report["settings"] != .null else { return package.knowledge }
    if let settings = package.settings() {
      package.checkArguments(settings)
      if !skipsData { package.checkData(settings, folder: data) }
    }
    package.checkWeights()
    package.checkVersions()
    return package.knowledge
  }

  private init(_ report: JSONValue) {
    self.report = report
    provenance = report["provenance"] ?? .null
    knowledge = ScoreVerification(report).knowledge
    let speed = SpeedVerification(report).knowledge
    knowledge.numbers += speed.numbers
    knowledge.findings += speed.findings
    knowledge.checked += speed.checked
    knowledge.constants = Self.constants + [report["data"]?["processor"]?.string ?? ""]
    knowledge.numbers += [Published.diorLongTailed, Published.diorExpanded]
    knowledge.numbers += (Published.neighbourDOTA + Published.neighbourFGSC).flatMap { [$0.overall, $0.macro] }
    knowledge.uniform = { origin in
      guard var stream = RandomStream(origin: origin) else { return nil }
      return { Double(stream.uniform()) }
    }
  }

  private static let file = "results.json"

  /// What tables say of methods and rows, which are no results.
  private static let constants =
    LongTailMethod.allCases.flatMap { [$0.title, $0.source.authors, $0.source.hyperparameters] }
    + [Profile.smoke, .default].flatMap { profile in
      SpeedRow.all(profile).map(\.title) + (SpeedSweep.batches(profile) + SpeedSweep.sides(profile)).map(\.title)
    }

  private mutating func settings() -> PipelineSettings? {
    let json = report["settings"] ?? .null
    do { return try JSONDecoder().decode(PipelineSettings.self, from: Data(json.prettyPrinted().utf8)) } catch {
      knowledge.findings.append(.wrong(
        Self.file, "its settings are not those of this version of the package; make the report again"))
      return nil
    }
  }

  /// The recorded settings against those of the recorded arguments. An experiment may adjust its profile's settings
  /// itself; what it changed is told.
  private mutating func checkArguments(_ recorded: PipelineSettings) {
    let arguments = provenance["arguments"]?.strings ?? []
    guard let options = try? ExperimentOptions.parse(arguments), let expected = try? options.settings() else {
      // An experiment with options of its own reads them itself.
      return knowledge.findings.append(.unchecked(
        Self.file, "settings: the arguments \(arguments) are not only those that all experiments share"))
    }
    knowledge.checked.append(("settings", 1))
    guard let mine = try? recorded.json(), let theirs = try? expected.json(), mine != theirs else { return }
    let changes = Self.changes(theirs, mine).joined(separator: ", ")
    knowledge.findings.append(.unchecked(
      Self.file, "settings that are not the profile's, but must be the experiment's own (its source says): \(changes)"))
  }

  /// "data.catalogue dota" for each setting that is another.
  private static func changes(_ old: JSONValue, _ new: JSONValue, _ path: String = "") -> [String] {
    if old == new { return [] }
    guard let mine = old.object, let theirs = new.object else {
      return ["\(path) \(new.prettyPrinted().dropLast())"]
    }
    return Set(mine.keys).union(theirs.keys).sorted().flatMap { key in
      changes(mine[key] ?? .null, theirs[key] ?? .null, path.isEmpty ? key : "\(path).\(key)")
    }
  }

  /// Draws or reads the data again, and compares its checksums and facts.
  private mutating func checkData(_ settings: PipelineSettings, folder: URL?) {
    let facts = report["data"] ?? .null
    let data: PipelineData
    do {
      if facts["isProcedural"]?.bool == true {
        // The judge's pictures have no checksum in a report.
        data = try PipelineData(scenes: settings.data, side: settings.cdtg.side, judgeImagesPerClass: 1)
      } else if let folder {
        data = try PipelineData(folder: folder, settings: settings.data)
      } else {
        return knowledge.findings.append(.unchecked(
          "data “\(facts["name"]?.string ?? "")”", "it is not procedural; give its folder with --data"))
      }
    } catch { return knowledge.findings.append(.wrong("data", "\(error)")) }
    for (part, hash) in [("training", data.trainHash), ("test", data.testHash)] {
      let recorded = (provenance["dataSets"]?.array ?? []).first { $0["name"]?.string?.hasSuffix(", \(part)") == true }
      let value = recorded?["value"]?.string ?? "nothing"
      if value != hash {
        knowledge.findings.append(.wrong(
          "data, \(part)", "the content has the SHA-256 \(hash.prefix(12))…, the report \(value.prefix(12))…"))
      }
    }
    if let recorded = facts.object, let computed = data.json.object {
      for key in computed.keys.sorted() where key != "name" && recorded[key] != computed[key] {
        knowledge.findings.append(.wrong("results.json, data.\(key)", "it is not what the data itself says"))
      }
    }
    knowledge.checked.append(("data sets", 2))
  }

  private mutating func checkWeights() {
    let weights = StartingWeights()
    for fact in provenance["startingWeights"]?.array ?? [] {
      guard let name = fact["name"]?.string, let value = fact["value"]?.string else { continue }
      guard let part = StartingWeights.Part.allCases.first(where: { "\($0.rawValue).safetensors" == name }),
        let checksum = try? weights.checksum(part)
      else {
        knowledge.findings.append(.unchecked("starting weights \(name)", "they do not ship with the package"))
        continue
      }
      knowledge.checked.append(("starting weights", 1))
      if checksum != value {
        knowledge.findings.append(.wrong(
          "starting weights \(name)",
          "the file has the SHA-256 \(checksum.prefix(12))…, the report \(value.prefix(12))…"))
      }
    }
  }

  private mutating func checkVersions() {
    let here = ["Swift": swiftVersion, "OpenBLAS": BuildFacts.openBLASVersion]
    for fact in provenance["versions"]?.array ?? [] {
      guard let name = fact["name"]?.string, let value = fact["value"]?.string, let mine = here[name], mine != value
      else { continue }
      knowledge.findings.append(.unchecked(
        "\(name)", "the report was made with \(value), this is \(mine): a rerun may give other bits"))
    }
  }
}
