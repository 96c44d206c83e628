import Checkpoints
import Engine

/// Closed-form factorisation (Shen and Zhou 2021): the directions of w that move the styles most are the right singular
/// vectors of all modulation weights, one under the other. As released, those of `to_rgbs` are left out.
func checkFactorization(_ comparison: GoldenComparison) throws {
  let generator = goldenGenerator(64, GoldenFormula(salt: comparison.golden.salt))
  let weights = generator.parameters
    .filter { $0.key.hasSuffix("modulation.weight") && !$0.key.hasPrefix("to_rgbs") }
    .map(\.parameter.value.detached)
  guard let (values, vectors) = singularValues(concatenated(weights, axis: 0)) else {
    throw GoldenError(path: comparison.golden.path, reason: "the singular values of the modulation weights do not converge")
  }
  try comparison.check(
    "singular_values", Tensor(values, shape: [values.count]), tolerance: Selfcheck.valueTolerance)
  // A direction's sign is free.
  for (row, key) in ["abs_first_direction", "abs_second_direction"].enumerated() {
    let direction = vectors.slice(0, row..<(row + 1)).reshaped([values.count])
    try comparison.check(key, direction.absolute(), tolerance: Selfcheck.valueTolerance)
  }
}
