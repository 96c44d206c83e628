import Foundation

// Each operation stands beside its gradient rule. Binary operations broadcast as NumPy does, and a gradient is
// summed over the axes along which its operand was repeated.

public func + (a: Tensor, b: Tensor) -> Tensor {
  recorded(mapPairs(a, b) { $0.each { $0 + $1 } }, from: [a, b]) { g, _, needed in
    [needed[0] ? g.sum(to: a.shape) : nil, needed[1] ? g.sum(to: b.shape) : nil]
  }
}

public func - (a: Tensor, b: Tensor) -> Tensor {
  recorded(mapPairs(a, b) { $0.each { $0 - $1 } }, from: [a, b]) { g, _, needed in
    [needed[0] ? g.sum(to: a.shape) : nil, needed[1] ? (-g).sum(to: b.shape) : nil]
  }
}

public func * (a: Tensor, b: Tensor) -> Tensor {
  recorded(mapPairs(a, b) { $0.each { $0 * $1 } }, from: [a, b]) { g, _, needed in
    if needed[0], needed[1], let (byA, byB) = gradientsOfScaling(g, a, by: b) { return [byA, byB] }
    return [needed[0] ? sumOfProducts(g, b, to: a.shape) : nil, needed[1] ? sumOfProducts(g, a, to: b.shape) : nil]
  }
}

public func / (a: Tensor, b: Tensor) -> Tensor {
  recorded(mapPairs(a, b) { $0.each { $0 / $1 } }, from: [a, b]) { g, y, needed in
    [needed[0] ? (g / b).sum(to: a.shape) : nil, needed[1] ? (-(g * y / b)).sum(to: b.shape) : nil]
  }
}

public prefix func - (x: Tensor) -> Tensor {
  recorded(mapElements(x) { $0.each { -$0 } }, from: [x]) { g, _, _ in [-g] }
}

public func + (x: Tensor, c: Float) -> Tensor {
  recorded(mapElements(x) { $0.each { $0 + c } }, from: [x]) { g, _, _ in [g] }
}

public func * (x: Tensor, c: Float) -> Tensor {
  recorded(mapElements(x) { $0.each { $0 * c } }, from: [x]) { g, _, _ in [g * c] }
}

public func - (x: Tensor, c: Float) -> Tensor { x + (-c) }
public func / (x: Tensor, c: Float) -> Tensor { x * (1 / c) }
public func + (c: Float, x: Tensor) -> Tensor { x + c }
public func - (c: Float, x: Tensor) -> Tensor { -x + c }
public func * (c: Float, x: Tensor) -> Tensor { x * c }

extension Tensor {
  /// x².
  public func squared() -> Tensor {
    recorded(mapElements(self) { $0.each { $0 * $0 } }, from: [self]) { g, _, _ in [g * self * 2] }
  }

  /// √x, for x > 0 where a gradient is taken.
  public func squareRoot() -> Tensor {
    recorded(mapElements(self) { $0.each { $0.squareRoot() } }, from: [self]) { g, y, _ in [g / y * 0.5] }
  }

  /// 1 / √x.
  public func reciprocalSquareRoot() -> Tensor {
    recorded(mapElements(self) { $0.each { 1 / $0.squareRoot() } }, from: [self]) { g, y, _ in [g * y * y * y * -0.5] }
  }

  /// e^x.
  public func exp() -> Tensor {
    recorded(mapElements(self) { $0.each { $0.exponential() } }, from: [self]) { g, y, _ in [g * y] }
  }

  /// The natural logarithm.
  public func log() -> Tensor {
    recorded(mapElements(self) { $0.each { $0.map { Foundation.log($0) } } }, from: [self]) { g, _, _ in [g / self] }
  }

  /// |x|; the gradient at 0 is 0.
  public func absolute() -> Tensor {
    let value = mapElements(self) { $0.each { $0.wherePositive($0, else: 0 - $0) } }
    return recorded(value, from: [self]) { g, _, _ in [g * self.sign()] }
  }

  /// -1, 0 or 1; no gradient flows.
  public func sign() -> Tensor {
    mapElements(self) {
      $0.each { x in
        let one = Lanes(repeating: 1)
        return Lanes.zero.replacing(with: one, where: x .> 0).replacing(with: -one, where: x .< 0)
      }
    }
  }

  /// 1 / (1 + e^-x).
  public func sigmoid() -> Tensor {
    let value = mapElements(self) { $0.each { 1 / (1 + (-$0).exponential()) } }
    return recorded(value, from: [self]) { g, y, _ in [g * (y - y.squared())] }
  }

  public func tanh() -> Tensor {
    let value = mapElements(self) { $0.each { $0.map { Foundation.tanh($0) } } }
    return recorded(value, from: [self]) { g, y, _ in [g * (1 - y.squared())] }
  }

  /// log(1 + e^x), without overflow.
  public func softplus() -> Tensor {
    let value = mapElements(self) { $0.each { $0.map { max($0, 0) + log1p(Foundation.exp(-abs($0))) } } }
    return recorded(value, from: [self]) { g, _, _ in [g * self.sigmoid()] }
  }

  /// x · sigmoid(1.702 x), CLIP's activation.
  public func quickGELU() -> Tensor { self * (self * 1.702).sigmoid() }

  /// max(x, 0).
  public func relu() -> Tensor { leakyReLU(slope: 0) }

  /// gain · (x if x > 0 else slope · x).
  public func leakyReLU(slope: Float, gain: Float = 1) -> Tensor {
    let value = mapElements(self) { $0.each { $0.wherePositive($0, else: $0 * slope) * gain } }
    return recorded(value, from: [self]) { g, _, _ in
      [leakyReLUGradient(g, signs: self, slope: slope, gain: gain)]
    }
  }

  /// Values held within bounds; no gradient flows where they were cut.
  public func clamped(_ low: Float, _ high: Float) -> Tensor {
    let value = mapElements(self) {
      $0.each { x in
        let (low, high) = (Lanes(repeating: low), Lanes(repeating: high))
        return x.replacing(with: low, where: x .< low).replacing(with: high, where: x .> high)
      }
    }
    return recorded(value, from: [self]) { g, _, _ in
      let inside = mapElements(self) {
        $0.each { x in Lanes.zero.replacing(with: Lanes(repeating: 1), where: (x .>= low) .& (x .<= high)) }
      }
      return [g * inside]
    }
  }
}

/// `g` times the slope of a leaky ReLU at inputs with the given signs. Linear in `g`, and so its own derivative.
func leakyReLUGradient(_ g: Tensor, signs: Tensor, slope: Float, gain: Float) -> Tensor {
  let value = mapPairs(g, signs.detached) {
    $0.each { g, sign in (g * gain).wherePositive(sign, else: g * (gain * slope)) }
  }
  return recorded(value, from: [g]) { gg, _, _ in
    [leakyReLUGradient(gg, signs: signs, slope: slope, gain: gain)]
  }
}
