import Checkpoints
import Engine
import Foundation

/// Reads damaged checkpoints, again and again: every reader must answer with values or with a typed error.
///
/// Each trial depends on the seed, the reader and the trial's number alone, so that one that crashed can be run again.
public struct CheckpointFuzzing {
  /// What is damaged, and read.
  public enum Reader: String, CaseIterable, Sendable {
    /// A bare pickle.
    case pickle
    /// A zip whose directory, entries or bytes are damaged.
    case zip
    /// A sound zip around a damaged pickle, which the zip's checksums would otherwise keep from the unpickler.
    case zipPickle = "zip-pickle"
    case script, legacy, tar
    case safeTensors = "safetensors"
  }

  /// What came of the trials.
  public struct Outcome: Sendable {
    public var trials = 0
    /// Trials that were read to the end in spite of the damage.
    public var read = 0
    /// Errors of another type than the readers promise, with the trial.
    public var findings: [String] = []
  }

  public let reader: Reader
  public let seed: UInt64
  private let seeds: [[UInt8]]

  /// - Parameter folder: The fixtures: sound files to start from.
  public init(_ reader: Reader, seed: UInt64, folder: URL) throws {
    self.reader = reader
    self.seed = seed
    let names: [String] =
      switch reader {
      case .pickle, .zipPickle:
        [
          "zip.pth", "training.pt", "protocol3.pth", "protocol4.pth", "protocol5.pth", "unsigned.pt", "module.pt",
          "script.pt",
        ]
      case .zip: ["zip.pth", "protocol4.pth", "big-endian.pth", "unsigned.pt"]
      case .script: ["script.pt"]
      case .legacy: ["legacy.pth", "training-legacy.pt", "protocol0.pth", "protocol1.pth"]
      case .tar: ["tar.pth"]
      case .safeTensors: ["types.safetensors"]
      }
    seeds = try names.map { name in
      let file = folder.appendingPathComponent(name)
      return reader == .pickle || reader == .zipPickle
        ? try CheckpointParts.pickle(of: file) : Array(try Data(contentsOf: file))
    }
  }

  /// The damaged file of a trial.
  public func bytes(ofTrial trial: Int) -> [UInt8] {
    var stream = RandomStream(seed: seed, name: "fuzz-\(reader.rawValue)", index: UInt64(trial))
    let start = seeds[stream.integer(below: seeds.count)]
    let damaged = Mutation.mutated(start, other: seeds[stream.integer(below: seeds.count)], from: &stream)
    return reader == .zipPickle ? CheckpointParts.zip(around: damaged) : damaged
  }

  /// Reads the damaged file of a trial: lists it, and loads its tensors.
  ///
  /// - Returns: Whether it could be read; a description of an error that is not typed.
  public func run(trial: Int) -> (isRead: Bool, finding: String?) {
    let bytes = bytes(ofTrial: trial)
    do {
      if reader == .pickle {
        _ = try CheckpointParts.readPickle(bytes)
      } else {
        let file = try CheckpointFile(bytes: bytes, path: "trial \(trial)")
        _ = try CheckpointListing(file).tree()
        _ = try file.stateDictionary()
      }
      return (true, nil)
    } catch is CheckpointError {
      return (false, nil)
    } catch is SafeTensorsError {
      return (false, nil)
    } catch {
      return (false, "\(reader.rawValue), seed \(seed), trial \(trial): \(error)")
    }
  }

  /// Runs trials until the time is over; see `Outcome.ofTrials`.
  public func run(seconds: Double, from first: Int = 0, before: (Int) -> Void = { _ in }) -> Outcome {
    .ofTrials(seconds: seconds, from: first, before: before, run: run(trial:))
  }
}

extension CheckpointFuzzing.Outcome {
  /// Runs trials of any fuzzer until the time is over.
  ///
  /// - Parameter before: Called with each trial's number before it runs, so that a crash has a name.
  public static func ofTrials(
    seconds: Double, from first: Int = 0, before: (Int) -> Void = { _ in },
    run: (Int) -> (isRead: Bool, finding: String?)
  ) -> Self {
    var outcome = Self()
    let end = Date().addingTimeInterval(seconds)
    while Date() < end {
      let trial = first + outcome.trials
      before(trial)
      let (isRead, finding) = run(trial)
      outcome.trials += 1
      if isRead { outcome.read += 1 }
      if let finding { outcome.findings.append(finding) }
    }
    return outcome
  }
}
