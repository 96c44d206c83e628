import Engine
import Foundation
import Imaging
import Models

/// Draws new pictures of one class, each started from a real one (released `CDTG/generation.py`).
///
/// Picture k starts from real picture k mod n, and its random numbers are a function of (seed, class, k): it is the
/// same in any batch.
/// - Parameters:
///   - sources: Features of the class's real pictures [n,H,W,C]; nil for a plain conditional GAN.
///   - noiseRatio: r in r · noise + (1 - r) · feature.
/// - Returns: 8-bit pictures.
func generateImages(
  _ networks: ConditionalGenerator, label: Int, count: Int, sources: Tensor?, noiseRatio: Float, seed: UInt64,
  batchSize: Int = 64
) -> [Image] {
  var result: [Image] = []
  for start in stride(from: 0, to: count, by: batchSize) {
    result += drawImages(
      networks, label: label, numbers: Array(start..<min(count, start + batchSize)), sources: sources,
      noiseRatio: noiseRatio, seed: seed)
  }
  return result
}

/// How many pictures are drawn at once: fewer of large ones, for memory.
func generationBatch(side: Int) -> Int { side > 64 ? 8 : 64 }

/// The pictures with given numbers of `generateImages`.
func drawImages(
  _ networks: ConditionalGenerator, label: Int, numbers: [Int], sources: Tensor?, noiseRatio: Float, seed: UInt64
) -> [Image] {
  let features = sources.map { sources in sources.rows(numbers.map { number in number % sources.shape[0] }) }
  return drawImages(networks, label: label, numbers: numbers, features: features, noiseRatio: noiseRatio, seed: seed)
}

/// Draws pictures with given numbers of one class; each one's random numbers are a function of (seed, class, number).
///
/// - Parameters:
///   - features: One for each picture [n,H,W,C]; nil for a plain conditional GAN.
///   - truncation: How far w is drawn, and towards which centre [1, latent width].
func drawImages(
  _ networks: ConditionalGenerator, label: Int, numbers: [Int], features: Tensor?, noiseRatio: Float, seed: UInt64,
  truncation: (psi: Float, centre: Tensor)? = nil
) -> [Image] {
  pictures(
    drawTensor(
      networks, label: label, numbers: numbers, features: features, noiseRatio: noiseRatio, seed: seed,
      truncation: truncation))
}

/// The same before rounding: [n,side,side,3], mostly in [-1, 1].
///
/// - Parameter given: Random numbers in place of the seed's.
func drawTensor(
  _ networks: ConditionalGenerator, label: Int, numbers: [Int], features: Tensor?, noiseRatio: Float, seed: UInt64,
  truncation: (psi: Float, centre: Tensor)? = nil, given: GivenNoise? = nil
) -> Tensor {
  withoutRecording {
    let width = networks.generator.configuration.latentWidth
    let (latents, noise): ([Tensor], GeneratorNoise)
    if let given {
      (latents, noise) = given.rows(numbers)
    } else {
      var streams = numbers.map { RandomStream(seed: seed, name: "generation.\(label)", index: UInt64($0)) }
      latents = [concatenated(streams.indices.map { Tensor.normal([1, width], from: &streams[$0]) }, axis: 0)]
      noise = .drawnEach(streams)
    }
    return networks.generator(
      latents: latents.map { networks.latent(noise: $0, feature: features, noiseRatio: noiseRatio) },
      labels: numbers.map { _ in label }, injectIndex: given?.injectIndex, noise: noise,
      truncation: truncation?.psi ?? 1, truncationLatent: truncation?.centre
    ).image
  }
}

/// [N,H,W,3] in [-1, 1] → 8-bit pictures.
func pictures(_ x: Tensor) -> [Image] {
  let (height, width) = (x.shape[1], x.shape[2])
  let size = height * width * 3
  return x.withElements { elements in
    (0..<x.shape[0]).map { index in
      Image(
        width: width, height: height,
        pixels: elements[(index * size)..<((index + 1) * size)].map { value in
          UInt8(min(255, max(0, ((value + 1) * 127.5).rounded())))
        })
    }
  }
}

/// A class's generated pictures as one file: a sheet of 25 columns without margins, from which they are cut again.
enum ImageStrip {
  static let columns = 25

  static func join(_ images: [Image]) -> Image {
    let (width, height) = (images.first?.width ?? 1, images.first?.height ?? 1)
    let rows = max(1, (images.count + columns - 1) / columns)
    var sheet = Image(width: columns * width, height: rows * height, fill: [0, 0, 0])
    for (index, image) in images.enumerated() {
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      for y in 0..<height {
        let target = ((row * height + y) * sheet.width + column * width) * 3
        sheet.pixels.replaceSubrange(
          target..<(target + width * 3), with: image.pixels[(y * width * 3)..<((y + 1) * width * 3)])
      }
    }
    return sheet
  }

  static func cut(_ sheet: Image, count: Int, side: Int) -> [Image] {
    (0..<count).map { index in
      let (row, column) = index.quotientAndRemainder(dividingBy: columns)
      return sheet.cropped(x: column * side, y: row * side, width: side, height: side)
    }
  }
}
