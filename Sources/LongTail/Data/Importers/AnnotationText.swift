import Foundation
import Notebook

/// The text of an annotation file, whatever its encoding and line ends.
///
/// A byte order mark tells UTF-8 and UTF-16; without one, UTF-16 is told by the zero bytes of its first letters. XML
/// may declare ISO-8859-1, Windows-1252, US-ASCII, UTF-8 or UTF-16. What declares nothing and is no UTF-8 is read as
/// Latin-1, unless it holds zero bytes, which no text does.
struct AnnotationText {
  /// What an error calls the file.
  let file: String
  let text: String

  /// A text file may have so many bytes; JSON files, which hold a whole data set, more.
  static let limit = 64 << 20
  static let limitOfJSON = 4 << 30

  /// - Throws: `ImportError.unreadable`, `.tooLarge`, `.badEncoding`.
  init(contentsOf url: URL, limit: Int = AnnotationText.limit) throws {
    try self.init(data: try Self.data(of: url, limit: limit), file: url.path)
  }

  /// The bytes of an annotation file.
  ///
  /// - Throws: `ImportError.unreadable`, `.tooLarge`.
  static func data(of url: URL, limit: Int) throws -> Data {
    do {
      let bytes = (try FileManager.default.attributesOfItem(atPath: url.path)[.size] as? NSNumber)?.intValue ?? 0
      guard bytes <= limit else { throw ImportError.tooLarge(file: url.path, bytes: bytes, limit: limit) }
      return try Data(contentsOf: url)
    } catch let error as ImportError {
      throw error
    } catch {
      throw ImportError.unreadable(file: url.path, reason: SystemReason.of(error))
    }
  }

  /// - Throws: `ImportError.badEncoding`
  init(data: Data, file: String) throws {
    self.file = file
    if let encoding = Self.utf16(data) {
      let isMarked = data.starts(with: [0xff, 0xfe]) || data.starts(with: [0xfe, 0xff])
      let body = data.dropFirst(isMarked ? 2 : 0)
      // Foundation would mend an odd byte or half a surrogate pair; both mean that the file is cut short.
      guard body.count % 2 == 0, let text = String(data: Data(body), encoding: encoding), !text.contains("\u{fffd}")
      else { throw ImportError.badEncoding(.init(file), encoding: "UTF-16") }
      self.text = text
      return
    }
    let isMarked = data.starts(with: [0xef, 0xbb, 0xbf])
    let body = isMarked ? data.dropFirst(3) : data[...]
    let declared = isMarked ? "UTF-8" : Self.declaredEncoding(body)
    switch declared?.uppercased() {
    case "ISO-8859-1", "LATIN1", "LATIN-1", "WINDOWS-1252", "CP1252":
      let isWindows = declared!.uppercased().hasSuffix("1252")
      guard let text = String(data: Data(body), encoding: isWindows ? .windowsCP1252 : .isoLatin1) else {
        throw ImportError.badEncoding(.init(file), encoding: declared!)
      }
      self.text = text
    case nil, "UTF-8", "UTF8", "US-ASCII", "ASCII":
      if let text = String(validating: body, as: UTF8.self) {
        self.text = text
      } else {
        guard declared == nil, !body.contains(0) else {
          throw ImportError.badEncoding(.init(file, line: Self.firstBadLine(body)), encoding: declared ?? "UTF-8")
        }
        text = String(String.UnicodeScalarView(body.map { Unicode.Scalar($0) }))
      }
    default:
      throw ImportError.badEncoding(.init(file, line: 1), encoding: "UTF-8, UTF-16 or Latin-1, but \(declared!)")
    }
  }

  /// The lines with text in them, trimmed, with their numbers from 1. Lines end with LF, CR LF or CR.
  var lines: [(line: Int, text: String)] {
    text.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline).enumerated()
      .map { ($0.offset + 1, $0.element.trimmingCharacters(in: .whitespaces)) }
      .filter { !$0.1.isEmpty }
  }

  private static func utf16(_ data: Data) -> String.Encoding? {
    if data.starts(with: [0xff, 0xfe]) { return .utf16LittleEndian }
    if data.starts(with: [0xfe, 0xff]) { return .utf16BigEndian }
    let first = [UInt8](data.prefix(4))
    guard first.count == 4 else { return nil }
    if first[0] != 0, first[1] == 0, first[2] != 0, first[3] == 0 { return .utf16LittleEndian }
    if first[0] == 0, first[1] != 0, first[2] == 0, first[3] != 0 { return .utf16BigEndian }
    return nil
  }

  /// What `<?xml … encoding="…"?>` says.
  private static func declaredEncoding(_ data: Data) -> String? {
    let head = String(decoding: data.prefix(200), as: UTF8.self)
    guard head.hasPrefix("<?xml"), let end = head.range(of: "?>"),
      let key = head.range(of: "encoding\\s*=\\s*[\"'][^\"']*[\"']", options: .regularExpression),
      key.upperBound <= end.lowerBound
    else { return nil }
    return head[key].split(whereSeparator: { $0 == "\"" || $0 == "'" }).last.map(String.init)
  }

  /// The line of the first byte that is no UTF-8.
  private static func firstBadLine(_ data: Data) -> Int {
    var line = 1
    for row in data.split(separator: 0x0a, omittingEmptySubsequences: false) {
      if String(validating: row, as: UTF8.self) == nil { return line }
      line += 1
    }
    return line
  }
}
