import Foundation

extension Image {
  /// The picture as a PNG file: lossless, grey, RGB or RGBA as it is.
  ///
  /// - Throws: `ImageError.cannotEncode` for a picture without pixels.
  public func pngData() throws -> Data { try encodePNG(self, name: "picture in memory") }

  /// The picture as a baseline JPEG file with chroma at half resolution; alpha is dropped.
  ///
  /// - Parameter quality: 1...100; PIL's default is 75.
  /// - Throws: `ImageError.cannotEncode` for a picture without pixels or with a side above 65 500.
  public func jpegData(quality: Int = 75) throws -> Data {
    try encodeJPEG(self, quality: quality, name: "picture in memory")
  }

  /// Writes a PNG or JPEG file, as the name's ending says (`.png`, `.jpg`, `.jpeg`).
  ///
  /// The file appears whole or not at all: it is written under a temporary name and renamed.
  ///
  /// - Parameter quality: Of a JPEG file, 1...100.
  /// - Throws: `ImageError`
  public func write(to url: URL, quality: Int = 75) throws {
    let data: Data
    switch url.pathExtension.lowercased() {
    case "png": data = try encodePNG(self, name: url.path)
    case "jpg", "jpeg": data = try encodeJPEG(self, quality: quality, name: url.path)
    default: throw ImageError.cannotEncode(file: url.path, reason: "unknown ending '\(url.pathExtension)'")
    }
    do {
      try data.write(to: url, options: .atomic)
    } catch {
      throw ImageError.unwritable(file: url.path, reason: Image.reason(error))
    }
  }
}
