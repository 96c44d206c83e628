import Foundation

/// Texts as numbers for CLIP: words are spelt in bytes, and frequent neighbours are merged (Sennrich et al. 2016;
/// numbering as OpenAI's `SimpleTokenizer`).
///
/// The vocabulary: 256 bytes, the same 256 at a word's end, one symbol per merge, the start and the end of a text. The
/// end has the highest number, by which CLIP finds it.
public struct BytePairTokenizer: Equatable, Sendable {
  /// Two symbols, by number, that become one. The n-th merge makes symbol 512 + n.
  struct Merge: Hashable, Sendable {
    let left: Int
    let right: Int
  }

  /// Tokens per text, the start and the end among them.
  public let contextLength: Int
  let merges: [Merge]
  private let ranks: [Merge: Int]

  /// - Precondition: Each merge joins symbols that exist before it, and `contextLength` is at least 2.
  init(merges: [Merge], contextLength: Int) {
    precondition(contextLength >= 2, "a text needs room for its start and its end")
    self.merges = merges
    self.contextLength = contextLength
    // Where a pair stands twice, the first counts.
    ranks = Dictionary(zip(merges, merges.indices), uniquingKeysWith: { first, _ in first })
  }

  public var vocabularySize: Int { 512 + merges.count + 2 }
  public var startToken: Int { 512 + merges.count }
  public var endToken: Int { 513 + merges.count }

  /// A text as `contextLength` tokens: start, words, end, zeros. What is too long is cut off before the end.
  public func encode(_ text: String) -> [Int] {
    let room = contextLength - 2
    let tokens = [startToken] + self.tokens(of: text).prefix(room) + [endToken]
    return tokens + repeatElement(0, count: contextLength - tokens.count)
  }

  /// The tokens of a text's words alone. Case is ignored, runs of white space are one space, and HTML's character
  /// references are resolved.
  public func tokens(of text: String) -> [Int] {
    words(in: text).flatMap { word in
      if let mark = TextMark(rawValue: word) { return [mark == .start ? startToken : endToken] }
      var symbols = Self.symbols(of: word)
      while symbols.count > 1 {
        let pairs = zip(symbols, symbols.dropFirst()).map { Merge(left: $0, right: $1) }
        guard let rank = pairs.compactMap({ ranks[$0] }).min() else { break }
        symbols = merged(symbols, merges[rank], into: 512 + rank)
      }
      return symbols
    }
  }

  /// The text of tokens, one space between words. Start, end and whatever is no token are left out.
  public func decode(_ tokens: [Int]) -> String {
    var bytes: [UInt8] = []
    func spell(_ token: Int) {
      switch token {
      case 0..<256: bytes.append(byteOrder[token])
      case 256..<512: bytes += [byteOrder[token - 256], UInt8(ascii: " ")]
      case 512..<(512 + merges.count):
        spell(merges[token - 512].left)
        spell(merges[token - 512].right)
      default: break
      }
    }
    // Zeros after the end are padding, not the byte of that number.
    for token in tokens.prefix(while: { $0 != endToken }) { spell(token) }
    return String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespaces)
  }

  /// A word's bytes, the last marked as the word's end.
  static func symbols(of word: String) -> [Int] {
    var symbols = word.utf8.map { byteNumber[Int($0)] }
    symbols[symbols.count - 1] += 256
    return symbols
  }
}

/// Replaces each occurrence of a pair, from left to right.
func merged(_ symbols: [Int], _ merge: BytePairTokenizer.Merge, into symbol: Int) -> [Int] {
  var result: [Int] = []
  var index = 0
  while index < symbols.count {
    if index + 1 < symbols.count && symbols[index] == merge.left && symbols[index + 1] == merge.right {
      result.append(symbol)
      index += 2
    } else {
      result.append(symbols[index])
      index += 1
    }
  }
  return result
}

/// The bytes by number: first those that print, then the rest.
let byteOrder: [UInt8] = {
  let printing = [33...126, 161...172, 174...255].flatMap { Array($0) }
  return (printing + (0..<256).filter { !printing.contains($0) }).map { UInt8($0) }
}()

/// The number of each byte.
let byteNumber: [Int] = {
  var numbers = [Int](repeating: 0, count: 256)
  for (number, byte) in byteOrder.enumerated() { numbers[Int(byte)] = number }
  return numbers
}()

extension BytePairTokenizer: Codable {
  private enum Key: String, CodingKey {
    case contextLength, merges
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    try container.encode(contextLength, forKey: .contextLength)
    try container.encode(merges.flatMap { [$0.left, $0.right] }, forKey: .merges)
  }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: Key.self)
    let length = try container.decode(Int.self, forKey: .contextLength)
    let numbers = try container.decode([Int].self, forKey: .merges)
    let isValid = numbers.enumerated().allSatisfy { (0..<(512 + $0.offset / 2)).contains($0.element) }
    guard length >= 2, numbers.count % 2 == 0, isValid else {
      throw DecodingError.dataCorruptedError(
        forKey: .merges, in: container, debugDescription: "a merge joins symbols that do not exist before it")
    }
    let merges = stride(from: 0, to: numbers.count, by: 2).map { Merge(left: numbers[$0], right: numbers[$0 + 1]) }
    self.init(merges: merges, contextLength: length)
  }
}
