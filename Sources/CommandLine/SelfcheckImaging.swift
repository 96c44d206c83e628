import Checkpoints
import Engine
import Imaging
import Models

/// The golden cases of picture preparation.
let imagingChecks: [String: Selfcheck.Check] = [
  "resize_bilinear_up": checkResize, "resize_bilinear_down": checkResize, "clip_preprocess": checkCLIPPreparation,
]

/// The formula's numbers as an 8-bit photograph of 90 × 120.
private func goldenPhoto(_ golden: GoldenCase) -> Image {
  let values = GoldenFormula(salt: golden.salt).input("input.photo", [120, 90, 3]).values
  return Image(width: 90, height: 120, pixels: values.map { UInt8(($0 + 1) * 127.5) })
}

/// [H,W,3] in [0, 1] → PyTorch's [3,H,W], each colour less its mean over its deviation.
private func normalized(_ image: Image, mean: [Float], deviation: [Float]) -> Tensor {
  let pixels = Tensor(image.pixels.map { Float($0) / 255 }, shape: [image.height, image.width, 3])
  let scaled = (pixels - Tensor(mean, shape: [3])) / Tensor(deviation, shape: [3])
  return scaled.transposed([2, 0, 1])
}

/// torchvision's `Resize` of a PIL picture, ignoring its aspect, to [-1, 1].
private func checkResize(_ comparison: GoldenComparison) throws {
  let size = try comparison.golden.integers("size")
  guard size.count == 2, size.allSatisfy({ (1...4096).contains($0) }) else {
    throw GoldenError(path: comparison.golden.path, reason: "size needs two sides of 1 to 4096 pixels")
  }
  let resized = goldenPhoto(comparison.golden).resized(width: size[1], height: size[0], filter: .bilinear)
  let half: [Float] = [0.5, 0.5, 0.5]
  try comparison.check(
    "tensor", normalized(resized, mean: half, deviation: half), tolerance: Selfcheck.valueTolerance)
}

/// CLIP's preparation of a picture.
private func checkCLIPPreparation(_ comparison: GoldenComparison) throws {
  let prepared = CLIP.prepared(goldenPhoto(comparison.golden))
  try comparison.check(
    "tensor", prepared.reshaped([224, 224, 3]).transposed([2, 0, 1]), tolerance: Selfcheck.valueTolerance)
}
