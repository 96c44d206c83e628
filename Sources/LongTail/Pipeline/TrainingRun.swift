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

  public init() {}

  public mutating func add(_ name: String, _ module: Module) { modules.append((name, module)) }
  public mutating func add(_ name: String, _ optimizer: Optimizer) { optimizers.append((name, optimizer)) }
  public mutating func add(_ name: String, get: @escaping () -> [Float], set: @escaping ([Float]) -> Void) {
    numbers.append((name, get, set))
  }

  /// Writes everything and the number of steps done, atomically.
  func write(to file: URL, steps: Int) throws {
    try SafeTensors(dictionary(source: file.lastPathComponent), metadata: ["steps": "\(steps)"]).write(to: file)
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
  func read(from file: URL) throws -> Int {
    let saved = try SafeTensors(contentsOf: file)
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
  /// - Throws: What the step throws; `InterruptedError` after Ctrl-C or a polite kill, once the state is saved; an
  ///   unreadable checkpoint.
  func run(
    steps: Int, state: TrainingState, start: (_ firstStep: Int) throws -> Void,
    step: (_ number: Int) throws -> String
  ) throws {
    var done = 0
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
    var lastSaved = ProcessInfo.processInfo.systemUptime
    for number in done..<max(done, steps) {
      let detail = try step(number)
      bar.advance(to: number + 1, detail: detail)
      try afterStep(number + 1)
      let signal = parallel.agreed(Interruption.signalNumber)
      let isDue = ProcessInfo.processInfo.systemUptime - lastSaved > secondsBetweenCheckpoints
      if let file, parallel.isWriter, isDue || signal != nil, number + 1 < steps {
        try state.write(to: file, steps: number + 1)
        lastSaved = ProcessInfo.processInfo.systemUptime
      }
      if let signal, number + 1 < steps {
        throw InterruptedError(name: name, done: number + 1, steps: steps, signalNumber: signal)
      }
    }
    bar.finish()
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
