import Checkpoints
import Engine

/// Closed-form factorisation of the generator, as `latentDirections` does it.
func checkFactorization(_ comparison: GoldenComparison) throws {
  let generator = goldenGenerator(64, GoldenFormula(salt: comparison.golden.salt))
  guard let (values, vectors) = latentDirections(of: StateDictionary(generator)) else {
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
