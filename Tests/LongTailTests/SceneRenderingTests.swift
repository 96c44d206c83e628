import Imaging
import XCTest

@testable import LongTail

final class SceneRenderingTests: XCTestCase {
  private let catalogues: [SceneCatalogue] = [.dior, .dota, .fgsc]

  func testSameSeedAndIndexGiveTheSameScene() {
    for catalogue in catalogues {
      for label in catalogue.classNames.indices {
        let first = catalogue.scene(class: label, side: 24, seed: 7, index: 3)
        XCTAssertEqual(first, catalogue.scene(class: label, side: 24, seed: 7, index: 3))
        XCTAssertNotEqual(first.image, catalogue.scene(class: label, side: 24, seed: 8, index: 3).image)
        XCTAssertNotEqual(first.image, catalogue.scene(class: label, side: 24, seed: 7, index: 4).image)
      }
    }
  }

  func testEveryClassRendersAtAnySide() {
    for catalogue in catalogues {
      for label in catalogue.classNames.indices {
        for (side, index) in [(1, 0), (2, 1), (7, 2), (32, 3), (64, 4)] {
          let image = catalogue.scene(class: label, side: side, seed: 1, index: UInt64(index)).image
          XCTAssertEqual([image.width, image.height, image.channels], [side, side, 3])
        }
      }
    }
  }

  /// Many indices at a small side reach the rare branches: two-bladed turbines, clouds, tandem rotors.
  func testRareBranchesRender() {
    for catalogue in catalogues {
      let counts = catalogue.classNames.map { _ in 150 }
      for scenes in catalogue.scenes(counts: counts, side: 6, seed: 2, firstIndex: 1000) {
        XCTAssertEqual(scenes.count, 150)
        XCTAssertEqual(Set(scenes.map(\.image.pixels)).count, 150, "every index is a picture of its own")
      }
    }
  }

  func testParallelRenderingIsTheSerialRenderingInOrder() {
    let counts = SceneCatalogue.dior.classNames.indices.map { $0 % 4 }
    let scenes = SceneCatalogue.dior.scenes(counts: counts, side: 12, seed: 5, firstIndex: 40)
    XCTAssertEqual(scenes.map(\.count), counts)
    for (label, drawn) in scenes.enumerated() {
      for (i, scene) in drawn.enumerated() {
        XCTAssertEqual(scene, SceneCatalogue.dior.scene(class: label, side: 12, seed: 5, index: UInt64(40 + i)))
      }
    }
  }

  /// The layout does not depend on the resolution: a large picture shrunk resembles the small one.
  func testOneIndexIsOneSceneAtEveryResolution() {
    var same: Float = 0
    var other: Float = 0
    for label in SceneCatalogue.dior.classNames.indices {
      let small = SceneCatalogue.dior.scene(class: label, side: 16, seed: 3, index: 0)
      let large = SceneCatalogue.dior.scene(class: label, side: 64, seed: 3, index: 0)
      let next = SceneCatalogue.dior.scene(class: label, side: 16, seed: 3, index: 1)
      XCTAssertEqual(small.caption, large.caption)
      let shrunk = SceneFeatures.pooled(large.image, to: 16)
      same += SceneFeatures.distance(shrunk, SceneFeatures.pooled(small.image, to: 16))
      other += SceneFeatures.distance(shrunk, SceneFeatures.pooled(next.image, to: 16))
    }
    XCTAssertLessThan(same, 0.25 * other)
  }

  func testCanvasCoverageIsExactArea() {
    var canvas = SceneCanvas(side: 8)
    canvas.fill(.circle(.zero, 0.7, sides: 200), SceneColour(repeating: 1), alpha: 1)
    let area = canvas.pixels.reduce(0) { $0 + $1.x } * (2.0 / 8) * (2.0 / 8)
    XCTAssertEqual(area, Float.pi * 0.49, accuracy: 2e-3)

    var clipped = SceneCanvas(side: 5)
    clipped.fill(.rectangle(.init(1, 0), .init(1, 1)), SceneColour(repeating: 1), alpha: 1)
    let visible = clipped.pixels.reduce(0) { $0 + $1.x } * (2.0 / 5) * (2.0 / 5)
    XCTAssertEqual(visible, 0.5, accuracy: 1e-4, "only the half inside the frame is painted")
  }

  func testUnitedOutlinesCoverOnceAndHolesStayOpen() {
    var canvas = SceneCanvas(side: 4)
    let square = Outline.rectangle(.zero, .init(1, 1))
    canvas.fill(square + square, SceneColour(repeating: 1), alpha: 0.5)
    XCTAssertEqual(canvas.pixels[5].x, 0.5, accuracy: 1e-5)

    var ring = SceneCanvas(side: 40)
    ring.fill(.ring(outer: .init(0.9, 0.9), inner: .init(0.5, 0.5)), SceneColour(repeating: 1), alpha: 1)
    XCTAssertEqual(ring.pixels[20 * 40 + 20].x, 0)
    XCTAssertEqual(ring.pixels[20 * 40 + 34].x, 1, accuracy: 1e-5)
  }

  func testSweptOutlineCoversTheWay() {
    var canvas = SceneCanvas(side: 20)
    let post = Outline.rectangle(.init(-0.5, 0), .init(0.2, 0.2)).swept(by: .init(1, 0))
    canvas.fill(post, SceneColour(repeating: 1), alpha: 1)
    let area = canvas.pixels.reduce(0) { $0 + $1.x } * 0.01
    XCTAssertEqual(area, 0.24, accuracy: 1e-3)
  }
}
