import Imaging
import XCTest

@testable import LongTail

final class SceneCatalogueTests: XCTestCase {
  func testCataloguesListThePublishedClassesInLabelOrder() {
    XCTAssertEqual(SceneCatalogue.dior.classNames.count, 20)
    XCTAssertEqual(SceneCatalogue.dota.classNames.count, 15)
    XCTAssertEqual(SceneCatalogue.fgsc.classNames.count, 23)
    XCTAssertEqual(SceneCatalogue.dior.classNames[7], "Expressway-Service-area")
    XCTAssertEqual(SceneCatalogue.dior.prompts[8], "expressway toll station")
    XCTAssertEqual(SceneCatalogue.dota.classNames[9], "ship")
    XCTAssertEqual(SceneCatalogue.fgsc.classNames[16], "hovercraft")
    for catalogue in [SceneCatalogue.dior, .dota, .fgsc] {
      XCTAssertEqual(Set(catalogue.classNames).count, catalogue.classNames.count)
      XCTAssertEqual(Set(catalogue.prompts).count, catalogue.prompts.count)
    }
  }

  func testPublishedTotals() {
    XCTAssertEqual(SceneCatalogue.dior.publishedTrainCounts.reduce(0, +), 68_073)
    XCTAssertEqual(SceneCatalogue.dior.publishedTestCounts.reduce(0, +), 124_445)
    XCTAssertEqual(SceneCatalogue.dota.publishedTestCounts.reduce(0, +), 28_853)
    XCTAssertEqual(SceneCatalogue.fgsc.publishedTestCounts.reduce(0, +), 825)
    XCTAssertEqual(Double(SceneCatalogue.dota.publishedTrainCounts.reduce(0, +)), 98_906, accuracy: 20)
    XCTAssertEqual(Double(SceneCatalogue.fgsc.publishedTrainCounts.reduce(0, +)), 3256, accuracy: 20)
  }

  func testLongTailCountsAreProportional() {
    let counts = SceneCatalogue.dior.longTailCounts(maximum: 500, minimum: 3)
    XCTAssertEqual(counts.max(), 500)
    XCTAssertEqual(counts[13], 500, "ship is DIOR's largest class")
    XCTAssertEqual(counts[18], Int((500.0 * 13725 / 27351).rounded()))
    XCTAssertEqual(counts[17], 9)
    XCTAssertEqual(SceneCatalogue.dior.longTailCounts(maximum: 100, minimum: 5).min(), 5)
    let published = SceneCatalogue.dior.publishedTrainCounts
    for (a, b) in zip(counts, published) { XCTAssertEqual(Double(a), Double(b) * 500 / 27351, accuracy: 0.51) }
  }

  func testCaptionsNameTheClassAndVary() {
    for catalogue in [SceneCatalogue.dior, .dota, .fgsc] {
      for (label, drawn) in catalogue.classes.enumerated() {
        let captions = (0..<60).map { catalogue.scene(class: label, side: 1, seed: 4, index: UInt64($0)).caption }
        for caption in captions {
          XCTAssertTrue(caption.contains(drawn.noun) || caption.contains(drawn.plural), caption)
          XCTAssertFalse(caption.contains("  "), caption)
        }
        XCTAssertGreaterThan(Set(captions).count, 25, drawn.name)
      }
    }
  }

  func testGroundIsSaidOnlyWhereItIsDrawn() {
    for index in 0..<200 as Range<UInt64> {
      let caption = SceneCatalogue.fgsc.scene(class: 2, side: 1, seed: 9, index: index).caption
      for phrase in Ground.allCases.filter({ $0 != .water }).flatMap(\.phrases) {
        XCTAssertFalse(caption.contains(phrase), caption)
      }
    }
  }

  /// Nearest neighbour on crude features: far above chance, so the classes differ; far from perfect, so they are
  /// not given away by colour alone.
  func testClassesAreTellableButNotTrivial() {
    for (catalogue, floor) in [(SceneCatalogue.dior, 4.0), (.dota, 4.0), (.fgsc, 3.0)] {
      let classes = catalogue.classNames.count
      let counts = catalogue.classNames.map { _ in 30 }
      let known = catalogue.scenes(counts: counts, side: 32, seed: 1).map {
        $0.map { SceneFeatures.turnless($0.image) }
      }
      let asked = catalogue.scenes(counts: counts.map { _ in 10 }, side: 32, seed: 1, firstIndex: 10_000)
      var right = 0
      for (label, scenes) in asked.enumerated() {
        for scene in scenes {
          let features = SceneFeatures.turnless(scene.image)
          let nearest = known.map { $0.map { SceneFeatures.distance($0, features) }.min() ?? .infinity }
          if nearest.indices.min(by: { nearest[$0] < nearest[$1] }) == label { right += 1 }
        }
      }
      let accuracy = Double(right) / Double(classes * 10)
      XCTAssertGreaterThan(accuracy, floor / Double(classes), "\(catalogue.name): \(accuracy)")
      XCTAssertLessThan(accuracy, 0.85, "\(catalogue.name): \(accuracy)")
    }
  }

  func testEveryClassVariesWithin() {
    for catalogue in [SceneCatalogue.dior, .dota, .fgsc] {
      let counts = catalogue.classNames.map { _ in 40 }
      for (label, scenes) in catalogue.scenes(counts: counts, side: 16, seed: 6).enumerated() {
        let pictures = scenes.map { SceneFeatures.pooled($0.image, to: 8) }
        let size = pictures[0].count
        let mean = (0..<size).map { i in pictures.reduce(0) { $0 + $1[i] } / Float(pictures.count) }
        let variance = pictures.reduce(0) { $0 + SceneFeatures.distance($1, mean) } / Float(pictures.count * size)
        XCTAssertGreaterThan(variance, 0.008, "\(catalogue.classNames[label]) of \(catalogue.name)")
      }
    }
  }
}
