import Checkpoints
import Engine
import Models
import XCTest

final class BackboneTests: XCTestCase {
  private func network(_ name: BackboneName, classes: Int = 1000) -> any Backbone {
    var stream = RandomStream(seed: 0, name: "test")
    return name.network(classes: classes, stream: &stream)
  }

  // MARK: - Sizes that torchvision, pretrainedmodels and efficientnet_pytorch publish

  func testResNetSizes() {
    for (name, count) in [
      (BackboneName.resnet18, 11_689_512), (.resnet34, 21_797_672), (.resnet50, 25_557_032), (.resnet101, 44_549_160),
      (.resnet152, 60_192_808),
    ] { XCTAssertEqual(network(name).parameterCount, count, name.rawValue) }
  }

  func testDenseNetAndInceptionSizes() {
    for (name, count) in [
      (BackboneName.denseNet121, 7_978_856), (.denseNet161, 28_681_000), (.denseNet169, 14_149_480),
      (.denseNet201, 20_013_928), (.inceptionResNetV2, 55_843_464),
    ] { XCTAssertEqual(network(name).parameterCount, count, name.rawValue) }
  }

  func testEfficientNetSizes() {
    for (name, count) in [
      (BackboneName.efficientNetB0, 5_288_548), (.efficientNetB1, 7_794_184), (.efficientNetB2, 9_109_994),
      (.efficientNetB3, 12_233_232), (.efficientNetB4, 19_341_616), (.efficientNetB5, 30_389_784),
      (.efficientNetB6, 43_040_704), (.efficientNetB7, 66_347_960),
    ] { XCTAssertEqual(network(name).parameterCount, count, name.rawValue) }
  }

  func testSENetSizes() {
    for (name, count) in [
      (BackboneName.seResNet50, 28_088_024), (.seResNet101, 49_326_872), (.seResNet152, 66_821_848),
      (.seResNeXt50, 27_559_896), (.seResNeXt101, 48_955_416),
    ] { XCTAssertEqual(network(name).parameterCount, count, name.rawValue) }
  }

  /// torchvision's convolutions with the released head.
  func testVGGSizes() {
    let head = 25088 * 1024 + 1024 + 1024 * 1000 + 1000
    for (name, features) in [
      (BackboneName.vgg11, 9_220_480), (.vgg13, 9_404_992), (.vgg16, 14_714_688), (.vgg19, 20_024_384),
    ] { XCTAssertEqual(network(name).parameterCount, features + head, name.rawValue) }
  }

  // MARK: - Keys

  func testKeysAreThePublicOnes() {
    let expected: [(BackboneName, [String: [Int]])] = [
      (.vgg19, [
        "features.0.weight": [64, 3, 3, 3], "features.34.bias": [512], "classifier.0.weight": [1024, 25088],
        "classifier.3.bias": [7],
      ]),
      (.resnet34, [
        "conv1.weight": [64, 3, 7, 7], "layer2.0.downsample.1.running_var": [128], "fc.0.weight": [7, 512],
      ]),
      (.efficientNetB0, [
        "_conv_stem.weight": [32, 3, 3, 3], "_blocks.0._depthwise_conv.weight": [32, 1, 3, 3],
        "_blocks.1._expand_conv.weight": [96, 16, 1, 1], "_blocks.1._se_reduce.bias": [4],
        "_blocks.15._bn2.weight": [320], "_conv_head.weight": [1280, 320, 1, 1], "_fc.bias": [7],
      ]),
      (.seResNeXt50, [
        "layer0.conv1.weight": [64, 3, 7, 7], "layer1.0.conv2.weight": [128, 4, 3, 3],
        "layer4.2.se_module.fc1.weight": [128, 2048, 1, 1], "layer2.0.downsample.0.weight": [512, 256, 1, 1],
        "last_linear.weight": [7, 2048],
      ]),
      (.denseNet121, [
        "features.conv0.weight": [64, 3, 7, 7], "features.denseblock1.denselayer1.norm1.weight": [64],
        "features.denseblock4.denselayer16.conv2.weight": [32, 128, 3, 3],
        "features.transition3.conv.weight": [512, 1024, 1, 1], "features.norm5.running_mean": [1024],
        "classifier.weight": [7, 1024],
      ]),
      (.inceptionResNetV2, [
        "conv2d_1a.conv.weight": [32, 3, 3, 3], "mixed_5b.branch1.1.conv.weight": [64, 48, 5, 5],
        "mixed_5b.branch3.1.bn.weight": [64], "repeat.9.branch2.2.conv.weight": [64, 48, 3, 3],
        "repeat_1.19.branch1.1.conv.weight": [160, 128, 1, 7], "mixed_6a.branch0.conv.weight": [384, 320, 3, 3],
        "mixed_7a.branch0.1.conv.weight": [384, 256, 3, 3], "block8.conv2d.bias": [2080], "last_linear.bias": [7],
      ]),
    ]
    for (name, keys) in expected {
      let shapes = shapesByKey(network(name, classes: 7))
      for (key, shape) in keys { XCTAssertEqual(shapes[key], shape, "\(name.rawValue): \(key)") }
    }
  }

  func testEveryReleasedNameIsKnown() throws {
    for name in BackboneName.allCases { XCTAssertEqual(try BackboneName(named: name.rawValue), name) }
    XCTAssertEqual(try BackboneName(named: "efficientnet-b3").inputSize, 300)
    XCTAssertEqual(BackboneName.inceptionResNetV2.inputSize, 299)
    XCTAssertEqual(BackboneName.inceptionResNetV2.normalization, .half)
    XCTAssertThrowsError(try BackboneName(named: "resnet5")) {
      XCTAssertTrue("\($0)".contains("did you mean resnet50"), "\($0)")
    }
  }

  // MARK: - Values

  func testValuesAgainstPyTorch() throws {
    for name in [BackboneName.seResNeXt50, .efficientNetB1, .efficientNetB3, .seNet154] {
      let fixture = try NetworkFixture.named(name.rawValue)
      let model = network(name, classes: 5)
      fixture.fill(model)
      fixture.check(model, withoutRecording { model.logits(fixture.pictures[0]) })
    }
  }

  func testAGradientReachesEveryParameter() {
    var stream = RandomStream(seed: 1, name: "test")
    // Small relatives of the large ones, and what is small anyway.
    var efficient = EfficientNet.Configuration(scale: 0)
    (efficient.width, efficient.depth) = (0.25, 0.5)
    let models: [any Backbone] = [
      EfficientNet(efficient, classes: 3, stream: &stream),
      DenseNet(.init(blocks: [2, 2, 2, 2], growth: 8, stem: 8), classes: 3, stream: &stream),
      SENet(.seResNeXt([1, 1, 1, 1]), classes: 3, stream: &stream),
    ]
    let x = Tensor.normal([4, 64, 64, 3], from: &stream)
    for model in models {
      let loss = crossEntropy(model.logits(x), [0, 1, 2, 0])
      let parameters = model.parameters
      for (entry, gradient) in zip(parameters, gradients(of: loss, withRespectTo: parameters.map(\.parameter.value))) {
        XCTAssertTrue(gradient.isFinite, entry.key)
        XCTAssertTrue(gradient.values.contains { $0 != 0 }, "no gradient reaches \(entry.key)")
      }
    }
  }

  func testOtherSizesOfPicturesAreTaken() {
    var stream = RandomStream(seed: 1, name: "test")
    let model = VGG(.vgg11, classes: 3, stream: &stream)
    model.isTraining = false
    withoutRecording { XCTAssertEqual(model.logits(.zeros([2, 96, 64, 3])).shape, [2, 3]) }
  }

  // MARK: - Warm starts

  func testATrunkIsLoadedFromOlderSpellings() throws {
    var stream = RandomStream(seed: 1, name: "test")
    let configuration = DenseNet.Configuration(blocks: [1, 1, 1, 1], growth: 8, stem: 8)
    let public1000 = DenseNet(configuration, classes: 10, stream: &stream)
    let model = DenseNet(configuration, classes: 3, stream: &stream)
    var old = StateDictionary(source: "old.pth")
    for (key, value) in StateDictionary(public1000).entries where !key.hasSuffix("num_batches_tracked") {
      let dotted = key.replacingOccurrences(of: ".norm1.", with: ".norm.1.")
      old[dotted.replacingOccurrences(of: ".conv2.", with: ".conv.2.")] = value
    }
    XCTAssertNotNil(old["features.denseblock1.denselayer1.norm.1.weight"])
    let head = StateDictionary(model)["classifier.weight"]!
    try model.loadTrunk(old)
    let (theirs, ours) = (StateDictionary(public1000), StateDictionary(model))
    XCTAssertEqual(ours["features.denseblock1.denselayer1.conv2.weight"]!.values,
      theirs["features.denseblock1.denselayer1.conv2.weight"]!.values)
    XCTAssertEqual(ours["features.norm5.weight"]!.values, theirs["features.norm5.weight"]!.values)
    XCTAssertEqual(ours["classifier.weight"]!.values, head.values)

    old["features.norm5.weight"] = nil
    XCTAssertThrowsError(try model.loadTrunk(old)) {
      XCTAssertEqual(($0 as? StateMismatch)?.missing.map(\.name), ["features.norm5.weight"])
    }
  }

  func testAResNetsTrunkComesFromEitherHead() throws {
    var stream = RandomStream(seed: 1, name: "test")
    let configuration = ResNetConfiguration.small32(classes: 10, width: 4)
    let plain = ResNet(configuration, stream: &stream)
    let model = ResNet(configuration, headKey: "fc.0", stream: &stream)
    try model.loadTrunk(StateDictionary(plain))
    XCTAssertEqual(StateDictionary(model)["layer4.0.conv1.weight"]!.values,
      StateDictionary(plain)["layer4.0.conv1.weight"]!.values)
    XCTAssertNotEqual(StateDictionary(model)["fc.0.weight"]!.values, StateDictionary(plain)["fc.weight"]!.values)
    XCTAssertThrowsError(try StateDictionary(plain).load(into: model))
  }
}
