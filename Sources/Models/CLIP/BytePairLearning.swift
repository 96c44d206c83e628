import Foundation

extension BytePairTokenizer {
  /// Learns merges from captions: again and again the most frequent pair of neighbours becomes one symbol.
  ///
  /// The same captions give the same merges: among equally frequent pairs the one of the lowest numbers is taken.
  ///
  /// - Parameters:
  ///   - vocabularySize: At least 514. It is not reached where no pair occurs twice any more.
  public static func learned(from captions: [String], vocabularySize: Int, contextLength: Int = 24) -> BytePairTokenizer {
    precondition(vocabularySize >= 514, "a vocabulary has 512 symbols for bytes, a start and an end")
    var counts: [String: Int] = [:]
    for caption in captions { for word in words(in: caption) { counts[word, default: 0] += 1 } }
    var spelt = counts.map { (symbols: symbols(of: $0.key), count: $0.value) }
    var merges: [Merge] = []
    while merges.count < vocabularySize - 514 {
      var frequency: [Merge: Int] = [:]
      for (symbols, count) in spelt {
        for (left, right) in zip(symbols, symbols.dropFirst()) {
          frequency[Merge(left: left, right: right), default: 0] += count
        }
      }
      let best = frequency.max { a, b in
        (a.value, b.key.left, b.key.right) < (b.value, a.key.left, a.key.right)
      }
      guard let (pair, count) = best, count > 1 else { break }
      let symbol = 512 + merges.count
      merges.append(pair)
      for index in spelt.indices { spelt[index].symbols = merged(spelt[index].symbols, pair, into: symbol) }
    }
    return BytePairTokenizer(merges: merges, contextLength: contextLength)
  }

  /// Reads a table of merges as OpenAI publishes it, unpacked: a title line, then two symbols per line.
  ///
  /// - Parameter count: How many merges to take; CLIP takes the first 48894 of its table.
  /// - Throws: `MergeTableError`, which names the line.
  public init(table: String, count: Int = 49152 - 256 - 2, contextLength: Int = 77) throws {
    // Bytes that do not print stand as the characters from U+0100 on.
    var numbers: [String: Int] = [:]
    var next: UInt32 = 0x100
    for (number, byte) in byteOrder.enumerated() {
      let isPrinting = number < 188
      let scalar = Unicode.Scalar(isPrinting ? UInt32(byte) : next)!
      if !isPrinting { next += 1 }
      numbers[String(scalar)] = number
      numbers["\(scalar)</w>"] = 256 + number
    }
    var merges: [Merge] = []
    for (line, text) in table.split(separator: "\n", omittingEmptySubsequences: false).enumerated().dropFirst() {
      if merges.count == count || text.isEmpty { break }
      let symbols = text.split(separator: " ").map(String.init)
      guard symbols.count == 2, let left = numbers[symbols[0]], let right = numbers[symbols[1]] else {
        throw MergeTableError(line: line + 1, text: String(text))
      }
      numbers[symbols[0] + symbols[1]] = 512 + merges.count
      merges.append(Merge(left: left, right: right))
    }
    self.init(merges: merges, contextLength: contextLength)
  }
}

/// A line of a table of merges that does not join two known symbols.
public struct MergeTableError: Error, Equatable, CustomStringConvertible, LocalizedError {
  public let line: Int
  public let text: String

  public var description: String { "line \(line) of the merge table does not join two known symbols: \(text)" }
  public var errorDescription: String? { description }
}
