import Checkpoints
import Engine
import Foundation
import Fuzzing
import Imaging
import LongTail
import Models

/// Work that may end its process, or must have one of its own: the experiment starts itself for it and reads one line.
struct RobustnessWorker {
  /// The package's folder, for the fixtures of its tests.
  let package: URL

  /// What a worker answers.
  struct Answer: Codable {
    var trials: Int?
    var read: Int?
    var findings: [String]?
    /// Bytes: the most that was resident, and what is at the end.
    var peakBytes, bytes: Int?
  }

  /// Does what one line asks for, and prints the answer.
  ///
  /// - Throws: `RobustnessError.unknownRequest`, and what the work throws.
  func serve(_ request: String) throws {
    var words: [String] = []
    var values: [String: String] = [:]
    for word in request.split(separator: " ").map(String.init) {
      let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
      if parts.count == 2 { values[parts[0]] = parts[1] } else { words.append(word) }
    }
    let answer: Answer
    switch (words.first, words.count) {
    case ("fuzz", 2): answer = try fuzz(words[1], values)
    case ("boundaries", 1): answer = try boundaries(rounds: values["rounds"].flatMap(Int.init) ?? 1)
    case ("stage", 2): answer = try stage(words[1], values)
    default: throw RobustnessError.unknownRequest(request)
    }
    print(String(decoding: try JSONEncoder().encode(answer), as: UTF8.self))
  }

  // MARK: - Damaged input

  /// `fuzz READER seed=S seconds=T from=N record=FILE`, or `fuzz READER seed=S trial=N`.
  private func fuzz(_ name: String, _ values: [String: String]) throws -> Answer {
    let seed = values["seed"].flatMap(UInt64.init) ?? 1
    // Progress bars of the importers have nothing to say here.
    freopen("/dev/null", "w", stderr)
    let run: (Int) -> (isRead: Bool, finding: String?)
    let folder = Self.fastFolder().appendingPathComponent("fuzz-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    if let reader = CheckpointFuzzing.Reader(rawValue: name) {
      let fixtures = package.appendingPathComponent("Tests/CheckpointsTests/Fixtures")
      run = try CheckpointFuzzing(reader, seed: seed, folder: fixtures).run(trial:)
    } else if let reader = InputFuzzing.Reader(rawValue: name) {
      run = try InputFuzzing(reader, seed: seed, folder: folder).run(trial:)
    } else {
      throw RobustnessError.unknownRequest("fuzz \(name)")
    }
    if let trial = values["trial"].flatMap(Int.init) {
      let (isRead, finding) = run(trial)
      return Answer(trials: 1, read: isRead ? 1 : 0, findings: finding.map { [$0] } ?? [])
    }
    let record = values["record"].map { open($0, O_WRONLY | O_CREAT, 0o644) } ?? -1
    let outcome = CheckpointFuzzing.Outcome.ofTrials(
      seconds: values["seconds"].flatMap(Double.init) ?? 1, from: values["from"].flatMap(Int.init) ?? 0,
      before: { trial in
        var number = Int64(trial)
        pwrite(record, &number, 8, 0)
        // A reader that does not come back ends this process; time in which the process was stopped does not count.
        Self.endAfter(processorSeconds: 30)
      }, run: run)
    Self.endAfter(processorSeconds: 0)
    return Answer(trials: outcome.trials, read: outcome.read, findings: Array(outcome.findings.prefix(20)))
  }

  /// Ends the process by SIGPROF when it has computed for so long; zero: not any more.
  private static func endAfter(processorSeconds: Int) {
    var timer = itimerval()
    timer.it_value.tv_sec = processorSeconds
    setitimer(__itimer_which_t(ITIMER_PROF.rawValue), &timer, nil)
  }

  /// A folder in memory, where there is one: what is tried here does not depend on a disk, and waits for none.
  static func fastFolder() -> URL {
    let memory = "/dev/shm"
    return access(memory, W_OK) == 0 ? URL(fileURLWithPath: memory) : FileManager.default.temporaryDirectory
  }

  // MARK: - Libraries in C

  /// `boundaries rounds=N`: every call into libpng, TurboJPEG, libzip, zlib and OpenBLAS, with sound and broken input.
  private func boundaries(rounds: Int) throws -> Answer {
    let picture = Image(width: 40, height: 30, fill: [200, 100, 50])
    let (png, jpeg) = (try picture.pngData(), try picture.jpegData())
    let fixtures = package.appendingPathComponent("Tests/CheckpointsTests/Fixtures")
    let zip = try Data(contentsOf: fixtures.appendingPathComponent("zip.pth"))
    let folder = Self.fastFolder().appendingPathComponent("fuzz-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let tables = try InputFuzzing(.packedMerges, seed: 1, folder: folder)
    var start = 0
    for round in 0..<rounds {
      for data in [png, jpeg] {
        _ = try Image(data: data)
        _ = try? Image(data: data.prefix(data.count / 2))
        var damaged = data
        damaged[data.count / 2] ^= 0xff
        _ = try? Image(data: damaged)
      }
      _ = try picture.pngData()
      _ = try picture.jpegData(quality: 50)
      _ = try CheckpointFile(bytes: Array(zip), path: "zip").stateDictionary()
      _ = try? CheckpointFile(bytes: Array(zip.prefix(zip.count / 2)), path: "half").stateDictionary()
      _ = tables.run(trial: round)
      var stream = RandomStream(seed: 1, name: "boundaries", index: UInt64(round))
      let x = Tensor.uniform([70, 60], -1, 1, from: &stream).tracked
      _ = gradients(of: matmul(x, x, transposeB: true).sum(), withRespectTo: [x])
      if round == rounds / 4 { start = ResidentMemory.bytes("VmRSS") ?? 0 }
    }
    return Answer(peakBytes: start, bytes: ResidentMemory.bytes("VmRSS"))
  }

  // MARK: - The memory of stages

  /// `stage NAME store=DIR profile=P threads=N`: makes one stage whose inputs are in the store.
  private func stage(_ name: String, _ values: [String: String]) throws -> Answer {
    guard let store = values["store"], let profile = values["profile"].flatMap(Profile.init(rawValue:)) else {
      throw RobustnessError.unknownRequest("stage \(name)")
    }
    if let threads = values["threads"].flatMap(Int.init) { Parallel.threadCount = threads }
    let settings = try MemoryTrials.settings(profile)
    let data = try PipelineData(
      scenes: settings.data, side: settings.cdtg.side, judgeImagesPerClass: settings.judgeImagesPerClass)
    let pipeline = Pipeline(
      settings: settings, data: data, store: try StageStore(directory: URL(fileURLWithPath: store)),
      weights: settings.usesStartingWeights ? StartingWeights() : nil)
    let ratio = settings.generation.noiseRatio
    switch name {
    case "judge": _ = try pipeline.judge()
    case "head-model": _ = try pipeline.headModel()
    case "tail-model": _ = try pipeline.tailModel()
    case "distillation-to-tail": _ = try pipeline.distilledModels()
    case "generator": _ = try pipeline.generator(.full)
    case "images": _ = try pipeline.generatedImages(.full)
    case "classifier": _ = try pipeline.classify(.generated(.full, noiseRatio: ratio), seed: 1)
    default: throw RobustnessError.unknownRequest("stage \(name)")
    }
    return Answer(peakBytes: ResidentMemory.bytes("VmHWM"), bytes: ResidentMemory.bytes("VmRSS"))
  }
}
