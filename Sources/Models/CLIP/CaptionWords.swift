import Foundation

/// The words of a text as CLIP cuts it: lower case; runs of letters, single digits, runs of other signs, and English
/// endings such as 's alone.
///
/// OpenAI's code also repairs wrongly decoded text (`ftfy`); this does not.
func words(in text: String) -> [String] {
  let scalars = Array(resolvingReferences(resolvingReferences(text)).lowercased().unicodeScalars)
  let marks = TextMark.allCases.map { Array($0.rawValue.unicodeScalars) }
  let endings = ["'s", "'t", "'re", "'ve", "'m", "'ll", "'d"].map { Array($0.unicodeScalars) }
  var words: [String] = []
  var index = 0
  func run(while belongs: (Unicode.Scalar) -> Bool) -> Int {
    scalars[index...].firstIndex { !belongs($0) } ?? scalars.count
  }
  while index < scalars.count {
    let scalar = scalars[index]
    if scalar.properties.isWhitespace {
      index += 1
      continue
    }
    let end: Int
    if let mark = marks.first(where: { scalars[index...].starts(with: $0) }) {
      end = index + mark.count
    } else if let ending = endings.first(where: { scalars[index...].starts(with: $0) }) {
      end = index + ending.count
    } else if isLetter(scalar) {
      end = run(while: isLetter)
    } else if isNumber(scalar) {
      end = index + 1
    } else {
      end = run { !$0.properties.isWhitespace && !isLetter($0) && !isNumber($0) }
    }
    var word = String.UnicodeScalarView()
    word.append(contentsOf: scalars[index..<end])
    words.append(String(word))
    index = end
  }
  return words
}

/// What stands for the start and the end of a text within it: one symbol each.
enum TextMark: String, CaseIterable {
  case start = "<|startoftext|>"
  case end = "<|endoftext|>"
}

private func isLetter(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
  default: false
  }
}

private func isNumber(_ scalar: Unicode.Scalar) -> Bool {
  switch scalar.properties.generalCategory {
  case .decimalNumber, .letterNumber, .otherNumber: true
  default: false
  }
}

/// Replaces HTML's references to characters, such as `&amp;` and `&#233;`; unknown ones stay.
private func resolvingReferences(_ text: String) -> String {
  guard text.contains("&") else { return text }
  let names: [Substring: String] = [
    "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{a0}",
  ]
  var result = ""
  var rest = text[...]
  while let start = rest.firstIndex(of: "&") {
    result += rest[..<start]
    rest = rest[start...]
    guard let end = rest.prefix(12).firstIndex(of: ";") else {
      result += "&"
      rest = rest.dropFirst()
      continue
    }
    let name = rest[rest.index(after: start)..<end]
    let code =
      name.hasPrefix("#x") ? UInt32(name.dropFirst(2), radix: 16) : name.hasPrefix("#") ? UInt32(name.dropFirst()) : nil
    if let replacement = names[name] ?? code.flatMap(Unicode.Scalar.init).map({ String($0) }) {
      result += replacement
      rest = rest[rest.index(after: end)...]
    } else {
      result += "&"
      rest = rest.dropFirst()
    }
  }
  return result + rest
}
