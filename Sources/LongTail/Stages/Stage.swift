import Checkpoints
import Engine
import Foundation
import Notebook

/// One step of the pipeline: a function of its settings and of other stages' results.
public struct Stage<Settings: Encodable> {
  /// Lower-case letters, digits and hyphens, such as "tail-model".
  public var name: String
  /// Raise it whenever the stage's code makes another result from the same settings.
  public var version: Int
  /// Everything the result depends on besides the inputs: sizes, seeds, schedules, the content hash of a data set.
  public var settings: Settings
  public var inputs: [StageResult]

  public init(name: String, version: Int, settings: Settings, inputs: [StageResult] = []) {
    self.name = name
    self.version = version
    self.settings = settings
    self.inputs = inputs
  }

  /// The settings as JSON with sorted keys, the same text for the same settings.
  func canonicalSettings() throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do { return String(decoding: try encoder.encode(settings), as: UTF8.self) } catch {
      var reason = error.localizedDescription.split(separator: "\n").joined(separator: " ")
      if case EncodingError.invalidValue(let value, let context) = error {
        reason = (context.codingPath.map(\.stringValue) + ["is \(value)"]).joined(separator: " ")
      }
      throw StageError.badSettings(stage: name, reason: reason)
    }
  }

  /// The key of the result: SHA-256 over name, version, settings and the inputs' keys. Paths and machines have no part.
  func key(settings: String) throws -> String {
    let letters = name.unicodeScalars.allSatisfy {
      ("a"..."z").contains($0) || ("0"..."9").contains($0) || $0 == "-"
    }
    guard letters, !name.isEmpty, !name.hasPrefix("-") else { throw StageError.badName(name) }
    let inputs = self.inputs.map { "\"\($0.hash)\"" }.joined(separator: ",")
    return Checksum.sha256(
      of: "{\"inputs\":[\(inputs)],\"name\":\"\(name)\",\"settings\":\(settings),\"version\":\(version)}")
  }
}

/// A finished stage on disk.
public struct StageResult: Equatable, Sendable {
  public let name: String
  /// The stage's key, 64 hexadecimal digits; other stages that read the result include it in theirs.
  public let hash: String
  /// The folder with the result's files. Do not write into it.
  public let directory: URL
  /// Whether an earlier run made it.
  public let wasReused: Bool

  public func file(_ name: String) -> URL { directory.appendingPathComponent(name) }
}

/// What a stage's work is given.
public struct StageContext {
  public let name: String
  public let hash: String
  /// An empty folder; the files written here are the result.
  public let directory: URL
  /// A folder that outlives a killed run: work on the same key finds here what it left, and goes on from there.
  /// It is removed when the stage is finished.
  public let checkpointDirectory: URL
  /// How long a training run goes on before it saves itself again.
  public let secondsBetweenCheckpoints: Double
  /// Prints a line for the user.
  public let log: (String) -> Void
  /// With whom the work is shared. All ranks do it, and rank 0 alone writes.
  public var parallel = DataParallel.single

  /// Writes a checkpoint that is either the old or the new one, whenever the run is killed.
  /// - Throws: `StageError.diskFull`, `.unwritable`.
  public func replaceAtomically(_ data: Data, _ name: String) throws {
    guard parallel.isWriter else { return }
    let file = checkpointDirectory.appendingPathComponent(name)
    do { try DurableFiles.replace(file, with: data) } catch { throw StageError.storing(error, at: file.path) }
  }

  /// A checkpoint that an earlier run left, or nil.
  public func checkpoint(_ name: String) -> Data? {
    FileManager.default.contents(atPath: checkpointDirectory.appendingPathComponent(name).path)
  }

  /// Writes one file of the result.
  /// - Throws: `StageError.diskFull`, `.unwritable`.
  public func write(_ data: Data, _ name: String) throws {
    guard parallel.isWriter else { return }
    let file = directory.appendingPathComponent(name)
    do {
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try data.write(to: file)
    } catch { throw StageError.storing(error, at: file.path) }
  }

  /// Writes tensors as one file of the result.
  /// - Throws: `AtomicFile.Failure`.
  func write(_ tensors: SafeTensors, _ name: String) throws {
    if parallel.isWriter { try tensors.write(to: directory.appendingPathComponent(name)) }
  }
}
