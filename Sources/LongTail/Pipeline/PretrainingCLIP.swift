import Checkpoints
import Engine
import Foundation
import Models
import Notebook

extension Pretraining {
  /// A small CLIP trained on captioned scenes of all classes: each picture must find its caption among the batch's,
  /// and each caption its picture (Radford et al. 2021).
  func smallCLIP() throws -> StageResult {
    var key = settings
    (key.generatorIterations, key.generatorBatch, key.scenesPerDrawnClass, key.scenesPerHeadClass) = (0, 0, 0, 0)
    return try store.run(Stage(name: "small-clip", version: 1, settings: key)) { context in
      let scenes = captionedScenes()
      let tokenizer = BytePairTokenizer.learned(
        from: scenes.map(\.caption), vocabularySize: settings.vocabularySize, contextLength: 32)
      let configuration = CLIPConfiguration.small32(vocabularySize: tokenizer.vocabularySize)
      var stream = RandomStream(seed: settings.seed, name: "small-clip.start")
      let model = CLIP(configuration, stream: &stream)
      let parameters = model.parameters.map(\.parameter)
      let optimizer = Adam(
        parameters, learningRate: settings.clipLearningRate, betas: (0.9, 0.98), epsilon: 1e-6, weightDecay: 0)
      var state = TrainingState()
      state.add("model", model)
      state.add("optimizer", optimizer)
      let images = DecodedImages(
        ObjectDataset(classNames: ["scene", "none"], items: scenes.map { .init(label: 0, source: .memory($0.image)) }),
        side: configuration.imageSize)
      let tokens = scenes.map { tokenizer.encode($0.caption) }
      let batches = BatchSettings(
        side: configuration.imageSize, batchSize: settings.clipBatch, seed: settings.seed, streamName: "small-clip",
        flips: true, dropsLast: true)
      var loader: BatchLoader?
      var shown: Float = 0
      let run = TrainingRun(context: context) { ProgressBar("small-clip", total: $0, done: $1) }
      let parallel = run.parallel
      try run.run(steps: settings.clipSteps, state: state) { first in
        loader = try BatchLoader(images, settings: batches, fromStep: first, parallel: parallel)
      } step: { step in
        guard let batch = try loader?.next() else { return "" }
        let share = parallel.begin(batch.allLabels.count)
        optimizer.learningRate = settings.clipLearningRate * schedule(step)
        // Every picture is held against every caption of the batch: each rank sees them all.
        let logits = model.logits(
          imageFeatures: parallel.gathered(model.imageFeatures(clipInput(batch.tensor))),
          textFeatures: parallel.gathered(model.textFeatures(batch.indices.map { tokens[$0] })))
        let order = Array(0..<share.total)
        let loss = (crossEntropy(logits, order) + crossEntropy(logits.transposed([1, 0]), order)) * 0.5
        optimizer.step(parallel.gradients(of: share.part(ofMean: loss), withRespectTo: parameters.map(\.value)))
        model.limitLogitScale()
        shown = step == 0 ? loss.item : 0.98 * shown + 0.02 * loss.item
        return "loss " + NumberFormat.fixed(Double(shown), digits: 3)
      }
      func json(_ value: some Encodable) throws -> String { String(decoding: try JSONEncoder().encode(value), as: UTF8.self) }
      try context.write(
        SafeTensors(
          StateDictionary(model),
          metadata: ["configuration": try json(configuration), "tokenizer": try json(tokenizer)]
        ), "weights.safetensors")
    }
  }

  /// Linear warm-up over a twentieth of the steps, then a cosine to zero.
  private func schedule(_ step: Int) -> Float {
    let warm = max(1, settings.clipSteps / 20)
    if step < warm { return Float(step + 1) / Float(warm) }
    let share = Double(step - warm) / Double(max(1, settings.clipSteps - warm))
    return Float(0.5 * (1 + cos(Double.pi * share)))
  }

  private func captionedScenes() -> [Scene] {
    [SceneCatalogue.dior, .dota, .fgsc].flatMap { catalogue in
      catalogue.scenes(
        counts: .init(repeating: settings.captionedPerClass, count: catalogue.classNames.count), side: 32,
        seed: settings.sceneSeed + 1
      ).flatMap { $0 }
    }
  }
}

extension CLIPConfiguration {
  /// The package's small CLIP: 8-pixel patches of 32 px pictures.
  static func small32(vocabularySize: Int) -> CLIPConfiguration {
    CLIPConfiguration(
      imageSize: 32, patchSize: 8, vision: Tower(width: 88, layers: 3, heads: 4), contextLength: 32,
      vocabularySize: vocabularySize, text: Tower(width: 64, layers: 2, heads: 4), embeddingWidth: 64)
  }
}

/// Pictures in [-1, 1] as CLIP's image encoder wants them: [0, 1], less CLIP's mean, over its deviation.
func clipInput(_ x: Tensor) -> Tensor {
  let scale = CLIP.deviation.map { 0.5 / $0 }
  let offset = zip(CLIP.mean, CLIP.deviation).map { (0.5 - $0) / $1 }
  return x * Tensor(scale, shape: [3]) + Tensor(offset, shape: [3])
}
