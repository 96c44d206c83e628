import Foundation

/// Reads Python's pickles, protocols 0 to 5, and runs nothing.
///
/// A pickle is a program for a machine with a stack. This machine knows its instructions, but in place of calling what
/// the pickle names it makes tensors and dictionaries itself where it knows the name (`PickleConstructors`), an inert
/// record where the name is a class, and throws where it is anything else. What it holds is bounded by the file: each
/// instruction makes at most one node, lengths are compared with the bytes that are left, and instructions, nodes and
/// copies have limits.
final class PickleReader {
  /// What a persistent identifier stands for: PyTorch keeps storages outside its pickles.
  typealias Persistent = (PickleValue, PickleReader) throws -> PickleValue

  /// No checkpoint comes near: PyTorch needs some thirty instructions for a tensor.
  static let instructionLimit = 20_000_000
  static let nodeLimit = 2_000_000

  private(set) var input: PickleInput
  private(set) var nodes: [PickleNode] = []
  private var stack: [PickleValue] = []
  /// Heights of the stack at its marks.
  private var marks: [Int] = []
  private var memo: [Int: PickleValue] = [:]
  private let persistent: Persistent
  private var copied = 0

  init(_ source: ByteSource, from position: Int = 0, persistent: Persistent? = nil) {
    input = PickleInput(source, from: position)
    self.persistent =
      persistent ?? { _, reader in throw reader.malformed("a persistent identifier outside of a checkpoint") }
  }

  /// Where the pickle ended.
  var position: Int { input.position }
  var remaining: Int { input.remaining }

  /// The bytes before the next line feed.
  func inputLine(limit: Int) throws -> [UInt8] { try input.line(limit: limit) }

  /// An error at the current byte.
  func error(_ reason: CheckpointError.Reason) -> CheckpointError { input.source.error(reason, at: input.position) }
  func malformed(_ why: String) -> CheckpointError { error(.pickle(why)) }

  /// Reads one pickle, up to its STOP.
  ///
  /// - Throws: `CheckpointError` with the byte.
  func load() throws -> PickleValue {
    for _ in 0..<Self.instructionLimit {
      let code = try input.byte()
      guard let opcode = PickleOpcode(rawValue: code) else { throw malformed("no instruction has the code \(code)") }
      if opcode == .stop { return try pop() }
      do { try run(opcode) } catch let fault as CheckpointFault { throw error(fault.reason) }
    }
    throw error(.tooLarge("more than \(Self.instructionLimit) instructions in a pickle"))
  }

  // MARK: Stack and arena

  func push(_ value: PickleValue) { stack.append(value) }

  func pop() throws -> PickleValue {
    guard stack.count > (marks.last ?? 0) else { throw malformed("it takes from an empty stack") }
    return stack.removeLast()
  }

  private func top() throws -> PickleValue {
    guard stack.count > (marks.last ?? 0), let value = stack.last else { throw malformed("it looks at an empty stack") }
    return value
  }

  /// The values since the last mark, which is removed.
  private func popMark() throws -> [PickleValue] {
    guard let mark = marks.popLast() else { throw malformed("a mark is missing") }
    let values = Array(stack[mark...])
    stack.removeSubrange(mark...)
    return values
  }

  func node(_ index: Int) -> PickleNode { nodes[index] }

  func make(_ kind: PickleNode.Kind, _ items: [PickleValue] = []) throws -> PickleValue {
    guard nodes.count < Self.nodeLimit else {
      throw error(.tooLarge("more than \(Self.nodeLimit) objects in a pickle"))
    }
    nodes.append(PickleNode(kind, items))
    return .node(nodes.count - 1)
  }

  /// Accounts for elements that a call copies from what the pickle holds already, which no byte of it pays for.
  func spend(_ count: Int) throws {
    copied += count
    guard copied <= (1 << 20) + 4 * input.position else { throw error(.tooLarge("calls that copy \(copied) elements")) }
  }

  // MARK: Instructions

  private func run(_ opcode: PickleOpcode) throws {
    switch opcode {
    case .stop: break
    case .proto:
      let version = try input.byte()
      guard version <= 5 else { throw malformed("its protocol \(version) is newer than 5") }
    case .frame: _ = try input.length(8)
    case .mark: marks.append(stack.count)
    case .pop:
      // Python lets POP remove a mark as well.
      if let mark = marks.last, mark == stack.count { marks.removeLast() } else { _ = try pop() }
    case .popMark: _ = try popMark()
    case .dup: push(try top())

    case .none: push(.none)
    case .newTrue: push(.bool(true))
    case .newFalse: push(.bool(false))
    case .int, .long, .float, .string, .unicode: push(try textValue(opcode))
    case .binInt: push(.integer(Int(Int32(truncatingIfNeeded: try input.number(4)))))
    case .binInt1: push(.integer(Int(try input.byte())))
    case .binInt2: push(.integer(Int(try input.number(2))))
    case .long1: push(integer(try input.bytes(Int(try input.byte()))))
    case .long4: push(integer(try input.bytes(try input.length(4))))
    case .binFloat: push(.float(Double(bitPattern: try input.number(8).byteSwapped)))
    case .binString: push(.string(python2Text(try input.bytes(try input.length(4)))))
    case .shortBinString: push(.string(python2Text(try input.bytes(Int(try input.byte())))))
    case .binUnicode: push(.string(String(decoding: try input.bytes(try input.length(4)), as: UTF8.self)))
    case .shortBinUnicode: push(.string(String(decoding: try input.bytes(Int(try input.byte())), as: UTF8.self)))
    case .binUnicode8: push(.string(String(decoding: try input.bytes(try input.length(8)), as: UTF8.self)))
    case .binBytes: push(.bytes(try input.bytes(try input.length(4))))
    case .shortBinBytes: push(.bytes(try input.bytes(Int(try input.byte()))))
    case .binBytes8, .byteArray8: push(.bytes(try input.bytes(try input.length(8))))

    case .emptyTuple: push(try make(.tuple))
    case .tuple: push(try make(.tuple, try popMark()))
    case .tuple1: push(try make(.tuple, [try pop()]))
    case .tuple2:
      let second = try pop()
      push(try make(.tuple, [try pop(), second]))
    case .tuple3:
      let (third, second) = (try pop(), try pop())
      push(try make(.tuple, [try pop(), second, third]))
    case .emptyList: push(try make(.list))
    case .list: push(try make(.list, try popMark()))
    case .append: try extend([try pop()])
    case .appends, .addItems: try extend(try popMark())
    case .emptySet: push(try make(.set))
    case .frozenSet: push(try make(.set, try popMark()))
    case .emptyDict: push(try make(.dictionary(isOrdered: false)))
    case .dict:
      let pairs = try popMark()
      push(try make(.dictionary(isOrdered: false)))
      try setItems(pairs)
    case .setItem:
      let value = try pop()
      try setItems([try pop(), value])
    case .setItems: try setItems(try popMark())

    case .get: push(try recall(try decimal(try input.line(limit: 32))))
    case .binGet: push(try recall(Int(try input.byte())))
    case .longBinGet: push(try recall(Int(try input.number(4))))
    case .put: memo[try decimal(try input.line(limit: 32))] = try top()
    case .binPut: memo[Int(try input.byte())] = try top()
    case .longBinPut: memo[Int(try input.number(4))] = try top()
    case .memoize: memo[memo.count] = try top()

    case .global:
      let module = String(decoding: try input.line(limit: 4096), as: UTF8.self)
      push(try make(.global(.init(module: module, name: String(decoding: try input.line(limit: 4096), as: UTF8.self)))))
    case .stackGlobal:
      let name = try pop()
      guard case .string(let name) = name, case .string(let module) = try pop() else {
        throw malformed("a name to import is not text")
      }
      push(try make(.global(.init(module: module, name: name))))
    case .reduce:
      let arguments = try pop()
      push(try call(try pop(), try elements(arguments), isNew: false))
    case .newObj:
      let arguments = try pop()
      push(try call(try pop(), try elements(arguments), isNew: true))
    case .newObjEx:
      let (named, arguments) = (try pop(), try pop())
      let given = try elements(arguments)
      try spend(given.count)
      push(try call(try pop(), given + [named], isNew: true))
    case .obj:
      let values = try popMark()
      guard let callable = values.first else { throw malformed("a call of nothing") }
      push(try call(callable, Array(values.dropFirst()), isNew: false))
    case .inst:
      let module = String(decoding: try input.line(limit: 4096), as: UTF8.self)
      let name = String(decoding: try input.line(limit: 4096), as: UTF8.self)
      let callable = try make(.global(.init(module: module, name: name)))
      push(try call(callable, try popMark(), isNew: false))
    case .build:
      let state = try pop()
      try build(try top(), state)
    case .persID: push(try persistent(.string(String(decoding: try input.line(limit: 4096), as: UTF8.self)), self))
    case .binPersID: push(try persistent(try pop(), self))
    case .ext1, .ext2, .ext4: throw error(.unsupported("an extension code of Python's copyreg"))
    case .nextBuffer, .readOnlyBuffer: throw error(.unsupported("a pickle with buffers outside of it"))
    }
  }

  private func recall(_ key: Int) throws -> PickleValue {
    guard let value = memo[key] else { throw malformed("it recalls \(key), which it never remembered") }
    return value
  }

  /// The elements of a tuple (or list).
  func elements(_ value: PickleValue) throws -> [PickleValue] {
    if case .node(let index) = value {
      switch node(index).kind {
      case .tuple, .list: return node(index).items
      default: break
      }
    }
    throw malformed("a tuple is missing")
  }

  /// Appends to the list, set or record on top.
  private func extend(_ values: [PickleValue]) throws {
    guard case .node(let index) = try top() else { throw malformed("it appends to what is no list") }
    switch node(index).kind {
    case .list, .set, .record: node(index).items += values
    default: throw malformed("it appends to what is no list")
    }
  }

  /// Puts keys and values, in turn, into the dictionary or record on top.
  private func setItems(_ pairs: [PickleValue]) throws {
    guard pairs.count % 2 == 0 else { throw malformed("a key without a value") }
    guard case .node(let index) = try top() else { throw malformed("it sets a key of what is no dictionary") }
    switch node(index).kind {
    case .dictionary, .record: node(index).pairs += pairs
    default: throw malformed("it sets a key of what is no dictionary")
    }
  }
}
