import Foundation

extension Image {
  /// Larger pictures are refused when read, so that a damaged header cannot ask for all memory.
  public static let maximumPixelCount = 1 << 29

  /// Reads a PNG or JPEG file as 8-bit RGB.
  ///
  /// The format is told by the first bytes, not by the name. Grey and palette pictures are expanded, alpha is
  /// dropped, 16-bit samples are scaled to 8 bits, CMYK is converted without a colour profile. Colour profiles,
  /// gamma and EXIF orientation are ignored, as PIL's `Image.open(file).convert("RGB")` ignores them.
  ///
  /// - Throws: `ImageError`, for a file that is missing, truncated, damaged, too large or no picture at all.
  public init(contentsOf url: URL) throws {
    let data: Data
    do {
      // Not mapped: a file that shrinks while it is mapped kills the process.
      data = try Data(contentsOf: url)
    } catch {
      throw ImageError.unreadable(file: url.path, reason: Image.reason(error))
    }
    try self.init(data: data, name: url.path)
  }

  /// Decodes a PNG or JPEG file held in memory as 8-bit RGB, see `init(contentsOf:)`.
  ///
  /// - Parameter name: What an error calls the picture.
  /// - Throws: `ImageError`
  public init(data: Data, name: String = "picture in memory") throws {
    if data.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
      self = try decodePNG(data, name: name)
    } else if data.starts(with: [0xff, 0xd8, 0xff]) {
      self = try decodeJPEG(data, name: name)
    } else {
      throw ImageError.unknownFormat(file: name)
    }
  }

  /// The system's words for a failed file operation, without Foundation's wrapping.
  static func reason(_ error: Error) -> String {
    let underlying = (error as NSError).userInfo[NSUnderlyingErrorKey] as? NSError ?? error as NSError
    if underlying.domain == NSPOSIXErrorDomain { return String(cString: strerror(Int32(underlying.code))) }
    if (error as? CocoaError)?.code == .fileReadNoSuchFile { return "no such file" }
    return underlying.localizedDescription
  }

  /// Refuses sizes that are empty or beyond `maximumPixelCount`.
  static func checkSize(width: Int, height: Int, name: String, format: String) throws {
    guard width > 0, height > 0 else {
      throw ImageError.damaged(file: name, format: format, reason: "a side of 0 pixels")
    }
    guard width <= maximumPixelCount / height else {
      throw ImageError.tooLarge(file: name, width: width, height: height)
    }
  }
}
