import Engine
import Foundation
import Models
import XCTest

@testable import LongTail

/// The weights that ship with the package.
final class StartingWeightsTests: XCTestCase {
  private let weights = StartingWeights()

  func testTheyAreSmallAndTheREADMENamesTheirChecksums() throws {
    let text = try String(contentsOf: weights.folder.appendingPathComponent("README.md"), encoding: .utf8)
    var bytes = 0
    for part in StartingWeights.Part.allCases {
      bytes += try Data(contentsOf: weights.file(part)).count
      XCTAssertTrue(text.contains(try weights.checksum(part)), "\(part): its checksum is not in the README")
    }
    XCTAssertLessThanOrEqual(bytes, 8_000_000)
  }

  func testAClassifierStartsFromAllButItsLastLayer() throws {
    var stream = RandomStream(seed: 3, name: "test")
    var configuration = PipelineSettings.profile(.default).network
    configuration.classes = 5
    let model = ResNet(configuration, stream: &stream)
    let before = model.states.map { ($0.key, $0.state.value.values) }
    try weights.start(model)
    for ((key, old), (_, state)) in zip(before, model.states) {
      if key.hasPrefix("fc.") {
        XCTAssertEqual(old, state.value.values, key)
      } else {
        XCTAssertNotEqual(old, state.value.values, key)
      }
    }
  }

  func testAGeneratorKeepsTheClassesThatTheBaseKnows() throws {
    let cdtg = PipelineSettings.profile(.default).cdtg
    func embedding(_ names: [String]) throws -> [[Float]] {
      var stream = RandomStream(seed: 4, name: "test")
      let networks = ConditionalGenerator(
        cdtg.generatorConfiguration(classes: names.count), featureCount: nil, stream: &stream)
      let discriminator = Discriminator(cdtg.discriminatorConfiguration(classes: names.count), stream: &stream)
      try weights.start(networks, discriminator, classNames: names)
      let table = networks.states.first { $0.key == "generator.label_emb.weight" }!.state.value
      return (0..<names.count).map { table.slice(0, $0..<($0 + 1)).values }
    }
    let one = try embedding(["bridge", "ship", "airplane"])
    let other = try embedding(["ship", "dam", "airplane"])
    XCTAssertEqual(one[1], other[0], "the ship's row")
    XCTAssertEqual(one[2], other[2], "the airplane's row")
    XCTAssertNotEqual(one[0], one[1])
  }

  func testCLIPFindsTheWordsForScenesItHasNotSeen() throws {
    let (model, tokenizer) = try weights.clip()
    let catalogue = SceneCatalogue.dior
    let guide = TextGuide(model: model, tokens: catalogue.prompts.map { tokenizer.encode("a photo of a \($0)") })
    var right = 0
    let perClass = 10
    for label in catalogue.prompts.indices {
      let images = DecodedImages(
        ObjectDataset(
          classNames: ["scene", "none"],
          items: (0..<perClass).map {
            .init(
              label: 0,
              source: .memory(catalogue.scene(class: label, side: 32, seed: 12_345, index: UInt64($0)).image))
          }), side: 32)
      let batch = try images.batch((0..<perClass).map { BatchEntry(index: $0, isFlipped: false) })
      let features = withoutRecording { unitLength(model.imageFeatures(clipInput(batch.tensor))) }
      let guesses = matmul(features, guide.classFeatures, transposeB: true).argmax()
      right += guesses.filter { $0 == label }.count
    }
    // Chance is one in twenty.
    XCTAssertGreaterThan(Double(right) / Double(20 * perClass), 0.4)
    print("zero-shot accuracy of the small CLIP on DIOR scenes: \(right) of \(20 * perClass)")
  }
}
