import XCTest

@testable import Engine

/// Optimizers and running statistics over several steps, against PyTorch.
final class TrainingFixtureTests: XCTestCase {
  private struct OptimizerFixture: Decodable {
    let optimizer: String
    let settings: [String: [Double]]
    let rates: [Float]
    let shapes: [[Int]]
    let steps: [[Fixture.Values]]

    func make(_ parameters: [Parameter]) -> any Optimizer {
      func number(_ key: String) -> Float { Float(settings[key]![0]) }
      if optimizer == "Adam" {
        return Adam(
          parameters, betas: (Float(settings["betas"]![0]), Float(settings["betas"]![1])), epsilon: number("epsilon"),
          weightDecay: number("weight_decay"))
      }
      return SGD(
        parameters, learningRate: 0, momentum: number("momentum"), weightDecay: number("weight_decay"),
        nesterov: number("nesterov") != 0)
    }

    func gradients(step: Int) -> [Tensor] {
      shapes.indices.map { formulaValues(shapes[$0], salt: 100 * $0 + step, scale: pow(2, Double(-step))) }
    }
  }

  private func startParameters(_ fixture: OptimizerFixture) -> [Parameter] {
    fixture.shapes.enumerated().map { Parameter(formulaValues($0.element, salt: 1 + $0.offset)) }
  }

  func testOptimizersFollowPyTorch() throws {
    let fixtures = try Fixture.read("optimizers", as: [OptimizerFixture].self)
    XCTAssertEqual(Set(fixtures.map(\.optimizer)), ["Adam", "SGD"])
    for fixture in fixtures {
      let parameters = startParameters(fixture)
      let optimizer = fixture.make(parameters)
      for (step, expected) in fixture.steps.enumerated() {
        optimizer.learningRate = fixture.rates[step]
        optimizer.step(fixture.gradients(step: step))
        for (index, values) in expected.enumerated() {
          assertClose(
            parameters[index].value, shape: values.shape, values.values, tolerance: 5e-6,
            "\(fixture.optimizer) \(fixture.settings) step \(step), parameter \(index)")
        }
      }
    }
  }

  func testAResumedOptimizerTakesTheSameSteps() throws {
    for fixture in try Fixture.read("optimizers", as: [OptimizerFixture].self) {
      let unbroken = startParameters(fixture)
      let first = fixture.make(unbroken)
      for step in 0..<3 {
        first.learningRate = fixture.rates[step]
        first.step(fixture.gradients(step: step))
      }
      let resumed = unbroken.map { Parameter($0.value.copy()) }
      let second = fixture.make(resumed)
      second.restore(Dictionary(uniqueKeysWithValues: first.state.map { ($0.key, $0.value.copy()) }))
      for step in 3..<6 {
        for optimizer in [first, second] {
          optimizer.learningRate = fixture.rates[step]
          optimizer.step(fixture.gradients(step: step))
        }
      }
      for (a, b) in zip(unbroken, resumed) { XCTAssertEqual(bits(a.value), bits(b.value), fixture.optimizer) }
    }
  }

  func testBatchNormKeepsRunningStatistics() throws {
    struct Step: Decodable { let output, mean, variance: Fixture.Values }
    struct RunningFixture: Decodable {
      let shape: [Int]
      let steps: [Step]
      let evaluation: Fixture.Values
    }
    let fixture = try Fixture.read("running-statistics", as: [RunningFixture].self)[0]
    let layer = BatchNorm2d(3)
    layer.weight.set(formulaValues([3], salt: 2, scale: 0.5, shift: 1))
    layer.bias.set(formulaValues([3], salt: 3))
    for (index, step) in fixture.steps.enumerated() {
      let output = layer(formulaValues(fixture.shape, salt: 10 + index, scale: 2, shift: 1))
      assertClose(output, shape: fixture.shape, step.output.values, tolerance: 5e-6, "output \(index)")
      assertClose(layer.running_mean.value, shape: [3], step.mean.values, tolerance: 5e-6, "running mean \(index)")
      assertClose(layer.running_var.value, shape: [3], step.variance.values, tolerance: 5e-6, "running var \(index)")
    }
    XCTAssertEqual(layer.num_batches_tracked.value.item, 3)

    layer.isTraining = false
    let before = [layer.running_mean.value, layer.running_var.value].map(bits)
    let output = layer(formulaValues(fixture.shape, salt: 20))
    assertClose(output, shape: fixture.shape, fixture.evaluation.values, tolerance: 5e-6, "evaluation")
    XCTAssertEqual([layer.running_mean.value, layer.running_var.value].map(bits), before, "evaluation moved statistics")
  }

  func testMovingAverageMovesParametersAndCopiesBuffers() {
    let (slow, model) = (BatchNorm2d(2), BatchNorm2d(2))
    slow.weight.set(Tensor([1, 2], shape: [2]))
    model.weight.set(Tensor([3, -2], shape: [2]))
    // A sum would lose these buffers' last bits: 1 + (1e-9 - 1) is 0.
    model.running_mean.set(Tensor([1e-9, 6], shape: [2]))
    slow.running_mean.set(Tensor([1, .infinity], shape: [2]))
    let average = MovingAverage(slow, of: model)
    average.update(decay: 0.75)
    XCTAssertEqual(slow.weight.value.values, [1.5, 1])
    XCTAssertEqual(slow.running_mean.value.values, [1e-9, 6])
    XCTAssertEqual(model.weight.value.values, [3, -2])
    // A parameter that was replaced is followed.
    model.weight.set(Tensor([5.5, 5], shape: [2]))
    average.update(decay: 0.5)
    XCTAssertEqual(slow.weight.value.values, [3.5, 3])
  }
}
