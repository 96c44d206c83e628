/// A value while a pickle is read. What can hold others, or be changed after it was made, is a node of the reader's
/// arena: cycles keep nothing alive, and depth costs no stack when the arena goes.
enum PickleValue {
  case none
  case bool(Bool)
  case integer(Int)
  /// Beyond 64 bits: two's complement, the least significant byte first.
  case bigInteger([UInt8])
  case float(Double)
  case string(String)
  case bytes([UInt8])
  case node(Int)
}

/// A thing in the arena.
final class PickleNode {
  enum Kind {
    case tuple
    case list
    case set
    case dictionary(isOrdered: Bool)
    /// A class or function, only named.
    case global(PickleGlobal)
    /// What calling a class would have made.
    case record(PickleGlobal, arguments: [PickleValue])
    case storage(PickleStorage)
    case tensor(CheckpointTensor)
  }

  var kind: Kind
  /// Elements of a tuple, list or set, or what was appended to a record.
  var items: [PickleValue]
  /// Keys and values in turn, of a dictionary or a record.
  var pairs: [PickleValue] = []
  var state: PickleValue?

  init(_ kind: Kind, _ items: [PickleValue] = []) {
    self.kind = kind
    self.items = items
  }
}

/// A name that Python would import.
struct PickleGlobal: Hashable, CustomStringConvertible {
  let module: String
  let name: String
  var description: String { "\(module).\(name)" }
}

/// A part of a storage, from `start`, in elements of `type` (nil: an untyped storage, in bytes).
struct PickleStorage {
  let storage: CheckpointStorage
  let type: NumberType?
  let start: Int
  let count: Int
}
