import Checkpoints
import Engine
import Foundation
import Models
import XCTest

@testable import LongTail

/// The released `.pt` file: training goes on from it, and files of other origin are refused in a line.
final class GeneratorCheckpointTests: XCTestCase {
  private var folder = FileManager.default.temporaryDirectory

  override func setUpWithError() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("checkpoint-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  override func tearDown() { try? FileManager.default.removeItem(at: folder) }

  private var adaptive: TinyTraining {
    var tiny = TinyTraining()
    tiny.settings.augmentation = .adaptive
    (tiny.settings.augmentation.adaptive!.interval, tiny.settings.augmentation.adaptive!.length) = (2, 40)
    return tiny
  }

  /// The checkpoint after some steps, and the training that wrote it.
  private func saved(_ tiny: TinyTraining, after steps: Int) throws -> (GeneratorCheckpoint, GeneratorTraining) {
    let training = tiny.started()
    try tiny.train(training, steps: 0..<steps)
    let file = folder.appendingPathComponent("\(steps).pt")
    try GeneratorCheckpoint.write(training, steps: steps, to: file)
    return (try GeneratorCheckpoint(contentsOf: file), training)
  }

  func testTrainingGoesOnFromTheReleasedFormatToTheSameBits() throws {
    let tiny = adaptive
    let whole = tiny.started()
    try tiny.train(whole, steps: 0..<7)
    // An odd step, so that the augmentation is between two changes, and after a path-length penalty.
    let (checkpoint, _) = try saved(tiny, after: 5)
    let second = tiny.started()
    XCTAssertEqual(try checkpoint.restore(second), 5)
    XCTAssertNotEqual(TinyTraining.bits(whole), TinyTraining.bits(second))
    try tiny.train(second, steps: 5..<7)
    XCTAssertEqual(TinyTraining.bits(whole), TinyTraining.bits(second))
    XCTAssertEqual(whole.losses.csv, second.losses.csv)
    XCTAssertEqual(whole.augmentStrength, second.augmentStrength)
    XCTAssertNotEqual(whole.augmentStrength?.value, 0, "the augmentation must have had a part in it")
  }

  func testTheStrengthOfTheAugmentationIsWhereTheReleasedCodePutsIt() throws {
    let (checkpoint, training) = try saved(adaptive, after: 4)
    guard case .float(let strength)? = checkpoint.file.root.value(at: "ada_aug_p") else { return XCTFail("no ada_aug_p") }
    XCTAssertGreaterThan(strength, 0)
    XCTAssertEqual(Float(strength), training.augmentStrength?.value)
    for name in ["g", "d", "g_ema", "g_optim.state.0.exp_avg", "d_optim.param_groups", "args.batch"] {
      XCTAssertNotNil(checkpoint.file.root.value(at: name), name)
    }
  }

  func testTheReleasedRecipeLeavesTheFusionLayerOut() throws {
    var tiny = TinyTraining()
    tiny.settings.apply(.fusionNotLearned)
    let (checkpoint, _) = try saved(tiny, after: 3)
    XCTAssertNil(checkpoint.file.root.value(at: "fusion"))
    let second = tiny.started()
    XCTAssertEqual(try checkpoint.restore(second), 3)
    let (networks, remarks) = try checkpoint.generator(featureCount: second.networks.fusion!.featureCount, seed: 1)
    XCTAssertNotNil(networks.fusion)
    XCTAssertTrue(remarks.contains { $0.contains("random") }, "\(remarks)")
  }

  /// The numbers in `g_optim` are those of PyTorch's `parameters()`, read from the released classes.
  func testMomentsAreNumberedAsPyTorchDoes() throws {
    struct Order: Decodable {
      var generator, discriminator: [String]
    }
    let url = Bundle.module.resourceURL!.appendingPathComponent("Fixtures/parameter-order.json")
    let expected = try JSONDecoder().decode(Order.self, from: try Data(contentsOf: url))
    var stream = RandomStream(seed: 1, name: "test")
    let channels = ChannelPlan.narrow(maximum: 8, product: 256)
    let generator = Generator(
      .init(size: 32, classes: 3, latentWidth: 8, mappingLayers: 2, channels: channels), stream: &stream)
    let discriminator = Discriminator(.init(size: 32, classes: 3, labelWidth: 4, channels: channels), stream: &stream)
    for (module, names) in [(generator as Module, expected.generator), (discriminator, expected.discriminator)] {
      let keys = module.parameters.map(\.key)
      XCTAssertEqual(pyTorchOrder(keys).map { keys[$0] }, names)
    }
  }

  private func assertOneLine(_ body: () throws -> Void, _ words: String..., file: StaticString = #filePath, line: UInt = #line) {
    XCTAssertThrowsError(try body(), file: file, line: line) { error in
      let text = "\(error)"
      XCTAssertFalse(text.contains("\n"), text, file: file, line: line)
      for word in words { XCTAssertTrue(text.contains(word), "\(word) in: \(text)", file: file, line: line) }
    }
  }

  func testACheckpointOfAnotherSizeIsRefused() throws {
    let (checkpoint, _) = try saved(TinyTraining(), after: 1)
    var larger = TinyTraining()
    larger.settings.side = 32
    let other = larger.started()
    assertOneLine(
      { _ = try checkpoint.start(other.networks, other.average, other.discriminator) }, "16 px", "32 px", "--ckpt")
  }

  func testACheckpointOfOtherClassesStartsWithARemark() throws {
    let (checkpoint, first) = try saved(TinyTraining(), after: 1)
    var stream = RandomStream(seed: 1, name: "test")
    let settings = TinyTraining().settings
    func build() -> ConditionalGenerator {
      ConditionalGenerator(
        settings.generatorConfiguration(classes: 5), featureCount: first.networks.fusion!.featureCount, stream: &stream)
    }
    let (networks, average) = (build(), build())
    let discriminator = Discriminator(settings.discriminatorConfiguration(classes: 5), stream: &stream)
    let remarks = try checkpoint.start(networks, average, discriminator)
    XCTAssertEqual(remarks.count, 1, "\(remarks)")
    XCTAssertTrue(remarks[0].contains("3 classes") && remarks[0].contains("5"), remarks[0])
    XCTAssertEqual(
      networks.fusion!.states[0].state.value.values, first.networks.fusion!.states[0].state.value.values)
  }

  func testAReleasedFileCannotBeGoneOnFromExactly() throws {
    let training = TinyTraining().started()
    var root = CheckpointDictionary()
    root["g"] = CheckpointValue(StateDictionary(training.networks.generator))
    root["d"] = CheckpointValue(StateDictionary(training.discriminator))
    root["g_ema"] = CheckpointValue(StateDictionary(training.average.generator))
    let file = folder.appendingPathComponent("200000.pt")
    try CheckpointValue.dictionary(root).writePyTorch(to: file)
    let checkpoint = try GeneratorCheckpoint(contentsOf: file)
    XCTAssertEqual(checkpoint.iteration, 200_000)
    assertOneLine({ _ = try checkpoint.restore(training) }, "fusion", "--continue")
  }

  func testGradientsThatAreNotFiniteStopWithTheTensorsName() throws {
    let key = "generator.to_rgb1.bias"
    XCTAssertThrowsError(
      try requireFinite([Tensor([1, .infinity], shape: [2])], keys: [key], of: "the generator's loss", step: 7)
    ) { error in
      XCTAssertTrue("\(error)".contains("step 7") && "\(error)".contains(key), "\(error)")
    }
    let tiny = TinyTraining()
    let training = tiny.started()
    let bias = training.networks.parameters.first { $0.key == key }!.parameter
    bias.set(Tensor(repeating: .nan, shape: bias.value.shape))
    XCTAssertThrowsError(try tiny.train(training, steps: 4..<5)) { error in
      XCTAssertTrue("\(error)".contains("at step 4"), "\(error)")
    }
  }

  func testADivergedRunNamesTheLastGoodState() throws {
    let tiny = TinyTraining()
    let training = tiny.started()
    let file = folder.appendingPathComponent("state.safetensors")
    var run = TrainingRun("tiny", file: file)
    run.stepsBetweenCheckpoints = 2
    XCTAssertThrowsError(
      try run.run(steps: 9, state: training.state, start: { _ in }) { step in
        if step == 5 { throw DivergedError(quantity: "the gradient of the R1 penalty by convs.0.weight", step: step) }
        try tiny.train(training, steps: step..<(step + 1))
        return ""
      }
    ) { error in
      let text = "\(error)"
      XCTAssertTrue(text.contains("after step 4") && text.contains(file.path), text)
      XCTAssertFalse(text.contains("\n"))
    }
    XCTAssertEqual(try tiny.started().state.read(from: file), 4)
  }

  func testAStateOfOtherSettingsIsRefused() throws {
    let tiny = TinyTraining()
    let file = folder.appendingPathComponent("state.safetensors")
    var state = tiny.started().state
    state.origin = "seed 1\n  \"side\" : 16"
    try state.write(to: file, steps: 3)
    XCTAssertEqual(try state.read(from: file), 3)
    state.origin = "seed 1\n  \"side\" : 32"
    assertOneLine({ _ = try state.read(from: file) }, "\"side\" : 16", "\"side\" : 32", "--out")
  }
}
