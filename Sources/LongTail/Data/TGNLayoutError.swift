import Notebook

/// What can be wrong with a data set on disk. Every description is one line that names the file, and the line where
/// there is one, and says what to do.
public enum TGNLayoutError: Error, Equatable, CustomStringConvertible {
  case missingFolder(String)
  case missingAnnotation(folder: String, split: String)
  case severalAnnotations(folder: String, files: [String])
  case unreadable(file: String)
  case emptyAnnotation(file: String)
  case lineWithoutLabel(file: String, line: Int, text: String)
  case labelNotANumber(file: String, line: Int, label: String)
  case unknownLabel(file: String, line: Int, label: Int, classCount: Int)
  case missingImage(file: String, line: Int, image: String)
  /// A name that is absolute, climbs with "..", or ends, through a link, outside the data folder.
  case leadsOutside(file: String, line: Int, image: String)
  case duplicate(file: String, line: Int, firstLine: Int, image: String)
  case classWithoutImages(file: String, label: Int, name: String)
  case singleClass(file: String)
  case badClassLine(file: String, line: Int, text: String)
  case classOutOfOrder(file: String, line: Int, expected: Int)
  case repeatedClassName(file: String, line: Int, name: String)
  case alreadyThere(file: String)
  case otherClasses(file: String)
  case unwritable(file: String, reason: String)

  public var description: String { message.onOneLine }

  private var message: String {
    switch self {
    case .missingFolder(let folder):
      return "\(folder): no such folder; give the data set's root, which holds anno/, train/ and test/"
    case .missingAnnotation(let folder, let split):
      return "\(folder): no file *_\(split).txt; add one with lines 'LABEL/FILE.jpg LABEL'"
    case .severalAnnotations(let folder, let files):
      return "\(folder): \(files.joined(separator: " and ")) are both there; keep one"
    case .unreadable(let file):
      return "\(file): cannot be read as UTF-8 text; check its permissions and save it as UTF-8"
    case .emptyAnnotation(let file):
      return "\(file): no lines; write one line 'LABEL/FILE.jpg LABEL' for each image"
    case .lineWithoutLabel(let file, let line, let text):
      return "\(file):\(line): '\(text)' has no label; write 'LABEL/FILE.jpg LABEL'"
    case .labelNotANumber(let file, let line, let label):
      return "\(file):\(line): label '\(label)' is not a whole number from 0; write 'LABEL/FILE.jpg LABEL'"
    case .unknownLabel(let file, let line, let label, let classCount):
      return "\(file):\(line): label \(label) is beyond the \(classCount) classes 0…\(classCount - 1); "
        + "correct it or add the class to anno/classes.txt"
    case .missingImage(let file, let line, let image):
      return "\(file):\(line): \(image) is not there; put the file there or take the line out"
    case .leadsOutside(let file, let line, let image):
      return "\(file):\(line): '\(image)' leads out of the data folder; copy what it names into the folder"
    case .duplicate(let file, let line, let firstLine, let image):
      return "\(file):\(line): \(image) stands on line \(firstLine) already; take one of the lines out"
    case .classWithoutImages(let file, let label, let name):
      return "\(file): class \(label) (\(name)) has no images; add some, or give anno/classes.txt without it"
    case .singleClass(let file):
      return "\(file): only one class; a data set needs two or more"
    case .badClassLine(let file, let line, let text):
      return "\(file):\(line): '\(text)' is no class; write 'NUMBER NAME', such as '0 airplane'"
    case .classOutOfOrder(let file, let line, let expected):
      return "\(file):\(line): class \(expected) was expected; number the classes 0, 1, 2, … without gaps"
    case .repeatedClassName(let file, let line, let name):
      return "\(file):\(line): '\(name)' names an earlier class too; give each class its own name"
    case .alreadyThere(let file):
      return "\(file): exists already; remove it or choose another folder"
    case .otherClasses(let file):
      return "\(file): lists other classes than the data set to be written; choose another folder"
    case .unwritable(let file, let reason):
      return "\(file): cannot be written (\(reason)); check the folder's permissions and the room on the disk"
    }
  }
}
