import Checkpoints
import Engine
import Foundation
import Models

/// Random numbers that a generator is handed in place of its own, to draw the pictures that another program drew from
/// them.
///
/// The file has PyTorch's order and these names: `z` [N, latent width]; perhaps `z2` of that shape with `inject_index`,
/// from which style on it takes over; perhaps `noise_0`, `noise_1`, … [N or 1, 1, side, side], one for each styled
/// convolution, in place of the generator's fixed maps; perhaps `centre` [1, latent width], the mean w for truncation.
public struct GivenNoise {
  /// One or two z's, each [N, latent width].
  let latents: [Tensor]
  let injectIndex: Int?
  /// [N or 1, side, side, 1] for each styled convolution; nil for the generator's fixed maps.
  let maps: [Tensor]?
  /// [1, latent width].
  let centre: Tensor?

  /// How many pictures it is for.
  public var count: Int { latents[0].shape[0] }

  /// Reads a file of any format that `StateDictionary` reads.
  ///
  /// - Throws: `CheckpointError`; `GivenNoiseError` where it does not fit the generator.
  public init(contentsOf url: URL, for generator: Generator) throws {
    let file = try StateDictionary(contentsOf: url)
    let width = generator.configuration.latentWidth
    func fail(_ key: String, _ why: String) -> GivenNoiseError { GivenNoiseError(path: url.path, key: key, why: why) }
    func tensor(_ key: String, _ form: String, _ fits: ([Int]) -> Bool) throws -> Tensor {
      guard let value = file[key] else { throw fail(key, "it is missing; \(form) is needed") }
      guard fits(value.shape) else { throw fail(key, "it has the shape \(value.shape); \(form) is needed") }
      guard value.isFinite else { throw fail(key, "it has values that are not numbers") }
      return value
    }
    let z = try tensor("z", "[N, \(width)]") { $0.count == 2 && $0[0] > 0 && $0[1] == width }
    let pictures = z.shape[0]
    if file["z2"] == nil {
      (latents, injectIndex) = ([z], nil)
    } else {
      latents = [z, try tensor("z2", "\(z.shape)") { $0 == z.shape }]
      let index = try tensor("inject_index", "one number") { $0.elementCount == 1 }.values[0]
      guard let whole = Int(exactly: index), (1..<generator.latentCount).contains(whole) else {
        throw fail("inject_index", "it is \(index); a whole number from 1 to \(generator.latentCount - 1) is needed")
      }
      injectIndex = whole
    }
    maps = try file.keys.contains { $0.hasPrefix("noise_") }
      ? generator.noiseSides.enumerated().map { layer, side in
        let map = try tensor("noise_\(layer)", "[\(pictures) or 1, 1, \(side), \(side)]") {
          $0.count == 4 && [1, pictures].contains($0[0]) && Array($0[1...]) == [1, side, side]
        }
        return map.reshaped([map.shape[0], side, side, 1])
      } : nil
    centre = try file["centre"].map { _ in try tensor("centre", "[1, \(width)]") { $0 == [1, width] } }
    let known = ["z", "z2", "inject_index", "centre"] + generator.noiseSides.indices.map { "noise_\($0)" }
    if let unknown = file.keys.first(where: { !known.contains($0) }) {
      throw fail(unknown, "the generator takes no such numbers; known are \(known.joined(separator: ", "))")
    }
  }

  /// The numbers of some of the pictures: latents, and where the noise maps come from.
  func rows(_ numbers: [Int]) -> (latents: [Tensor], noise: GeneratorNoise) {
    let noise: GeneratorNoise =
      if let maps { .given(maps.map { $0.shape[0] == 1 ? $0 : $0.rows(numbers) }) } else { .fixed }
    return (latents.map { $0.rows(numbers) }, noise)
  }
}

public struct GivenNoiseError: Error, Equatable, CustomStringConvertible {
  public let path: String
  public let key: String
  public let why: String

  public var description: String { "\(path): \(key): \(why)" }
}
