import Checkpoints
import Engine
import Foundation
import Models

/// CLIP's files, and what it is told of each class.
public struct TextSource {
  /// ViT-B/32's weights.
  public var weights: URL
  /// CLIP's table of byte pairs.
  public var vocabulary: URL
  /// Sentences for each class, whose features are averaged; without any, "A photo of a" and the class's name.
  public var prompts: [String: [String]]

  public init(weights: URL, vocabulary: URL, prompts: [String: [String]] = [:]) {
    (self.weights, self.vocabulary, self.prompts) = (weights, vocabulary, prompts)
  }

  /// - Throws: `TextSourceError`; what reading the files throws.
  func guide(classNames: [String]) throws -> TextGuide {
    let missing = prompts.isEmpty ? [] : classNames.filter { (prompts[$0] ?? []).isEmpty }
    guard missing.isEmpty else { throw TextSourceError.promptsMissing(missing) }
    let state = try StateDictionary(contentsOf: weights)
    try Self.check(state)
    var stream = RandomStream(seed: 0, name: "overwritten")
    let model = CLIP(.vitB32, stream: &stream)
    var needed = StateDictionary(source: state.source)
    // The archive also holds its sizes as integers.
    for (key, value) in state.entries where !["input_resolution", "context_length", "vocab_size"].contains(key) {
      needed[key] = value
    }
    try needed.load(into: model)
    let tokenizer = try BytePairTokenizer(contentsOf: vocabulary)
    return TextGuide(
      model: model,
      templates: classNames.map { name in
        (prompts[name] ?? ["A photo of a \(name)"]).map { tokenizer.encode($0) }
      })
  }

  /// Says in one line what other CLIP a file holds.
  private static func check(_ state: StateDictionary) throws {
    guard let patches = state["visual.conv1.weight"], patches.rank == 4 else {
      throw TextSourceError.noCLIP(state.source)
    }
    let wanted = CLIPConfiguration.vitB32
    if state["visual.class_embedding"] == nil { throw TextSourceError.otherCLIP(state.source, "a ResNet") }
    let (width, patch) = (patches.shape[0], patches.shape[3])
    if (width, patch) != (wanted.vision.width, wanted.patchSize) {
      throw TextSourceError.otherCLIP(state.source, "a vision transformer of width \(width) on patches of \(patch) pixels")
    }
    if let words = state["token_embedding.weight"], words.shape != [wanted.vocabularySize, wanted.text.width] {
      throw TextSourceError.otherCLIP(state.source, "a text transformer of \(words.shape)")
    }
  }
}

public enum TextSourceError: Error, Equatable, CustomStringConvertible {
  case promptsMissing([String])
  case noCLIP(String)
  case otherCLIP(String, String)

  public var description: String {
    switch self {
    case .promptsMissing(let names):
      "the file of prompts has no sentence for \(names.joined(separator: ", ")); add \"\(names[0])\": [\"A photo of a \(names[0])\"]"
    case .noCLIP(let source): "\(source): no CLIP under OpenAI's keys (visual.conv1.weight); give ViT-B-32.pt"
    case .otherCLIP(let source, let found): "\(source): CLIP with \(found); give ViT-B/32, of width 768 on patches of 32 pixels"
    }
  }
}
