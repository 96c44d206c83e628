import Foundation
import Imaging

/// The report while it is being woven: its blocks of markdown, and its pictures written into a folder.
struct Page {
  let folder: URL
  private var blocks: [String] = []
  private var gnuplot: Gnuplot?
  private(set) var claims: [Claim] = []
  private(set) var tables: [JSONValue] = []
  private(set) var figures: [JSONValue] = []
  /// Everything in the order it was recorded, so that the page can be woven again: the line, and a text, or the place
  /// of a table, figure or claim in its list.
  private(set) var outputs: [JSONValue] = []

  init(folder: URL) { self.folder = folder }

  /// The whole page, blocks apart by an empty line.
  var text: String { blocks.joined(separator: "\n\n") + "\n" }

  mutating func add(_ markdown: String) {
    let block = markdown.trimmingCharacters(in: .newlines)
    if !block.isEmpty { blocks.append(block) }
  }

  /// The source's own part.
  mutating func add(_ cell: WeavingSource.Cell) {
    switch cell {
    case .prose(let text): add(text)
    case .code(let code, _): if let folded = Markdown.folded(code: code) { add(folded) }
    }
  }

  mutating func add(text: String, line: Int) {
    add(text)
    outputs.append(["kind": "text", "line": .integer(line), "text": .string(text)])
  }

  mutating func add(_ table: Table, caption: String, line: Int) {
    record("table", index: tables.count, line)
    tables.append(Self.captioned(table.json, ["caption": .string(caption)]))
    add(table.markdown())
    add(Markdown.caption("Table", tables.count, caption))
  }

  mutating func add(_ claim: Claim, line: Int) {
    record("claim", index: claims.count, line)
    claims.append(claim)
    add(claim.markdown())
  }

  private mutating func record(_ kind: String, index: Int, _ line: Int) {
    outputs.append(["kind": .string(kind), "line": .integer(line), "index": .integer(index)])
  }

  mutating func add(_ figure: some Figure, caption: String, line: Int) throws {
    guard figure.hasData else {
      return add(text: Markdown.note("Nothing to draw for “\(figure.title)”: no values."), line: line)
    }
    record("figure", index: figures.count, line)
    let tool = try gnuplot ?? Gnuplot()
    gnuplot = tool
    try place(
      try tool.svg(of: figure, in: folder), name: Markdown.slug(figure.title), type: "svg",
      alternative: figure.title, caption: caption.isEmpty ? figure.title : caption,
      json: Self.captioned(figure.json, ["title": .string(figure.title)]))
  }

  mutating func add(_ image: Image, caption: String, line: Int) throws {
    record("figure", index: figures.count, line)
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
    let number = figures.count + 1
    let file = "figures/" + String(format: "%02d", number) + "-\(name).\(type)"
    try data.write(to: folder.appendingPathComponent(file))
    figures.append(Self.captioned(json, [
      "caption": .string(caption), "file": .string(file), "sha256": .string(Checksum.sha256(of: data)),
      "alternative": .string(alternative),
    ]))
    add(Markdown.picture(file, alternative: alternative) + "\n\n" + Markdown.caption("Figure", number, caption))
  }

  private static func captioned(_ json: JSONValue, _ more: [String: JSONValue]) -> JSONValue {
    guard case .object(let fields) = json else { return json }
    return .object(fields.merging(more) { _, new in new })
  }
}
