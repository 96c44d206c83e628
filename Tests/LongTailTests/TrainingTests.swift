import Engine
import Imaging
import Models
import XCTest

@testable import LongTail

/// Training loops: the same bits on any number of threads and after a stop.
final class TrainingTests: XCTestCase {
  private let tiny = TinyTraining(hasText: false)

  func testGeneratorTrainingIsTheSameOnAnyNumberOfThreads() throws {
    defer { Parallel.threadCount = 2 }
    let results = try [1, 2, 3].map { threads in
      Parallel.threadCount = threads
      let training = tiny.started()
      try tiny.train(training, steps: 0..<4)
      return TinyTraining.bits(training)
    }
    XCTAssertEqual(results[0], results[1])
    XCTAssertEqual(results[0], results[2])
    XCTAssertNotEqual(results[0], TinyTraining.bits(tiny.started()), "training must have changed something")
  }

  func testGeneratorTrainingGoesOnAfterAStopToTheSameBits() throws {
    let whole = tiny.started()
    try tiny.train(whole, steps: 0..<6)

    let file = FileManager.default.temporaryDirectory.appendingPathComponent("resume-\(UUID()).safetensors")
    defer { try? FileManager.default.removeItem(at: file) }
    let first = tiny.started()
    try tiny.train(first, steps: 0..<3)
    try first.state.write(to: file, steps: 3)

    let second = tiny.started()
    XCTAssertEqual(try second.state.read(from: file), 3)
    try tiny.train(second, steps: 3..<6)
    XCTAssertEqual(TinyTraining.bits(whole), TinyTraining.bits(second))
    XCTAssertEqual(whole.losses.csv, second.losses.csv)
  }

  func testEveryPartOfTheGeneratorLearns() throws {
    let training = tiny.started()
    let before = training.networks.parameters.map { ($0.key, $0.parameter.value.copy()) }
    try tiny.train(training, steps: 0..<4)
    for ((key, old), (_, parameter)) in zip(before, training.networks.parameters) {
      XCTAssertNotEqual(old.values, parameter.value.values, "\(key) did not move")
    }
  }

  func testADivergedRunStopsWithTheStep() throws {
    let training = tiny.started()
    let pictures = Tensor(repeating: .nan, shape: [4, 16, 16, 3])
    XCTAssertThrowsError(try training.step(5, pictures: pictures, labels: [0, 1, 2, 0])) { error in
      XCTAssertTrue("\(error)".contains("step 5"), "\(error)")
    }
  }

  func testARandomBackboneGoesOnAfterAStopToTheSameBits() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("dropout-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let images = DecodedImages(
      ObjectDataset(
        classNames: ["dark", "light"],
        items: (0..<12).map { number in
          let image = Image(width: 32, height: 32, fill: [UInt8(20 * number), 40, UInt8(200 - 10 * number)])
          return .init(label: number / 6, source: .memory(image))
        }), side: 32)
    var settings = ClassifierSettings.released(epochs: 2)
    (settings.side, settings.batchSize, settings.steps) = (32, 4, 4)

    struct Stop: Error {}
    /// The weights after four steps; with a stop, first two steps of a run that is then lost, but for its state.
    func train(stopAt: Int?) throws -> [UInt32] {
      var stream = RandomStream(seed: 1, name: "start")
      let model = try BackboneName(named: "efficientnet-b0").network(classes: 2, stream: &stream)
      let file = folder.appendingPathComponent(stopAt == nil ? "whole" : "stopped")
      var run = TrainingRun("dropout", file: file) { done in
        if done - 1 == stopAt { throw Stop() }
      }
      run.secondsBetweenCheckpoints = 0
      try trainClassifier(model, on: images, settings: settings, seed: 5, name: "dropout", run: run)
      return model.states.flatMap { $0.state.value.values.map(\.bitPattern) }
    }
    let whole = try train(stopAt: nil)
    XCTAssertThrowsError(try train(stopAt: 2)) { XCTAssertTrue($0 is Stop) }
    XCTAssertEqual(try train(stopAt: -1), whole)
  }

  func testDistillationTeachesTheStudentAlone() {
    var stream = RandomStream(seed: 2, name: "test")
    let shape = ResNetConfiguration(block: .basic, blocks: [1, 1, 1, 1], width: 4, classes: 3, stem: .smallHalving)
    let (student, teacher) = (ResNet(shape, stream: &stream), ResNet(shape, stream: &stream))
    let pictures = Tensor.uniform([4, 16, 16, 3], -1, 1, from: &stream)
    let target = withoutRecording { teacher(pictures).feature }
    let labels = [0, 1, 2, 0]
    let weighted = distillationLoss(student: student, pictures: pictures, labels: labels, target: target, alpha: 0.2)
    XCTAssertEqual(
      weighted.loss.item, weighted.crossEntropy.item + 0.2 * weighted.feature.item, accuracy: 1e-5 * weighted.loss.item)
    let own = student(pictures).feature
    let perfect = distillationLoss(student: student, pictures: pictures, labels: labels, target: own.detached, alpha: 1)
    XCTAssertEqual(perfect.feature.item, 0, accuracy: 1e-9)
  }
}
