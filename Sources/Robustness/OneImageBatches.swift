import Engine
import LongTail
import Models
import NumericalChecks

/// Networks trained on batches of one picture: no variance between pictures, no partner to compare with.
enum OneImageBatches {
  static func checks(seed: UInt64) -> [ExtremeCheck] {
    var stream = RandomStream(seed: seed, name: "one image")
    var settings = PipelineSettings.profile(.smoke)
    settings.cdtg.side = 16
    settings.network.classes = 5
    let picture = Tensor.uniform([1, 32, 32, 3], -1, 1, from: &stream)

    let network = ResNet(settings.network, stream: &stream)
    let classified = crossEntropy(network(picture).logits, [3])
    let byNetwork = gradients(of: classified, withRespectTo: network.parameters.map(\.parameter.value))

    let generator = Generator(settings.cdtg.generatorConfiguration(classes: 5), stream: &stream)
    let discriminator = Discriminator(settings.cdtg.discriminatorConfiguration(classes: 5), stream: &stream)
    let z = Tensor.normal([1, settings.cdtg.latentWidth], from: &stream)
    let (image, latents) = generator(latents: [z], labels: [2])
    let weights = (generator.parameters + discriminator.parameters).map(\.parameter.value)
    let drawn = adversarialLoss(fake: discriminator(image, labels: [2]))
    let byBoth = gradients(of: drawn, withRespectTo: weights)
    let r1 = r1Penalty({ discriminator($0, labels: [2]) }, pictures: image.detached)
    let byR1 = gradients(of: r1, withRespectTo: discriminator.parameters.map(\.parameter.value))
    let path = pathLengthPenalty(
      image: image, latents: latents, direction: Tensor.normal(image.shape, from: &stream), mean: 0.1
    ).penalty
    let byPath = gradients(of: path, withRespectTo: generator.parameters.map(\.parameter.value))

    func check(_ name: String, _ value: Tensor, _ gradients: [Tensor]) -> ExtremeCheck {
      let isFinite = value.isFinite && gradients.allSatisfy(\.isFinite)
      return ExtremeCheck(
        name: "one picture: \(name)", finding: "loss and \(gradients.count) gradients finite: \(isFinite)",
        holds: isFinite, counts: [gradients.count])
    }
    return [
      check("classifier with batch norm", classified, byNetwork),
      check("generator and discriminator, deviation over one picture", drawn, byBoth),
      check("R1 penalty", r1, byR1), check("path-length penalty", path, byPath),
    ]
  }
}
