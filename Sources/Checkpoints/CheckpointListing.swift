/// A checkpoint as a tree of text: keys, types, shapes and sizes in columns.
public struct CheckpointListing {
  private struct Row {
    let name: String
    let what: String
    let shape: String
    let size: String
  }

  private let file: CheckpointFile
  /// Elements of plain lists that are shown.
  private let shownElements = 6

  public init(_ file: CheckpointFile) { self.file = file }

  /// One line: path, format, size and number of tensors and of numbers in them.
  public var summary: String {
    let tensors = file.root.tensors.map(\.tensor)
    let numbers = tensors.reduce(0.0) { $0 + Double($1.count) }
    return "\(file.path): \(file.format.rawValue), \(Self.size(Double(file.byteCount))), "
      + "\(counted(tensors.count, "tensor")) of \(Self.grouped(numbers)) numbers"
  }

  /// The tree below a path, a line per value.
  ///
  /// - Throws: `CheckpointError` where the path leads nowhere.
  public func tree(at path: String = "") throws -> String {
    var rows: [Row] = []
    let value = try file.value(at: path)
    if path.isEmpty {
      for (key, text) in file.metadata.sorted(by: { $0.key < $1.key }) {
        rows.append(Row(name: "(\(key))", what: quoted(text), shape: "", size: ""))
      }
    }
    let children = rowsBelow(value)
    if children.isEmpty {
      add(value, name: path.isEmpty ? "(root)" : path, depth: 0, to: &rows)
    } else {
      for child in children { add(child.value, name: child.name, depth: 0, to: &rows) }
    }
    func width(_ column: (Row) -> String, of rows: [Row]) -> Int { rows.map { column($0).count }.max() ?? 0 }
    let names = width(\.name, of: rows)
    // Only tensors have columns behind their type; texts may be long.
    let tensors = rows.filter { !$0.size.isEmpty }
    let (types, shapes, sizes) = (width(\.what, of: tensors), width(\.shape, of: tensors), width(\.size, of: tensors))
    return rows.map { row in
      let name = padded(row.name, names)
      guard !row.size.isEmpty else { return row.what.isEmpty ? row.name : "\(name)  \(row.what)" }
      let size = String(repeating: " ", count: sizes - row.size.count) + row.size
      return "\(name)  \(padded(row.what, types))  \(padded(row.shape, shapes))  \(size)"
    }.joined(separator: "\n")
  }

  private func add(_ value: CheckpointValue, name: String, depth: Int, to rows: inout [Row]) {
    let indented = String(repeating: "  ", count: depth) + plain(name)
    if case .tensor(let tensor) = value {
      let shape = "[\(tensor.shape.map(String.init).joined(separator: ", "))]"
      rows.append(
        Row(name: indented, what: tensor.type.rawValue, shape: shape, size: Self.size(Double(tensor.byteCount))))
      return
    }
    rows.append(Row(name: indented, what: description(value), shape: "", size: ""))
    for child in rowsBelow(value) { add(child.value, name: child.name, depth: depth + 1, to: &rows) }
  }

  /// The children that get rows of their own: none of a list of plain values.
  private func rowsBelow(_ value: CheckpointValue) -> [(name: String, value: CheckpointValue)] {
    switch value {
    case .list(let elements), .tuple(let elements):
      elements.allSatisfy { $0.children.isEmpty && !$0.isTensor } ? [] : value.children
    default: value.children
    }
  }

  /// What a value is, in a few words.
  private func description(_ value: CheckpointValue) -> String {
    switch value {
    case .none: "None"
    case .bool(let value): value ? "True" : "False"
    case .integer(let value): String(value)
    case .float(let value): String(value)
    case .string(let text): quoted(text)
    case .bytes(let bytes): counted(bytes.count, "byte")
    case .tensor(let tensor): tensor.type.rawValue
    case .list(let elements): "[\(elementsText(elements))]"
    case .tuple(let elements): "(\(elementsText(elements)))"
    case .dictionary(let dictionary):
      "\(dictionary.isOrdered ? "OrderedDict" : "dictionary") of \(counted(dictionary.count, "entry", "entries"))"
    case .record(let record):
      plain("\(record.module).\(record.name)") + (record.arguments.isEmpty ? "" : "(\(elementsText(record.arguments)))")
    }
  }

  private func elementsText(_ elements: [CheckpointValue]) -> String {
    if elements.contains(where: { !$0.children.isEmpty || $0.isTensor }) { return counted(elements.count, "element") }
    let shown = elements.prefix(shownElements).map(description).joined(separator: ", ")
    return elements.count > shownElements ? "\(shown), … \(elements.count) in all" : shown
  }

  /// A text in quotation marks, cut where it is long.
  private func quoted(_ text: String) -> String {
    let limit = 60
    let shown = text.prefix(limit)
    return "\"\(plain(String(shown)))\(shown.endIndex < text.endIndex ? "…" : "")\""
  }

  /// A file's text without what would move a terminal's cursor.
  private func plain(_ text: String) -> String {
    String(text.prefix(200).map { $0.unicodeScalars.contains { $0.properties.generalCategory == .control } ? "·" : $0 })
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }

  private func counted(_ count: Int, _ one: String, _ many: String? = nil) -> String {
    "\(count) \(count == 1 ? one : many ?? one + "s")"
  }

  /// Bytes in a unit that leaves at most four digits.
  private static func size(_ bytes: Double) -> String {
    var (value, units) = (bytes, ["B", "KB", "MB", "GB"][...])
    while value >= 1000 && units.count > 1 {
      value /= 1000
      units.removeFirst()
    }
    let tenths = Int((value * 10).rounded())
    return units.first == "B" ? "\(Int(value)) B" : "\(tenths / 10).\(tenths % 10) \(units.first!)"
  }

  /// A count with commas between thousands.
  private static func grouped(_ number: Double) -> String {
    // Repeated elements can be more than 64 bits count.
    guard number < 1e15 else { return String(number) }
    let digits = Array(String(Int(number)))
    return String(digits.indices.flatMap { ($0 > 0 && (digits.count - $0) % 3 == 0 ? [","] : []) + [digits[$0]] })
  }
}

extension CheckpointValue {
  fileprivate var isTensor: Bool { if case .tensor = self { true } else { false } }
}
