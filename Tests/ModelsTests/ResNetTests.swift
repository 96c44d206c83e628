import Engine
import Models
import XCTest

final class ResNetTests: XCTestCase {
  func testResNet50HasTheReleasedSizeAndNames() {
    var stream = RandomStream(seed: 0, name: "test")
    let model = ResNet(.resNet50(classes: 1000), stream: &stream)
    XCTAssertEqual(model.parameterCount, 25_557_032)
    let shapes = shapesByKey(model)
    XCTAssertEqual(shapes.count, 320)
    XCTAssertEqual(shapes["conv1.weight"], [64, 3, 7, 7])
    XCTAssertEqual(shapes["layer1.0.shortcut.0.weight"], [256, 64, 1, 1])
    XCTAssertEqual(shapes["layer1.0.shortcut.1.running_var"], [256])
    XCTAssertEqual(shapes["layer4.2.conv3.weight"], [2048, 512, 1, 1])
    XCTAssertEqual(shapes["layer2.0.bn2.num_batches_tracked"], [])
    XCTAssertEqual(shapes["fc.weight"], [1000, 2048])
    XCTAssertNil(shapes["layer1.1.shortcut.0.weight"])
  }

  func testResNet18WithTorchvisionsNames() {
    var configuration = ResNetConfiguration.resNet18(classes: 1000)
    configuration.naming = .downsample
    var stream = RandomStream(seed: 0, name: "test")
    let model = ResNet(configuration, stream: &stream)
    XCTAssertEqual(model.parameterCount, 11_689_512)
    XCTAssertEqual(shapesByKey(model)["layer2.0.downsample.0.weight"], [128, 64, 1, 1])
    XCTAssertEqual(model.states.count, 122)
  }

  func testSmallModelsTrainAndGiveTheirFeature() {
    var stream = RandomStream(seed: 1, name: "test")
    let configuration = ResNetConfiguration.small32(classes: 5, width: 8)
    let model = ResNet(configuration, stream: &stream)
    let (logits, feature) = model(.normal([4, 32, 32, 3], from: &stream))
    XCTAssertEqual(logits.shape, [4, 5])
    XCTAssertEqual(feature.shape, [4] + configuration.featureShape(size: 32))
    let loss = crossEntropy(logits, [0, 1, 2, 3])
    for (entry, gradient) in zip(model.parameters, gradients(of: loss, withRespectTo: model.parameters.map(\.parameter.value))) {
      XCTAssertTrue(gradient.values.contains { $0 != 0 }, "no gradient reaches \(entry.key)")
    }
    XCTAssertNotEqual(shapesByKey(model)["layer3.0.shortcut.0.weight"], nil)
  }

  func testEvaluationIsTheSameAloneAndInABatch() {
    var stream = RandomStream(seed: 1, name: "test")
    let model = ResNet(.small32(classes: 5, width: 8), stream: &stream)
    model.isTraining = false
    let x = Tensor.normal([3, 32, 32, 3], from: &stream)
    XCTAssertLessThan(largest(model(x).logits.slice(0, 1..<2) - model(x.slice(0, 1..<2)).logits), 1e-4)
  }

  func testFeatureShapes() {
    XCTAssertEqual(ResNetConfiguration.resNet50(classes: 2).featureShape(size: 256), [16, 16, 1024])
    XCTAssertEqual(ResNetConfiguration.resNet50(classes: 2).featureShape(size: 224), [14, 14, 1024])
    XCTAssertEqual(ResNetConfiguration.small32(classes: 2).featureShape(size: 32), [8, 8, 64])
  }
}
