import Foundation
import Imaging

/// The report while it is being woven: its blocks of markdown, and its pictures written into a folder.
struct Page {
  let folder: URL
  private var blocks: [String] = []
  private var figureCount = 0
  private var gnuplot: Gnuplot?
  var claims: [Claim] = []
  private(set) var tables: [JSONValue] = []
  private(set) var figures: [JSONValue] = []

  init(folder: URL) { self.folder = folder }

  /// The whole page, blocks apart by an empty line.
  var text: String { blocks.joined(separator: "\n\n") + "\n" }

  mutating func add(_ markdown: String) {
    let block = markdown.trimmingCharacters(in: .newlines)
    if !block.isEmpty { blocks.append(block) }
  }

  mutating func add(_ table: Table, caption: String) {
    add(table.markdown())
    tables.append(Self.captioned(table.json, ["caption": .string(caption)]))
    add(Markdown.caption("Table", tables.count, caption))
  }

  mutating func add(_ figure: some Figure, caption: String) throws {
    guard figure.hasData else {
      add(Markdown.note("Nothing to draw for “\(figure.title)”: no values."))
      return
    }
    let tool = try gnuplot ?? Gnuplot()
    gnuplot = tool
    try place(
      try tool.svg(of: figure, in: folder), name: Markdown.slug(figure.title), type: "svg",
      alternative: figure.title, caption: caption.isEmpty ? figure.title : caption,
      json: Self.captioned(figure.json, ["title": .string(figure.title)]))
  }

  mutating func add(_ image: Image, caption: String) throws {
    let data: Data
    do { data = try image.pngData() } catch {
      throw NotebookError.sheetFailed(caption: caption, reason: "\(error)")
    }
    try place(
      data, name: Markdown.slug(caption), type: "png", alternative: caption, caption: caption,
      json: ["kind": "image", "width": .integer(image.width), "height": .integer(image.height)])
  }

  private mutating func place(
    _ data: Data, name: String, type: String, alternative: String, caption: String, json: JSONValue
  ) throws {
    figureCount += 1
    let file = "figures/" + String(format: "%02d", figureCount) + "-\(name).\(type)"
    try data.write(to: folder.appendingPathComponent(file))
    figures.append(Self.captioned(json, ["caption": .string(caption), "file": .string(file)]))
    add(Markdown.picture(file, alternative: alternative) + "\n\n" + Markdown.caption("Figure", figureCount, caption))
  }

  private static func captioned(_ json: JSONValue, _ more: [String: JSONValue]) -> JSONValue {
    guard case .object(let fields) = json else { return json }
    return .object(fields.merging(more) { _, new in new })
  }
}
