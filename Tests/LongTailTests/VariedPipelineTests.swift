import Engine
import Imaging
import Models
import XCTest

@testable import LongTail

/// The parts of the pipeline that single experiments ask for, at tiny sizes.
final class VariedPipelineTests: XCTestCase {
  private var folder: URL!

  override func setUp() {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("store-\(UUID())")
  }

  override func tearDown() { try? FileManager.default.removeItem(at: folder) }

  private func pipeline() throws -> Pipeline {
    var settings = PipelineSettings.profile(.smoke)
    settings.data.testPerClass = 2
    settings.data.largestClass = 12
    (settings.judge.steps, settings.judgeImagesPerClass) = (1, 2)
    (settings.headModel.steps, settings.tailModel.steps, settings.distillation.schedule.steps) = (1, 1, 1)
    settings.classifier.batchSize = 8
    settings.cdtg.iterations = 1
    settings.generation.imagesPerClass = 5
    let data = try PipelineData(scenes: settings.data, side: 32, judgeImagesPerClass: 2)
    return Pipeline(
      settings: settings, data: data, store: try StageStore(directory: folder, log: { _ in }), weights: nil)
  }

  func testDistillationInEveryOrderSharesWhatItShares() throws {
    let pipeline = try pipeline()
    let (head, tail) = (try pipeline.headModel(), try pipeline.tailModel())
    let none = try pipeline.distilled([])
    XCTAssertEqual([none.head.hash, none.tail.hash], [head.hash, tail.hash])
    let both = try pipeline.distilled([.toHead, .toTail])
    XCTAssertEqual(try pipeline.distilledModels().hash, both.tail.hash)
    // The first direction alone is the beginning of both; the second is another one without the first.
    XCTAssertEqual(try pipeline.distilled([.toHead]).head.hash, both.head.hash)
    let tailFirst = try pipeline.distilled([.toTail, .toHead])
    XCTAssertEqual(try pipeline.distilled([.toTail]).tail.hash, tailFirst.tail.hash)
    XCTAssertNotEqual(tailFirst.tail.hash, both.tail.hash)
    XCTAssertNotEqual(tailFirst.head.hash, both.head.hash)
    let scores = try pipeline.scores(of: both.tail, on: .tail)
    XCTAssertEqual(scores.classCount, pipeline.data.split.tailClasses.count)
    XCTAssertEqual(scores.outcomes?.truth.count, 2 * scores.classCount)
  }

  func testLargePicturesLieInFilesOfTheirOwn() throws {
    let pipeline = try pipeline().varied {
      ($0.cdtg.side, $0.cdtg.batchSize, $0.generation.imagesPerClass) = (128, 2, 2)
      $0.cdtg.channels = .narrow(maximum: 8, product: 256)
    }
    let result = try pipeline.generatedImages(.plain)
    let dataset = try pipeline.generatedDataset(result)
    XCTAssertEqual(dataset.count, 2 * pipeline.data.split.tailClasses.count)
    for (index, item) in dataset.items.enumerated() {
      guard case .file(let url) = item.source else { return XCTFail("a picture of 128 px is kept in memory") }
      XCTAssertEqual(url, result.file("class-\(item.label)/\(index % 2).png"))
      let image = try dataset.image(at: index)
      XCTAssertEqual([image.width, image.height], [128, 128])
    }
    XCTAssertNotEqual(try dataset.image(at: 0), try dataset.image(at: 1))
  }

  func testTheSetsUsedLastAreKept() {
    var recent = RecentSets(limit: 10)
    XCTAssertEqual(recent.use("a", bytes: 4), [])
    XCTAssertEqual(recent.use("b", bytes: 4), [])
    XCTAssertEqual(recent.use("a", bytes: 4), [])
    XCTAssertEqual(recent.use("c", bytes: 4), ["b"])
    XCTAssertEqual(recent.bytes, 8)
    XCTAssertEqual(recent.use("d", bytes: 11), ["a", "c"], "one set is kept however large it is")
  }

  func testAVariedPipelineKeepsWhatTheChangeLeaves() throws {
    let pipeline = try pipeline()
    let model = try pipeline.tailModel()
    let varied = pipeline.varied("more") { $0.distillation.alpha = 0.9 }
    XCTAssertEqual(try varied.tailModel().hash, model.hash)
    XCTAssertNotEqual(try varied.distilledModels().hash, try pipeline.distilledModels().hash)
    XCTAssertNotEqual(
      try pipeline.varied { $0.distillation.featureStage = 2 }.distilledModels().hash,
      try pipeline.distilledModels().hash)
    XCTAssertNotEqual(try pipeline.varied { $0.seed = 7 }.tailModel().hash, model.hash)
  }

  func testAnUnsetFeatureStageIsInNoKey() throws {
    let settings = PipelineSettings.profile(.smoke).distillation
    let text = String(decoding: try JSONEncoder().encode(settings), as: UTF8.self)
    XCTAssertFalse(text.contains("featureStage"), text)
  }

  func testTheFeatureOfAStageHasItsSize() {
    var stream = RandomStream(seed: 1, name: "stages")
    let model = ResNet(PipelineSettings.profile(.smoke).network, stream: &stream)
    model.isTraining = false
    let x = Tensor.normal([1, 32, 32, 3], from: &stream)
    XCTAssertEqual(model(x).feature.values, model(x, featureStage: 3).feature.values)
    let sides = (1...4).map { model(x, featureStage: $0).feature.shape[1] }
    XCTAssertEqual(sides, [16, 8, 4, 2])
    XCTAssertEqual((1...4).map { model(x, featureStage: $0).feature.shape[3] }, [24, 48, 96, 192])
  }

  func testDrawnPicturesAreTheSameInAnyNumberAndLieBetweenTheRealOnes() throws {
    let real = Tensor([Float](repeating: -1, count: 48) + [Float](repeating: 1, count: 48), shape: [2, 4, 4, 3])
    for drawing in TailDrawing.allCases {
      let many = drawing.draw(9, from: real, label: 3, seed: 5)
      XCTAssertEqual(drawing.draw(4, from: real, label: 3, seed: 5), Array(many.prefix(4)), "\(drawing)")
      XCTAssertNotEqual(drawing.draw(9, from: real, label: 4, seed: 5), many, "\(drawing)")
    }
    // mixup gives one grey over a picture, which varies between pictures; CutMix nothing but the two colours.
    let mixed = TailDrawing.mixup.draw(20, from: real, label: 0, seed: 1)
    XCTAssertTrue(mixed.allSatisfy { Set($0.pixels).count == 1 })
    XCTAssertGreaterThan(Set(mixed.map { $0.pixels[0] }).count, 10)
    let cut = TailDrawing.cutMix.draw(20, from: real, label: 0, seed: 1)
    XCTAssertTrue(cut.allSatisfy { Set($0.pixels).isSubset(of: [0, 255]) })
    XCTAssertTrue(cut.contains { Set($0.pixels).count == 2 })
    // Of a single picture nothing can be blended.
    let single = real.slice(0, 0..<1)
    XCTAssertEqual(TailDrawing.mixup.draw(2, from: single, label: 0, seed: 1), pictures(single) + pictures(single))
  }

  func testEveryExpansionAddsItsCountAndIsMeasured() throws {
    let pipeline = try pipeline()
    for drawing in TailDrawing.allCases {
      let added = try pipeline.addedImages(.drawn(drawing))
      XCTAssertTrue(pipeline.data.split.tailClasses.allSatisfy { added.counts[$0] == 5 })
      XCTAssertEqual(added.count, 5 * pipeline.data.split.tailClasses.count)
    }
    XCTAssertNotNil(try pipeline.quality(of: .drawn(.mixup)).mean(\.diversity))
  }

  func testABackboneIsTrainedAndScoredOnce() throws {
    let pipeline = try pipeline()
    var training = pipeline.settings.classifier
    (training.batchSize, training.steps) = (2, 1)
    let scores = try pipeline.classify(.none, backbone: .resnet18, training: training, seed: 1)
    XCTAssertEqual(scores.outcomes?.truth.count, 40)
    XCTAssertEqual(try pipeline.classify(.none, backbone: .resnet18, training: training, seed: 1), scores)
  }

  func testWalksRunFromEachLatentToBothSides() throws {
    let (strengths, walks) = try pipeline().latentWalks(.plain, directions: 2, starts: 2, reach: 1, steps: 3)
    XCTAssertEqual(walks.map(\.name), ["direction 1", "direction 2", "random 1", "random 2"])
    XCTAssertEqual(walks[0].strength, Double(strengths[0]))
    XCTAssertGreaterThanOrEqual(strengths[0], strengths[1])
    for walk in walks {
      XCTAssertEqual(walk.strips.count, 24)
      XCTAssertTrue(walk.strips.allSatisfy { $0.pictures.count == 3 })
      XCTAssertTrue((0...1).contains(walk.keptClass))
    }
    // The middle is the latent itself, in every direction.
    XCTAssertEqual(walks[0].strips[5].pictures[1], walks[3].strips[5].pictures[1])
    XCTAssertNotEqual(walks[0].strips[5].pictures[0], walks[0].strips[5].pictures[2])
  }
}
