import Checkpoints
import Engine
@testable import Models
import XCTest

final class SynthesisTests: XCTestCase {
  private func generator(_ size: Int, classes: Int = 3) -> Generator {
    var stream = RandomStream(seed: 1, name: "test.generator")
    return Generator(
      GeneratorConfiguration(
        size: size, classes: classes, latentWidth: 16, mappingLayers: 2, channels: .narrow(maximum: 12, product: 192)),
      stream: &stream)
  }

  private func discriminator(_ size: Int, classes: Int = 3) -> Discriminator {
    var stream = RandomStream(seed: 1, name: "test.discriminator")
    return Discriminator(
      DiscriminatorConfiguration(
        size: size, classes: classes, labelWidth: 5, channels: .narrow(maximum: 12, product: 192)), stream: &stream)
  }

  private func normal(_ shape: [Int], _ name: String = "x") -> Tensor {
    var stream = RandomStream(seed: 2, name: name)
    return .normal(shape, from: &stream)
  }

  // MARK: - The released networks

  func testTheReleasedGeneratorHasItsSizeAndNames() {
    var stream = RandomStream(seed: 0, name: "test")
    let generator = Generator(GeneratorConfiguration(classes: 12), stream: &stream)
    XCTAssertEqual(Double(generator.parameterCount) / 1e6, 29.36, accuracy: 0.01)
    XCTAssertEqual(generator.latentCount, 12)
    let shapes = shapesByKey(generator)
    XCTAssertEqual(shapes["convs.0.conv.weight"], [1, 512, 512, 3, 3])
    XCTAssertEqual(shapes["convs.0.conv.blur.kernel"], [4, 4])
    XCTAssertEqual(shapes["convs.9.conv.weight"], [1, 256, 256, 3, 3])
    XCTAssertEqual(shapes["to_rgb1.bias"], [1, 12, 1, 1])
    XCTAssertEqual(shapes["to_rgbs.4.conv.weight"], [1, 12, 256, 1, 1])
    XCTAssertEqual(shapes["to_rgbs.4.upsample.kernel"], [4, 4])
    XCTAssertEqual(shapes["noises.noise_10"], [1, 1, 128, 128])
    XCTAssertEqual(shapes["style.8.weight"], [512, 512])
    XCTAssertEqual(shapes["input.input"], [1, 512, 4, 4])
    XCTAssertEqual(shapes["iwt.hh"], [2, 2])
    XCTAssertNil(shapes["style.0.weight"])
    XCTAssertNil(shapes["convs.1.conv.blur.kernel"])
    XCTAssertNil(shapes["to_rgb1.iwt.ll"])
  }

  func testTheReleasedDiscriminatorHasItsSizeAndNames() {
    var stream = RandomStream(seed: 0, name: "test")
    let discriminator = Discriminator(DiscriminatorConfiguration(classes: 12), stream: &stream)
    XCTAssertEqual(Double(discriminator.parameterCount) / 1e6, 30.94, accuracy: 0.01)
    let shapes = shapesByKey(discriminator)
    XCTAssertEqual(shapes["from_rgbs.0.conv.0.weight"], [128, 12, 1, 1])
    XCTAssertEqual(shapes["from_rgbs.5.downsample.kernel"], [4, 4])
    XCTAssertEqual(shapes["convs.0.conv1.1.bias"], [128])
    XCTAssertEqual(shapes["convs.0.conv2.0.kernel"], [4, 4])
    XCTAssertEqual(shapes["convs.0.conv2.1.weight"], [512, 128, 3, 3])
    XCTAssertEqual(shapes["convs.0.conv2.2.bias"], [512])
    XCTAssertEqual(shapes["final_conv.0.weight"], [512, 513, 3, 3])
    XCTAssertEqual(shapes["final_linear.0.weight"], [512, 8192])
    XCTAssertEqual(shapes["fusion_conv.0.weight"], [512, 1024, 3, 3])
    XCTAssertNil(shapes["from_rgbs.0.iwt.ll"])
  }

  func testChannelPlans() {
    XCTAssertEqual([4, 32, 64, 128, 256].map { ChannelPlan.released().channels(at: $0) }, [512, 512, 512, 256, 128])
    XCTAssertEqual([64, 128].map { ChannelPlan.released(multiplier: 1).channels(at: $0) }, [256, 128])
    XCTAssertEqual([4, 8, 16, 512].map { ChannelPlan.narrow(maximum: 96, product: 1024).channels(at: $0) }, [96, 96, 64, 8])
  }

  // MARK: - Small networks

  func testSmallSizesWork() {
    for size in [16, 32, 64] {
      let (generator, discriminator) = (generator(size), discriminator(size))
      let labels = [0, 2, 1]
      let (image, latents) = generator(
        latents: [normal([3, 16], "a"), normal([3, 16], "b")], labels: labels, injectIndex: 1)
      XCTAssertEqual(image.shape, [3, size, size, 3])
      XCTAssertEqual(latents.shape, [3, generator.latentCount, 16])
      XCTAssertEqual(discriminator(image, labels: labels).shape, [3, 1])
      XCTAssertEqual(generator.noiseSides.last, size / 2)
    }
  }

  /// Noise is drawn picture after picture, and in each layer after layer, from one stream or from one of its own.
  func testNoiseIsWhatTheStreamGives() {
    var source = RandomStream(seed: 1, name: "buffers")
    let buffers = NoiseBuffers(layers: 3, stream: &source)
    let stream = RandomStream(seed: 4, name: "noise")
    func expected(_ streams: [RandomStream]) -> [[Float]] {
      var (streams, maps) = (streams, buffers.sides.map { _ in [Float]() })
      for picture in 0..<3 {
        let own = streams.count == 1 ? 0 : picture
        for (layer, side) in buffers.sides.enumerated() {
          for _ in 0..<side * side { maps[layer].append(streams[own].normal()) }
        }
      }
      return maps
    }
    let drawn = buffers.maps(.drawn(stream), batch: 3)
    XCTAssertEqual(drawn.map(\.shape), [[3, 4, 4, 1], [3, 8, 8, 1], [3, 8, 8, 1]])
    XCTAssertEqual(drawn.map(\.values), expected([stream]))
    let streams = (0..<3).map { RandomStream(seed: 5, name: "picture", index: $0) }
    XCTAssertEqual(buffers.maps(.drawnEach(streams), batch: 3).map(\.values), expected(streams))
  }

  func testAGradientReachesEveryParameter() {
    let (generator, discriminator) = (generator(32), discriminator(32))
    let labels = [0, 1, 2, 0]
    let noise = GeneratorNoise.drawn(RandomStream(seed: 4, name: "noise"))
    let (image, latents) = generator(
      latents: [normal([4, 16], "a"), normal([4, 16], "b")], labels: labels, injectIndex: 3, noise: noise)
    let loss = (discriminator(image, labels: labels) * normal([4, 1], "weights")).softplus().sum()
    let keys = generator.parameters + discriminator.parameters
    for (entry, gradient) in zip(keys, gradients(of: loss, withRespectTo: keys.map(\.parameter.value))) {
      XCTAssertTrue(gradient.isFinite, entry.key)
      XCTAssertTrue(gradient.values.contains { $0 != 0 }, "no gradient reaches \(entry.key)")
    }
    XCTAssertTrue(gradients(of: image.sum(), withRespectTo: [latents])[0].values.contains { $0 != 0 })
  }

  func testTheLabelAndBothLatentsMatter() {
    let generator = generator(16)
    let (a, b) = (normal([1, 16], "a"), normal([1, 16], "b"))
    let image = generator(latents: [a, b], labels: [0], injectIndex: 2).image.values
    XCTAssertNotEqual(image, generator(latents: [a, b], labels: [1], injectIndex: 2).image.values)
    XCTAssertNotEqual(image, generator(latents: [a, a], labels: [0], injectIndex: 2).image.values)
    XCTAssertEqual(
      generator(latents: [a, a], labels: [0], injectIndex: 2).image.values,
      generator(latents: [a], labels: [0]).image.values)
    let real = normal([2, 16, 16, 3])
    let discriminator = discriminator(16)
    XCTAssertNotEqual(discriminator(real, labels: [0, 1]).values, discriminator(real, labels: [0, 2]).values)
  }

  func testTruncationToZeroGivesTheCentre() {
    let generator = generator(16)
    let centre = normal([1, 16], "centre")
    let (_, latents) = generator(
      latents: [normal([2, 16], "a")], labels: [0, 1], truncation: 0, truncationLatent: centre)
    XCTAssertEqual(latents.values, (0..<(2 * generator.latentCount)).flatMap { _ in centre.values })
    let (_, half) = generator(latents: [normal([1, 16], "a")], labels: [0], truncation: 0.5, truncationLatent: centre)
    let full = generator.map(normal([1, 16], "a"), labels: [0]).values
    XCTAssertEqual(half.values[3], (full[3] + centre.values[3]) / 2, accuracy: 1e-5)
  }

  func testAPictureWithItsOwnNoiseStreamIsTheSameInAnyBatch() {
    let generator = generator(16)
    for parameter in generator.parameters where parameter.key.hasSuffix("noise.weight") {
      parameter.parameter.set(Tensor([0.5], shape: [1]))
    }
    let z = normal([3, 16])
    let streams = (0..<3).map { RandomStream(seed: 9, name: "noise", index: $0) }
    let all = generator(latents: [z], labels: [0, 1, 2], noise: .drawnEach(streams)).image
    let last = generator(latents: [z.slice(0, 2..<3)], labels: [2], noise: .drawnEach([streams[2]])).image
    let fixed = generator(latents: [z.slice(0, 2..<3)], labels: [2]).image
    XCTAssertLessThan(largest(all.slice(0, 2..<3) - last), 1e-4)
    XCTAssertGreaterThan(largest(last - fixed), 1e-2)
  }

  func testModulationEqualsAWeightPerPicture() {
    for isDemodulated in [true, false] {
      var stream = RandomStream(seed: 5, name: "modulated")
      let layer = ModulatedConv2d(6, 4, kernel: 3, styleWidth: 5, isDemodulated: isDemodulated, stream: &stream)
      let (x, style) = (normal([3, 7, 7, 6], "x"), normal([3, 5], "style"))
      let found = layer(x, style: style)
      let states = Dictionary(uniqueKeysWithValues: layer.states.map { ($0.key, $0.state.value) })
      let factors = matmul(style, states["modulation.weight"]!, transposeB: true) * (1 / Float(5).squareRoot())
        + states["modulation.bias"]!
      for picture in 0..<3 {
        var weight = layer.weight.value * factors.slice(0, picture..<(picture + 1)).reshaped([1, 1, 6, 1])
        weight = weight * (1 / Float(54).squareRoot())
        if isDemodulated {
          weight = weight * (weight.squared().sum([0, 1, 2], keepingAxes: true) + 1e-8).reciprocalSquareRoot()
        }
        let expected = conv2d(x.slice(0, picture..<(picture + 1)), weight, Window(padding: 1))
        XCTAssertLessThan(largest(found.slice(0, picture..<(picture + 1)) - expected), 1e-5)
      }
    }
  }

  func testAnyBatchSizeHasADeviationGroup() {
    let discriminator = discriminator(16)
    for batch in 1...6 {
      let logits = discriminator(normal([batch, 16, 16, 3]), labels: [Int](repeating: 1, count: batch))
      XCTAssertEqual(logits.shape, [batch, 1])
      XCTAssertTrue(logits.isFinite)
    }
  }

  func testFusionFlattensChannelFirst() {
    var stream = RandomStream(seed: 6, name: "fusion")
    let fusion = FeatureFusion(featureCount: 12, latentWidth: 2, stream: &stream)
    XCTAssertEqual(fusion.states.map(\.key), ["fc.weight", "fc.bias"])
    // Only the column of channel 1, row 0, column 1 in PyTorch's order [3,2,2] counts.
    var weight = [Float](repeating: 0, count: 24)
    weight[1 * 4 + 0 * 2 + 1] = 1
    fusion.states[0].state.set(Tensor(weight, shape: [2, 12]))
    fusion.states[1].state.set(.zeros([2]))
    let feature = normal([1, 2, 2, 3], "feature")
    let noise = normal([1, 2], "noise")
    let mixed = fusion(feature, noise: noise, noiseRatio: 0.25).values
    XCTAssertEqual(mixed[0], 0.25 * noise.values[0] + 0.75 * feature.values[(0 * 2 + 1) * 3 + 1], accuracy: 1e-6)
    XCTAssertEqual(mixed[1], 0.25 * noise.values[1], accuracy: 1e-6)
  }
}

/// The shapes in PyTorch's order of all states.
func shapesByKey(_ module: Module) -> [String: [Int]] {
  Dictionary(uniqueKeysWithValues: module.states.map { ($0.key, $0.state.layout.exportedShape($0.state.value.shape)) })
}

/// The largest absolute value.
func largest(_ x: Tensor) -> Float { x.values.reduce(0) { max($0, abs($1)) } }
