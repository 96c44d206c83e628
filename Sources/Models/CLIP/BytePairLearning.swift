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
    for caption in captions {
      for word in words(in: caption) where TextMark(rawValue: word) == nil { counts[word, default: 0] += 1 }
    }
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
}
