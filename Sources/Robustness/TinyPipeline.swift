import Foundation
import LongTail
import Notebook

/// The ablation's pipeline, so small that a run takes seconds: all stages, all kinds of files, in a process of its own.
struct TinyPipeline {
  let program: URL
  /// Where trials have their folders.
  let folder: URL

  /// What all runs are compared with: the unbroken one.
  struct Reference: Codable {
    var seconds: Double
    /// SHA-256 of each file of the report.
    var report: [String: String]
    /// The stages' folders.
    var stages: [String]
    var storeBytes, reportBytes: Int
  }

  /// - Throws: `RobustnessError.noProgram`.
  init(folder: URL) throws {
    self.folder = folder
    program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
      .appendingPathComponent("exp-dior-ablation")
    guard FileManager.default.isExecutableFile(atPath: program.path) else {
      throw RobustnessError.noProgram(path: program.path)
    }
  }

  private static let settings = [
    "data.largestClass=8", "data.smallestClass=2", "data.testPerClass=2", "judgeImagesPerClass=2",
    "generation.imagesPerClass=2", "cdtg.iterations=4", "cdtg.batchSize=2", "cdtg.side=16", "headModel.side=16",
    "tailModel.side=16", "distillation.schedule.side=16", "classifier.side=16", "judge.side=16",
  ] + ["headModel", "tailModel", "distillation.schedule", "classifier", "judge"].flatMap {
    ["\($0).steps=4", "\($0).batchSize=8"]
  }

  /// A folder for one trial.
  func trial(_ name: String) throws -> (store: URL, out: URL, all: URL) {
    let all = folder.appendingPathComponent(name)
    try? FileManager.default.removeItem(at: all)
    try FileManager.default.createDirectory(at: all, withIntermediateDirectories: true)
    return (all.appendingPathComponent("store"), all.appendingPathComponent("report"), all)
  }

  func arguments(store: URL, out: URL, threads: Int = 1, more: [String] = []) -> [String] {
    ["--profile", "smoke", "--seeds", "1", "--threads", "\(threads)", "--checkpoint-seconds", "0"]
      + ["--store", store.path, "--out", out.path] + more + Self.settings.flatMap { ["--set", $0] }
  }

  func start(
    store: URL, out: URL, threads: Int = 1, more: [String] = [], environment: [String: String] = [:]
  ) throws -> Child {
    try Child(program, arguments(store: store, out: out, threads: threads, more: more), environment: environment)
  }

  /// The unbroken run.
  ///
  /// - Throws: `RobustnessError.noReference`.
  func reference(more: [String] = []) throws -> Reference {
    let trial = try trial("reference")
    defer { try? FileManager.default.removeItem(at: trial.all) }
    let outcome = try start(store: trial.store, out: trial.out, more: more).wait()
    guard outcome.status == 0 else { throw RobustnessError.noReference(message: outcome.summary) }
    let inventory = try StageInventory(directory: trial.store)
    return Reference(
      seconds: outcome.seconds, report: try Self.checksums(of: trial.out), stages: inventory.entries.map(\.id),
      storeBytes: inventory.bytes, reportBytes: try Self.bytes(of: trial.out))
  }

  /// What is not as it should be after a run that ended well; nil if all is.
  ///
  /// - Parameter allowsOthers: Whether stages of other data may stand beside: a damaged data set is another one.
  func difference(store: URL, out: URL, from reference: Reference, allowsOthers: Bool = false) -> String? {
    guard let found = try? Self.checksums(of: out) else { return "there is no report" }
    if let file = Set(found.keys).symmetricDifference(reference.report.keys).min() {
      return found[file] == nil ? "the report lacks \(file)" : "the report has \(file), which it should not have"
    }
    // The results first: everything else is made from them.
    for file in ["results.json"] + reference.report.keys.sorted() where found[file] != reference.report[file] {
      return "\(file) has other bytes"
    }
    guard let inventory = try? StageInventory(directory: store) else { return "there is no store" }
    let expected = Set(reference.stages)
    let entries = allowsOthers ? inventory.entries.filter { expected.contains($0.id) } : inventory.entries
    if let left = entries.first(where: { $0.kind == .unfinished }) { return "\(left.id) is left unfinished" }
    if entries.map(\.id) != reference.stages { return "the store holds other stages" }
    return fault(of: inventory)
  }

  /// The first finished stage that is not what it says; nil if all are.
  func fault(of inventory: StageInventory) -> String? {
    for entry in inventory.entries where entry.kind == .finished {
      if let fault = inventory.fault(of: entry) { return "\(entry.id) \(fault)" }
    }
    return nil
  }

  /// SHA-256 of every file of a report, by path, but for what its run cost, which differs from run to run.
  static func checksums(of folder: URL) throws -> [String: String] {
    try Dictionary(uniqueKeysWithValues: files(of: folder).filter { $0 != RunLog.reportFile }.map { path in
      (path, try Checksum.sha256(ofFile: folder.appendingPathComponent(path)))
    })
  }

  static func bytes(of folder: URL) throws -> Int {
    try files(of: folder).reduce(0) { total, path in
      let attributes = try FileManager.default.attributesOfItem(atPath: folder.appendingPathComponent(path).path)
      return total + ((attributes[.size] as? NSNumber)?.intValue ?? 0)
    }
  }

  private static func files(of folder: URL) throws -> [String] {
    var result: [String] = []
    for path in try FileManager.default.subpathsOfDirectory(atPath: folder.path) {
      var isFolder: ObjCBool = false
      _ = FileManager.default.fileExists(atPath: folder.appendingPathComponent(path).path, isDirectory: &isFolder)
      if !isFolder.boolValue { result.append(path) }
    }
    return result.sorted()
  }
}
