import Foundation
import FoundationXML

/// The objects of a Pascal VOC annotation: `annotation/object` with `name`, `difficult` and `bndbox`.
struct VOCAnnotation {
  struct Object {
    var line: Int
    var name: String?
    var isDifficult = false
    /// xmin, ymin, xmax, ymax as they are written, and their lines.
    var box: [String: (text: String, line: Int)] = [:]
  }

  private(set) var objects: [Object] = []

  static let sides = ["xmin", "ymin", "xmax", "ymax"]

  /// - Throws: `ImportError.badXML` with the line, `.unreadable`, `.tooLarge`, `.badEncoding`.
  init(contentsOf url: URL) throws {
    let annotation = try AnnotationText(contentsOf: url)
    // Entities can make a small file large or open others; no annotation has use for them.
    try Self.refuse("<!DOCTYPE", "a document type", in: annotation.text, url)
    let text = Self.asUTF8(annotation.text)
    // Foundation's parser crashes at one without data.
    try Self.refuse("<?", "a processing instruction", in: text, url)
    let reader = VOCReader()
    let parser = XMLParser(data: Data(text.utf8))
    parser.shouldProcessNamespaces = false
    parser.shouldResolveExternalEntities = false
    parser.delegate = reader
    let isRead = parser.parse()
    if let fault = reader.fault {
      throw ImportError.badXML(.init(url.path, line: fault.line), reason: fault.reason)
    }
    guard isRead, reader.isComplete else {
      let first = reader.firstError ?? (max(parser.lineNumber, 1), 5)
      throw ImportError.badXML(.init(url.path, line: first.line), reason: Self.reason(code: first.code))
    }
    objects = reader.objects
  }

  /// - Throws: `ImportError.badXML` with the line where the text has the beginning of something that is not taken.
  private static func refuse(_ start: String, _ name: String, in text: String, _ url: URL) throws {
    guard let range = text.range(of: start, options: .caseInsensitive) else { return }
    let line = text[..<range.lowerBound].reduce(1) { $1.isNewline ? $0 + 1 : $0 }
    throw ImportError.badXML(.init(url.path, line: line), reason: "it has \(name)")
  }

  /// The parser's commonest complaints (libxml2's numbers) in words.
  private static func reason(code: Int) -> String {
    switch code {
    case 4, 5, 77: return "it ends too early"
    case 76: return "an end tag does not match its start"
    default: return "XML error \(code)"
    }
  }

  /// The text without its declaration, whose encoding is no longer true, and with line ends that the parser counts.
  private static func asUTF8(_ text: String) -> String {
    var lines = text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).map(String.init)
    if lines[0].hasPrefix("<?xml"), let end = lines[0].range(of: "?>") {
      lines[0].removeSubrange(lines[0].startIndex..<end.upperBound)
    }
    return lines.joined(separator: "\n")
  }
}

/// Listens to the parser. Only elements at their proper place count: a `part` of an object has a name and box too.
private final class VOCReader: NSObject, XMLParserDelegate {
  var objects: [VOCAnnotation.Object] = []
  var fault: (line: Int, reason: String)?
  /// The parser goes on after some errors; the first is the one to mend.
  var firstError: (line: Int, code: Int)?
  var isComplete = false
  private var path: [String] = []
  private var text = ""

  func parser(
    _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
    attributes: [String: String]
  ) {
    path.append(element)
    text = ""
    if path.count == 1, element != "annotation" {
      fail(parser, "its root is <\(element)>, not <annotation>")
    } else if path.count > 64 {
      fail(parser, "elements are nested too deeply")
    } else if path == ["annotation", "object"] {
      objects.append(.init(line: parser.lineNumber))
    }
  }

  func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

  func parser(
    _ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?
  ) {
    let value = text.trimmingCharacters(in: .whitespacesAndNewlines)
    text = ""
    if path == ["annotation"] { isComplete = true }
    defer { path.removeLast() }
    guard path.starts(with: ["annotation", "object"]), let last = objects.indices.last else { return }
    switch path.dropFirst(2) {
    case ["name"]: objects[last].name = value
    case ["difficult"]: objects[last].isDifficult = value == "1" || value.lowercased() == "true"
    case let rest where rest.count == 2 && rest.first == "bndbox" && VOCAnnotation.sides.contains(element):
      guard objects[last].box.updateValue((value, parser.lineNumber), forKey: element) == nil else {
        return fail(parser, "an object has a second \(element)")
      }
    default: break
    }
  }

  func parser(_ parser: XMLParser, parseErrorOccurred error: Error) {
    if firstError == nil { firstError = (max(parser.lineNumber, 1), (error as NSError).code) }
  }

  private func fail(_ parser: XMLParser, _ reason: String) {
    if fault == nil { fault = (parser.lineNumber, reason) }
    parser.abortParsing()
  }
}
