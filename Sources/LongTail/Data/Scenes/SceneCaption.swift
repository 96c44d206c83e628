extension ScenePainter {
  private static let openings = [
    "an aerial photo of", "an aerial image of", "a satellite image of", "a satellite photo of", "an overhead view of",
    "a view from above of", "a remote sensing image of", "a photo from the air of", "",
  ]

  /// A sentence that names the class and some of what was drawn: count, colour, kind, ground, one detail.
  mutating func caption(noun: String, plural: String) -> String {
    var words: [String] = []
    if facts.count > 1 { words.append(facts.count < 5 ? ["two", "three", "four"][facts.count - 2] : "several") }
    if let colour = facts.colour, chance(0.6) { words.append(colour) }
    if let kind = facts.kind, chance(0.35) { words.append(kind) }
    words.append(facts.count > 1 ? plural : noun)
    var object = words.joined(separator: " ")
    if facts.count == 1 { object = Self.withArticle(object) }

    let opening = pick(Self.openings)
    var caption = opening.isEmpty ? object : opening + " " + object
    if let ground = facts.ground, chance(0.65) { caption += " " + ground }
    if !facts.details.isEmpty, chance(0.45) { caption += ", " + pick(facts.details) }
    if opening.isEmpty { caption += pick([" seen from above", " from the air", ", aerial view", ""]) }
    return caption
  }

  private static func withArticle(_ phrase: String) -> String {
    let vowel = phrase.first.map { "aeio".contains($0) } ?? false
    return (vowel ? "an " : "a ") + phrase
  }
}
