import ArgumentParser
import Foundation
import LongTail

/// The options of the commands that ask CLIP.
struct TextOptions: ParsableArguments {
  @Option(help: ArgumentHelp("CLIP's ViT-B/32; without it no text guides.", valueName: "file"))
  var clip: String?
  @Option(help: ArgumentHelp("CLIP's table of byte pairs.", valueName: "file"))
  var bpe: String?
  @Option(help: ArgumentHelp("Sentences for each class.", valueName: "file"))
  var prompts: String?

  func validate() throws {
    if clip != nil && bpe == nil { throw ValidationError("--clip needs --bpe: bpe_simple_vocab_16e6.txt.gz") }
    if clip == nil && (bpe != nil || prompts != nil) { throw ValidationError("--bpe and --prompts need --clip: ViT-B-32.pt") }
  }

  /// Nil where no CLIP is given.
  func source() throws -> TextSource? {
    guard let clip, let bpe else { return nil }
    var source = TextSource(weights: URL(fileURLWithPath: clip), vocabulary: URL(fileURLWithPath: bpe))
    if let prompts {
      let data = try Data(contentsOf: URL(fileURLWithPath: prompts))
      guard let read = try? JSONDecoder().decode([String: [String]].self, from: data) else {
        throw ValidationError("--prompts \(prompts): not of the form {\"class\": [\"sentence\", …], …}")
      }
      source.prompts = read
    }
    return source
  }
}
