import Checkpoints
import Engine

/// Closed-form factorisation (Shen and Zhou 2021): the directions of w that move the styles most are the right singular
/// vectors of all modulation weights, one under the other. As released, those of `to_rgbs` are left out.
///
/// - Parameter weights: A generator's state dictionary.
/// - Returns: How strongly each direction moves the styles, the strongest first, and the directions of length one, one
///   per row [latent width, latent width]; nil where the singular values do not converge: a weight is not finite.
/// - Precondition: There are modulation weights.
public func latentDirections(of weights: StateDictionary) -> (strengths: [Float], directions: Tensor)? {
  let modulations = modulationWeights(weights)
  precondition(!modulations.isEmpty, "\(weights.source) has no modulation weights")
  return singularValues(concatenated(modulations, axis: 0)).map { (strengths: $0.values, directions: $0.vectors) }
}

/// The modulation weights of a generator's state dictionary but those of `to_rgbs`; none where it is no generator's.
public func modulationWeights(_ weights: StateDictionary) -> [Tensor] {
  weights.entries.filter { $0.key.hasSuffix("modulation.weight") && !$0.key.contains("to_rgbs") }.map(\.value)
}
