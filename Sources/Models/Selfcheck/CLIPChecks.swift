import Checkpoints
import Engine
import Foundation

/// CLIP ViT-B/32: features, logits, both losses and the gradient by the pictures.
func checkCLIP(_ comparison: GoldenComparison) throws {
  let golden = comparison.golden
  let formula = GoldenFormula(salt: golden.salt)
  let labels = try golden.integers("labels")
  let texts = try goldenTokens(beside: golden, count: 20, contextLength: CLIPConfiguration.vitB32.contextLength)
  var stream = RandomStream(seed: 0, name: "selfcheck")
  let model = CLIP(.vitB32, stream: &stream)
  formula.fill(model, family: .clip, prefix: "clip.")
  model.setTrainable(false)

  let image = formula.picture("input.image", [labels.count, 3, 224, 224]).tracked
  let imageFeatures = model.imageFeatures(image)
  let textFeatures = model.textFeatures(texts)
  let logits = model.logits(imageFeatures: imageFeatures, textFeatures: textFeatures)
  let loss = crossEntropy(logits, labels)
  try comparison.check("image_features", imageFeatures, tolerance: Selfcheck.valueTolerance)
  try comparison.check("text_features", textFeatures, tolerance: Selfcheck.valueTolerance)
  try comparison.check("logits", logits, tolerance: Selfcheck.valueTolerance)
  try comparison.check("cross_entropy_on_logits", loss.item, tolerance: Selfcheck.valueTolerance)
  try comparison.check(
    "released_code_loss_double_softmax", crossEntropy(logits.softmax(), labels).item,
    tolerance: Selfcheck.valueTolerance)
  try comparison.check(
    "image_gradient", picture: gradients(of: loss, withRespectTo: [image])[0], tolerance: Selfcheck.gradientTolerance)
}

/// The first token rows of the file `clip_tokens.json` in the same folder, padded: the public table of merges is not
/// ours to ship.
private func goldenTokens(beside golden: GoldenCase, count: Int, contextLength: Int) throws -> [[Int]] {
  let file = URL(fileURLWithPath: golden.path).deletingLastPathComponent().appendingPathComponent("clip_tokens.json")
  let rows = try GoldenCase(contentsOf: file).integerRows("tokens").prefix(count)
  guard rows.count == count, rows.allSatisfy({ $0.count <= contextLength }) else {
    throw GoldenError(path: file.path, reason: "\(count) rows of at most \(contextLength) tokens are needed")
  }
  return rows.map { $0 + repeatElement(0, count: contextLength - $0.count) }
}

/// The public table of merges, which is not ours to ship.
let publishedTable = "bpe_simple_vocab_16e6.txt.gz"

/// CLIP's tokens of prompts, without their padding.
///
/// - Parameter table: The published tokenizer; without, it is looked for beside the golden file.
func checkTokens(_ comparison: GoldenComparison, table: URL?) throws {
  let golden = comparison.golden
  let beside = URL(fileURLWithPath: golden.path).deletingLastPathComponent().appendingPathComponent(publishedTable)
  guard let file = table ?? (FileManager.default.fileExists(atPath: beside.path) ? beside : nil) else {
    throw MissingMaterial(what: "CLIP's table of merges, \(publishedTable): give --tokenizer its path")
  }
  let tokenizer = try BytePairTokenizer(contentsOf: file)
  let rows = try golden.texts("prompts").map {
    [tokenizer.startToken] + tokenizer.tokens(of: $0) + [tokenizer.endToken]
  }
  try comparison.check("tokens", rows: rows)
}
