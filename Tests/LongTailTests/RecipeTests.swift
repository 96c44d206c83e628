import Engine
import Imaging
import Models
import XCTest

@testable import LongTail

/// The switches between what the paper describes and what the released code does.
final class RecipeTests: XCTestCase {
  /// A few steps with every guide; the bits of the networks afterwards.
  private func trained(_ departures: [Departure], steps: Int = 3, change: (inout CDTGSettings) -> Void = { _ in }) throws
    -> (bits: [UInt32], training: GeneratorTraining)
  {
    var tiny = TinyTraining()
    tiny.settings.pathEvery = 2
    for departure in departures { tiny.settings.apply(departure) }
    change(&tiny.settings)
    let training = tiny.started()
    try tiny.train(training, steps: 0..<steps)
    return (TinyTraining.bits(training), training)
  }

  func testEachSwitchOfTheGeneratorChangesItsTraining() throws {
    let paper = try trained([]).bits
    XCTAssertEqual(paper, try trained([]).bits)
    for departure: Departure in [
      .guidesOnlyLogged, .textOnBytes, .textSoftmaxTwice, .fusionNotLearned, .noisyTraining, .tailModelInTraining,
      .guidesSeeAugmented,
    ] {
      XCTAssertNotEqual(paper, try trained([departure]).bits, departure.rawValue)
    }
  }

  func testReadingCLIPAtEveryStepChangesNoBit() throws {
    XCTAssertEqual(try trained([]).bits, try trained([.clipReadEachStep]).bits)
  }

  func testGuidesThatAreOnlyLoggedHaveNoEffectAtAll() throws {
    let (logged, training) = try trained([.guidesOnlyLogged])
    XCTAssertEqual(logged, try trained([.guidesOnlyLogged, .textSoftmaxTwice]).bits)
    XCTAssertEqual(logged, try trained([.guidesOnlyLogged, .textOnBytes, .guidesSeeAugmented]).bits)
    XCTAssertFalse(training.losses.summary.isEmpty)
    XCTAssertTrue(training.losses.summary.contains("text"), training.losses.summary)
  }

  func testTheTextLossOnBytesHasNoGradient() throws {
    XCTAssertEqual(try trained([.textOnBytes]).bits, try trained([], change: { $0.textWeight = 0 }).bits)
  }

  func testAFusionLayerThatIsNotLearnedStays() throws {
    let before = try trained([], steps: 0).training.networks.fusion!.states.map(\.state.value.values)
    let fixed = try trained([.fusionNotLearned]).training.networks
    XCTAssertEqual(before, fixed.fusion!.states.map(\.state.value.values))
    XCTAssertNotEqual(before, try trained([]).training.networks.fusion!.states.map(\.state.value.values))
    fixed.redrawFusion(seed: 1, for: "generation")
    XCTAssertNotEqual(before, fixed.fusion!.states.map(\.state.value.values))
  }

  func testStyleMixing() throws {
    let never = try trained([], change: { ($0.mixesStyles, $0.styleMixingShare) = (false, nil) }).bits
    let always = try trained([.alwaysMixesStyles]).bits
    XCTAssertNotEqual(never, always)
    var settings = CDTGSettings.paper
    XCTAssertEqual(settings.styleMixingShare, 0.9)
    settings.apply(.alwaysMixesStyles)
    XCTAssertNil(settings.styleMixingShare)
  }

  func testFeaturesInTrainingModeAreThoseOfEachPictureAlone() {
    var stream = RandomStream(seed: 2, name: "test")
    let model = ResNet(
      .init(block: .basic, blocks: [1, 1, 1, 1], width: 4, classes: 2, stem: .smallHalving), stream: &stream)
    let pictures = Tensor.uniform([3, 16, 16, 3], -1, 1, from: &stream)
    let together = model.startingFeatures(pictures, inTraining: true)
    let second = model.startingFeatures(pictures.slice(0, 1..<2), inTraining: true)
    XCTAssertEqual(together.slice(0, 1..<2).values, second.values)
    XCTAssertNotEqual(second.values, model.startingFeatures(pictures.slice(0, 1..<2), inTraining: false).values)
    XCTAssertTrue(together.isFinite)
  }

  func testTheReleasedRecipeSetsEverySwitchOfTheSettings() throws {
    var settings = PipelineSettings.profile(.default)
    settings.apply(Recipe.paper)
    XCTAssertEqual(settings, .profile(.default))
    settings.apply(Recipe.released)
    XCTAssertEqual(settings.cdtg.trainingNoiseRatio, [0.8, 0.8])
    XCTAssertEqual(settings.generation.noiseRatio, 0.05)
    XCTAssertEqual(settings.generation.imagesPerClass, 11)
    XCTAssertTrue(settings.distillation.continuesSchedule)
    XCTAssertEqual(settings.headModel.epochs, 1)
    XCTAssertEqual(settings.tailModel.startsShortcutsAtRandom, true)
    XCTAssertNil(settings.classifier.startsShortcutsAtRandom)
    XCTAssertEqual(settings.cdtg.departures?.all, Set(Departure.allCases.filter(\.concernsGenerator)))
    XCTAssertTrue(settings.cdtg.mixesStyles)
    let copy = try JSONDecoder().decode(PipelineSettings.self, from: try JSONEncoder().encode(settings))
    XCTAssertEqual(copy, settings)
  }

  /// Keys of finished stages are hashes of the encoded settings: what is not set must leave no trace in them.
  func testSwitchesThatAreOffLeaveNoTraceInTheSettings() throws {
    let text = String(decoding: try JSONEncoder().encode(PipelineSettings.profile(.default)), as: UTF8.self)
    for key in ["departures", "styleMixingShare", "startsShortcutsAtRandom", "filter"] {
      XCTAssertFalse(text.contains(key), key)
    }
  }

  func testSettingsThatAreNotSetCanBeSetByPath() throws {
    var settings = PipelineSettings.profile(.smoke)
    try settings.override("cdtg.departures=[\"text-softmax-twice\"]")
    XCTAssertEqual(settings.cdtg.departures, [.textSoftmaxTwice])
    try settings.override("cdtg.recomputesActivations=true")
    XCTAssertEqual(settings.cdtg.recomputesActivations, true)
    try settings.override("generation.filter=either")
    XCTAssertEqual(settings.generation.filter, ImageFilter(judge: .either))
    XCTAssertThrowsError(try settings.override("cdtg.departures=[\"nonsense\"]"))
    XCTAssertThrowsError(try settings.override("cdtg.departure=[]")) { XCTAssertTrue("\($0)".contains("iterations"), "\($0)") }
  }

  func testShortcutsStayWhereStartingWeightsDoNotReachThem() throws {
    let settings = PipelineSettings.profile(.default)
    func model(_ leaves: Bool?) throws -> ResNet {
      var network = settings.network
      network.classes = 3
      var stream = RandomStream(seed: 1, name: "test")
      let model = ResNet(network, stream: &stream)
      if let leaves { try StartingWeights().start(model, leavesShortcuts: leaves) }
      return model
    }
    let (random, started, partly) = (try model(nil), try model(false), try model(true))
    var shortcuts = 0
    for ((key, a), ((_, b), (_, c))) in zip(random.parameters, zip(started.parameters, partly.parameters)) {
      if key.hasPrefix("fc.") { continue }
      let expected = key.contains(".shortcut.") ? a : b
      if key.contains(".shortcut.") { shortcuts += 1 }
      XCTAssertEqual(c.value.values, expected.value.values, key)
    }
    XCTAssertGreaterThan(shortcuts, 0)
  }
}
