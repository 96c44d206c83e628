import Engine
import Foundation
import Models
import Notebook

extension Experiment {
  /// Prints what each part will cost here: one step of each kind is run on random pictures and multiplied up.
  func printEstimate(_ parts: [(name: String, weight: Double)]) throws {
    let classifier = measureClassifierStep(settings.classifier, settings.network)
    let judge = measureClassifierStep(settings.judge, settings.judgeNetwork)
    let generator = try measureGeneratorStep(settings.cdtg)
    var rows: [[String]] = [["part", "steps", "operations", "memory", "time"]]
    var total = 0.0
    for part in parts {
      let kind = part.name.split(separator: " ")[0]
      let (cost, steps): (StepCost, Double)
      switch kind {
      case "generator": (cost, steps) = (generator, Double(settings.cdtg.iterations))
      case "images": continue
      case "classifier": (cost, steps) = (classifier, stepCount(settings.classifier, images: data.train.count))
      case "judge": (cost, steps) = (judge, stepCount(settings.judge, images: data.judging.count))
      case "head-model": (cost, steps) = (classifier, stepCount(settings.headModel, images: pipeline.headData.count))
      case "tail-model": (cost, steps) = (classifier, stepCount(settings.tailModel, images: pipeline.tailData.count))
      default: (cost, steps) = (classifier, stepCount(settings.distillation.schedule, images: data.train.count / 2))
      }
      total += cost.seconds * steps
      rows.append([
        part.name, "\(Int(steps))", NumberFormat.fixed(cost.operations * steps / 1e12, digits: 1) + " T",
        "\(cost.bytes >> 20) MiB", ProgressBar.duration(cost.seconds * steps),
      ])
    }
    rows.append(["in all", "", "", "", ProgressBar.duration(total)])
    let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max()! }
    for row in rows {
      print(row.enumerated().map { column, text in
        let padding = String(repeating: " ", count: widths[column] - text.count)
        return column == 0 ? text + padding : padding + text
      }.joined(separator: "  "))
    }
  }

  private struct StepCost {
    var seconds: Double
    var operations: Double
    var bytes: Int
  }

  private func stepCount(_ training: ClassifierSettings, images: Int) -> Double {
    Double(training.totalSteps(perEpoch: (images + training.batchSize - 1) / training.batchSize))
  }

  /// The second of two steps; the first also warms up the buffers.
  private func measure(scale: Double, _ step: () throws -> Void) rethrows -> StepCost {
    try step()
    _ = BufferPool.takePeakBytes()
    let (start, before) = (ProcessInfo.processInfo.systemUptime, OperationCounter.total)
    try step()
    return StepCost(
      seconds: scale * (ProcessInfo.processInfo.systemUptime - start),
      operations: scale * Double(OperationCounter.total - before), bytes: Int(scale * Double(BufferPool.takePeakBytes())))
  }

  private func measureClassifierStep(_ training: ClassifierSettings, _ network: ResNetConfiguration) -> StepCost {
    let batch = min(training.batchSize, training.side > 64 ? 4 : 64)
    var stream = RandomStream(seed: 0, name: "estimate")
    var architecture = network
    architecture.classes = data.train.classCount
    let model = ResNet(architecture, stream: &stream)
    let parameters = model.parameters.map(\.parameter)
    let optimizer = Adam(parameters)
    let pictures = Tensor.uniform([batch, training.side, training.side, 3], -1, 1, from: &stream)
    return measure(scale: Double(training.batchSize) / Double(batch)) {
      let loss = crossEntropy(model(pictures).logits, (0..<batch).map { $0 % data.train.classCount })
      optimizer.step(gradients(of: loss, withRespectTo: parameters.map(\.value)))
    }
  }

  private func measureGeneratorStep(_ cdtg: CDTGSettings) throws -> StepCost {
    let batch = min(cdtg.batchSize, cdtg.side > 64 ? 2 : 32)
    var stream = RandomStream(seed: 0, name: "estimate")
    let classes = data.train.classCount
    var settings = cdtg
    settings.batchSize = batch
    // Both regularisations in the measured steps would count them too often: one step in four is the usual mean.
    (settings.r1Every, settings.pathEvery) = (8, 2)
    func build() -> ConditionalGenerator {
      var stream = RandomStream(seed: 0, name: "estimate")
      return ConditionalGenerator(cdtg.generatorConfiguration(classes: classes), featureCount: nil, stream: &stream)
    }
    let training = GeneratorTraining(
      settings: settings, networks: build(), average: build(),
      discriminator: Discriminator(cdtg.discriminatorConfiguration(classes: classes), stream: &stream),
      guides: GeneratorGuides(), seed: 0)
    let pictures = Tensor.uniform([batch, cdtg.side, cdtg.side, 3], -1, 1, from: &stream)
    var number = 0
    let cost = try measure(scale: Double(cdtg.batchSize) / Double(batch)) {
      // Two steps, one of them with the path length: the mean of both.
      for _ in 0..<2 {
        try training.step(number, pictures: pictures, labels: (0..<batch).map { $0 % classes })
        number += 1
      }
    }
    return StepCost(seconds: cost.seconds / 2, operations: cost.operations / 2, bytes: cost.bytes)
  }
}
