import Checkpoints
import Engine
import Foundation
import Models
import Notebook

/// The weights that ship with the package, counterparts of what the paper starts from: an ImageNet classifier, CLIP,
/// and a generator pretrained on other satellite pictures. `tgn pretrain` makes them; StartingWeights/README.md says
/// from what.
public struct StartingWeights {
  public enum Part: String, CaseIterable, Sendable {
    case classifier = "base-classifier"
    case generator = "base-generator"
    case clip = "small-clip"
  }

  let folder: URL

  /// The weights of the package, or those in another folder.
  public init(folder: URL? = nil) {
    self.folder = folder ?? Bundle.module.resourceURL!.appendingPathComponent("StartingWeights")
  }

  func file(_ part: Part) -> URL { folder.appendingPathComponent(part.rawValue + ".safetensors") }

  public func checksum(_ part: Part) throws -> String { try Checksum.sha256(ofFile: file(part)) }

  func read(_ part: Part) throws -> SafeTensors { try SafeTensors(contentsOf: file(part)) }

  /// Starts a classifier from the base classifier: whatever fits by key and shape, which is all but `fc`.
  ///
  /// - Parameter leavesShortcuts: Shortcuts stay as they are (`Departure.randomShortcuts`).
  func start(_ model: ResNet, leavesShortcuts: Bool = false) throws {
    var saved = try read(.classifier).tensors
    if leavesShortcuts { saved = saved.withoutShortcuts }
    model.takeTrunk(from: saved)
  }

  /// Starts generator and discriminator from the base networks. Rows of the label embeddings are kept for classes
  /// that the base networks know by name; the others start at random. Networks of other sizes start at random whole.
  func start(_ networks: ConditionalGenerator, _ discriminator: Discriminator, classNames: [String]) throws {
    let saved = try read(.generator)
    guard networks.generator.configuration.size == saved.generatorSize else { return }
    let known = (saved.metadata["classes"] ?? "").split(separator: "\n").map(String.init)
    func load(_ module: Module, prefix: String, embedding key: String) {
      let entries = saved.tensors.entries(withPrefix: prefix)
      _ = entries.loadLeniently(into: module)
      guard let table = entries[key], let state = module.states.first(where: { $0.key == key })?.state,
        table.shape.dropFirst() == state.value.shape.dropFirst()
      else { return }
      let rows = classNames.enumerated().map { label, name in
        known.firstIndex(of: name).map { table.slice(0, $0..<($0 + 1)) }
          ?? state.value.detached.slice(0, label..<(label + 1))
      }
      state.set(withoutRecording { concatenated(rows, axis: 0) })
    }
    load(networks, prefix: "g.", embedding: "generator.label_emb.weight")
    load(discriminator, prefix: "d.", embedding: "label_emb.weight")
  }

  /// The small CLIP and its tokenizer.
  func clip() throws -> (model: CLIP, tokenizer: BytePairTokenizer) {
    let saved = try read(.clip)
    func decoded<Value: Decodable>(_ key: String, _ type: Value.Type) throws -> Value {
      guard let text = saved.metadata[key], let value = try? JSONDecoder().decode(type, from: Data(text.utf8)) else {
        throw StartingWeightsError.noMetadata(file: file(.clip).lastPathComponent, key: key)
      }
      return value
    }
    var stream = RandomStream(seed: 0, name: "overwritten")
    let model = CLIP(try decoded("configuration", CLIPConfiguration.self), stream: &stream)
    try saved.tensors.load(into: model)
    return (model, try decoded("tokenizer", BytePairTokenizer.self))
  }
}

extension SafeTensors {
  /// The pictures' side of the generator under `g.generator`: each of its outputs after the first doubles it.
  fileprivate var generatorSize: Int {
    8 << (0...).first { tensors["g.generator.to_rgbs.\($0).bias"] == nil }!
  }
}

extension StateDictionary {
  /// All but the projections beside a ResNet's blocks.
  public var withoutShortcuts: StateDictionary {
    var result = StateDictionary(source: source)
    for (key, value) in entries where !key.contains(".shortcut.") { result[key] = value }
    return result
  }
}

extension ResNet {
  /// Takes whatever fits by key and shape, but not the last layer, whose classes are others.
  public func takeTrunk(from saved: StateDictionary) {
    var trunk = StateDictionary(source: saved.source)
    for (key, value) in saved.entries where !key.hasPrefix("fc.") { trunk[key] = value }
    _ = trunk.loadLeniently(into: self)
  }
}

public enum StartingWeightsError: Error, CustomStringConvertible {
  case noMetadata(file: String, key: String)

  public var description: String {
    switch self {
    case .noMetadata(let file, let key): "\(file): its metadata has no '\(key)'; make it anew with `tgn pretrain`"
    }
  }
}
