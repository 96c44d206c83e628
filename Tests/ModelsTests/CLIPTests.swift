import Engine
import Foundation
import Models
import XCTest

final class CLIPTests: XCTestCase {
  private let captions = [
    "a photo of a bridge", "a photo of a ship", "two ships near a bridge", "a storage tank", "a photo of a stadium",
  ]

  private func model() -> (CLIP, BytePairTokenizer) {
    let tokenizer = BytePairTokenizer.learned(from: captions, vocabularySize: 540, contextLength: 12)
    var stream = RandomStream(seed: 1, name: "test.clip")
    let configuration = CLIPConfiguration.small(
      imageSize: 16, patchSize: 4, vocabularySize: tokenizer.vocabularySize, contextLength: 12, width: 32, layers: 2,
      embeddingWidth: 10)
    return (CLIP(configuration, stream: &stream), tokenizer)
  }

  func testViTB32HasItsSizeAndNames() {
    var stream = RandomStream(seed: 0, name: "test")
    let model = CLIP(.vitB32, stream: &stream)
    XCTAssertEqual(model.parameterCount, 151_277_313)
    let shapes = shapesByKey(model)
    XCTAssertEqual(Array(model.states.map(\.key).prefix(6)), [
      "positional_embedding", "text_projection", "logit_scale", "visual.class_embedding", "visual.positional_embedding",
      "visual.proj",
    ])
    XCTAssertEqual(shapes["visual.conv1.weight"], [768, 3, 32, 32])
    XCTAssertEqual(shapes["visual.positional_embedding"], [50, 768])
    XCTAssertEqual(shapes["visual.transformer.resblocks.11.attn.in_proj_weight"], [2304, 768])
    XCTAssertEqual(shapes["transformer.resblocks.0.mlp.c_fc.weight"], [2048, 512])
    XCTAssertEqual(shapes["transformer.resblocks.0.attn.out_proj.bias"], [512])
    XCTAssertEqual(shapes["token_embedding.weight"], [49408, 512])
    XCTAssertEqual(shapes["logit_scale"], [])
    XCTAssertEqual(model.temperature, 1 / 0.07, accuracy: 1e-4)
  }

  func testWhatFollowsTheEndChangesNothing() {
    let (model, tokenizer) = model()
    let short = tokenizer.encode("a ship")
    let long = tokenizer.encode("two ships near a bridge and a stadium")
    XCTAssertLessThan(short.firstIndex(of: tokenizer.endToken)!, long.firstIndex(of: tokenizer.endToken)!)
    var padded = short
    padded[padded.count - 1] = 17
    let alone = model.textFeatures([short])
    XCTAssertLessThan(largest(alone - model.textFeatures([padded])), 1e-5)
    // Beside a longer text more positions are computed.
    XCTAssertLessThan(largest(alone - model.textFeatures([short, long]).slice(0, 0..<1)), 1e-5)
    var other = short
    other[1] = 65
    XCTAssertGreaterThan(largest(alone - model.textFeatures([other])), 1e-3)
  }

  func testLogitsAreScaledCosines() {
    let (model, _) = model()
    let a = Tensor([3, 4, 0, 0, 0, 0, 0, 0, 0, 0], shape: [1, 10])
    let b = Tensor([0, 2, 0, 0, 0, 0, 0, 0, 0, 0, -3, -4, 0, 0, 0, 0, 0, 0, 0, 0], shape: [2, 10])
    let logits = model.logits(imageFeatures: a, textFeatures: b).values
    XCTAssertEqual(logits[0], 0.8 / 0.07, accuracy: 1e-3)
    XCTAssertEqual(logits[1], -1 / 0.07, accuracy: 1e-3)
  }

  func testAGradientReachesEveryParameterAndThePicture() {
    let (model, tokenizer) = model()
    var stream = RandomStream(seed: 2, name: "picture")
    let image = Tensor.normal([2, 16, 16, 3], from: &stream).tracked
    let text = model.textFeatures(captions.prefix(2).map(tokenizer.encode))
    let loss = crossEntropy(model.logits(imageFeatures: model.imageFeatures(image), textFeatures: text), [0, 1])
    let parameters = model.parameters
    let found = gradients(of: loss, withRespectTo: [image] + parameters.map(\.parameter.value))
    for (key, gradient) in zip(["picture"] + parameters.map(\.key), found) {
      XCTAssertTrue(gradient.isFinite, key)
      XCTAssertTrue(gradient.values.contains { $0 != 0 }, "no gradient reaches \(key)")
    }
  }

  // MARK: - Tokens

  func testTextsComeBack() {
    let tokenizer = BytePairTokenizer.learned(from: captions, vocabularySize: 600, contextLength: 60)
    for text in ["a photo of a bridge", "naïve façade — café", "30 % !", "日本", "unseen words"] {
      let tokens = tokenizer.encode(text)
      XCTAssertEqual(tokens.count, 60)
      XCTAssertEqual(tokens[0], tokenizer.startToken)
      XCTAssertEqual(tokenizer.endToken, tokens.max())
      XCTAssertEqual(tokenizer.decode(tokens).replacingOccurrences(of: " ", with: ""),
        text.replacingOccurrences(of: " ", with: ""))
    }
    XCTAssertEqual(tokenizer.decode(tokenizer.encode("a photo of a bridge")), "a photo of a bridge")
  }

  func testFrequentWordsBecomeOneToken() {
    let tokenizer = BytePairTokenizer.learned(from: captions, vocabularySize: 600)
    XCTAssertEqual(tokenizer.tokens(of: "photo").count, 1)
    XCTAssertEqual(tokenizer.tokens(of: "bridge").count, 1)
    XCTAssertGreaterThan(tokenizer.tokens(of: "zebra").count, 2)
    XCTAssertEqual(tokenizer, BytePairTokenizer.learned(from: captions.reversed(), vocabularySize: 600))
  }

  func testCaseSpacesAndReferencesAreCleaned() {
    let tokenizer = BytePairTokenizer.learned(from: captions, vocabularySize: 600)
    XCTAssertEqual(tokenizer.tokens(of: "A  PHOTO\n of"), tokenizer.tokens(of: "a photo of"))
    XCTAssertEqual(tokenizer.tokens(of: "a &amp;amp; b"), tokenizer.tokens(of: "a & b"))
    XCTAssertEqual(tokenizer.tokens(of: "it's"), tokenizer.tokens(of: "it 's"))
    XCTAssertEqual(tokenizer.tokens(of: "30"), tokenizer.tokens(of: "3 0"))
    XCTAssertEqual(tokenizer.tokens(of: ""), [])
  }

  func testLongTextsAreCutBeforeTheEnd() {
    let tokenizer = BytePairTokenizer.learned(from: captions, vocabularySize: 514, contextLength: 5)
    let tokens = tokenizer.encode("abcdefgh")
    XCTAssertEqual(tokens.count, 5)
    XCTAssertEqual(tokens.last, tokenizer.endToken)
  }

  func testATokenizerIsSavedAndRefusesNonsense() throws {
    let tokenizer = BytePairTokenizer.learned(from: captions, vocabularySize: 560, contextLength: 16)
    let data = try JSONEncoder().encode(tokenizer)
    XCTAssertEqual(try JSONDecoder().decode(BytePairTokenizer.self, from: data), tokenizer)
    for text in ["{\"contextLength\":16,\"merges\":[1]}", "{\"contextLength\":16,\"merges\":[1,512]}",
      "{\"contextLength\":1,\"merges\":[]}", "{\"contextLength\":16,\"merges\":[-1,3]}"] {
      XCTAssertThrowsError(try JSONDecoder().decode(BytePairTokenizer.self, from: Data(text.utf8)), text)
    }
  }

  func testAPublishedTableIsRead() throws {
    let tokenizer = try BytePairTokenizer(table: "#version\na b\nab c</w>\n\u{120} a</w>\n", contextLength: 8)
    XCTAssertEqual(tokenizer.vocabularySize, 517)
    // "!" is number 0, so "a" is 64.
    XCTAssertEqual(tokenizer.encode("abc ab"), [515, 513, 64, 256 + 65, 516, 0, 0, 0])
    XCTAssertThrowsError(try BytePairTokenizer(table: "#version\na b\nab zz\n")) {
      XCTAssertEqual(($0 as? MergeTableError)?.line, 3)
    }
  }
}
