import Checkpoints
import Foundation

extension BytePairTokenizer {
  /// The merges of CLIP's published tokenizer: 49152 symbols less those of single bytes.
  public static let publishedMergeCount = 49152 - 256 - 2

  /// Reads CLIP's published tokenizer: OpenAI's `bpe_simple_vocab_16e6.txt.gz`, the same unpacked, or a folder with
  /// Hugging Face's `vocab.json` and `merges.txt`.
  ///
  /// - Parameter mergeCount: How many merges to take from the table, of which OpenAI's holds more than CLIP uses.
  /// - Throws: `TokenizerFileError`.
  public init(
    contentsOf url: URL, mergeCount: Int = BytePairTokenizer.publishedMergeCount, contextLength: Int = 77
  ) throws {
    let folder = url.appendingPathComponent("merges.txt")
    guard FileManager.default.fileExists(atPath: folder.path) else {
      self = try Self.tokenizer(table: url, mergeCount: mergeCount, contextLength: contextLength)
      return
    }
    self = try Self.tokenizer(table: folder, mergeCount: mergeCount, contextLength: contextLength)
    try check(vocabulary: url.appendingPathComponent("vocab.json"))
  }

  private static func tokenizer(table url: URL, mergeCount: Int, contextLength: Int) throws -> BytePairTokenizer {
    var data = try contents(url)
    if data.starts(with: [0x1f, 0x8b]) {
      do {
        data = try gunzipped(data)
      } catch {
        throw TokenizerFileError(path: url.path, reason: "\(error)")
      }
    }
    guard let text = String(validating: data, as: UTF8.self) else {
      throw TokenizerFileError(path: url.path, reason: "it is not UTF-8 text; give a table of merges")
    }
    let tokenizer: BytePairTokenizer
    do {
      tokenizer = try BytePairTokenizer(table: text, count: mergeCount, contextLength: contextLength)
    } catch {
      throw TokenizerFileError(path: url.path, reason: "\(error)")
    }
    guard tokenizer.merges.count == mergeCount else {
      throw TokenizerFileError(
        path: url.path, reason: "it holds \(tokenizer.merges.count) merges, not \(mergeCount); fetch the whole table")
    }
    return tokenizer
  }

  /// Hugging Face's numbers must be those that the merges give.
  private func check(vocabulary url: URL) throws {
    let numbers: [String: Int]
    do {
      numbers = try JSONDecoder().decode([String: Int].self, from: Self.contents(url))
    } catch let error as TokenizerFileError {
      throw error
    } catch {
      throw TokenizerFileError(path: url.path, reason: "it is not a JSON object of symbols and their numbers")
    }
    guard numbers.count == vocabularySize else {
      throw TokenizerFileError(
        path: url.path, reason: "it has \(numbers.count) symbols; merges.txt beside it makes \(vocabularySize)")
    }
    let spelt = spelling()
    for (symbol, number) in numbers.sorted(by: { $0.value < $1.value }) where spelt[symbol] != number {
      throw TokenizerFileError(
        path: url.path,
        reason: "\(symbol.debugDescription) has the number \(number), and "
          + (spelt[symbol].map { "\($0) by merges.txt" } ?? "merges.txt does not make it")
          + "; the two files do not belong together")
    }
  }

  private static func contents(_ url: URL) throws -> Data {
    do {
      return try Data(contentsOf: url, options: .mappedIfSafe)
    } catch {
      throw TokenizerFileError(
        path: url.path,
        reason: "it cannot be read; give bpe_simple_vocab_16e6.txt.gz, or a folder with vocab.json and merges.txt")
    }
  }
}

/// A tokenizer's file that cannot be used.
public struct TokenizerFileError: Error, Equatable, CustomStringConvertible, LocalizedError {
  public let path: String
  public let reason: String

  public var description: String { "\(path): \(reason)" }
  public var errorDescription: String? { description }
}
