import Checkpoints
import Engine

/// The KMDN ResNet-50 with weights by the formula.
private func resNet50(_ classes: Int, prefix: String, _ formula: GoldenFormula) -> ResNet {
  var stream = RandomStream(seed: 0, name: "selfcheck")
  let model = ResNet(.resNet50(classes: classes), stream: &stream)
  formula.fill(model, family: .resnet, prefix: prefix)
  return model
}

/// The 12-way student in evaluation: logits and the third stage's map.
func checkResNetEvaluation(_ comparison: GoldenComparison) throws {
  let formula = GoldenFormula(salt: comparison.golden.salt)
  let student = resNet50(12, prefix: "student.", formula)
  student.isTraining = false
  let (logits, feature) = withoutRecording { student(formula.picture("input.image", [2, 3, 224, 224])) }
  try comparison.check("logits", logits, tolerance: Selfcheck.valueTolerance)
  try comparison.check("features", picture: feature, tolerance: Selfcheck.valueTolerance)
}

/// One step of mutual distillation: the 8-way teacher in evaluation, the student in training.
func checkDistillationStep(_ comparison: GoldenComparison) throws {
  let golden = comparison.golden
  let formula = GoldenFormula(salt: golden.salt)
  let image = formula.picture("input.train", [4, 3, 64, 64])
  let target = withoutRecording { () -> Tensor in
    let teacher = resNet50(8, prefix: "teacher.", formula)
    teacher.isTraining = false
    return teacher(image).feature
  }
  let student = resNet50(12, prefix: "student.", formula)
  let labels = try golden.integers("labels")
  func losses(_ image: Tensor) -> (classification: Tensor, distillation: Tensor, total: Tensor) {
    let (logits, feature) = student(image)
    let classification = crossEntropy(logits, labels)
    let distillation = meanSquaredError(feature, target)
    return (classification, distillation, classification + distillation * 0.2)
  }
  let (classification, distillation, loss) = losses(image)
  // Running statistics before further steps move them.
  let states = StateDictionary(student)
  try comparison.check("cross_entropy", classification.item, tolerance: Selfcheck.valueTolerance)
  try comparison.check("distillation_mse", distillation.item, tolerance: Selfcheck.valueTolerance)
  try comparison.check("loss", loss.item, tolerance: Selfcheck.valueTolerance)
  let tolerance = Selfcheck.distillationGradientTolerance
  // Two-by-two maps of four pictures: a last bit of the input can turn a ReLU or a maximum over, and with it a percent
  // of a gradient: the released code itself, run again in float64, is 1.5e-2 away from the golden bn1.bias, and in
  // float32 on another machine 1.3e-2. So the last bits are varied, and the table says where that widened a tolerance.
  let nudges: [Float] = [-0x1p-21, -0x1p-22, 0x1p-22, 0x1p-21]
  try comparison.check(
    gradientsOf: student, prefix: "grad:", tolerance: tolerance,
    nudged: { parameters in
      nudges.map { gradients(of: losses(image * (1 + $0)).total, withRespectTo: parameters) }
    }
  ) {
    gradients(of: loss, withRespectTo: $0)
  }
  for statistic in ["running_mean", "running_var"] {
    for key in golden.records(withPrefix: "\(statistic):") {
      let name = "\(key.dropFirst(statistic.count + 1)).\(statistic)"
      guard let value = states[name] else {
        throw GoldenError(path: golden.path, reason: "\(key) names no layer of the ResNet-50")
      }
      try comparison.check(key, value, tolerance: Selfcheck.valueTolerance)
    }
  }
}

/// torchvision's ResNet-18 in evaluation, for 20 classes.
func checkResNet18(_ comparison: GoldenComparison) throws {
  let formula = GoldenFormula(salt: comparison.golden.salt)
  var configuration = ResNetConfiguration.resNet18(classes: 20)
  configuration.naming = .downsample
  var stream = RandomStream(seed: 0, name: "selfcheck")
  let model = ResNet(configuration, stream: &stream)
  formula.fill(model, family: .resnet, prefix: "resnet18.")
  model.isTraining = false
  let logits = withoutRecording { model(formula.picture("input.image224", [1, 3, 224, 224])).logits }
  try comparison.check("logits", logits, tolerance: Selfcheck.valueTolerance)
}
