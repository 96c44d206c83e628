import Checkpoints
import Engine
import XCTest

private final class Layers: Module {
  let conv3: Conv2d
  let bn: BatchNorm2d

  override init() {
    var stream = RandomStream(seed: 1, name: "layers")
    conv3 = Conv2d(2, 3, kernel: 1, stream: &stream)
    bn = BatchNorm2d(3)
  }
}

final class GoldenFormulaTests: XCTestCase {
  /// Worked out by hand from the formula, in 64-bit arithmetic.
  private func sequence(_ key: String, salt: UInt64, _ index: UInt64) -> Float {
    var hash: UInt64 = 14_695_981_039_346_656_037
    for byte in key.utf8 { hash = (hash ^ UInt64(byte)).multipliedReportingOverflow(by: 1_099_511_628_211).partialValue }
    var z = (hash ^ salt) &+ (index + 1) &* 0x9E37_79B9_7F4A_7C15
    z ^= z >> 30
    z = z &* 0xBF58_476D_1CE4_E5B9
    z ^= z >> 27
    z = z &* 0x94D0_49BB_1331_11EB
    z ^= z >> 31
    return Float(z >> 40) / Float(1 << 24) * 2 - 1
  }

  func testInputsFollowTheFormulaAndTheSalt() {
    for salt in [UInt64(0), 7, .max] {
      let values = GoldenFormula(salt: salt).input("input.z0", [2, 3]).values
      XCTAssertEqual(values, (0..<6).map { sequence("input.z0", salt: salt, $0) })
    }
    XCTAssertNotEqual(
      GoldenFormula(salt: 0).input("input.z0", [2]).values, GoldenFormula(salt: 1).input("input.z0", [2]).values)
  }

  func testPicturesComeFromPyTorchsOrder() {
    let picture = GoldenFormula().picture("p", [1, 2, 2, 3])
    XCTAssertEqual(picture.shape, [1, 2, 3, 2])
    // Row 1, column 2, channel 1 is the last of NCHW.
    XCTAssertEqual(picture.values.last, sequence("p", salt: 0, 11))
  }

  func testBackBoneRules() {
    let layers = Layers()
    GoldenFormula(salt: 5).fill(layers, family: .resnet, prefix: "student.")
    let dictionary = StateDictionary(layers)
    let scale = Float(3).squareRoot() * 0.3
    XCTAssertEqual(
      dictionary["conv3.weight"]!.values[4], scale * sequence("student.conv3.weight", salt: 5, 4), accuracy: 1e-6)
    XCTAssertEqual(
      dictionary["bn.running_var"]!.values[2], 1.25 + 0.25 * sequence("student.bn.running_var", salt: 5, 2),
      accuracy: 1e-6)
    XCTAssertEqual(
      dictionary["bn.weight"]!.values[0], 1 + 0.1 * sequence("student.bn.weight", salt: 5, 0), accuracy: 1e-6)
    XCTAssertEqual(dictionary["bn.num_batches_tracked"]!.item, 0)
  }
}
