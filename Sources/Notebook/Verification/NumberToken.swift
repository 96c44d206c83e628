import Foundation

/// A number as it stands in a text.
struct NumberToken: Equatable {
  /// As it is written, with its sign.
  let text: String
  let value: Double
  /// Digits after the point.
  let digits: Int

  /// All numbers of a text, from left to right. What belongs to a name (ResNet-50, T2FTS, 4711.png), to code (`--seeds 5`) or to
  /// a power of ten (10⁹) is none.
  static func all(in text: String) -> [NumberToken] {
    let characters = Array(text)
    var tokens: [NumberToken] = []
    var position = 0
    var isCode = false
    while position < characters.count {
      let start = position
      if characters[position] == "`" { isCode.toggle() }
      guard characters[position].isASCIIDigit else {
        position += 1
        continue
      }
      func isDigit(_ index: Int) -> Bool { characters.indices.contains(index) && characters[index].isASCIIDigit }
      while isDigit(position) || (characters[position...].first == "\u{202f}" && isDigit(position + 1)) {
        position += 1
      }
      var digits = 0
      if characters[position...].first == ".", isDigit(position + 1) {
        position += 1
        while isDigit(position) {
          position += 1
          digits += 1
        }
      }
      // 2.15.0 is a version.
      let isVersion = digits > 0 && characters[position...].first == "." && isDigit(position + 1)
      if isVersion { while isDigit(position) || characters[position...].first == "." { position += 1 } }
      if isCode || isVersion || belongsToName(characters, start, position) { continue }
      let isNegative = start > 0 && (characters[start - 1] == "−" || isMinus(characters, start - 1))
      let written = String(characters[(isNegative ? start - 1 : start)..<position])
      let magnitude = Double(String(characters[start..<position].filter { $0 != "\u{202f}" }))!
      tokens.append(NumberToken(text: written, value: isNegative ? -magnitude : magnitude, digits: digits))
    }
    return tokens
  }

  /// A hyphen is a sign only at the start or after a space or bracket.
  private static func isMinus(_ characters: [Character], _ index: Int) -> Bool {
    characters[index] == "-" && (index == 0 || " ([".contains(characters[index - 1]))
  }

  private static func belongsToName(_ characters: [Character], _ start: Int, _ end: Int) -> Bool {
    if start > 0 {
      let before = characters[start - 1]
      if before.isLetter || before == "_" { return true }
      if "-/.".contains(before), start > 1, characters[start - 2].isLetter { return true }
    }
    guard end < characters.count else { return false }
    let after = characters[end]
    let isPower = after.unicodeScalars.allSatisfy { "⁰¹²³⁴⁵⁶⁷⁸⁹⁻".unicodeScalars.contains($0) }
    let isFile = after == "." && end + 1 < characters.count && characters[end + 1].isLetter
    return after.isLetter || after == "_" || isPower || isFile
  }
}

extension Character {
  var isASCIIDigit: Bool { isASCII && isNumber }
}
