import Foundation
import Notebook

/// Where in an annotation something stands: a file, and a line or a key in it.
public struct AnnotationPlace: Equatable, Sendable, CustomStringConvertible {
  public let file: String
  /// Counted from 1.
  public var line: Int?
  /// Where lines say little, such as "annotations[12].bbox".
  public var key: String?

  public init(_ file: String, line: Int? = nil, key: String? = nil) {
    self.file = file
    self.line = line
    self.key = key
  }

  public var description: String { file + (line.map { ":\($0)" } ?? "") + (key.map { ", \($0)" } ?? "") }
}

/// What can be wrong with a public data set that is to be brought into TGN's layout, or with the folder it goes to.
/// Every description is one line that names the file and what to do.
public enum ImportError: Error, Equatable, CustomStringConvertible {
  case missingFolder(String, contents: String)
  case missingFile(String, contents: String)
  case severalFiles(folder: String, files: [String], option: String)
  case unreadable(file: String, reason: String)
  case tooLarge(file: String, bytes: Int, limit: Int)
  /// The bytes are not text of the encoding that the file claims or must have.
  case badEncoding(AnnotationPlace, encoding: String)
  case badXML(AnnotationPlace, reason: String)
  case badJSON(AnnotationPlace, reason: String)
  case badLine(AnnotationPlace, text: String, expected: String)
  /// A coordinate that is no finite number.
  case badNumber(AnnotationPlace, name: String, text: String)
  case unknownClass(AnnotationPlace, name: String, nearest: String?)
  case missingImage(AnnotationPlace, image: String)
  /// A picture of a kind that cannot be read, such as TIFF.
  case unreadableKind(file: String)
  /// A name that is absolute, climbs with "..", or is a link to a place outside the data folder.
  case leadsOutside(AnnotationPlace, path: String)
  case repeatedImage(AnnotationPlace, image: String)
  case noObjects(folder: String)
  case badOption(name: String, value: String, expected: String)
  /// The target holds files that no `prepare` of the same data and settings wrote.
  case foreignFolder(String, file: String)
  case otherPlan(folder: String)
  case unwritable(file: String, reason: String)
  case brokenImages(count: Int, first: String)

  public var description: String { message.onOneLine }

  private var message: String {
    switch self {
    case .missingFolder(let folder, let contents):
      return "\(folder): no such folder; it should hold \(contents)"
    case .missingFile(let file, let contents):
      return "\(file): no such file; it should hold \(contents)"
    case .severalFiles(let folder, let files, let option):
      return "\(folder): \(files.joined(separator: " and ")) are both there; choose one with \(option)"
    case .unreadable(let file, let reason):
      return "\(file): cannot be read (\(reason)); check the path and its permissions"
    case .tooLarge(let file, let bytes, let limit):
      return "\(file): \(bytes) bytes, more than the \(limit) an annotation may have; split it into parts"
    case .badEncoding(let place, let encoding):
      return "\(place): not valid \(encoding) text; save the file as UTF-8"
    case .badXML(let place, let reason):
      return "\(place): not well-formed or no VOC annotation (\(reason)); download the file again or correct it"
    case .badJSON(let place, let reason):
      return "\(place): not the JSON of a COCO annotation (\(reason)); download the file again or correct it"
    case .badLine(let place, let text, let expected):
      return "\(place): '\(text)' is not '\(expected)'; correct the line or take it out"
    case .badNumber(let place, let name, let text):
      return "\(place): \(name) is '\(text)', not a finite number; correct it or take the object out"
    case .unknownClass(let place, let name, let nearest):
      return "\(place): class '\(name)' is not in the class list" + (nearest.map { " (is '\($0)' meant?)" } ?? "")
        + "; correct it, add it with --classes, or leave such objects out with --ignore-other-classes"
    case .missingImage(let place, let image):
      return "\(place): the picture \(image) is not there; put it there or take the entry out"
    case .unreadableKind(let file):
      return "\(file): only JPEG and PNG pictures are read; convert it to one of them or take it out"
    case .leadsOutside(let place, let path):
      return "\(place): '\(path)' leads out of the data folder; copy what it names into the folder"
    case .repeatedImage(let place, let image):
      return "\(place): \(image) is named a second time, in one list or in training and test; take one entry out"
    case .noObjects(let folder):
      return "\(folder): no annotated object was found; check that the folder is the data set's root"
    case .badOption(let name, let value, let expected):
      return "\(name) \(value): give \(expected)"
    case .foreignFolder(let folder, let file):
      return "\(folder): holds \(file), which no unfinished preparation left there; choose an empty folder with --out"
    case .otherPlan(let folder):
      return "\(folder): was prepared from other annotations or with other settings; remove it or choose another --out"
    case .unwritable(let file, let reason):
      return "\(file): cannot be written (\(reason)); check the folder's permissions and the room on the disk"
    case .brokenImages(let count, let first):
      return "\(count) of the pictures cannot be used, first \(first). All others are done: replace these and run "
        + "again, or leave them out with --skip-broken"
    }
  }
}
