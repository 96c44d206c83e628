import Engine
import Imaging
import Models

/// How generated pictures of one class compare with real ones, seen by a classifier that had no part in making them.
///
/// Distances are Euclidean between the judge's layer-3 maps, averaged over the map: our own measure, not FID or LPIPS.
public struct ImageQuality: Codable, Equatable, Sendable {
  /// The share of generated pictures that the judge puts in the class they were drawn for.
  public var consistency: Double
  /// The mean distance between two generated pictures, over that between two real test pictures: below 1 they vary
  /// less than real ones.
  public var spread: Double
  /// The mean distance of a generated picture to the nearest training picture, over that of a real test picture: far
  /// below 1 they are copies.
  public var novelty: Double
}

extension Pipeline {
  /// The quality of each tail class's generated pictures, in the order of the split's tail classes.
  public func quality(of generated: ObjectDataset, judge: ResNet) throws -> [ImageQuality] {
    let side = settings.judge.side
    judge.isTraining = false
    func look(_ dataset: ObjectDataset, _ label: Int) throws -> (guesses: [Int], features: Tensor) {
      let images = DecodedImages(dataset.subset(items: dataset.indicesByClass[label]), side: side)
      var guesses: [Int] = []
      var features: [Tensor] = []
      try images.forEachBatch(of: 128) { batch in
        withoutRecording {
          let (logits, feature) = judge(batch.tensor)
          guesses += logits.argmax()
          features.append(feature.mean([1, 2]))
        }
      }
      return (guesses, concatenated(features, axis: 0))
    }
    return try data.split.tailClasses.map { label in
      let drawn = try look(generated, label)
      let (train, test) = (try look(data.train, label).features, try look(data.test, label).features)
      return ImageQuality(
        consistency: Double(drawn.guesses.filter { $0 == label }.count) / Double(max(1, drawn.guesses.count)),
        spread: meanPairDistance(drawn.features) / meanPairDistance(test),
        novelty: try meanNearestDistance(from: drawn.features, to: train)
          / meanNearestDistance(from: test, to: train))
    }
  }
}

/// The mean over the rows of `a` of the distance to the nearest row of `b`; 0 where `a` has none.
func meanNearestDistance(from a: Tensor, to b: Tensor) throws -> Double {
  let nearest = try nearestPictures(to: a, in: b)
  return nearest.reduce(0) { $0 + $1.distance } / Double(max(1, nearest.count))
}
