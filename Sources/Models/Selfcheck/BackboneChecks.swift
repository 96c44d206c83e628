import Checkpoints
import Engine

/// The golden cases of back-bones: the file's name less `backbone_`, and the network.
let backboneCases: [(name: String, backbone: BackboneName)] = [
  ("vgg16", .vgg16), ("resnet50_fc0", .resnet50), ("efficientnet-b0", .efficientNetB0), ("se_resnet50", .seResNet50),
  ("densenet121", .denseNet121), ("inceptionresnetv2", .inceptionResNetV2),
]

/// A back-bone for 20 classes in evaluation.
func checkBackbone(_ comparison: GoldenComparison, name: String, _ backbone: BackboneName) throws {
  let golden = comparison.golden
  var stream = RandomStream(seed: 0, name: "selfcheck")
  let model = backbone.network(classes: 20, stream: &stream)
  let keys = Int(try golden.number("keys"))
  guard model.states.count == keys else {
    throw GoldenError(
      path: golden.path, reason: "the released \(name) has \(keys) keys; ours has \(model.states.count)")
  }
  let formula = GoldenFormula(salt: golden.salt)
  formula.fill(model, family: .resnet, prefix: "\(name).")
  model.isTraining = false
  let size = backbone.inputSize
  let logits = withoutRecording { model.logits(formula.picture("input.image\(size)", [1, 3, size, size])) }
  try comparison.check("logits", logits, tolerance: Selfcheck.valueTolerance)
}
