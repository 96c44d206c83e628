import Foundation

/// Turns the arena of a pickle into a tree of values.
///
/// What the pickle shares is made once and shared here too. A value that holds itself, nesting beyond a limit, and
/// sharing that would unfold to far more than the pickle holds are refused, so that whoever walks the tree comes to
/// an end, without a deep stack.
final class PickleTree {
  static let depthLimit = 200

  private let reader: PickleReader
  /// The most values that the unfolded tree may have.
  private let limit: Int
  private var made: [Int: Made] = [:]
  private var open: Set<Int> = []

  private struct Made {
    let value: CheckpointValue
    /// Levels below, and values in all.
    let height: Int
    let size: Int
  }

  init(_ reader: PickleReader) {
    self.reader = reader
    limit = 1024 + 16 * reader.position
  }

  /// - Throws: `CheckpointError`.
  func value(_ root: PickleValue) throws -> CheckpointValue { try make(root, depth: 0).value }

  private func make(_ value: PickleValue, depth: Int) throws -> Made {
    func leaf(_ value: CheckpointValue) -> Made { Made(value: value, height: 0, size: 1) }
    switch value {
    case .none: return leaf(.none)
    case .bool(let value): return leaf(.bool(value))
    case .integer(let value): return leaf(.integer(value))
    case .float(let value): return leaf(.float(value))
    case .string(let value): return leaf(.string(value))
    case .bytes(let value): return leaf(.bytes(value))
    case .bigInteger(let bytes):
      let digits = bytes.reversed().map { String(format: "%02x", $0) }.joined()
      return leaf(.record(.init(module: "builtins", name: "int", arguments: [.string("0x\(digits)")])))
    case .node(let index):
      if let known = made[index] {
        guard depth + known.height <= Self.depthLimit else { throw tooDeep }
        return known
      }
      guard depth < Self.depthLimit else { throw tooDeep }
      guard open.insert(index).inserted else { throw reader.error(.unsupported("an object that holds itself")) }
      defer { open.remove(index) }
      let result = try make(reader.node(index), depth: depth)
      made[index] = result
      return result
    }
  }

  private var tooDeep: CheckpointError { reader.error(.tooLarge("more than \(Self.depthLimit) levels of nesting")) }

  private func make(_ node: PickleNode, depth: Int) throws -> Made {
    var (height, size) = (0, 1)
    func count(_ part: Made) throws {
      height = max(height, part.height + 1)
      size += part.size
      guard size <= limit else { throw reader.error(.tooLarge("shared objects unfold to more than \(limit) values")) }
    }
    func values(_ items: [PickleValue]) throws -> [CheckpointValue] {
      try items.map {
        let part = try make($0, depth: depth + 1)
        try count(part)
        return part.value
      }
    }
    func dictionary(_ pairs: [PickleValue], isOrdered: Bool) throws -> CheckpointDictionary {
      var result = CheckpointDictionary(isOrdered: isOrdered)
      for place in stride(from: 0, to: pairs.count, by: 2) {
        let key = try key(pairs[place], depth: depth + 1)
        let part = try make(pairs[place + 1], depth: depth + 1)
        try count(part)
        guard result[key] == nil else { throw reader.error(.duplicateKey("\(key)")) }
        result[key] = part.value
      }
      return result
    }
    let value: CheckpointValue
    switch node.kind {
    case .tuple: value = .tuple(try values(node.items))
    case .list: value = .list(try values(node.items))
    case .set:
      value = .record(.init(module: "builtins", name: "set", contents: .list(try values(node.items))))
    case .dictionary(let isOrdered):
      value = .dictionary(try dictionary(node.pairs, isOrdered: isOrdered))
    case .tensor(let tensor): value = .tensor(tensor)
    case .storage(let view):
      // A storage saved by itself is a row of its numbers.
      let type = view.type ?? .uint8
      value = .tensor(
        try CheckpointTensor(
          type, shape: [view.count], strides: [1], offset: view.start, in: view.storage,
          available: view.start + view.count))
    case .global(let global): value = .record(.init(module: global.module, name: global.name))
    case .record(let global, let arguments):
      let given = try values(arguments)
      let state = try node.state.map { try values([$0])[0] }
      var contents: CheckpointValue?
      if !node.pairs.isEmpty {
        contents = .dictionary(try dictionary(node.pairs, isOrdered: false))
      } else if !node.items.isEmpty {
        contents = .list(try values(node.items))
      }
      value = .record(
        .init(module: global.module, name: global.name, arguments: given, state: state, contents: contents))
    }
    return Made(value: value, height: height, size: size)
  }

  private func key(_ value: PickleValue, depth: Int) throws -> CheckpointDictionary.Key {
    switch value {
    case .string(let text): return .string(text)
    case .integer(let number): return .integer(number)
    case .bytes(let bytes): return .other("b'\(String(decoding: bytes, as: UTF8.self))'")
    case .none: return .other("None")
    case .bool(let value): return .other(value ? "True" : "False")
    case .float(let value): return .other("\(value)")
    case .bigInteger(let bytes): return .other("\(bytes)")
    case .node(let index):
      switch reader.node(index).kind {
      case .tuple:
        // Tuples of tuples as keys go three levels down.
        guard depth < Self.depthLimit, reader.node(index).items.count <= 8, open.insert(index).inserted else {
          throw tooDeep
        }
        defer { open.remove(index) }
        let parts = try reader.node(index).items.map { String(try key($0, depth: depth + 70).description.prefix(200)) }
        return .other("(\(parts.joined(separator: ", ")))")
      case .global(let global): return .other("\(global)")
      default: return .other("object \(index)")
      }
    }
  }
}
