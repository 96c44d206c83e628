import Checkpoints
import Engine
import Models
import XCTest

final class PerceptualTests: XCTestCase {
  private func lpips(_ network: LPIPS.Network) -> LPIPS {
    var stream = RandomStream(seed: 0, name: "test")
    return LPIPS(network, stream: &stream)
  }

  func testLPIPSAgainstPyTorch() throws {
    for network in LPIPS.Network.allCases {
      let fixture = try NetworkFixture.named("lpips_\(network.rawValue)")
      let model = lpips(network)
      fixture.fill(model, sparing: "scaling_layer.")
      let (a, b) = (fixture.pictures[0], fixture.pictures[1])
      let layers = withoutRecording { model.layerDistances(a, b) }
      fixture.check(model, concatenated(layers.map { $0.reshaped([1, -1]) }, axis: 0), tolerance: 1e-4)
      let total = withoutRecording { model(a, b) }
      XCTAssertLessThan(largest(total - layers.dropFirst().reduce(layers[0]) { $0 + $1 }), 1e-6)
    }
  }

  func testLPIPSKeysAreThePackages() {
    let alex = shapesByKey(lpips(.alexNet))
    XCTAssertEqual(alex["scaling_layer.shift"], [1, 3, 1, 1])
    XCTAssertEqual(alex["net.slice1.0.weight"], [64, 3, 11, 11])
    XCTAssertEqual(alex["net.slice5.10.bias"], [256])
    XCTAssertEqual(alex["lin1.model.1.weight"], [1, 192, 1, 1])
    let vgg = shapesByKey(lpips(.vgg))
    XCTAssertEqual(vgg["net.slice2.7.weight"], [128, 128, 3, 3])
    XCTAssertEqual(vgg["net.slice5.28.weight"], [512, 512, 3, 3])
    XCTAssertEqual(vgg["lin4.model.1.weight"], [1, 512, 1, 1])
  }

  func testAPictureIsAtNoDistanceFromItselfAndTheGradientStaysFinite() {
    var stream = RandomStream(seed: 3, name: "test")
    let model = lpips(.alexNet)
    let x = Tensor.uniform([1, 48, 48, 3], -1, 1, from: &stream)
    XCTAssertEqual(model(x, x).item, 0)
    let other = Tensor.uniform([1, 48, 48, 3], -1, 1, from: &stream).tracked
    let distance = model(x, other)
    XCTAssertGreaterThan(distance.item, 0)
    XCTAssertTrue(gradients(of: distance.sum(), withRespectTo: [other])[0].isFinite)
    // Pixels without any activation have no direction.
    let flat = Tensor.zeros([1, 48, 48, 3]).tracked
    XCTAssertTrue(gradients(of: model(flat, x).sum(), withRespectTo: [flat])[0].isFinite)
  }

  func testLPIPSIsLoadedFromTorchvisionAndTheLinearWeights() throws {
    let source = lpips(.alexNet)
    var trunk = StateDictionary(source: "alexnet.pth")
    var linear = StateDictionary(source: "alex.pth")
    var whole = StateDictionary(source: "lpips.pth")
    for (key, value) in StateDictionary(source).entries {
      let shifted = value + 0.25
      let parts = key.split(separator: ".")
      if parts[0] == "net" { trunk["features.\(parts[2]).\(parts[3])"] = shifted }
      if parts[0].hasPrefix("lin") {
        linear[key] = shifted
        whole["lins.\(parts[0].dropFirst(3)).model.1.weight"] = shifted
      }
      whole[key] = parts[0] == "scaling_layer" ? value : shifted
    }
    trunk["classifier.6.bias"] = .zeros([1000])
    let (parts, complete) = (lpips(.alexNet), lpips(.alexNet))
    try parts.load(trunk: trunk, linear: linear)
    try complete.load(whole)
    for (key, value) in StateDictionary(parts).entries {
      XCTAssertEqual(value.values, whole[key]!.values, key)
      XCTAssertEqual(value.values, StateDictionary(complete)[key]!.values, key)
    }
    linear["lin3.model.1.weight"] = nil
    XCTAssertThrowsError(try parts.load(trunk: trunk, linear: linear)) {
      XCTAssertEqual(($0 as? StateMismatch)?.missing.map(\.name), ["lin3.model.1.weight"])
    }
  }

  func testInceptionAgainstPyTorch() throws {
    var stream = RandomStream(seed: 0, name: "test")
    let model = FIDInception(stream: &stream)
    for name in ["fid_inception", "fid_inception_resized"] {
      let fixture = try NetworkFixture.named(name)
      fixture.fill(model)
      let x = fixture.pictures[0]
      let features = withoutRecording { name.hasSuffix("resized") ? model(x) : model.features(ofMaps: x) }
      fixture.check(model, features)
    }
    XCTAssertEqual(model.logits(ofFeatures: .zeros([2, 2048])).shape, [2, 1008])
  }

  func testInceptionsKeysAreThePublicOnes() throws {
    var stream = RandomStream(seed: 0, name: "test")
    let model = FIDInception(stream: &stream)
    let shapes = shapesByKey(model)
    XCTAssertEqual(shapes["Conv2d_1a_3x3.conv.weight"], [32, 3, 3, 3])
    XCTAssertEqual(shapes["Mixed_5b.branch_pool.bn.running_mean"], [32])
    XCTAssertEqual(shapes["Mixed_6c.branch7x7dbl_2.conv.weight"], [160, 160, 7, 1])
    XCTAssertEqual(shapes["Mixed_7c.branch3x3dbl_3b.conv.weight"], [384, 384, 3, 1])
    XCTAssertEqual(shapes["fc.weight"], [1008, 2048])
    var file = StateDictionary(source: "pt_inception.pth")
    for (key, value) in StateDictionary(model).entries where !key.hasSuffix("num_batches_tracked") { file[key] = value }
    try model.load(file)
    file["Mixed_7a.branch3x3_1.bn.bias"] = nil
    XCTAssertThrowsError(try model.load(file))
  }
}
