/// Rows of pictures on white, with a title, column headings and row labels.
///
/// ```swift
/// var sheet = ImageSheet(title: "Real and generated", columnHeadings: ["real", "r = 0.05"], magnification: 3)
/// sheet.append(label: "dam", [real, generated])
/// try sheet.rendered().write(to: url)
/// ```
public struct ImageSheet {
  public struct Row {
    public var label: String
    public var images: [Image]

    public init(label: String = "", images: [Image]) {
      self.label = label
      self.images = images
    }
  }

  /// Above everything; left out where empty. A line break starts another line, here as in headings and labels.
  public var title: String
  /// Above the columns from the left; columns without a heading are fine.
  public var columnHeadings: [String]
  public var rows: [Row]
  /// How often each pixel is repeated sideways and downwards.
  public var magnification: Int
  /// White pixels around the sheet and between pictures.
  public var margin: Int
  /// Pixels to a dot of the letters.
  public var textScale: Int

  public init(
    title: String = "", columnHeadings: [String] = [], rows: [Row] = [], magnification: Int = 1, margin: Int = 8,
    textScale: Int = 2
  ) {
    precondition(magnification > 0 && margin >= 0 && textScale > 0, "a sheet's measures are positive")
    self.title = title
    self.columnHeadings = columnHeadings
    self.rows = rows
    self.magnification = magnification
    self.margin = margin
    self.textScale = textScale
  }

  public mutating func append(label: String = "", _ images: [Image]) {
    rows.append(Row(label: label, images: images))
  }

  /// The sheet as one RGB picture. Every column is as wide as its widest picture or heading, every row as high as
  /// its highest picture or label; pictures and headings are centred.
  public func rendered() -> Image {
    let columnCount = max(rows.map(\.images.count).max() ?? 0, columnHeadings.count)
    let columnWidths = (0..<columnCount).map { column -> Int in
      let pictures = rows.map { column < $0.images.count ? $0.images[column].width * magnification : 0 }
      // A letter's width more than the heading, so that neighbours stay apart.
      let heading = column < columnHeadings.count ? textSize(columnHeadings[column]).width : 0
      return max(pictures.max() ?? 0, heading > 0 ? heading + BitmapFont.advance * textScale : 0)
    }
    let rowHeights = rows.map { row in
      max(row.images.map { $0.height * magnification }.max() ?? 0, textSize(row.label).height)
    }
    let labelWidth = rows.map { textSize($0.label).width }.max() ?? 0
    let titleSize = textSize(title)
    let headingHeight = columnHeadings.map { textSize($0).height }.max() ?? 0

    let left = margin + (labelWidth > 0 ? labelWidth + margin : 0)
    let top = margin + [titleSize.height, headingHeight].filter { $0 > 0 }.map { $0 + margin }.reduce(0, +)
    let gridWidth = columnWidths.reduce(0) { $0 + $1 + margin }
    let gridHeight = rowHeights.reduce(0) { $0 + $1 + margin }
    var canvas = Canvas(
      width: max(left + gridWidth, titleSize.width + 2 * margin, 1), height: max(top + gridHeight, 1))

    write(title, on: &canvas, x: margin, y: margin)
    var x = left
    for (column, width) in columnWidths.enumerated() {
      if column < columnHeadings.count {
        let heading = columnHeadings[column]
        write(heading, on: &canvas, x: x, y: top - margin - textSize(heading).height, centredIn: width)
      }
      x += width + margin
    }
    var y = top
    for (row, height) in zip(rows, rowHeights) {
      write(row.label, on: &canvas, x: margin, y: y + (height - textSize(row.label).height) / 2)
      x = left
      for (image, width) in zip(row.images, columnWidths) {
        let picture = image.magnified(by: magnification)
        canvas.draw(picture, x: x + (width - picture.width) / 2, y: y + (height - picture.height) / 2)
        x += width + margin
      }
      y += height + margin
    }
    return canvas.image
  }

  private func lines(_ text: String) -> [Substring] {
    text.isEmpty ? [] : text.split(separator: "\n", omittingEmptySubsequences: false)
  }

  private var lineHeight: Int { (BitmapFont.glyphHeight + 2) * textScale }

  private func textSize(_ text: String) -> (width: Int, height: Int) {
    let lines = lines(text)
    let width = lines.map { BitmapFont.width(of: String($0)) * textScale }.max() ?? 0
    return (width, lines.count * lineHeight)
  }

  private func write(_ text: String, on canvas: inout Canvas, x: Int, y: Int, centredIn width: Int? = nil) {
    for (index, line) in lines(text).enumerated() {
      let indent = width.map { ($0 - BitmapFont.width(of: String(line)) * textScale) / 2 } ?? 0
      canvas.write(String(line), x: x + indent, y: y + index * lineHeight, scale: textScale)
    }
  }
}
