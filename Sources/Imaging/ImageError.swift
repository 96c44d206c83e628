/// What can go wrong with a picture on disk. Every description is one line that names the file and what to do.
public enum ImageError: Error, Equatable, CustomStringConvertible {
  /// The file is missing or may not be read.
  case unreadable(file: String, reason: String)
  /// The file does not begin as a PNG or JPEG file does.
  case unknownFormat(file: String)
  /// The file begins as a picture but is cut short or damaged.
  case damaged(file: String, format: String, reason: String)
  /// The picture has more pixels than `Image.maximumPixelCount`.
  case tooLarge(file: String, width: Int, height: Int)
  /// The picture cannot be written in the format that the file's name asks for.
  case cannotEncode(file: String, reason: String)
  /// The file could not be written.
  case unwritable(file: String, reason: String)

  public var description: String {
    switch self {
    case .unreadable(let file, let reason):
      return "\(file): cannot be read (\(reason)); check the path and its permissions"
    case .unknownFormat(let file):
      return "\(file): neither PNG nor JPEG; convert it to one of them or take it out of the data set"
    case .damaged(let file, let format, let reason):
      return "\(file): damaged or truncated \(format) file (\(reason)); copy or download it again"
    case .tooLarge(let file, let width, let height):
      return "\(file): \(width) × \(height) pixels, more than the \(Image.maximumPixelCount) allowed; "
        + "cut it into tiles"
    case .cannotEncode(let file, let reason):
      return "\(file): cannot be encoded (\(reason)); name a .png, .jpg or .jpeg file and give the picture a size"
    case .unwritable(let file, let reason):
      return "\(file): cannot be written (\(reason)); check that the folder exists and has room"
    }
  }
}
