/// An 8-bit picture, row by row, channels interleaved.
public struct Image: Equatable, Sendable {
  public let width: Int
  public let height: Int
  /// 1 (grey), 3 (RGB) or 4 (RGB and alpha).
  public let channels: Int
  /// `height * width * channels` values.
  public var pixels: [UInt8]

  public init(width: Int, height: Int, channels: Int = 3, pixels: [UInt8]) {
    precondition(pixels.count == width * height * channels, "an image needs width × height × channels values")
    self.width = width
    self.height = height
    self.channels = channels
    self.pixels = pixels
  }

  /// A picture of one colour.
  public init(width: Int, height: Int, fill: [UInt8]) {
    self.init(
      width: width, height: height, channels: fill.count,
      pixels: Array(repeatElement(fill, count: width * height).joined()))
  }
}
