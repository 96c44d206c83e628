extension Image {
  /// The rectangle with the given top left corner and size.
  ///
  /// - Precondition: The rectangle lies inside the picture.
  public func cropped(x: Int, y: Int, width newWidth: Int, height newHeight: Int) -> Image {
    precondition(
      x >= 0 && y >= 0 && newWidth >= 0 && newHeight >= 0 && x + newWidth <= width && y + newHeight <= height,
      "a crop of \(newWidth) × \(newHeight) at (\(x), \(y)) leaves the \(width) × \(height) picture")
    var result = [UInt8]()
    result.reserveCapacity(newWidth * newHeight * channels)
    for row in y..<y + newHeight {
      let start = (row * width + x) * channels
      result.append(contentsOf: pixels[start..<start + newWidth * channels])
    }
    return Image(width: newWidth, height: newHeight, channels: channels, pixels: result)
  }

  /// The picture mirrored left to right.
  public func flippedHorizontally() -> Image {
    rearranged(width: width, height: height) { x, y in (width - 1 - x, y) }
  }

  /// The picture turned clockwise by a number of quarter turns (negative: anticlockwise).
  public func rotated(quarterTurns: Int) -> Image {
    switch ((quarterTurns % 4) + 4) % 4 {
    case 1: return rearranged(width: height, height: width) { x, y in (y, height - 1 - x) }
    case 2: return rearranged(width: width, height: height) { x, y in (width - 1 - x, height - 1 - y) }
    case 3: return rearranged(width: height, height: width) { x, y in (width - 1 - y, x) }
    default: return self
    }
  }

  /// Every pixel `factor` times as wide and high.
  public func magnified(by factor: Int) -> Image {
    precondition(factor > 0, "a magnification is a positive integer")
    if factor == 1 { return self }
    return rearranged(width: width * factor, height: height * factor) { x, y in (x / factor, y / factor) }
  }

  /// The picture as RGB: grey is repeated, alpha is dropped.
  public func rgb() -> Image {
    if channels == 3 { return self }
    let result = [UInt8](unsafeUninitializedCapacity: width * height * 3) { output, count in
      for pixel in 0..<width * height {
        for channel in 0..<3 {
          output[pixel * 3 + channel] = pixels[pixel * channels + (channels < 3 ? 0 : channel)]
        }
      }
      count = width * height * 3
    }
    return Image(width: width, height: height, pixels: result)
  }

  /// A picture whose pixel (x, y) is this one's pixel `source(x, y)`.
  private func rearranged(
    width newWidth: Int, height newHeight: Int, source: (_ x: Int, _ y: Int) -> (x: Int, y: Int)
  ) -> Image {
    let size = newWidth * newHeight * channels
    let result = [UInt8](unsafeUninitializedCapacity: size) { output, count in
      pixels.withUnsafeBufferPointer { input in
        var target = 0
        for y in 0..<newHeight {
          for x in 0..<newWidth {
            let from = source(x, y)
            let start = (from.y * width + from.x) * channels
            for channel in 0..<channels { output[target + channel] = input[start + channel] }
            target += channels
          }
        }
      }
      count = size
    }
    return Image(width: newWidth, height: newHeight, channels: channels, pixels: result)
  }
}
