import Engine
import Models
import Notebook
import XCTest

@testable import LongTail

/// Sampling, mixing and second phases of the methods for long tails.
final class LongTailMethodTests: XCTestCase {
  // MARK: - Sampling

  func testSquareRootSamplingDrawsByTheSquareRoot() throws {
    let data = memoryDataset([1, 4, 9, 0])
    var plan = try BatchPlan(
      for: data,
      settings: BatchSettings(side: 4, batchSize: 600, seed: 1, streamName: "test", sampling: .squareRoot))
    let labels = (0..<10).flatMap { plan.entries(atStep: $0).map { data.items[$0.index].label } }
    for (label, share) in [1.0 / 6, 2.0 / 6, 3.0 / 6].enumerated() {
      // Four standard errors of a share over 6000 draws.
      XCTAssertEqual(Double(labels.filter { $0 == label }.count) / 6000, share, accuracy: 0.026)
    }
    XCTAssertEqual(plan.entries(atStep: 3), plan.entries(atStep: 3))
  }

  // MARK: - Mixing

  func testBetaDistribution() {
    for alpha in [Float(0.2), 1, 3] {
      var stream = RandomStream(seed: 1, name: "beta")
      let draws = (0..<4000).map { _ in Double(betaDistributed(alpha, stream: &stream)) }
      XCTAssertTrue(draws.allSatisfy { (0...1).contains($0) })
      XCTAssertEqual(Statistics.mean(draws), 0.5, accuracy: 0.03)
      let deviation = Statistics.standardDeviation(draws)
      XCTAssertEqual(deviation * deviation, 1 / (4 * (2 * Double(alpha) + 1)), accuracy: 0.012, "α = \(alpha)")
    }
  }

  /// Picture k is k everywhere, so a pixel tells whose it is.
  private let pictures = concatenated((0..<6).map { Tensor(repeating: Float($0), shape: [1, 8, 8, 3]) }, axis: 0)

  func testMixupBlendsPicturesAsItBlendsTargets() throws {
    var stream = RandomStream(seed: 2, name: "mixup")
    let mixed = BatchMixing.mixup(alpha: 1)(pictures, Array(0..<6), stream: &stream)
    let partners = try XCTUnwrap(mixed.partners)
    XCTAssertEqual(partners.labels.sorted(), Array(0..<6))
    for index in 0..<6 {
      let expected = Float(index) * (1 - partners.share) + Float(partners.labels[index]) * partners.share
      for value in mixed.pictures.slice(0, index..<(index + 1)).values {
        XCTAssertEqual(value, expected, accuracy: 1e-5)
      }
    }
    let loss = mixed.loss { Tensor(Float($0[0])) }
    XCTAssertEqual(loss.item, Float(partners.labels[0]) * partners.share, accuracy: 1e-6)
  }

  func testCutMixPastesARectangleAndCountsItsPixels() throws {
    for seed in UInt64(0)..<20 {
      var stream = RandomStream(seed: seed, name: "cutmix")
      let mixed = BatchMixing.cutMix(alpha: 1)(pictures, Array(0..<6), stream: &stream)
      let partners = try XCTUnwrap(mixed.partners)
      for index in 0..<6 where partners.labels[index] != index {
        let values = mixed.pictures.slice(0, index..<(index + 1)).values
        let pasted = values.filter { $0 == Float(partners.labels[index]) }.count
        XCTAssertEqual(values.filter { $0 == Float(index) }.count, values.count - pasted)
        XCTAssertEqual(Float(pasted) / Float(values.count), partners.share, accuracy: 1e-6)
      }
    }
  }

  func testGeometricAugmentationMovesAndDoesNotRecolour() {
    guard case .geometric = LongTailMethod.geometricAugmentation.objective.mixing else { return XCTFail() }
    var stream = RandomStream(seed: 3, name: "geometric")
    let mixed = LongTailMethod.geometricAugmentation.objective.mixing(pictures + 1, [0, 0, 0, 0, 0, 0], stream: &stream)
    XCTAssertNil(mixed.partners)
    for index in 0..<6 {
      let values = Set(mixed.pictures.slice(0, index..<(index + 1)).values)
      XCTAssertTrue(values.isSubset(of: [0, Float(index + 1)]), "\(values)")
    }
  }

  // MARK: - SMOTE

  func testSMOTEFillsUpTheSmallClassBetweenNeighbours() {
    // Class 0 on a line at y = 0, class 1 three points on y = 1 at x = 0, 1, 10; class 2 a single point.
    let features = Tensor([0, 0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 0, 1, 1, 1, 10, 1, 7, 7], shape: [10, 2])
    let smote = FeatureSMOTE(features: features, labels: [0, 0, 0, 0, 0, 0, 1, 1, 1, 2], neighbours: 1)
    XCTAssertEqual(smote.nearest(to: 8, among: [6, 7, 8]), [7])
    XCTAssertEqual(smote.nearest(to: 9, among: [9]), [])
    var stream = RandomStream(seed: 4, name: "smote")
    let (drawn, labels) = smote.batch(3000, stream: &stream)
    let points = drawn.values
    var made = 0
    for (index, label) in labels.enumerated() {
      let (x, y) = (points[2 * index], points[2 * index + 1])
      switch label {
      case 0: XCTAssertTrue(y == 0 && x == x.rounded(), "the largest class stays as it is")
      case 1:
        XCTAssertEqual(y, 1)
        XCTAssertTrue(x >= 0 && x <= 10)
        if x != x.rounded() { made += 1 }
      default: XCTAssertEqual([x, y], [7, 7])
      }
    }
    for label in 0..<3 { XCTAssertEqual(Double(labels.filter { $0 == label }.count) / 3000, 1.0 / 3, accuracy: 0.04) }
    // Half of the filled class is made.
    XCTAssertEqual(Double(made) / Double(labels.filter { $0 == 1 }.count), 0.5, accuracy: 0.07)
  }

  // MARK: - The last layer

  func testChangesOfTheLastLayer() {
    var stream = RandomStream(seed: 5, name: "layer")
    let layer = Linear(4, 3, stream: &stream)
    let x = Tensor.normal([2, 4], from: &stream)
    let before = layer(x)
    LastLayerRefinement.logitAdjustment(tau: 1).apply(to: layer, counts: [70, 20, 10])
    let expected = logitAdjusted(before, counts: [70, 20, 10], tau: 1).values
    for (a, b) in zip(layer(x).values, expected) { XCTAssertEqual(a, b, accuracy: 1e-5) }

    let weight = layer.weight.value.copy()
    LastLayerRefinement.tauNormalization(tau: 1).apply(to: layer, counts: [])
    for row in 0..<3 {
      let unit = layer.weight.value.slice(0, row..<(row + 1))
      XCTAssertEqual(unit.squared().sum().item, 1, accuracy: 1e-5)
      XCTAssertGreaterThan((unit * weight.slice(0, row..<(row + 1))).sum().item, 0)
    }
    XCTAssertEqual(layer.bias?.value.values, [0, 0, 0])
    layer.weight.set(weight)
    LastLayerRefinement.tauNormalization(tau: 0).apply(to: layer, counts: [])
    for (a, b) in zip(layer.weight.value.values, weight.values) { XCTAssertEqual(a, b, accuracy: 1e-6) }
  }

  // MARK: - Training

  private func settings(steps: Int) -> ClassifierSettings {
    ClassifierSettings(
      side: 8, batchSize: 4, epochs: 10, steps: steps, learningRate: 0.01, weightDecay: 1e-4,
      milestones: [6], flips: true)
  }

  private let images = DecodedImages(memoryDataset([12, 5, 3], side: 8), side: 8)

  /// A small classifier trained by the method.
  private func trained(_ method: LongTailMethod, steps: Int = 18, context: StageContext? = nil) throws -> ResNet {
    var stream = RandomStream(seed: 6, name: "start")
    let model = ResNet(
      .init(block: .basic, blocks: [1, 1, 1, 1], width: 4, classes: 3, stem: .small), stream: &stream)
    func run(_ context: StageContext?) -> TrainingRun {
      TrainingRun(context: context, secondsBetweenCheckpoints: 0) { ProgressBar("test", total: $0, done: $1) }
    }
    let refinement = method.refinement
    try trainClassifier(
      model, on: images, settings: settings(steps: steps), seed: 7, name: "test", objective: method.objective,
      run: run(refinement == nil ? context : nil))
    switch refinement {
    case .training(let layer):
      try trainLastLayer(
        of: model, layer, on: images, settings: settings(steps: steps), seed: 7, name: "layer", run: run(context))
    case .some(let change): change.apply(to: model.fc, counts: [12, 5, 3])
    case nil: break
    }
    return model
  }

  private func bits(_ model: ResNet, of isWanted: (String) -> Bool = { _ in true }) -> [[UInt32]] {
    model.states.filter { isWanted($0.key) }.map { $0.state.value.values.map(\.bitPattern) }
  }

  func testCrossEntropyIsThePlainLoop() throws {
    var stream = RandomStream(seed: 6, name: "start")
    let model = ResNet(
      .init(block: .basic, blocks: [1, 1, 1, 1], width: 4, classes: 3, stem: .small), stream: &stream)
    let settings = settings(steps: 18)
    let parameters = model.parameters.map(\.parameter)
    let optimizer = Adam(parameters, learningRate: settings.learningRate, weightDecay: settings.weightDecay)
    let loader = try BatchLoader(
      images, settings: BatchSettings(side: 8, batchSize: 4, seed: 7, streamName: "test", flips: true))
    for step in 0..<18 {
      let batch = try XCTUnwrap(loader.next())
      optimizer.learningRate = settings.learningRate(step: step, total: 18)
      let loss = crossEntropy(model(batch.tensor).logits, batch.labels)
      optimizer.step(gradients(of: loss, withRespectTo: parameters.map(\.value)))
    }
    XCTAssertEqual(bits(try trained(.crossEntropy)), bits(model))
  }

  func testARefinementLeavesTheTrunkAsItWas() throws {
    let plain = try trained(.crossEntropy)
    for method in LongTailMethod.allCases where method.refinement != nil {
      let model = try trained(method)
      let isTrunk = { (key: String) in !key.hasPrefix("fc.") }
      XCTAssertEqual(bits(model, of: isTrunk), bits(plain, of: isTrunk), "\(method)")
      XCTAssertNotEqual(bits(model), bits(plain), "\(method)")
      guard method == .weightScaling else { continue }
      // Each class's weights were scaled by one factor, its bias by the same.
      let (old, new) = (plain.fc.weight.value, model.fc.weight.value)
      for row in 0..<3 {
        let factor = model.fc.bias!.value.values[row] / plain.fc.bias!.value.values[row]
        let width = old.shape[1]
        for column in 0..<width {
          XCTAssertEqual(new.values[row * width + column], factor * old.values[row * width + column], accuracy: 1e-5)
        }
      }
    }
  }

  func testTheLastLayersLearningRateFallsAsACosine() {
    let training = LastLayerTraining(.newLayer, share: 10.0 / 90)
    XCTAssertEqual(training.steps(after: 90), 10)
    XCTAssertEqual(training.steps(after: 1), 1)
    XCTAssertEqual(training.learningRate(step: 0, of: 10, batchSize: 512), 0.2)
    XCTAssertEqual(training.learningRate(step: 5, of: 10, batchSize: 64), 0.0125, accuracy: 1e-7)
  }

  func testEveryMethodTrainsAndGoesOnAfterAStopToTheSameBits() throws {
    let plain = bits(try trained(.crossEntropy))
    for method in LongTailMethod.allCases {
      let folder = FileManager.default.temporaryDirectory.appendingPathComponent("method-\(UUID())")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      defer { try? FileManager.default.removeItem(at: folder) }
      let context = StageContext(
        name: "test", hash: "", directory: folder, checkpointDirectory: folder, secondsBetweenCheckpoints: 0,
        log: { _ in })
      let whole = bits(try trained(method))
      XCTAssertEqual(bits(try trained(method, context: context)), whole, "\(method)")
      // The run left its last checkpoint but one step: this goes on from there.
      XCTAssertEqual(bits(try trained(method, context: context)), whole, "\(method) resumed")
      if method != .crossEntropy { XCTAssertNotEqual(whole, plain, "\(method)") }
    }
  }

  func testMethodsDifferAndSurviveJSON() throws {
    struct Key: Codable, Hashable {
      var objective: ClassifierObjective
      var refinement: LastLayerRefinement?
    }
    let keys = LongTailMethod.allCases.map { Key(objective: $0.objective, refinement: $0.refinement) }
    XCTAssertEqual(Set(keys).count, keys.count)
    XCTAssertEqual(Set(LongTailMethod.allCases.map(\.title)).count, keys.count)
    XCTAssertEqual(try JSONDecoder().decode([Key].self, from: try JSONEncoder().encode(keys)), keys)
    for key in keys where key.refinement != nil { XCTAssertEqual(key.objective, .crossEntropy) }
  }
}
