/// A white RGB picture to draw text and pictures on.
struct Canvas {
  private(set) var image: Image

  init(width: Int, height: Int) {
    image = Image(width: width, height: height, fill: [255, 255, 255])
  }

  /// Copies a picture (grey and RGBA as RGB) with its top left corner at (x, y); what leaves the canvas is cut off.
  mutating func draw(_ picture: Image, x: Int, y: Int) {
    let picture = picture.rgb()
    let columns = max(0, min(picture.width, image.width - x))
    for row in 0..<max(0, min(picture.height, image.height - y)) {
      let source = row * picture.width * 3
      let target = ((y + row) * image.width + x) * 3
      image.pixels.replaceSubrange(target..<target + columns * 3, with: picture.pixels[source..<source + columns * 3])
    }
  }

  /// Writes one line of dark text, each dot `scale` pixels wide.
  mutating func write(_ text: String, x: Int, y: Int, scale: Int) {
    for (place, character) in text.enumerated() {
      let left = x + place * BitmapFont.advance * scale
      for (dot, isInked) in BitmapFont.dots(of: character).enumerated() where isInked {
        let column = left + dot % BitmapFont.glyphWidth * scale
        let row = y + dot / BitmapFont.glyphWidth * scale
        fill(x: column, y: row, width: scale, height: scale, value: 32)
      }
    }
  }

  private mutating func fill(x: Int, y: Int, width: Int, height: Int, value: UInt8) {
    for row in max(y, 0)..<max(0, min(y + height, image.height)) {
      for column in max(x, 0)..<max(0, min(x + width, image.width)) {
        for channel in 0..<3 { image.pixels[(row * image.width + column) * 3 + channel] = value }
      }
    }
  }
}
