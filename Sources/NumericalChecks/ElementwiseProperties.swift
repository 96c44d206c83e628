import Engine

extension GradientProperty {
  /// Arithmetic, functions of one value, reductions and movement.
  public static let elementwise: [GradientProperty] = arithmetic + functions + reductions + movement

  private static func pair(
    _ name: String, divides: Bool = false, _ f: @escaping (Tensor, Tensor) -> Tensor
  ) -> GradientProperty {
    GradientProperty(name) { draw in
      let shape = draw.shape(rank: 0...3)
      let other = draw.broadcastable(shape)
      // A divisor stays away from zero; which side is repeated is left to chance.
      let divisor = draw.values(divides || draw.flag() ? other : shape, -2, -1)
      return GradientCase([draw.values(shape), divisor]) { f($0[0], $0[1]) }
    }
  }

  private static let arithmetic: [GradientProperty] = [
    pair("x + y") { $0 + $1 }, pair("x - y") { $0 - $1 }, pair("x · y") { $0 * $1 },
    pair("x / y", divides: true) { $0 / $1 }, pair("y · x² - x / y") { $1 * $0.squared() - $0 / $1 },
    GradientProperty("with constants") { draw in
      let (a, b) = (draw.uniform(-2, 2), draw.uniform(0.5, 2))
      return GradientCase([draw.values(draw.shape(rank: 0...3))]) { (a - $0[0] * b) * ($0[0] / b + a) }
    },
  ]

  private static func function(
    _ name: String, _ low: Float = -1, _ high: Float = 1, _ f: @escaping (Tensor) -> Tensor
  ) -> GradientProperty {
    GradientProperty(name) { draw in GradientCase([draw.values(draw.shape(rank: 0...3), low, high)]) { f($0[0]) } }
  }

  private static func kinked(_ name: String, _ f: @escaping (Tensor, Float) -> Tensor) -> GradientProperty {
    GradientProperty(name) { draw in
      let number = draw.uniform(0.05, 0.5)
      return GradientCase([draw.awayFromZero(draw.shape(rank: 0...3))]) { f($0[0], number) }
    }
  }

  private static let functions: [GradientProperty] = [
    function("squared") { $0.squared() }, function("squareRoot", 1, 2) { $0.squareRoot() },
    function("reciprocalSquareRoot", 1, 2) { $0.reciprocalSquareRoot() }, function("exp") { $0.exp() },
    function("log", 1, 2) { $0.log() }, function("sigmoid", -2, 2) { $0.sigmoid() },
    function("tanh", -2, 2) { $0.tanh() }, function("softplus", -2, 2) { $0.softplus() },
    function("quickGELU", -2, 2) { $0.quickGELU() }, function("swish", -2, 2) { $0.swish() },
    kinked("absolute") { x, _ in x.absolute() * x }, kinked("relu") { x, _ in x.relu() * x },
    kinked("leakyReLU") { x, slope in x.leakyReLU(slope: slope, gain: 1.5) * x },
    kinked("clamped") { x, bound in x.clamped(-3, bound / 4) * x },
    GradientProperty("recomputed") { draw in
      let shape = draw.shape(rank: 1...3)
      return GradientCase([draw.values(shape), draw.values(shape, 0.5, 1.5)]) { x in
        recomputed(x, parameters: []) { ($0[0] * $0[1]).exp() * $0[1] }
      }
    },
  ]

  private static let reductions: [GradientProperty] = [
    GradientProperty("sum") { draw in
      let shape = draw.shape(rank: 1...4)
      let (axes, keeping) = (draw.axes(rank: shape.count), draw.flag())
      return GradientCase([draw.values(shape)]) { $0[0].sum(axes, keepingAxes: keeping).squared() }
    },
    GradientProperty("mean") { draw in
      let shape = draw.shape(rank: 1...4)
      let axes = draw.axes(rank: shape.count)
      return GradientCase([draw.values(shape)]) { $0[0].mean(axes).squared() }
    },
    GradientProperty("broadcast") { draw in
      let shape = draw.shape(rank: 1...4)
      let small = draw.broadcastable(shape)
      return GradientCase([draw.values(small)]) { $0[0].broadcast(to: shape).squared() }
    },
    GradientProperty("softmax") { draw in
      GradientCase([draw.values(draw.shape(rank: 1...3, side: 4), -2, 2)]) { $0[0].softmax() }
    },
    GradientProperty("logSoftmax") { draw in
      GradientCase([draw.values(draw.shape(rank: 1...3, side: 4), -2, 2)]) { $0[0].logSoftmax() }
    },
  ]

  private static let movement: [GradientProperty] = [
    GradientProperty("reshaped") { draw in
      let shape = draw.shape(rank: 1...4)
      return GradientCase([draw.values(shape)]) { $0[0].reshaped([-1, shape[0]]).squared() }
    },
    GradientProperty("transposed") { draw in
      let shape = draw.shape(rank: 1...4)
      let order = draw.stream.permutation(shape.count)
      return GradientCase([draw.values(shape)]) { $0[0].transposed(order).squared() }
    },
    GradientProperty("slice") { draw in
      let shape = draw.shape(rank: 1...3, side: 4)
      let axis = draw.integer(0...(shape.count - 1))
      let start = draw.integer(0...(shape[axis] - 1))
      let end = draw.integer((start + 1)...shape[axis])
      return GradientCase([draw.values(shape)]) { $0[0].slice(axis, start..<end).squared() }
    },
    GradientProperty("padded") { draw in
      let shape = draw.shape(rank: 1...3)
      let (axis, before, after) = (draw.integer(0...(shape.count - 1)), draw.integer(0...2), draw.integer(0...2))
      return GradientCase([draw.values(shape)]) { $0[0].padded(axis, before: before, after: after).squared() }
    },
    GradientProperty("padded picture") { draw in
      let padding = Padding(
        top: draw.integer(0...2), bottom: draw.integer(0...2), left: draw.integer(0...2), right: draw.integer(0...2))
      return GradientCase([draw.values(draw.shape(rank: 4...4))]) { $0[0].padded(padding).squared() }
    },
    GradientProperty("rows") { draw in
      let shape = draw.shape(rank: 1...3, side: 4)
      let indices = (0..<draw.integer(1...5)).map { _ in draw.integer(0...(shape[0] - 1)) }
      return GradientCase([draw.values(shape)]) { $0[0].rows(indices).squared() }
    },
    GradientProperty("concatenated") { draw in
      let shape = draw.shape(rank: 1...3)
      let axis = draw.integer(0...(shape.count - 1))
      let parts = (0..<draw.integer(1...3)).map { _ in
        var part = shape
        part[axis] = draw.integer(1...3)
        return draw.values(part)
      }
      return GradientCase(parts) { concatenated($0, axis: axis).squared() }
    },
  ]
}
