import Checkpoints
import Engine
import XCTest

private final class Pair: Module {
  let first: Linear
  let second: Conv2d

  init(seed: UInt64 = 1) {
    var stream = RandomStream(seed: seed, name: "pair")
    first = Linear(3, 2, stream: &stream)
    second = Conv2d(2, 4, kernel: 3, bias: true, stream: &stream)
  }
}

final class StateDictionaryTests: XCTestCase {
  func testExportsPyTorchsNamesOrderAndShapes() {
    let pair = Pair()
    let dictionary = StateDictionary(pair, prefix: "g.")
    XCTAssertEqual(dictionary.keys, ["g.first.weight", "g.first.bias", "g.second.weight", "g.second.bias"])
    XCTAssertEqual(dictionary["g.second.weight"]?.shape, [4, 2, 3, 3])
    // [K,K,I,O] here, [O,I,K,K] there.
    let ours = pair.second.weight.value.values
    let theirs = dictionary["g.second.weight"]!.values
    let (row, column, input, output) = (0, 2, 1, 3)
    let there = ((output * 2 + input) * 3 + row) * 3 + column
    let here = ((row * 3 + column) * 2 + input) * 4 + output
    XCTAssertEqual(theirs[there], ours[here])
  }

  func testADictionaryIsACopy() {
    let pair = Pair()
    let dictionary = StateDictionary(pair)
    let before = dictionary["first.bias"]!.values
    pair.first.bias!.value.withMutableElements { $0[0] += 1 }
    XCTAssertEqual(dictionary["first.bias"]!.values, before)
  }

  func testLoadingRestoresEveryValue() throws {
    let (source, target) = (Pair(seed: 1), Pair(seed: 2))
    try StateDictionary(source, prefix: "g.").load(into: target, prefix: "g.")
    for (a, b) in zip(source.states, target.states) { XCTAssertEqual(a.state.value.values, b.state.value.values, a.key) }
  }

  func testStrictLoadingListsEverythingAtOnceAndChangesNothing() {
    let pair = Pair()
    let before = pair.states.map(\.state.value.values)
    var dictionary = StateDictionary(Pair(seed: 2))
    dictionary.source = "weights.safetensors"
    dictionary["frist.weight"] = dictionary["first.weight"]
    dictionary["first.weight"] = nil
    dictionary["second.bias"] = Tensor.zeros([5])
    dictionary["module.unrelated.entry"] = Tensor(1)
    XCTAssertThrowsError(try dictionary.load(into: pair)) { error in
      guard let mismatch = error as? StateMismatch else { return XCTFail("\(error)") }
      XCTAssertEqual(mismatch.missing.map(\.name), ["first.weight"])
      XCTAssertEqual(mismatch.missing.first?.nearest, "frist.weight")
      XCTAssertEqual(mismatch.unused.map(\.name), ["frist.weight", "module.unrelated.entry"])
      XCTAssertEqual(mismatch.unused.first?.nearest, "first.weight")
      XCTAssertNil(mismatch.unused.last?.nearest)
      XCTAssertEqual(mismatch.misshapen.map(\.name), ["second.bias"])
      XCTAssertEqual(mismatch.misshapen.first?.expected, [4])
      XCTAssertEqual(mismatch.misshapen.first?.found, [5])
      for part in ["weights.safetensors", "frist.weight", "second.bias", "[5]", "[4]"] {
        XCTAssertTrue(mismatch.description.contains(part), "\(part) is not in: \(mismatch.description)")
      }
    }
    XCTAssertEqual(pair.states.map(\.state.value.values), before)
  }

  func testLenientLoadingKeepsWhatFitsAndReportsTheRest() {
    let (source, pair) = (Pair(seed: 2), Pair())
    let biasBefore = pair.second.bias!.value.values
    var dictionary = StateDictionary(source)
    dictionary["second.bias"] = Tensor.zeros([5])
    dictionary["first.bias"] = nil
    let left = dictionary.loadLeniently(into: pair)
    XCTAssertEqual(pair.first.weight.value.values, source.first.weight.value.values)
    XCTAssertEqual(pair.second.weight.value.values, source.second.weight.value.values)
    XCTAssertEqual(pair.second.bias!.value.values, biasBefore)
    XCTAssertEqual(left.missing.map(\.name), ["first.bias"])
    XCTAssertEqual(left.misshapen.map(\.name), ["second.bias"])
    XCTAssertTrue(left.unused.isEmpty)
  }

  func testNearestNameIsTheOneOfFewestEdits() {
    XCTAssertEqual(nearestName(to: "conv1.weight", in: ["bn1.weight", "conv2.weight", "conv1.wieght"]), "conv2.weight")
    XCTAssertNil(nearestName(to: "conv1", in: ["classifier.bias"]))
    XCTAssertNil(nearestName(to: "conv1", in: []))
  }
}
