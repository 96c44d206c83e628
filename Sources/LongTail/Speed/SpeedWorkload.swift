import Engine
import Foundation
import Models

/// A piece of work whose time is measured, here and in the same words by the PyTorch script beside it.
public struct SpeedWorkload: Sendable {
  /// What is done, such as `resnet50-train`.
  public let kind: String
  /// Its sizes, such as `batch` and `side`.
  public let sizes: [String: Int]

  public init(_ kind: String, _ sizes: [String: Int]) {
    self.kind = kind
    self.sizes = sizes
  }

  /// Reads `kind:key=value,key=value`.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", maxSplits: 1)
    guard let first = parts.first else { return nil }
    var sizes: [String: Int] = [:]
    for pair in parts.dropFirst().flatMap({ $0.split(separator: ",") }) {
      let words = pair.split(separator: "=")
      guard words.count == 2, let value = Int(words[1]) else { return nil }
      sizes[String(words[0])] = value
    }
    self.init(String(first), sizes)
  }

  /// `kind:key=value,…`, the keys in order.
  public var name: String {
    kind + (sizes.isEmpty ? "" : ":" + sizes.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: ","))
  }

  private func size(_ key: String, _ standard: Int) -> Int { sizes[key] ?? standard }

  /// Builds networks and inputs.
  ///
  /// - Returns: What runs the work once, or nil if the kind is unknown.
  public func prepared() -> (() -> Void)? {
    var stream = RandomStream(seed: 1, name: "speed", index: 0)
    switch kind {
    case "resnet50-train", "resnet50-eval": return residualNetwork(isTraining: kind == "resnet50-train", &stream)
    case "generator-forward", "generator-step", "path-length", "discriminator", "r1":
      return adversarial(CDTGSettings.paper.resized(side: size("side", 256), multiplier: size("multiplier", 2)), &stream)
    case "clip-image": return clip(&stream)
    case "classifier-small": return smallClassifier(&stream)
    case "cdtg-small", "cdtg-small-r1", "cdtg-small-path": return smallAdversarial(&stream)
    default: return nil
    }
  }

  private func residualNetwork(isTraining: Bool, _ stream: inout RandomStream) -> () -> Void {
    let (batch, side) = (size("batch", 16), size("side", 224))
    let model = ResNet(.resNet50(classes: 20), stream: &stream)
    model.isTraining = isTraining
    let x = Tensor.normal([batch, side, side, 3], from: &stream)
    let labels = (0..<batch).map { $0 % 20 }
    if !isTraining { return { withoutRecording { _ = model(x).logits } } }
    let parameters = model.parameters.map(\.parameter)
    let optimizer = SGD(parameters, learningRate: 1e-3, momentum: 0.9)
    return {
      let loss = crossEntropy(model(x).logits, labels)
      optimizer.step(gradients(of: loss, withRespectTo: parameters.map(\.value), keepingGraph: false))
    }
  }

  private func smallClassifier(_ stream: inout RandomStream) -> () -> Void {
    let batch = size("batch", 64)
    let settings = PipelineSettings.profile(.default)
    var network = settings.network
    network.classes = 20
    let model = ResNet(network, stream: &stream)
    let x = Tensor.normal([batch, settings.cdtg.side, settings.cdtg.side, 3], from: &stream)
    let labels = (0..<batch).map { $0 % 20 }
    let parameters = model.parameters.map(\.parameter)
    let optimizer = Adam(parameters, learningRate: 1e-3, weightDecay: 1e-4)
    return {
      let loss = crossEntropy(model(x).logits, labels)
      optimizer.step(gradients(of: loss, withRespectTo: parameters.map(\.value), keepingGraph: false))
    }
  }

  private func clip(_ stream: inout RandomStream) -> () -> Void {
    var configuration = CLIPConfiguration.vitB32
    // The text tower is not timed.
    configuration.text.layers = 1
    let model = CLIP(configuration, stream: &stream)
    let x = Tensor.normal([size("batch", 8), 224, 224, 3], from: &stream)
    return { withoutRecording { _ = model.imageFeatures(x) } }
  }

  private func adversarial(_ settings: CDTGSettings, _ stream: inout RandomStream) -> () -> Void {
    let batch = size("batch", 4)
    let labels = (0..<batch).map { $0 % 20 }
    let pictures = Tensor.uniform([batch, settings.side, settings.side, 3], -1, 1, from: &stream)
    let z = Tensor.normal([batch, settings.latentWidth], from: &stream)
    let needsGenerator = kind != "discriminator" && kind != "r1"
    let needsDiscriminator = kind != "generator-forward" && kind != "path-length"
    let generator = needsGenerator ? Generator(settings.generatorConfiguration(classes: 20), stream: &stream) : nil
    let discriminator = needsDiscriminator
      ? Discriminator(settings.discriminatorConfiguration(classes: 20), stream: &stream) : nil
    let generated = generator?.parameters.map(\.parameter) ?? []
    let judged = discriminator?.parameters.map(\.parameter) ?? []
    let noise = (generator?.noiseSides ?? []).map { Tensor.normal([batch, $0, $0, 1], from: &stream) }
    let direction = Tensor.normal(pictures.shape, from: &stream)
    switch kind {
    case "generator-forward":
      return { withoutRecording { _ = generator!(latents: [z], labels: labels, noise: .given(noise)) } }
    case "generator-step":
      discriminator!.setTrainable(false)
      return {
        let image = generator!(latents: [z], labels: labels, noise: .given(noise)).image
        let loss = adversarialLoss(fake: discriminator!(image, labels: labels))
        _ = gradients(of: loss, withRespectTo: generated.map(\.value), keepingGraph: false)
      }
    case "path-length":
      return {
        let (image, latents) = generator!(latents: [z], labels: labels, noise: .given(noise))
        let penalty = pathLengthPenalty(image: image, latents: latents, direction: direction, mean: 0.1).penalty
        _ = gradients(of: penalty, withRespectTo: generated.map(\.value), keepingGraph: false)
      }
    case "discriminator":
      return {
        let loss = adversarialLoss(fake: discriminator!(pictures, labels: labels))
        _ = gradients(of: loss, withRespectTo: judged.map(\.value), keepingGraph: false)
      }
    default:
      return {
        let penalty = r1Penalty({ discriminator!($0, labels: labels) }, pictures: pictures)
        _ = gradients(of: penalty, withRespectTo: judged.map(\.value), keepingGraph: false)
      }
    }
  }

  private func smallAdversarial(_ stream: inout RandomStream) -> () -> Void {
    var settings = PipelineSettings.profile(.default).cdtg
    settings.batchSize = size("batch", settings.batchSize)
    settings.augmentation = .none
    let batch = settings.batchSize
    let configuration = settings.generatorConfiguration(classes: 20)
    func networks() -> ConditionalGenerator {
      var stream = RandomStream(seed: 2, name: "speed", index: 0)
      return ConditionalGenerator(configuration, featureCount: nil, stream: &stream)
    }
    let discriminator = Discriminator(settings.discriminatorConfiguration(classes: 20), stream: &stream)
    let pictures = Tensor.uniform([batch, settings.side, settings.side, 3], -1, 1, from: &stream)
    let labels = (0..<batch).map { $0 % 20 }
    let training = GeneratorTraining(
      settings: settings, networks: networks(), average: networks(), discriminator: discriminator,
      guides: GeneratorGuides(), seed: 1)
    switch kind {
    case "cdtg-small": return { try? training.step(1, pictures: pictures, labels: labels) }
    case "cdtg-small-r1": return { try? training.penalizeGradients(1, pictures: pictures, labels: labels) }
    default: return { try? training.regularizePaths(1, labels: labels, feature: nil) }
    }
  }
}

extension CDTGSettings {
  /// The same networks for another size.
  func resized(side: Int, multiplier: Int) -> CDTGSettings {
    var settings = self
    settings.side = side
    settings.channels = .released(multiplier: multiplier)
    return settings
  }
}
