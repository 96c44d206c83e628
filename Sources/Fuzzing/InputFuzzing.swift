import Engine
import Foundation
import Imaging
import LongTail
import Models

/// Reads damaged pictures, annotations, tokenizer files and stage manifests, again and again: every reader must answer
/// with values or with a typed error of one line.
///
/// As with `CheckpointFuzzing`, a trial depends on the seed, the reader and the trial's number alone.
public final class InputFuzzing {
  /// What is damaged, and read.
  public enum Reader: String, CaseIterable, Sendable {
    case png
    /// PNG whose chunks' checksums are right again after the damage, which they would otherwise keep from the decoder.
    case sealedPNG = "png-sealed"
    case jpeg
    /// Pascal VOC's annotations and lists of names, and the crops cut by them.
    case voc
    case dota, coco
    /// TGN's own annotation and class list.
    case anno
    /// Tables of merges: `merges.txt`, packed with gzip, `vocab.json`.
    case merges
    case packedMerges = "merges-gz"
    case vocabulary
    /// `stage.json` of a finished stage.
    case manifest
    /// Any other file of a finished stage.
    case stageFile = "stage-file"
  }

  public let reader: Reader
  public let seed: UInt64
  private let target: InputTarget

  /// - Parameters:
  ///   - folder: Where files are written; made if missing, and removed at the end.
  ///   - pictures: More sound pictures to start from, or none.
  public init(_ reader: Reader, seed: UInt64, folder: URL, pictures: [URL] = []) throws {
    self.reader = reader
    self.seed = seed
    switch reader {
    case .png, .sealedPNG, .jpeg:
      target = try PictureTarget(isPNG: reader != .jpeg, isSealed: reader == .sealedPNG, pictures: pictures)
    case .voc, .dota, .coco, .anno: target = try AnnotationTarget(reader, folder: folder)
    case .merges, .packedMerges, .vocabulary: target = try TokenizerTarget(reader, folder: folder)
    case .manifest, .stageFile: target = try StageTarget(manifest: reader == .manifest, folder: folder)
    }
  }

  /// Reads the damaged input of a trial.
  ///
  /// - Returns: Whether it could be read; a description of what should not have happened.
  public func run(trial: Int) -> (isRead: Bool, finding: String?) {
    var stream = RandomStream(seed: seed, name: "fuzz-\(reader.rawValue)", index: UInt64(trial))
    do {
      let fault = try target.read(&stream)
      return (fault == nil, fault.map { "\(reader.rawValue), seed \(seed), trial \(trial): \($0)" })
    } catch {
      if target.isExpected(error), !"\(error)".contains("\n") { return (false, nil) }
      return (false, "\(reader.rawValue), seed \(seed), trial \(trial): \(type(of: error)): \(error)")
    }
  }
}

/// One kind of input: damages a copy, and reads it.
protocol InputTarget {
  /// - Returns: What is wrong with what was read; nil if nothing is.
  /// - Throws: What the reader throws.
  func read(_ stream: inout RandomStream) throws -> String?
  /// Whether the reader promises errors of this type.
  func isExpected(_ error: Error) -> Bool
}

/// Pictures in memory.
struct PictureTarget: InputTarget {
  private let seeds: [[UInt8]]
  private let isSealed: Bool

  init(isPNG: Bool, isSealed: Bool, pictures: [URL]) throws {
    self.isSealed = isSealed
    var seeds: [[UInt8]] = []
    var stream = RandomStream(seed: 1, name: "pictures to damage")
    for (width, height, channels) in [(1, 1, 3), (17, 9, 3), (24, 24, 1), (8, 12, 4)] {
      let pixels = (0..<(width * height * channels)).map { _ in UInt8(stream.integer(below: 256)) }
      let image = Image(width: width, height: height, channels: channels, pixels: pixels)
      if isPNG {
        seeds.append(Array(try image.pngData()))
      } else {
        for quality in [20, 90] { seeds.append(Array(try image.jpegData(quality: quality))) }
      }
    }
    for url in pictures where (url.pathExtension.lowercased() == "png") == isPNG {
      let data = try Data(contentsOf: url)
      // Large ones would only make the trials few.
      if data.count < 1 << 16 { seeds.append(Array(data)) }
    }
    self.seeds = seeds
  }

  func read(_ stream: inout RandomStream) throws -> String? {
    let start = seeds[stream.integer(below: seeds.count)]
    var bytes = Mutation.mutated(start, other: seeds[stream.integer(below: seeds.count)], from: &stream)
    if isSealed { bytes = Checksums.sealedPNG(bytes) }
    let image = try Image(data: Data(bytes))
    let isWhole = image.channels == 3 && image.pixels.count == image.width * image.height * 3
    return isWhole ? nil : "\(image.pixels.count) values for \(image.width) × \(image.height)"
  }

  func isExpected(_ error: Error) -> Bool { error is ImageError }
}
