import Engine
import LongTail
import NumericalChecks

extension GradientProperty {
  /// Every loss of the method and of the methods it is compared with.
  public static let losses: [GradientProperty] = longTail + adversarial

  /// Logits, labels, and counts of a long tail.
  private static func classified(
    _ name: String, _ loss: @escaping (_ logits: Tensor, _ labels: [Int], _ counts: [Int], _ number: Float) -> Tensor
  ) -> GradientProperty {
    GradientProperty(name) { draw in
      let (count, classes) = (draw.integer(1...3), draw.integer(2...4))
      let labels = (0..<count).map { _ in draw.integer(0...(classes - 1)) }
      let counts = (0..<classes).map { 200 >> (2 * $0) + draw.integer(0...3) }
      let number = draw.uniform(0, 1)
      return GradientCase([draw.values([count, classes], -2, 2)], tolerance: 4e-3, step: 0x1p-4) {
        loss($0[0], labels, counts, number)
      }
    }
  }

  private static let longTail: [GradientProperty] = [
    classified("classBalancedLoss") { classBalancedLoss($0, $1, counts: $2, beta: 0.9 + 0.099 * $3) },
    classified("focalLoss") { logits, labels, _, number in focalLoss(logits, labels, gamma: 2 * number) },
    classified("balancedSoftmaxLoss") { logits, labels, counts, _ in
      balancedSoftmaxLoss(logits, labels, counts: counts)
    },
    classified("logitAdjusted") { crossEntropy(logitAdjusted($0, counts: $2, tau: 2 * $3), $1) },
    classified("labelAwareMarginLoss") { logits, labels, counts, number in
      labelAwareMarginLoss(
        logits, labels, counts: counts, largestMargin: number, scale: 3,
        weights: number < 0.5 ? nil : effectiveNumberWeights(counts, beta: 0.99))
    },
    GradientProperty("distillation") { draw in
      // Cross-entropy, and a fifth of the squared distance to the teacher's map.
      let shape = draw.shape(rank: 2...2, side: 4)
      let teacher = draw.values(shape)
      let labels = (0..<shape[0]).map { _ in draw.integer(0...(shape[1] - 1)) }
      return GradientCase([draw.values(shape), draw.values(shape)]) {
        crossEntropy($0[0], labels) + meanSquaredError($0[1], teacher) * 0.2
      }
    },
  ]

  private static let adversarial: [GradientProperty] = [
    GradientProperty("discriminatorLoss") { draw in
      let count = draw.integer(1...4)
      return GradientCase([draw.values([count, 1], -2, 2), draw.values([count, 1], -2, 2)]) {
        discriminatorLoss(real: $0[0], fake: $0[1])
      }
    },
    GradientProperty("adversarialLoss") { draw in
      GradientCase([draw.values([draw.integer(1...4), 1], -2, 2)]) { adversarialLoss(fake: $0[0]) }
    },
    // Both penalties are gradients themselves: their second order is the engine's third.
    GradientProperty("r1Penalty") { draw in
      let shape = [draw.integer(1...2), 2, 2, draw.integer(1...2)]
      let pictures = draw.values(shape)
      return GradientCase([draw.values([shape[3]])], tolerance: 4e-3) { x in
        r1Penalty({ (($0 * x[0]).tanh() * $0).sum([1, 2, 3]) }, pictures: pictures)
      }
    },
    GradientProperty("pathLengthPenalty") { draw in
      let (count, layers, width) = (draw.integer(1...2), draw.integer(1...2), draw.integer(1...2))
      let direction = draw.values([count, 2, 1, 3], 0.5, 1)
      let mean = draw.uniform(0, 1)
      return GradientCase(
        [draw.values([count, layers, width], 0.5, 1), draw.values([layers * width, 6], 0.5, 1)], tolerance: 8e-3,
        step: 0x1p-5
      ) { x in
        let latents = x[0].isTracked ? x[0] : x[0].tracked
        let flat = latents.reshaped([count, layers * width])
        let image = matmul(flat.squared(), x[1]).reshaped([count, 2, 1, 3])
        return pathLengthPenalty(image: image, latents: latents, direction: direction, mean: mean).penalty
      }
    },
  ]
}
