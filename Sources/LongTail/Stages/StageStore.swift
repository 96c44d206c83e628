import Engine
import Foundation
import Notebook

/// The store of finished work, addressed by content.
///
/// ```
/// tail-model-3fa9c1d200e4b871/   a result: its files, and stage.json which lists them
/// .working/NAME-KEY/checkpoints/ what a run in progress, or a killed one, wrote to go on from
/// .working/NAME-KEY/result/      a result that is not finished
/// .locks/NAME-KEY                who works on it: host, process and its start; empty where no one does
/// .seconds/NAME-KEY              how long it took to make, with what killed runs spent on it
/// ```
/// A result appears under its name only when it is whole: it is made in `.working`, synced and renamed.
public final class StageStore {
  public let directory: URL
  private let fresh: Bool
  private let secondsBetweenCheckpoints: Double
  private let log: (String) -> Void
  /// With whom the work on a stage is shared. Rank 0 keeps the store; the others work with it and read results.
  public let parallel: DataParallel
  /// Whether a stage that another process makes is waited for. Otherwise `StageError.busy` says so.
  public var waits = true
  /// The keys this process made or checked. It need not do either twice, not even when everything is remade.
  private var settled: Set<String> = []
  /// The stages this process asked for, each once, and how long each took to make, by whichever process; nil where that
  /// is not known.
  public private(set) var used: [(name: String, seconds: Double?)] = []
  /// How long this process worked on stages.
  public private(set) var secondsSpent = 0.0

  public static let usualSecondsBetweenCheckpoints = 30.0
  static let workingFolder = ".working"
  static let lockFolder = ".locks"
  static let clockFolder = ".seconds"

  /// - Parameters:
  ///   - directory: Made if missing.
  ///   - fresh: Remakes every result, each once in this process, and ignores checkpoints.
  ///   - secondsBetweenCheckpoints: How long a training run goes on before it saves itself again.
  ///   - parallel: With whom the work on each stage is shared, in this folder, which all ranks see.
  ///   - log: Told what is reused, remade or waited for; by default printed on standard error.
  /// - Throws: `StageError.unwritable`, `.diskFull`.
  public init(
    directory: URL, fresh: Bool = false,
    secondsBetweenCheckpoints: Double = StageStore.usualSecondsBetweenCheckpoints, parallel: DataParallel = .single,
    log: @escaping (String) -> Void = Console.standardError.say
  ) throws {
    self.directory = directory
    self.fresh = fresh
    self.secondsBetweenCheckpoints = secondsBetweenCheckpoints
    self.parallel = parallel
    self.log = log
    guard parallel.isWriter else { return }
    for name in [Self.workingFolder, Self.lockFolder, Self.clockFolder] {
      let folder = directory.appendingPathComponent(name)
      try storing(at: folder) { try FileManager.default.createDirectory(at: $0, withIntermediateDirectories: true) }
    }
  }

  /// The key a stage would have, without running it.
  /// - Throws: `StageError.badName`, `.badSettings`.
  public func hash<Settings>(of stage: Stage<Settings>) throws -> String {
    try stage.key(settings: try stage.canonicalSettings())
  }

  /// Whether a stage's result is there; its checksums are not verified.
  public func contains<Settings>(_ stage: Stage<Settings>) throws -> Bool {
    let folder = directory.appendingPathComponent(Self.folderName(stage.name, try hash(of: stage)))
    return FileManager.default.fileExists(atPath: folder.appendingPathComponent(StageManifest.fileName).path)
  }

  /// Gives a stage's stored result, or does its work and stores what it wrote.
  ///
  /// A second process that wants the same result waits for the first, and takes over where that ended without it. If
  /// the work throws, its error is passed on, nothing is stored, and checkpoints stay.
  /// - Throws: `StageError`; `InterruptedError` where a signal ends the waiting; what the work throws.
  public func run<Settings>(_ stage: Stage<Settings>, _ work: (StageContext) throws -> Void) throws -> StageResult {
    let settings = try stage.canonicalSettings()
    let key = try stage.key(settings: settings)
    let name = Self.folderName(stage.name, key)
    let result = directory.appendingPathComponent(name)
    let shown = "\(stage.name) \(key.prefix(8))"
    let clockFile = directory.appendingPathComponent(Self.clockFolder).appendingPathComponent(name)
    if !parallel.isWriter { return try follow(stage, key: key, at: result, work) }
    func finished(reused: Bool) -> StageResult {
      if settled.insert(key).inserted { used.append((stage.name, Self.seconds(in: clockFile))) }
      return StageResult(name: stage.name, hash: key, directory: result, wasReused: reused)
    }

    let lockFile = directory.appendingPathComponent(Self.lockFolder).appendingPathComponent(name)
    let lock = try storing(at: lockFile) {
      do {
        return try ProcessLock(
          $0,
          wait: !waits ? .never : .untilFree { [log] owner in
            log("waiting for \(owner.map { "\($0), which" } ?? "another process that") makes \(shown)")
          })
      } catch ProcessLockError.held { throw StageError.busy(stage: stage.name) }
    }
    defer { withExtendedLifetime(lock) {} }

    let working = directory.appendingPathComponent(Self.workingFolder).appendingPathComponent(name)
    let remake = fresh && !settled.contains(key)
    if FileManager.default.fileExists(atPath: result.path) {
      if settled.contains(key) {
        tell(.reused, key)
        return finished(reused: true)
      }
      if remake {
        log("remaking \(shown) afresh")
      } else if let fault = StageManifest.fault(of: result, hash: key) {
        log("remaking \(shown): the stored one \(fault)")
      } else {
        log("reusing \(shown)")
        try? FileManager.default.removeItem(at: working)
        // When it was last used, for `tgn stages`.
        utimes(result.appendingPathComponent(StageManifest.fileName).path, nil)
        tell(.reused, key)
        return finished(reused: true)
      }
    }
    if let owner = lock.abandonedBy { log("taking over \(shown) from \(owner), which ended before it was done") }
    if remake { try storing(at: working) { try Self.remove($0) } }

    let context = StageContext(
      name: stage.name, hash: key, directory: working.appendingPathComponent("result"),
      checkpointDirectory: working.appendingPathComponent("checkpoints"),
      secondsBetweenCheckpoints: secondsBetweenCheckpoints, log: log, parallel: parallel)
    tell(.working, key)
    try storing(at: working) { _ in
      try Self.remove(context.directory)
      try FileManager.default.createDirectory(at: context.directory, withIntermediateDirectories: true)
      try FileManager.default.createDirectory(at: context.checkpointDirectory, withIntermediateDirectories: true)
    }
    if remake || FileManager.default.fileExists(atPath: result.path) {
      try? FileManager.default.removeItem(at: clockFile)
    }
    let (start, spentBefore) = (ProcessInfo.processInfo.systemUptime, secondsSpent)
    /// Without the stages that were made inside this one, which have clocks of their own.
    func seconds() -> Double { ProcessInfo.processInfo.systemUptime - start - (secondsSpent - spentBefore) }
    defer { secondsSpent += seconds() }
    func stopClock() {
      // How long a result took is worth no failed run.
      try? Data("\((Self.seconds(in: clockFile) ?? 0) + seconds())\n".utf8).write(to: clockFile)
    }
    do { try work(context) } catch {
      stopClock()
      try? FileManager.default.removeItem(at: context.directory)
      // Without a checkpoint there is nothing to go on from.
      let checkpoints = try? FileManager.default.contentsOfDirectory(atPath: context.checkpointDirectory.path)
      if checkpoints?.isEmpty == true { try? FileManager.default.removeItem(at: working) }
      throw StageError.isDiskFull(error) ? StageError.diskFull(path: working.path) : error
    }
    try storing(at: result) { _ in
      let files = try StageManifest.describe(context.directory)
      guard !files.isEmpty else { throw StageError.emptyResult(stage: stage.name) }
      let manifest = StageManifest(
        name: stage.name, version: stage.version, settings: settings,
        inputs: stage.inputs.map { .init(name: $0.name, hash: $0.hash) }, hash: key, files: files)
      try manifest.encoded().write(to: context.directory.appendingPathComponent(StageManifest.fileName))
      try DurableFiles.synchronizeTree(context.directory)
      let former = working.appendingPathComponent("former")
      try Self.remove(former)
      if FileManager.default.fileExists(atPath: result.path) { try DurableFiles.move(result, to: former) }
      try DurableFiles.move(context.directory, to: result)
    }
    try? FileManager.default.removeItem(at: working)
    stopClock()
    tell(.stored, key)
    return finished(reused: false)
  }

  // MARK: - Work that is shared

  private enum Message: String {
    case reused, working, stored
  }

  private func tell(_ message: Message, _ key: String) {
    if !parallel.isSingle { _ = parallel.communicator.broadcast("\(message.rawValue) \(key)") }
  }

  /// What a rank other than 0 does: what rank 0 says. It works with it, writes nothing and finds the result there.
  private func follow<Settings>(
    _ stage: Stage<Settings>, key: String, at result: URL, _ work: (StageContext) throws -> Void
  ) throws -> StageResult {
    func heard(_ message: Message) throws -> Bool {
      let words = parallel.communicator.broadcast("").split(separator: " ").map(String.init)
      guard words.last == key else { throw StageError.outOfStep(stage: stage.name) }
      return words.first == message.rawValue
    }
    func finished(reused: Bool) -> StageResult {
      StageResult(name: stage.name, hash: key, directory: result, wasReused: reused)
    }
    if try heard(.reused) { return finished(reused: true) }
    try work(
      StageContext(
        name: stage.name, hash: key, directory: result, checkpointDirectory: result,
        secondsBetweenCheckpoints: secondsBetweenCheckpoints, log: { _ in }, parallel: parallel))
    guard try heard(.stored) else { throw StageError.outOfStep(stage: stage.name) }
    return finished(reused: false)
  }

  private static func seconds(in file: URL) -> Double? {
    FileManager.default.contents(atPath: file.path)
      .flatMap { Double(String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)) }
  }

  private static func folderName(_ name: String, _ key: String) -> String { "\(name)-\(key.prefix(16))" }

  private static func remove(_ item: URL) throws {
    if FileManager.default.fileExists(atPath: item.path) { try FileManager.default.removeItem(at: item) }
  }

  private func storing<Value>(at url: URL, _ body: (URL) throws -> Value) throws -> Value {
    do { return try body(url) } catch let error as InterruptedError {
      throw error
    } catch {
      throw StageError.storing(error, at: url.path)
    }
  }
}
