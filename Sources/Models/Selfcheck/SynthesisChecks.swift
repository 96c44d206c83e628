import Checkpoints
import Engine

/// The released sizes for 12 classes, with weights by the formula.
func goldenGenerator(_ size: Int, _ formula: GoldenFormula) -> Generator {
  var stream = RandomStream(seed: 0, name: "selfcheck")
  let generator = Generator(GeneratorConfiguration(size: size, classes: 12), stream: &stream)
  formula.fill(generator, family: .tgn, prefix: "g.")
  return generator
}

private func goldenDiscriminator(_ size: Int, _ formula: GoldenFormula) -> Discriminator {
  var stream = RandomStream(seed: 0, name: "selfcheck")
  let discriminator = Discriminator(DiscriminatorConfiguration(size: size, classes: 12), stream: &stream)
  formula.fill(discriminator, family: .tgn, prefix: "d.")
  return discriminator
}

/// The two z's of `batch` pictures: √3 times the formula's numbers, of unit variance.
private func goldenLatents(_ batch: Int, _ formula: GoldenFormula) -> [Tensor] {
  ["input.z0", "input.z1"].map { formula.input($0, [batch, 512]) * Float(3).squareRoot() }
}

/// Pictures with mixed styles and fixed noise, and the same drawn towards a mean style.
func checkGenerator(_ comparison: GoldenComparison, size: Int) throws {
  let golden = comparison.golden
  let formula = GoldenFormula(salt: golden.salt)
  let labels = try golden.integers("labels")
  let index = Int(try golden.number("inject_index"))
  let generator = goldenGenerator(size, formula)
  let z = goldenLatents(labels.count, formula)
  try withoutRecording {
    let (image, latents) = generator(latents: z, labels: labels, injectIndex: index)
    try comparison.check("image", picture: image, tolerance: Selfcheck.valueTolerance)
    try comparison.check("latent", latents, tolerance: Selfcheck.valueTolerance)
  }
}

/// Logits, loss and gradients; where the file has them, the R1 penalty and its gradients.
func checkDiscriminator(_ comparison: GoldenComparison, size: Int) throws {
  let golden = comparison.golden
  let formula = GoldenFormula(salt: golden.salt)
  let labels = try golden.integers("labels")
  let discriminator = goldenDiscriminator(size, formula)
  let image = formula.picture("input.real", [labels.count, 3, size, size])
  do {
    let logits = discriminator(image, labels: labels)
    let loss = (-logits).softplus().mean()
    try comparison.check("logits", logits, tolerance: Selfcheck.valueTolerance)
    try comparison.check("softplus_loss", loss.item, tolerance: Selfcheck.valueTolerance)
    try comparison.check(gradientsOf: discriminator, prefix: "grad:", tolerance: Selfcheck.gradientTolerance) {
      gradients(of: loss, withRespectTo: $0)
    }
  }
  guard golden.quantities.contains("r1_penalty") else { return }
  let input = image.tracked
  let total = discriminator(input, labels: labels).sum()
  let byInput = gradients(of: total, withRespectTo: [input], recording: true)[0]
  let penalty = byInput.squared().sum([1, 2, 3]).mean()
  try comparison.check("input_gradient", picture: byInput, tolerance: Selfcheck.gradientTolerance)
  try comparison.check("r1_penalty", penalty.item, tolerance: Selfcheck.gradientTolerance)
  try comparison.check(gradientsOf: discriminator, prefix: "r1grad:", tolerance: Selfcheck.gradientTolerance) {
    gradients(of: penalty, withRespectTo: $0)
  }
}

/// The generator's adversarial loss and its gradients.
func checkGeneratorStep(_ comparison: GoldenComparison) throws {
  let formula = GoldenFormula(salt: comparison.golden.salt)
  let generator = goldenGenerator(64, formula)
  let discriminator = goldenDiscriminator(64, formula)
  discriminator.setTrainable(false)
  let (image, _) = generator(latents: goldenLatents(2, formula), labels: [3, 10], injectIndex: 3)
  let logits = discriminator(image, labels: [3, 10])
  let loss = (-logits).softplus().mean()
  try comparison.check("fake_logits", logits, tolerance: Selfcheck.valueTolerance)
  try comparison.check("loss", loss.item, tolerance: Selfcheck.valueTolerance)
  try comparison.check(gradientsOf: generator, prefix: "grad:", tolerance: Selfcheck.gradientTolerance) {
    gradients(of: loss, withRespectTo: $0)
  }
}

/// Path-length regularisation from a running mean of zero, and its gradients: a double backward pass.
func checkPathLength(_ comparison: GoldenComparison) throws {
  let formula = GoldenFormula(salt: comparison.golden.salt)
  let generator = goldenGenerator(64, formula)
  let (image, latents) = generator(latents: goldenLatents(2, formula), labels: [3, 10], injectIndex: 3)
  let noise = formula.picture("input.pathnoise", [2, 3, 64, 64]) * (Float(3).squareRoot() / 64)
  let byLatents = gradients(of: (image * noise).sum(), withRespectTo: [latents], recording: true)[0]
  let lengths = byLatents.squared().sum([2]).mean([1]).squareRoot()
  let mean = lengths.mean() * 0.01
  let penalty = (lengths - mean).squared().mean()
  try comparison.check("path_lengths", lengths, tolerance: Selfcheck.gradientTolerance)
  try comparison.check("path_mean_after_first", mean.item, tolerance: Selfcheck.gradientTolerance)
  try comparison.check("penalty", penalty.item, tolerance: Selfcheck.gradientTolerance)
  try comparison.check(gradientsOf: generator, prefix: "grad:", tolerance: Selfcheck.gradientTolerance) {
    gradients(of: penalty, withRespectTo: $0)
  }
}
