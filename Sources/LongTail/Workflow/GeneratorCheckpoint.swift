import Checkpoints
import Engine
import Foundation
import Models

/// A file such as the released `200000.pt`: `g`, `d`, `g_ema`, each a state dictionary with PyTorch's keys.
///
/// The released code keeps its fusion layer in no checkpoint; ours adds it as `fusion` and `fusion_ema`, which PyTorch's
/// scripts do not look at.
public struct GeneratorCheckpoint {
  public let url: URL
  let file: CheckpointFile

  /// - Throws: `CheckpointError`.
  public init(contentsOf url: URL) throws {
    self.url = url
    file = try CheckpointFile(contentsOf: url)
  }

  /// The number of training steps done, which the released code reads from the file's name: 200000 for `200000.pt`.
  public var iteration: Int { Int(url.deletingPathExtension().lastPathComponent) ?? 0 }

  /// The sizes of its generator, read from the shapes of its weights.
  ///
  /// - Throws: `CheckpointError`; `GeneratorCheckpointError` where it is none of this kind.
  public func configuration() throws -> GeneratorConfiguration {
    let shapes = Dictionary(
      try file.tensors(at: "g_ema").map { ($0.key, $0.tensor.shape) }, uniquingKeysWith: { first, _ in first })
    guard let labels = shapes["label_emb.weight"], labels.count == 2, let start = shapes["input.input"], start.count == 4
    else { throw GeneratorCheckpointError.noGenerator(url.path) }
    var top = 4
    var channels: [Int: Int] = [4: start[1]]
    while let weight = shapes["convs.\(2 * (top.trailingZeroBitCount - 2)).conv.weight"], weight.count == 5 {
      top *= 2
      channels[top] = weight[1]
    }
    let layers = (1...).first { shapes["style.\($0).weight"] == nil }! - 1
    let plans: [ChannelPlan] =
      [.released(multiplier: 1), .released(multiplier: 2), .released(multiplier: 4)]
      + (3...11).flatMap { power in
        (5...16).map { .narrow(maximum: 1 << power, product: 1 << $0) }
      } + [.narrow(maximum: start[1], product: (channels[top] ?? start[1]) * top)]
    guard let plan = plans.first(where: { plan in channels.allSatisfy { plan.channels(at: $0.key) == $0.value } }) else {
      throw GeneratorCheckpointError.unknownChannels(url.path, channels.sorted { $0.key < $1.key }.map(\.value))
    }
    return GeneratorConfiguration(
      size: 2 * top, classes: labels[0], latentWidth: labels[1], mappingLayers: layers, channels: plan)
  }

  /// The averaged generator with its fusion layer, ready to draw.
  ///
  /// - Parameters:
  ///   - featureCount: Values of the tail model's map; needed where the file has no fusion layer, which then stays
  ///     random, as in the released code.
  ///   - isLenient: Leaves out weights that do not fit by key and shape, instead of refusing the file.
  ///   - redrawsFusion: Leaves the file's fusion layer aside (`Departure.fusionNotLearned`).
  /// - Returns: Remarks for the user: what was left out or is random, weights that are not numbers.
  /// - Throws: `CheckpointError`, `StateMismatch`.
  public func generator(
    featureCount: Int?, seed: UInt64 = 0, isLenient: Bool = false, redrawsFusion: Bool = false
  ) throws -> (networks: ConditionalGenerator, remarks: [String]) {
    var stream = RandomStream(seed: seed, name: "generator.start")
    let networks = ConditionalGenerator(try configuration(), featureCount: featureCount, stream: &stream)
    var remarks = try loadWeights(
      networks.generator, try file.stateDictionary(at: "g_ema"), isLenient: isLenient)
    if let fusion = networks.fusion {
      if redrawsFusion {
        networks.redrawFusion(seed: seed, for: "generation")
        remarks.append("the fusion layer is random, of seed \(seed), as in the released code")
      } else if file.root.value(at: "fusion_ema") != nil {
        remarks += try loadWeights(fusion, try file.stateDictionary(at: "fusion_ema"), isLenient: isLenient)
      } else {
        remarks.append("\(url.lastPathComponent) has no fusion layer, as released: it is random, of seed \(seed)")
      }
    }
    return (networks, remarks)
  }

  /// Starts training from the file: whatever fits by key and shape, as the released `--ckpt`.
  ///
  /// - Returns: What did not fit, for the user.
  /// - Throws: `CheckpointError`; `GeneratorCheckpointError.otherSizes` where hardly anything would fit.
  public func start(_ networks: ConditionalGenerator, _ average: ConditionalGenerator, _ discriminator: Discriminator)
    throws -> [String]
  {
    var remarks: [String] = []
    let (mine, theirs) = (networks.generator.configuration, try configuration())
    if Self.sizes(theirs) != Self.sizes(mine) {
      throw GeneratorCheckpointError.otherSizes(url.path, saved: Self.words(theirs), wanted: Self.words(mine))
    }
    if theirs.classes != mine.classes {
      remarks.append(
        "\(url.lastPathComponent) draws \(theirs.classes) classes, here are \(mine.classes): their embeddings start at random")
    }
    for (path, module) in [
      ("g", networks.generator), ("g_ema", average.generator), ("d", discriminator), ("fusion", networks.fusion),
      ("fusion_ema", average.fusion),
    ] as [(String, Module?)] {
      guard let module else { continue }
      guard file.root.value(at: path) != nil else {
        remarks.append("\(url.lastPathComponent) has no \(path): it starts at random")
        continue
      }
      let weights = try file.stateDictionary(at: path)
      remarks += weights.remarks
      let mismatch = weights.loadLeniently(into: module)
      let left = mismatch.missing.map(\.name) + mismatch.misshapen.map(\.name).filter { $0 != "label_emb.weight" }
      if !left.isEmpty { remarks.append("\(path), what did not fit starts at random: \(left.joined(separator: ", "))") }
    }
    return remarks
  }

  /// What must agree for weights to mean the same. Two plans may give the same channels.
  private static func sizes(_ sizes: GeneratorConfiguration) -> [Int] {
    [sizes.size, sizes.latentWidth, sizes.mappingLayers]
      + (2..<sizes.size.trailingZeroBitCount).map { sizes.channels.channels(at: 1 << $0) }
  }

  private static func words(_ sizes: GeneratorConfiguration) -> String {
    let channels = (2..<sizes.size.trailingZeroBitCount).map { "\(sizes.channels.channels(at: 1 << $0))" }
    return "\(sizes.size) px, latent width \(sizes.latentWidth), \(sizes.mappingLayers) mapping layers and channels "
      + channels.joined(separator: ", ")
  }
}

public enum GeneratorCheckpointError: Error, Equatable, CustomStringConvertible {
  case noGenerator(String)
  case unknownChannels(String, [Int])
  case otherSizes(String, saved: String, wanted: String)
  case cannotGoOn(String, missing: String)
  case otherMoments(String, String)

  public var description: String {
    switch self {
    case .noGenerator(let path): "\(path): no generator of TGN under g_ema; tgn inspect shows what is in the file"
    case .unknownChannels(let path, let channels):
      "\(path): channels \(channels) from 4×4 on follow no plan that is known here"
    case .otherSizes(let path, let saved, let wanted):
      "\(path): a generator of \(saved); this run has \(wanted): give it the same sizes, or another --ckpt"
    case .cannotGoOn(let path, let missing):
      "\(path): it has no \(missing), so training cannot go on exactly; leave out --continue to start from its networks"
    case .otherMoments(let path, let key):
      "\(path): its moments of \(key) are missing or of another size; leave out --continue to start from its networks"
    }
  }
}
