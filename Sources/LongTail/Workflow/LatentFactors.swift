import Checkpoints
import Engine
import Foundation
import Imaging
import Models

/// The directions of w that move a generator's styles most (closed-form factorisation, Shen and Zhou 2021; the released
/// `closed_form_factorization.py`).
public struct LatentFactors {
  /// Directions of length one in w, the strongest first: [directions, latent width].
  public let directions: Tensor
  /// How strongly each moves the styles.
  public let strengths: [Float]

  /// Those of a generator's state dictionary.
  ///
  /// - Throws: `LatentFactorsError`.
  public init(of weights: StateDictionary) throws {
    guard !modulationWeights(weights).isEmpty else { throw LatentFactorsError.noModulations(weights.source) }
    guard let found = latentDirections(of: weights) else { throw LatentFactorsError.noConvergence(weights.source) }
    (directions, strengths) = (found.directions, found.strengths)
  }

  /// Reads the released factor file, or one of ours: `eigvec` [latent width, directions].
  ///
  /// - Throws: `CheckpointError`; `LatentFactorsError` without such a matrix.
  public init(contentsOf url: URL) throws {
    let file = try StateDictionary(contentsOf: url)
    guard let vectors = file["eigvec"], vectors.rank == 2 else { throw LatentFactorsError.noVectors(url.path) }
    directions = vectors.transposed([1, 0])
    strengths = file["singular_values"]?.values ?? []
  }

  /// What PyTorch's script writes and reads, and the singular values beside it.
  ///
  /// - Throws: `CheckpointError`.
  public func write(to url: URL) throws {
    var file = StateDictionary(source: url.lastPathComponent)
    file["eigvec"] = directions.transposed([1, 0])
    file["singular_values"] = Tensor(strengths, shape: [strengths.count])
    try writeWeights(file, to: url)
  }

  /// Pictures along one direction: for each of `samples` latents a row of pictures from -degree to +degree.
  ///
  /// - Parameters:
  ///   - label: The class that is drawn.
  ///   - steps: Pictures in a row, at least two; the middle one of an odd number is the latent itself.
  ///   - truncation: Draws w towards its mean below 1.
  /// - Returns: Rows of 8-bit pictures.
  public func pictures(
    of generator: Generator, label: Int, direction: Int, degree: Float, samples: Int, steps: Int = 7,
    truncation: Float = 0.7, seed: UInt64
  ) -> [[Image]] {
    withoutRecording {
      var stream = RandomStream(seed: seed, name: "latent-factors")
      let width = generator.configuration.latentWidth
      let centre = generator.meanLatent(4096, from: &stream)
      let move = directions.slice(0, direction..<(direction + 1))
      return (0..<samples).map { _ in
        let mapped = generator.map(.normal([1, width], from: &stream), labels: [label])
        return picturesAlong(move, from: centre + (mapped - centre) * truncation, degree: degree, steps: steps, of: generator)
      }
    }
  }
}

/// Pictures along a line in w.
///
/// - Parameters:
///   - move: The line's direction, of length one [1, latent width].
///   - w: Its middle [1, latent width].
///   - degree: How far it reaches on either side.
///   - steps: How many pictures, at least two.
func picturesAlong(_ move: Tensor, from w: Tensor, degree: Float, steps: Int, of generator: Generator) -> [Image] {
  let width = w.shape[1]
  return (0..<steps).flatMap { step -> [Image] in
    let shift = degree * (2 * Float(step) / Float(max(1, steps - 1)) - 1)
    let all = (w + move * shift).reshaped([1, 1, width]).broadcast(to: [1, generator.latentCount, width])
    return pictures(withoutRecording { generator.synthesize(latents: all) })
  }
}

public enum LatentFactorsError: Error, Equatable, CustomStringConvertible {
  case noModulations(String)
  case noConvergence(String)
  case noVectors(String)

  public var description: String {
    switch self {
    case .noModulations(let source): "\(source): no generator here: no key ends in modulation.weight"
    case .noConvergence(let source): "\(source): the singular values of the modulation weights do not converge"
    case .noVectors(let path): "\(path): no matrix eigvec; write one with tgn factorize"
    }
  }
}
