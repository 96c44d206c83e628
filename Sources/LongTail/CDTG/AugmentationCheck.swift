import Checkpoints
import Engine
import Models

/// `ada_augment_64`: the non-leaking augmentation for given matrices, and the gradient by the pictures.
public func checkAdaptiveAugmentation(_ comparison: GoldenComparison) throws {
  let golden = comparison.golden
  let formula = GoldenFormula(salt: golden.salt)
  let affine = try golden.matrices("affine_inverse", rows: 3, columns: 3)
  let colour = try golden.matrices("color", rows: 4, columns: 4)
  let shape = [affine.count, 3, 64, 64]
  guard affine.count == colour.count else {
    throw GoldenError(path: golden.path, reason: "affine_inverse and color need as many matrices")
  }
  let inverses = affine.map { m in
    AffineMap(xx: m[0][0], xy: m[0][1], x0: m[0][2], yx: m[1][0], yy: m[1][1], y0: m[1][2])
  }
  let colours = colour.map { m in
    ColourMatrix(rows: m.prefix(3).map { SIMD3($0[0], $0[1], $0[2]) }, offset: SIMD3(m[0][3], m[1][3], m[2][3]))
  }
  let input = formula.picture("input.real", shape).tracked
  let output = AdaptiveAugmentation.recoloured(AdaptiveAugmentation.moved(input, inverses: inverses), colours)
  try comparison.check("output", picture: output, tolerance: Selfcheck.valueTolerance)
  let gradient = gradients(
    of: output, withRespectTo: [input], seed: formula.picture("input.cotangent", shape))[0]
  try comparison.check("input_gradient", picture: gradient, tolerance: Selfcheck.gradientTolerance)
}
