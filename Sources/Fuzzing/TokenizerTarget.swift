import Engine
import Foundation
import Models

/// A tokenizer's files, one of which is damaged in each trial.
final class TokenizerTarget: InputTarget {
  private static let merges = "#version: 0.2\nt h\nth e</w>\ni n\na n\nan d</w>\nr e\nin g</w>\ns h\nsh i\nshi p</w>\n"
  private static let mergeCount = 10
  private let reader: InputFuzzing.Reader
  private let folder: URL
  private let bytes: [UInt8]

  init(_ reader: InputFuzzing.Reader, folder: URL) throws {
    self.reader = reader
    self.folder = folder
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let merges = Array(Self.merges.utf8)
    switch reader {
    case .vocabulary:
      try Data(merges).write(to: folder.appendingPathComponent("merges.txt"))
      let tokenizer = try BytePairTokenizer(table: Self.merges, count: Self.mergeCount, contextLength: 8)
      bytes = Array(try JSONEncoder().encode(tokenizer.spelling()))
    case .packedMerges: bytes = Checksums.gzipped(merges)
    default: bytes = merges
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func read(_ stream: inout RandomStream) throws -> String? {
    let isTable = reader != .vocabulary
    let file = folder.appendingPathComponent(isTable ? "table" : "vocab.json")
    var damaged = Mutation.mutated(bytes, other: bytes, from: &stream)
    // Damage within, packed afterwards, gets past gzip's checksum.
    if reader == .packedMerges, stream.chance(0.5) {
      damaged = Checksums.gzipped(Mutation.mutated(Array(Self.merges.utf8), other: bytes, from: &stream))
    }
    try Data(damaged).write(to: file)
    let tokenizer = try BytePairTokenizer(
      contentsOf: isTable ? file : folder, mergeCount: Self.mergeCount, contextLength: 8)
    let tokens = tokenizer.encode("The ship and 3 harbours, seen &amp; counted")
    _ = tokenizer.decode(tokens)
    let isRight = tokens.count == 8 && tokens.allSatisfy { (0..<tokenizer.vocabularySize).contains($0) }
    return isRight ? nil : "a text became the tokens \(tokens)"
  }

  func isExpected(_ error: Error) -> Bool { error is TokenizerFileError }
}
