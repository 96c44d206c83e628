import Models

/// How the text-guided conditional GAN is built and trained (Section III of the paper; released `CDTG/train.py`).
public struct CDTGSettings: Codable, Equatable, Sendable {
  /// Width and height of the pictures drawn: a power of two.
  public var side: Int
  /// Width of z, w and the label embedding of the generator.
  public var latentWidth: Int
  public var mappingLayers: Int
  /// Planes of the discriminator's label embedding.
  public var labelWidth: Int
  public var channels: ChannelPlan

  public var batchSize: Int
  public var iterations: Int
  /// Of the generator's Adam, β = (0, 0.99), scaled by the share of steps without regularisation.
  public var learningRate: Float
  /// Of the discriminator's Adam; the released code has the same for both.
  public var discriminatorLearningRate: Float
  /// R1 weight; the penalty is taken every `r1Every` steps, weighted `r1Every` / 2 times.
  public var r1Weight: Float
  public var r1Every: Int
  /// Path-length weight; the penalty is taken every `pathEvery` steps on a batch `pathBatchShrink` times smaller.
  public var pathWeight: Float
  public var pathEvery: Int
  public var pathBatchShrink: Int
  /// After how many pictures the moving average has forgotten half; 10 000 in the released code (batch 32).
  public var averageHalfLife: Float
  /// r in training is drawn anew for each step from this range.
  public var trainingNoiseRatio: [Float]
  /// Two latents per picture, changing over at a random layer.
  public var mixesStyles: Bool
  /// Weight of the tail model's cross-entropy on drawn pictures.
  public var classifierWeight: Float
  /// Weight of the text-image cross-entropy on drawn pictures.
  public var textWeight: Float
  /// Whether head classes are drawn too, so that few tail pictures learn from many others. The paper trains on tail
  /// classes alone.
  public var drawsHeadClasses: Bool
  /// Share of each batch that is drawn class by class, all alike; the rest follows the counts.
  public var balancesClasses: Bool
  public var augmentation: Augmentation
  /// Whether activations are computed again for gradients instead of kept: less memory, more time, the same results.
  public var recomputesActivations: Bool? = nil
  /// The share of batches with two latents, where `mixesStyles` is on; nil: all.
  public var styleMixingShare: Float? = nil
  /// What is done as in the released code rather than as in the paper.
  public var departures: Departures? = nil

  /// The paper's: 256 px, channel multiplier 2, 200 000 steps of 8 pictures.
  ///
  /// The noise ratio of training reaches down to generation's 0.05, for which the fusion layer must have learned; the
  /// released code trains at 0.8 alone (`Departure.noisyTraining`).
  public static let paper = CDTGSettings(
    side: 256, latentWidth: 512, mappingLayers: 8, labelWidth: 512, channels: .released(multiplier: 2),
    batchSize: 8, iterations: 200_000, learningRate: 0.002,
    discriminatorLearningRate: 0.002, r1Weight: 10, r1Every: 16, pathWeight: 2, pathEvery: 4,
    pathBatchShrink: 2, averageHalfLife: 10_000 / 32 * 8, trainingNoiseRatio: [0.05, 0.8], mixesStyles: true,
    classifierWeight: 1, textWeight: 1, drawsHeadClasses: false, balancesClasses: false, augmentation: .none,
    styleMixingShare: 0.9)

  public func generatorConfiguration(classes: Int) -> GeneratorConfiguration {
    GeneratorConfiguration(
      size: side, classes: classes, latentWidth: latentWidth, mappingLayers: mappingLayers, channels: channels)
  }

  public func discriminatorConfiguration(classes: Int) -> DiscriminatorConfiguration {
    DiscriminatorConfiguration(size: side, classes: classes, labelWidth: labelWidth, channels: channels)
  }
}
