import Foundation

extension BytePairTokenizer {
  /// Reads a table of merges as OpenAI publishes it, unpacked: a title line, then two symbols per line.
  ///
  /// - Parameter count: How many merges to take; CLIP takes the first 48894 of its table.
  /// - Throws: `MergeTableError`, which names the line.
  public init(
    table: String, count: Int = BytePairTokenizer.publishedMergeCount, contextLength: Int = 77
  ) throws {
    var numbers = Self.byteSymbols
    var merges: [Merge] = []
    // By bytes: as characters, a carriage return and a line feed would be one.
    let lines = table.utf8.split(separator: UInt8(ascii: "\n"), maxSplits: count + 1, omittingEmptySubsequences: false)
    for (line, text) in lines.enumerated().dropFirst() {
      let symbols = text.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\r") }.map { String(Substring($0)) }
      if merges.count == count || symbols.isEmpty { break }
      guard symbols.count == 2, let left = numbers[symbols[0]], let right = numbers[symbols[1]] else {
        throw MergeTableError(line: line + 1, text: String(Substring(text)))
      }
      numbers[symbols[0] + symbols[1]] = 512 + merges.count
      merges.append(Merge(left: left, right: right))
    }
    self.init(merges: merges, contextLength: contextLength)
  }

  /// How the published files write each symbol, and its number.
  public func spelling() -> [String: Int] {
    var numbers = Self.byteSymbols
    var symbols = [String](repeating: "", count: 512)
    for (symbol, number) in numbers { symbols[number] = symbol }
    for merge in merges {
      let symbol = symbols[merge.left] + symbols[merge.right]
      numbers[symbol] = symbols.count
      symbols.append(symbol)
    }
    numbers[TextMark.start.rawValue] = startToken
    numbers[TextMark.end.rawValue] = endToken
    return numbers
  }

  /// The 512 symbols of single bytes. Bytes that do not print stand as the characters from U+0100 on.
  private static let byteSymbols: [String: Int] = {
    var numbers: [String: Int] = [:]
    var next: UInt32 = 0x100
    for (number, byte) in byteOrder.enumerated() {
      let isPrinting = number < 188
      let scalar = Unicode.Scalar(isPrinting ? UInt32(byte) : next)!
      if !isPrinting { next += 1 }
      numbers[String(scalar)] = number
      numbers["\(scalar)</w>"] = 256 + number
    }
    return numbers
  }()
}

/// A line of a table of merges that does not join two known symbols.
public struct MergeTableError: Error, Equatable, CustomStringConvertible, LocalizedError {
  public let line: Int
  public let text: String

  public var description: String {
    "line \(line) of the merge table does not join two known symbols: \(text.prefix(80))"
  }
  public var errorDescription: String? { description }
}
