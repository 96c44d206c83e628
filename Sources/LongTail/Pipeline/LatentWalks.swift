import Checkpoints
import Engine
import Imaging
import Models
import Notebook

/// What a generator draws along one direction of w, started from the pictures of every tail class.
public struct LatentWalk {
  /// Such as "direction 1".
  public let name: String
  /// How strongly the direction moves the styles: its singular value; nil for a random direction.
  public let strength: Double?
  /// For each start, its class and the pictures from one end to the other.
  public let strips: [(label: Int, pictures: [Image])]
  /// For each start, the distance of the two ends in the judge's features.
  public let changes: [Double]
  /// The share of the ends that the judge puts in the same class as the middle.
  public let keptClass: Double
}

extension Pipeline {
  /// Walks along the strongest directions of a trained generator (`LatentFactors`), and along as many random ones.
  ///
  /// The middles are latents as they are when images are drawn: a real picture's feature mixed with noise.
  /// - Parameters:
  ///   - directions: How many of each kind.
  ///   - starts: From how many latents of each tail class.
  ///   - reach: How far on either side, as a multiple of the mean distance of a latent from the mean latent.
  ///   - steps: Pictures in a strip, an odd number.
  /// - Throws: `LatentFactorsError`; what training and reading throw.
  public func latentWalks(
    _ variant: GeneratorVariant = .full, directions: Int, starts: Int, reach: Float, steps: Int
  ) throws -> (strengths: [Float], walks: [LatentWalk]) {
    let networks = try loadGenerator(try generator(variant), variant)
    let generator = networks.generator
    let factors = try LatentFactors(of: StateDictionary(generator))
    let (middles, degree) = try middles(networks, variant, starts: starts, reach: reach)
    let judge = try judge().model
    judge.isTraining = false
    let width = generator.configuration.latentWidth
    var stream = RandomStream(seed: settings.seed, name: "random-directions")
    let count = min(directions, factors.directions.shape[0])
    var moves: [(name: String, strength: Double?, move: Tensor)] = []
    for index in 0..<count {
      let move = factors.directions.slice(0, index..<(index + 1))
      moves.append((name: "direction \(index + 1)", strength: Double(factors.strengths[index]), move: move))
    }
    for index in 0..<count {
      let move = unitLength(Tensor.normal([1, width], from: &stream))
      moves.append((name: "random \(index + 1)", strength: nil, move: move))
    }
    let walks = try moves.map { name, strength, move -> LatentWalk in
      let strips = middles.map { middle -> (label: Int, pictures: [Image]) in
        (middle.label, picturesAlong(move, from: middle.w, degree: degree, steps: steps, of: generator))
      }
      let (changes, kept) = try change(of: strips.map(\.pictures), judge: judge)
      return LatentWalk(name: name, strength: strength, strips: strips, changes: changes, keptClass: kept)
    }
    return (factors.strengths, walks)
  }

  /// Latents w that pictures are drawn from, and how far a walk goes.
  private func middles(_ networks: ConditionalGenerator, _ variant: GeneratorVariant, starts: Int, reach: Float) throws
    -> (middles: [(label: Int, w: Tensor)], degree: Float)
  {
    let model = try tailModel(for: variant).map { try load($0, classes: data.split.tailClasses.count) }
    model?.isTraining = false
    let pictures = images(of: data.train, named: "train", side: settings.cdtg.side)
    let width = networks.generator.configuration.latentWidth
    var middles: [(label: Int, w: Tensor)] = []
    try withoutRecording {
      for label in data.split.tailClasses {
        let real = data.train.indicesByClass[label]
        let sources = (0..<starts).map { real[$0 % real.count] }
        let feature = try model.map { $0(try pictures.pictures(at: sources)).feature }
        var stream = RandomStream(seed: settings.seed, name: "latent-walks", index: UInt64(label))
        let latent = networks.latent(
          noise: .normal([starts, width], from: &stream), feature: feature, noiseRatio: settings.generation.noiseRatio)
        let w = networks.generator.map(latent, labels: sources.map { _ in drawnLabel(label)! })
        middles += (0..<starts).map { (label, w.slice(0, $0..<($0 + 1))) }
      }
    }
    let all = concatenated(middles.map(\.w), axis: 0)
    let distance = (all - all.mean([0], keepingAxes: true)).squared().sum([1]).squareRoot().mean()
    return (middles, reach * distance.item)
  }

  /// How far apart the ends of each strip are for the judge, and how often an end keeps the class of the middle.
  private func change(of strips: [[Image]], judge: ResNet) throws -> (changes: [Double], keptClass: Double) {
    let shown = strips.flatMap { [$0[0], $0[$0.count / 2], $0[$0.count - 1]] }
    let images = DecodedImages(
      ObjectDataset(classNames: ["drawn", "none"], items: shown.map { .init(label: 0, source: .memory($0)) }),
      side: settings.judge.side)
    let seen = try judged(images, by: judge, nil)
    let features = DoubleRows(seen.features!)
    var kept = 0
    let changes = strips.indices.map { index -> Double in
      let (first, middle, last) = (3 * index, 3 * index + 1, 3 * index + 2)
      kept += [first, last].filter { seen.guesses[$0] == seen.guesses[middle] }.count
      return zip(features[first], features[last]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
    }
    return (changes, Double(kept) / Double(2 * max(1, strips.count)))
  }
}
