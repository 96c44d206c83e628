import Checkpoints
import Engine
import Foundation
import Notebook

/// What a training loop must keep to go on after a kill: named tensors, written to and read from one file.
///
/// Random numbers, data order and learning rates are functions of the step, so they need not be kept.
public struct TrainingState {
  private var modules: [(name: String, module: Module)] = []
  private var optimizers: [(name: String, optimizer: Optimizer)] = []
  private var numbers: [(name: String, get: () -> [Float], set: ([Float]) -> Void)] = []
  /// What the state belongs to, where nothing else ties a file to it: a state of another origin is refused.
  public var origin: String?

  public init() {}

  public mutating func add(_ name: String, _ module: Module) { modules.append((name, module)) }
  public mutating func add(_ name: String, _ optimizer: Optimizer) { optimizers.append((name, optimizer)) }
  public mutating func add(_ name: String, get: @escaping () -> [Float], set: @escaping ([Float]) -> Void) {
    numbers.append((name, get, set))
  }

  /// Writes everything and the number of steps done, atomically.
  func write(to file: URL, steps: Int) throws {
    var metadata = ["steps": "\(steps)"]
    metadata["origin"] = origin
    try SafeTensors(dictionary(source: file.lastPathComponent), metadata: metadata).write(to: file)
  }

  /// Copies of everything.
  func dictionary(source: String) -> StateDictionary {
    var dictionary = StateDictionary(source: source)
    for (name, module) in modules {
      for (key, value) in StateDictionary(module).entries { dictionary["\(name).\(key)"] = value }
    }
    for (name, optimizer) in optimizers {
      for (key, value) in optimizer.state { dictionary["\(name).\(key)"] = value }
    }
    for (name, get, _) in numbers {
      let values = get()
      dictionary[name] = Tensor(values, shape: [values.count])
    }
    return dictionary
  }

  /// Gives everything of rank 0 to all ranks.
  func broadcast(_ parallel: DataParallel) {
    if parallel.isSingle { return }
    for (_, module) in modules { parallel.broadcast(module.states.map(\.state.value)) }
    for (_, optimizer) in optimizers {
      let state = optimizer.state.map { (key: $0.key, value: $0.value.copy()) }
      parallel.broadcast(state.map(\.value))
      optimizer.restore(Dictionary(uniqueKeysWithValues: state.map { ($0.key, $0.value) }))
    }
    for (_, get, set) in numbers {
      let count = parallel.communicator.broadcast(get().count)
      let values = parallel.isWriter ? Tensor(get(), shape: [count]) : .zeros([count])
      parallel.broadcast([values])
      set(values.values)
    }
  }

  /// Couples the layers that need it to the other ranks, or lets them be alone again.
  func couple(_ parallel: DataParallel?) {
    for (_, module) in modules { module.couple(parallel) }
  }

  /// Takes everything back and returns the number of steps done.
  ///
  /// - Throws: `TrainingStateError.otherOrigin`; `CheckpointError` and `StateMismatch` for a file that is broken or of
  ///   another network.
  func read(from file: URL) throws -> Int {
    let saved = try SafeTensors(contentsOf: file)
    if let origin, let other = saved.metadata["origin"], other != origin {
      throw TrainingStateError.otherOrigin(file: file.path, saved: other, now: origin)
    }
    for (name, module) in modules {
      try saved.tensors.entries(withPrefix: "\(name).").load(into: module)
    }
    for (name, optimizer) in optimizers {
      let entries = saved.tensors.entries(withPrefix: "\(name).").entries
      optimizer.restore(Dictionary(uniqueKeysWithValues: entries))
    }
    for (name, _, set) in numbers { if let value = saved.tensors[name] { set(value.values) } }
    guard let steps = saved.metadata["steps"].flatMap(Int.init) else { return 0 }
    return steps
  }
}

/// A loop over training steps that shows its progress, saves itself now and then, and goes on where a killed run
/// stopped, to the same bits.
public struct TrainingRun {
  /// What is trained, for messages.
  var name: String
  /// Where to save; nil trains without.
  var file: URL?
  /// Takes remarks.
  var note: (String) -> Void
  var secondsBetweenCheckpoints = StageStore.usualSecondsBetweenCheckpoints
  /// Saves after every so many steps instead of by the clock.
  var stepsBetweenCheckpoints: Int?
  /// Makes the progress display, given the number of steps and how many are done.
  var progress: (_ total: Int, _ done: Int) -> ProgressBar
  /// Called after each step, once its state is in place: samples, exports.
  var afterStep: (_ done: Int) throws -> Void = { _ in }
  /// With whom every batch is shared. Rank 0 writes and reads; the others get everything from it.
  var parallel = DataParallel.single

  /// A run inside a stage.
  init(
    context: StageContext?, secondsBetweenCheckpoints: Double? = nil,
    progress: @escaping (_ total: Int, _ done: Int) -> ProgressBar
  ) {
    name = context?.name ?? "training"
    file = context?.checkpointDirectory.appendingPathComponent("training.safetensors")
    note = { context?.log($0) }
    if let seconds = secondsBetweenCheckpoints ?? context?.secondsBetweenCheckpoints {
      self.secondsBetweenCheckpoints = seconds
    }
    self.progress = progress
    parallel = context?.parallel ?? .single
  }

  /// A run of its own, saved in `file`.
  init(_ name: String, file: URL, afterStep: @escaping (_ done: Int) throws -> Void = { _ in }) {
    self.name = name
    self.file = file
    note = { Console.standardError.say($0) }
    progress = { ProgressBar(name, total: $0, done: $1) }
    self.afterStep = afterStep
  }

  /// - Parameters:
  ///   - steps: How many steps the whole run has.
  ///   - start: Called with the first step to do, once the state is restored: open the loader there.
  ///   - step: Does one step and says what to show beside the bar.
  /// - Throws: What the step throws, where it diverged with the last good state; `InterruptedError` after Ctrl-C or a
  ///   polite kill, once the state is saved; an unreadable checkpoint; `TrainingStateError.notSaved`, which leaves the
  ///   former state as it was.
  func run(
    steps: Int, state: TrainingState, start: (_ firstStep: Int) throws -> Void,
    step: (_ number: Int) throws -> String
  ) throws {
    var done = 0
    if parallel.isWriter { removeUnfinished() }
    if let file, parallel.isWriter, FileManager.default.fileExists(atPath: file.path) {
      done = try state.read(from: file)
      note("\(name): going on after step \(done) of \(steps)")
    }
    done = parallel.communicator.broadcast(done)
    state.broadcast(parallel)
    state.couple(parallel)
    defer { state.couple(nil) }
    try start(done)
    let bar = progress(steps, done)
    var savedSteps = done > 0 ? done : nil
    // States of gigabytes are saved less often than small ones.
    var (savedAt, pauseAfterSaving) = (ProcessInfo.processInfo.systemUptime, 0.0)
    for number in done..<max(done, steps) {
      let detail: String
      do { detail = try step(number) } catch var error as DivergedError {
        if let file, let savedSteps { error.lastGood = (file.path, savedSteps) }
        throw error
      }
      bar.advance(to: number + 1, detail: detail)
      try saving(number + 1, savedSteps) { try afterStep(number + 1) }
      let signal = parallel.agreed(Interruption.signalNumber)
      let pause = max(secondsBetweenCheckpoints, pauseAfterSaving)
      let isDue =
        stepsBetweenCheckpoints.map { (number + 1) % $0 == 0 }
        ?? (ProcessInfo.processInfo.systemUptime - savedAt > pause)
      if let file, parallel.isWriter, isDue || signal != nil, number + 1 < steps {
        let start = ProcessInfo.processInfo.systemUptime
        try saving(number + 1, savedSteps) { try state.write(to: file, steps: number + 1) }
        (savedSteps, savedAt) = (number + 1, ProcessInfo.processInfo.systemUptime)
        pauseAfterSaving = 20 * (savedAt - start)
      }
      if let signal, number + 1 < steps {
        throw InterruptedError(name: name, done: number + 1, steps: steps, signalNumber: signal)
      }
    }
    bar.finish()
  }

  /// What a run that was killed while it saved has left, which may be gigabytes.
  private func removeUnfinished() {
    guard let folder = file?.deletingLastPathComponent(),
      let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
    else { return }
    for name in names where name.hasSuffix(".temporary") {
      try? FileManager.default.removeItem(at: folder.appendingPathComponent(name))
    }
  }

  /// A file that cannot be written leaves the former one in its place, and the error says so.
  private func saving(_ step: Int, _ savedSteps: Int?, _ write: () throws -> Void) throws {
    do { try write() } catch let error as AtomicFile.Failure {
      throw TrainingStateError.notSaved(step: step, reason: "\(error)", savedSteps: savedSteps)
    }
  }
}

public enum TrainingStateError: Error, Equatable, CustomStringConvertible {
  case otherOrigin(file: String, saved: String, now: String)
  case notSaved(step: Int, reason: String, savedSteps: Int?)

  public var description: String {
    switch self {
    case .otherOrigin(let file, let saved, let now):
      "\(file): left by a run with other settings (\(Self.difference(saved, now))); give another --out, or remove it"
    case .notSaved(let step, let reason, let savedSteps):
      "step \(step) could not be saved: \(reason); make room and run the same command again: "
        + (savedSteps.map { "the state after step \($0) is still there, and it goes on from it" } ?? "it starts anew")
    }
  }

  /// The first line in which two origins differ.
  private static func difference(_ saved: String, _ now: String) -> String {
    let lines = zip(saved.split(separator: "\n"), now.split(separator: "\n"))
    guard let (old, new) = lines.first(where: { $0 != $1 }) else { return "more or fewer of them" }
    return "there \(old.trimmingCharacters(in: .whitespaces)), now \(new.trimmingCharacters(in: .whitespaces))"
  }
}

extension TrainingRun {
  /// With whom batches are shared, and what batch normalisation then takes its statistics over.
  ///
  /// - Throws: `DataParallelError`.
  func parallel(for settings: ClassifierSettings) throws -> DataParallel {
    let ranks = parallel.communicator.size
    if let wanted = settings.batchNormRanks, wanted != ranks {
      throw DataParallelError.otherRanks(wanted: wanted, ranks: ranks)
    }
    parallel.synchronizesBatchNorm = settings.batchNormRanks == nil
    return parallel
  }
}

extension DataParallel {
  /// This rank's share of a batch of so many pictures, for the layers too.
  func begin(_ total: Int) -> BatchShare {
    let share = share(of: total)
    self.share = share
    return share
  }

  /// A signal that any rank got, so that all of them stop after the same step.
  fileprivate func agreed(_ signal: Int32?) -> Int32? {
    if isSingle { return signal }
    return communicator.gather([Float(signal ?? 0)]).first { $0 != 0 }.map { Int32($0) }
  }
}

public enum DataParallelError: Error, Equatable, CustomStringConvertible {
  case otherRanks(wanted: Int, ranks: Int)

  public var description: String {
    switch self {
    case .otherRanks(let wanted, let ranks):
      "batch normalisation by the rank was set for \(wanted) ranks, but \(ranks) run: start \(wanted)"
    }
  }
}
