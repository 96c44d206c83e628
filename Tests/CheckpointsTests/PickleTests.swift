import Checkpoints
import XCTest

final class PickleTests: XCTestCase {
  private func error(_ pickle: [UInt8]) -> CheckpointError? {
    do {
      _ = try CheckpointParts.readPickle(pickle)
      return nil
    } catch {
      XCTAssertTrue(error is CheckpointError, "\(error)")
      return error as? CheckpointError
    }
  }

  private func bytes(_ parts: String...) -> [UInt8] { parts.flatMap { Array($0.utf8) } }

  func testFunctionsAreRefusedByNameHoweverTheyAreCalled() {
    let calls: [(String, [UInt8])] = [
      ("os.system", bytes("cos\nsystem\n(S'echo'\ntR.")),
      ("posix.system", bytes("cposix\nsystem\n(S'echo'\ntR.")),
      ("builtins.eval", bytes("cbuiltins\neval\n(S'1'\ntR.")),
      ("__builtin__.getattr", bytes("(i__builtin__\ngetattr\n.")),
      ("subprocess.Popen", bytes("(csubprocess\nPopen\nS'echo'\no.")),
      ("subprocess.Popen", bytes("csubprocess\nPopen\n)") + [0x81] + bytes(".")),
      ("torch.load", bytes("ctorch\nload\n)R.")),
      ("torch.storage._load_from_bytes", bytes("ctorch.storage\n_load_from_bytes\n)R.")),
      (
        "webbrowser.open", [0x80, 4, 0x8c, 10] + bytes("webbrowser") + [0x8c, 4] + bytes("open") + [0x93] + bytes(")R.")
      ),
      ("os.system", bytes("ccopyreg\n_reconstructor\n(cos\nsystem\ntR.")),
    ]
    for (name, pickle) in calls { XCTAssertEqual(error(pickle)?.reason, .refused(name)) }
    // In a whole file, with its entry and byte.
    let file = CheckpointParts.zip(around: bytes("cos\nsystem\n(S'echo'\ntR."))
    assertRefused(file) { $0.reason == .refused("os.system") && $0.place == "archive/data.pkl, byte 22" }
    XCTAssertTrue(checkpointError(file)!.description.contains("wants to call os.system"))
  }

  func testClassesBecomeInertRecords() throws {
    for pickle in [
      bytes("(isome.module\nThing\n."), bytes("csome.module\nThing\n)R."),
      bytes("csome.module\nthing\n)") + [0x81] + bytes("."),
    ] {
      guard case .record(let record) = try CheckpointParts.readPickle(pickle) else { return XCTFail() }
      XCTAssertEqual(record.module, "some.module")
    }
    // A function that is only mentioned is not called.
    guard case .record(let named) = try CheckpointParts.readPickle(bytes("cos\nsystem\n.")) else { return XCTFail() }
    XCTAssertEqual(named.name, "system")
    guard
      case .record(let built) = try CheckpointParts.readPickle(
        bytes("cargparse\nNamespace\n)") + [0x81] + bytes("}S'size'\nI256\nsb."))
    else { return XCTFail() }
    XCTAssertEqual(built.attributes?.keys, [.string("size")])
  }

  func testMalformedPicklesAreTypedErrors() {
    XCTAssertEqual(error([])?.reason, .truncated("the pickle goes on"))
    for pickle in [
      "}", "0.", "t.", "(s.", "]I1\ns.", "}I1\na.", "I1\nR.", "h\u{1}.", "g5\n.", "Ix\n.", "F1.2.3\n.", "Sabc\n.",
      "cos\n",
    ] {
      XCTAssertNotNil(error(bytes(pickle)), pickle)
    }
    XCTAssertNotNil(error([0xff]))
    XCTAssertEqual(error([0x80, 9] + bytes("N."))?.reason, .pickle("its protocol 9 is newer than 5"))
    // Lengths far beyond what follows take no memory.
    let announced: [[UInt8]] = [
      [0x58, 0xff, 0xff, 0xff, 0xff], [0x8d] + [UInt8](repeating: 0xff, count: 8), [0x8e, 0, 0, 0, 0, 0, 0, 0, 0x40],
      [0x96, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f], [0x8b, 0xff, 0xff, 0xff, 0xff],
      [0x95, 0, 0, 0, 0, 0, 0, 0, 1],
    ]
    for pickle in announced {
      guard case .truncated? = error(pickle)?.reason else { return XCTFail("\(pickle)") }
    }
  }

  func testDepthSelfReferenceAndUnfoldingAreBounded() {
    let deep = bytes(String(repeating: "]", count: 100_000), String(repeating: "a", count: 99_999), ".")
    guard case .tooLarge? = error(deep)?.reason else { return XCTFail() }
    let tuples = bytes("N") + [UInt8](repeating: 0x85, count: 1_000_000) + bytes(".")
    guard case .tooLarge? = error(tuples)?.reason else { return XCTFail() }
    XCTAssertEqual(error(bytes("]q\u{0}h\u{0}a."))?.reason, .unsupported("an object that holds itself"))
    XCTAssertEqual(error(bytes("}q\u{0}I1\nh\u{0}s."))?.reason, .unsupported("an object that holds itself"))
    // Thirty lists, each twice in the next, unfold to a thousand million.
    let laughs = bytes("]") + (0..<30).flatMap { _ in [0x32, 0x86] as [UInt8] } + bytes(".")
    guard case .tooLarge? = error(laughs)?.reason else { return XCTFail() }
    // A long list copied by each of many calls.
    var copies = bytes("c__builtin__\nset\nq\u{0}](", String(repeating: "N", count: 100_000)) + bytes("e", "q\u{1}(")
    for _ in 0..<10_000 { copies += bytes("h\u{0}h\u{1}") + [0x85] + bytes("R") }
    guard case .tooLarge? = error(copies + bytes("t."))?.reason else { return XCTFail() }
  }

  func testDuplicateKeysAreRefused() {
    XCTAssertEqual(error(bytes("}(S'a'\nI1\nS'a'\nI2\nu."))?.reason, .duplicateKey("a"))
  }

  /// `_rebuild_tensor_v2` of a storage of `count` floats.
  private func tensor(count: Int, offset: Int, shape: [Int], strides: [Int], type: String = "torch FloatStorage")
    -> [UInt8]
  {
    func tuple(_ numbers: [Int]) -> String { "(" + numbers.map { "L\($0)L\n" }.joined() + "t" }
    let storage = type.split(separator: " ").joined(separator: "\n")
    return bytes(
      "ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nc\(storage)\nS'0'\nS'cpu'\nL\(count)L\ntQL\(offset)L\n",
      tuple(shape), tuple(strides), "I00\nc", "collections\nOrderedDict\n)RtR.")
  }

  func testTensorsMustFitTheirStorage() {
    XCTAssertNil(error(tensor(count: 24, offset: 4, shape: [4, 5], strides: [5, 1])))
    XCTAssertNil(error(tensor(count: 24, offset: 0, shape: [0, 5], strides: [5, 1])))
    let wrong: [(Int, Int, [Int], [Int])] = [
      (24, 5, [4, 5], [5, 1]), (24, 0, [25], [1]), (24, -1, [1], [1]), (24, 0, [-1], [1]), (24, 0, [2], [-1]),
      (24, 0, [2], [.max]), (24, 0, [.max, .max], [0, 0]), (24, 0, [.max], [1]), (24, 0, [2, 2], [1]),
      (-1, 0, [1], [1]),
      (.max, 0, [1], [1]), (24, .max, [1], [1]), (24, 25, [0], [1]),
      (24, 0, [0, .max, 4], [1, 1, 1]), (24, 0, [Int](repeating: 1, count: 65), [Int](repeating: 1, count: 65)),
    ]
    for (count, offset, shape, strides) in wrong {
      guard case .tensor? = error(tensor(count: count, offset: offset, shape: shape, strides: strides))?.reason else {
        XCTFail("\(count) \(offset) \(shape) \(strides)")
        continue
      }
    }
    // Through a whole file, whose storage has fewer bytes than the pickle says.
    assertRefused(CheckpointParts.zip(around: tensor(count: 25, offset: 0, shape: [1], strides: [1]))) {
      if case .tensor = $0.reason { true } else { false }
    }
    // One number repeated to gigabytes.
    assertRefused(CheckpointParts.zip(around: tensor(count: 24, offset: 0, shape: [1 << 20, 1 << 10], strides: [0, 0])))
    {
      if case .tooLarge = $0.reason { true } else { false }
    }
  }

  func testUnknownNumbersAreRefusedByName() {
    for name in ["torch QInt8Storage", "torch ComplexFloatStorage", "torch Float8_e5m2Storage"] {
      guard
        case .unsupported(let what)? = error(tensor(count: 1, offset: 0, shape: [1], strides: [1], type: name))?.reason
      else {
        XCTFail(name)
        continue
      }
      XCTAssertTrue(what.contains(name.split(separator: " ")[1]), what)
    }
    XCTAssertEqual(error(bytes("ctorch._utils\n_rebuild_qtensor\n)R."))?.reason, .unsupported("a quantised tensor"))
  }
}
