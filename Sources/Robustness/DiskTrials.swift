import Engine
import Foundation
import Imaging
import LongTail

/// A run in trouble with its disk.
public struct DiskOutcome: Codable, Sendable {
  public var trouble: String
  /// The last line of the run that met the trouble; nil where it got by unharmed.
  public var message: String?
  /// What should not have happened; nil if nothing did.
  public var problem: String?
}

/// Files that may not grow, disks that are full, folders that may not be written, data that vanish.
struct DiskTrials {
  enum Trouble: String, CaseIterable {
    case fileSize = "files limited in size (RLIMIT_FSIZE)"
    case fullStore = "store on a full disk"
    case fullReport = "report on a full disk"
    case readOnly = "store on a read-only disk"
    case permission = "store of another user"
    case reportPermission = "report folder of another user"
    case storeVanishes = "store removed on the way"
    case reportVanishes = "report folder removed on the way"
    case pictureVanishes = "pictures of the data set removed on the way"
    case pictureDamaged = "pictures of the data set overwritten on the way"
  }

  let pipeline: TinyPipeline
  let reference: TinyPipeline.Reference
  /// The unbroken run on pictures on disk.
  let dataReference: TinyPipeline.Reference
  let data: URL
  /// A store that a run stopped half way has left.
  let halfStore: URL
  let seed: UInt64
  let trialsOfEach: Int

  init(_ pipeline: TinyPipeline, reference: TinyPipeline.Reference, seed: UInt64, trialsOfEach: Int) throws {
    self.pipeline = pipeline
    self.reference = reference
    self.seed = seed
    self.trialsOfEach = trialsOfEach
    data = pipeline.folder.appendingPathComponent("data")
    try? FileManager.default.removeItem(at: data)
    try Self.writeDataSet(data)
    dataReference = try pipeline.reference(more: ["--data", data.path])
    let half = try pipeline.trial("half")
    let child = try pipeline.start(store: half.store, out: half.out)
    child.run(until: 0.5 * reference.seconds)
    child.send(SIGKILL)
    _ = child.wait()
    halfStore = half.store
  }

  /// Troubles that can be made here: some need a superuser.
  static var possible: [Trouble] {
    let needsRoot: [Trouble] = [.fullStore, .fullReport, .readOnly, .permission, .reportPermission]
    return Trouble.allCases.filter { getuid() == 0 || !needsRoot.contains($0) }
  }

  /// Twenty classes in TGN's layout, with a long tail.
  private static func writeDataSet(_ folder: URL) throws {
    let catalogue = SceneCatalogue.dior
    for (split, most, seed) in [(TGNLayout.Split.train, 8, UInt64(5)), (.test, 2, 6)] {
      let counts = catalogue.classNames.indices.map { max(2, most - $0 / 2) }
      let scenes = catalogue.scenes(counts: counts, side: 16, seed: seed)
      let items = scenes.enumerated().flatMap { label, scenes in
        scenes.map { ObjectDataset.Item(label: label, source: .memory($0.image)) }
      }
      try TGNLayout(root: folder).write(
        ObjectDataset(classNames: catalogue.classNames, items: items), as: split, name: "X")
    }
  }

  func run(_ number: Int) throws -> DiskOutcome {
    let trouble = Self.possible[number / trialsOfEach]
    var stream = RandomStream(seed: seed, name: "disk \(trouble.rawValue)", index: UInt64(number % trialsOfEach))
    // From nothing at all to all that is needed.
    let share = (Double(number % trialsOfEach) + Double(stream.uniform())) / Double(trialsOfEach)
    let trial = try pipeline.trial("disk-\(number)")
    let mounted = Mounts(folder: trial.all)
    defer {
      mounted.removeAll()
      try? FileManager.default.removeItem(at: trial.all)
    }
    var outcome = DiskOutcome(trouble: trouble.rawValue)
    let setting = try setting(trouble, share: share, trial: (trial.store, trial.out), mounted)
    guard let setting else {
      outcome.problem = "the trouble could not be made here"
      return outcome
    }
    let earlier = Set(try StageInventory(directory: setting.store).entries.filter { $0.kind == .finished }.map(\.id))
    let child = try Child(setting.program, setting.arguments)
    if let harm = setting.harm {
      child.run(until: share * (setting.isData ? dataReference : reference).seconds)
      harm()
    }
    let end = child.wait()
    if end.status != 0 { outcome.message = end.lastLine }
    if end.signal != nil || end.hung { outcome.problem = "it ended with \(end.summary)" }
    let named = [setting.store.path, setting.out.path, data.path, setting.dataFolder.path]
    if end.status != 0, outcome.problem == nil {
      let isClear = end.lastLine.hasPrefix("exp-dior-ablation: ") && named.contains { end.lastLine.contains($0) }
      if !isClear { outcome.problem = "the message names no file of the trial: \(end.lastLine)" }
    }
    // The trouble is over: what was finished before is still whole, and the next run ends as the unbroken one.
    setting.mend()
    if !setting.losesStore {
      let left = try StageInventory(directory: setting.store)
      let missing = earlier.subtracting(left.entries.map(\.id))
      if let lost = missing.min() { outcome.problem = outcome.problem ?? "the earlier result \(lost) is lost" }
      if let fault = pipeline.fault(of: left) { outcome.problem = outcome.problem ?? fault }
    }
    let more = setting.isData ? ["--data", setting.dataFolder.path] : []
    let again = try pipeline.start(store: setting.store, out: setting.out, more: more).wait()
    if again.status != 0 { outcome.problem = outcome.problem ?? "afterwards it ended with \(again.summary)" }
    outcome.problem = outcome.problem
      ?? pipeline.difference(
        store: setting.store, out: setting.out, from: setting.isData ? dataReference : reference,
        allowsOthers: trouble == .pictureDamaged)
    return outcome
  }
}
