import Checkpoints
import Engine
import XCTest

private final class Block: Module {
  let conv1: Linear
  let shortcut: [Linear]
  init(stream: inout RandomStream) {
    conv1 = Linear(2, 2, stream: &stream)
    shortcut = [Linear(2, 2, stream: &stream)]
  }
}

private final class Network: Module {
  let layer1: [Block]
  let fc: Linear
  override init() {
    var stream = RandomStream(seed: 1, name: "network")
    layer1 = [Block(stream: &stream)]
    fc = Linear(2, 3, stream: &stream)
  }
}

final class KeySchemeTests: XCTestCase {
  func testRulesRenameWholeNamesOnly() {
    let rule = KeyRule.replace(["shortcut"], with: ["downsample"])
    XCTAssertEqual(rule.renamed("layer1.0.shortcut.0.weight"), "layer1.0.downsample.0.weight")
    XCTAssertEqual(rule.renamed("shortcuts.weight"), "shortcuts.weight")
    XCTAssertEqual(KeyRule.replace(["fc", "0"], with: ["fc"]).renamed("fc.0.weight"), "fc.weight")
    XCTAssertEqual(KeyRule.replace(["fc", "0"], with: ["fc"]).renamed("fc.weight"), "fc.weight")
    XCTAssertEqual(KeyRule.removePrefix("module.").renamed("module.fc.bias"), "fc.bias")
    XCTAssertEqual(KeyRule.addPrefix("g.").renamed("a"), "g.a")
  }

  func testWeightsOfOtherNamingsFitAfterAdapting() throws {
    let network = Network()
    var foreign = StateDictionary(source: "resnet.pth")
    for (key, value) in StateDictionary(Network()).entries {
      let renamed = key.replacingOccurrences(of: "shortcut", with: "downsample").replacingOccurrences(
        of: "fc.", with: "fc.0.")
      foreign["module.\(renamed)"] = value
    }
    XCTAssertThrowsError(try foreign.load(into: network))
    let (adapted, applied) = foreign.adapted(to: network)
    try adapted.load(into: network)
    XCTAssertEqual(
      applied,
      [.removePrefix("module."), .replace(["downsample"], with: ["shortcut"]), .replace(["fc", "0"], with: ["fc"])])
    XCTAssertEqual(StateDictionary(network).adapted(to: network).applied, [])
  }

  func testTwoKeysThatBecomeOneAreRefused() {
    var dictionary = StateDictionary(source: "two.pth")
    dictionary["a"] = Tensor(1)
    dictionary["module.a"] = Tensor(2)
    XCTAssertThrowsError(try dictionary.renamed(by: .removePrefix("module."))) {
      XCTAssertEqual(($0 as? CheckpointError)?.reason, .duplicateKey("a"))
    }
  }
}
