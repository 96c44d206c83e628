import Checkpoints
import Engine
import Foundation

/// Runs the golden cases of a folder.
public struct Selfcheck {
  /// Answers one case.
  public typealias Check = (GoldenComparison) throws -> Void

  /// What came of one file.
  public enum Outcome {
    case compared(GoldenComparison)
    /// No check is known by this name.
    case notCovered
    /// The case needs public material that is not here.
    case skipped(MissingMaterial)
    case failed(any Error)
  }

  /// How a value may differ from the golden one, relative to the record's largest absolute value.
  public static let valueTolerance = 1e-4
  public static let gradientTolerance = 1e-3
  /// Batch normalisation over very small maps amplifies rounding.
  public static let distillationGradientTolerance = 1e-2

  /// Checks by the name of their case.
  public var checks: [String: Check]

  /// All checks of this module; others can be added.
  ///
  /// - Parameter tokenizer: CLIP's published table of merges, or a folder with `vocab.json` and `merges.txt`.
  public init(tokenizer: URL? = nil) {
    checks = [
      "kmdn_resnet50_eval": checkResNetEvaluation, "kmdn_distill_step": checkDistillationStep,
      "clip_vit_b32": checkCLIP, "tgn_generator_step_64": checkGeneratorStep, "tgn_path_length_64": checkPathLength,
      "tgn_factorization_64": checkFactorization, "backbone_resnet18": checkResNet18,
      "clip_tokens": { try checkTokens($0, table: tokenizer) },
    ]
    for (name, backbone) in backboneCases {
      checks["backbone_\(name)"] = { try checkBackbone($0, name: name, backbone) }
    }
    for size in [64, 256] {
      checks["tgn_generator_\(size)"] = { try checkGenerator($0, size: size) }
      checks["tgn_discriminator_\(size)"] = { try checkDiscriminator($0, size: size) }
    }
  }

  /// The golden files of a folder, sorted by name.
  ///
  /// - Throws: `GoldenError` where the folder cannot be read or has none.
  public static func files(in folder: URL) throws -> [URL] {
    let files: [URL]
    do {
      files = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    } catch {
      throw GoldenError(path: folder.path, reason: "the folder cannot be read; give --golden a folder of JSON files")
    }
    let cases = files.filter { $0.pathExtension == "json" }.sorted { $0.lastPathComponent < $1.lastPathComponent }
    guard !cases.isEmpty else { throw GoldenError(path: folder.path, reason: "the folder holds no .json file") }
    return cases
  }

  /// Runs the case of one file.
  public func run(_ file: URL) -> Outcome {
    do {
      let golden = try GoldenCase(contentsOf: file)
      guard let check = checks[golden.name] else { return .notCovered }
      let comparison = GoldenComparison(golden)
      BufferPool.trim()
      _ = BufferPool.takePeakBytes()
      let start = ContinuousClock.now
      try check(comparison)
      comparison.seconds = (ContinuousClock.now - start) / .seconds(1)
      comparison.peakBytes = BufferPool.takePeakBytes()
      return .compared(comparison)
    } catch let missing as MissingMaterial {
      return .skipped(missing)
    } catch {
      return .failed(error)
    }
  }
}

/// Public material that a case needs and that is not ours to ship.
public struct MissingMaterial: Error, Equatable, CustomStringConvertible {
  public let what: String

  public var description: String { "it needs \(what)" }
}
