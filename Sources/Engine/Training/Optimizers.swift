import Foundation

/// A rule that moves parameters along their gradients. Parameters are changed in place.
public protocol Optimizer: AnyObject {
  var learningRate: Float { get set }

  /// One step. `gradients` are in the order of the parameters given at the start.
  func step(_ gradients: [Tensor])

  /// Everything a resumed run needs, by name, in float32.
  var state: [(key: String, value: Tensor)] { get }

  /// Takes back what `state` gave.
  func restore(_ state: [String: Tensor])
}

/// Adam (Kingma and Ba 2015) as `torch.optim.Adam`: weight decay is added to the gradient.
public final class Adam: Optimizer {
  public var learningRate: Float
  private let parameters: [Parameter]
  private let betas: (Float, Float)
  private let epsilon: Float
  private let weightDecay: Float
  private let first: [Tensor]
  private let second: [Tensor]
  private var steps = 0

  public init(
    _ parameters: [Parameter], learningRate: Float = 1e-3, betas: (Float, Float) = (0.9, 0.999),
    epsilon: Float = 1e-8, weightDecay: Float = 0
  ) {
    self.parameters = parameters
    self.learningRate = learningRate
    self.betas = betas
    self.epsilon = epsilon
    self.weightDecay = weightDecay
    first = parameters.map { .zeros($0.value.shape) }
    second = parameters.map { .zeros($0.value.shape) }
  }

  public func step(_ gradients: [Tensor]) {
    precondition(gradients.count == parameters.count, "one gradient per parameter is needed")
    steps += 1
    let span = Trace.open("Adam")
    defer { Trace.close(span) }
    let (b1, b2, decay, eps) = (betas.0, betas.1, weightDecay, epsilon)
    let correction1 = 1 - pow(Double(b1), Double(steps))
    let correction2 = 1 - pow(Double(b2), Double(steps))
    let rate = Float(Double(learningRate) / correction1)
    let rootScale = Float(1 / correction2.squareRoot())
    forEachRun(of: parameters) { index, start, end in
      let (w, g) = (parameters[index].value.pointer, gradients[index].pointer)
      let (m, v) = (first[index].pointer, second[index].pointer)
      Lanes.forEachRun(start, end) { i, n in
        let weight = Lanes(w + i, n)
        let gradient = Lanes(g + i, n) + decay * weight
        let mean = b1 * Lanes(m + i, n) + (1 - b1) * gradient
        let square = b2 * Lanes(v + i, n) + (1 - b2) * gradient * gradient
        mean.store(m + i, n)
        square.store(v + i, n)
        (weight - rate * mean / (square.squareRoot() * rootScale + eps)).store(w + i, n)
      }
    }
  }

  public var state: [(key: String, value: Tensor)] {
    [("step", Tensor(Float(steps)))]
      + first.enumerated().map { ("exp_avg.\($0.offset)", $0.element) }
      + second.enumerated().map { ("exp_avg_sq.\($0.offset)", $0.element) }
  }

  public func restore(_ state: [String: Tensor]) {
    steps = Int(state["step"]?.item ?? 0)
    for (index, moment) in first.enumerated() { restoreMoment(moment, from: state["exp_avg.\(index)"]) }
    for (index, moment) in second.enumerated() { restoreMoment(moment, from: state["exp_avg_sq.\(index)"]) }
  }
}

/// Stochastic gradient descent with momentum as `torch.optim.SGD`: weight decay is added to the gradient.
public final class SGD: Optimizer {
  public var learningRate: Float
  private let parameters: [Parameter]
  private let momentum: Float
  private let weightDecay: Float
  private let isNesterov: Bool
  private let velocity: [Tensor]
  private var steps = 0

  public init(
    _ parameters: [Parameter], learningRate: Float, momentum: Float = 0, weightDecay: Float = 0, nesterov: Bool = false
  ) {
    self.parameters = parameters
    self.learningRate = learningRate
    self.momentum = momentum
    self.weightDecay = weightDecay
    isNesterov = nesterov
    velocity = parameters.map { .zeros($0.value.shape) }
  }

  public func step(_ gradients: [Tensor]) {
    precondition(gradients.count == parameters.count, "one gradient per parameter is needed")
    let span = Trace.open("SGD")
    defer { Trace.close(span) }
    let (rate, decay, momentum, isNesterov) = (learningRate, weightDecay, self.momentum, self.isNesterov)
    forEachRun(of: parameters) { index, start, end in
      let (w, g, v) = (parameters[index].value.pointer, gradients[index].pointer, velocity[index].pointer)
      Lanes.forEachRun(start, end) { i, n in
        let weight = Lanes(w + i, n)
        let gradient = Lanes(g + i, n) + decay * weight
        let speed = momentum * Lanes(v + i, n) + gradient
        speed.store(v + i, n)
        (weight - rate * (isNesterov ? gradient + momentum * speed : speed)).store(w + i, n)
      }
    }
    steps += 1
  }

  public var state: [(key: String, value: Tensor)] {
    velocity.enumerated().map { ("momentum_buffer.\($0.offset)", $0.element) }
  }

  public func restore(_ state: [String: Tensor]) {
    for (index, moment) in velocity.enumerated() { restoreMoment(moment, from: state["momentum_buffer.\(index)"]) }
  }
}

/// Calls `body` for runs of all parameters' values, which it changes, on all threads: most parameters are too small to
/// be shared alone.
private func forEachRun(of parameters: [Parameter], _ body: (_ index: Int, _ start: Int, _ end: Int) -> Void) {
  defer { for parameter in parameters { parameter.value.valuesChanged() } }
  let ends = parameters.reduce(into: [0]) { $0.append($0.last! + $1.value.count) }
  Parallel.ranges(ends.last!) { start, end in
    var index = ends.lastIndex { $0 <= start }!
    while index < parameters.count && ends[index] < end {
      let (first, last) = (max(start, ends[index]), min(end, ends[index + 1]))
      if first < last { body(index, first - ends[index], last - ends[index]) }
      index += 1
    }
  }
}

private func restoreMoment(_ moment: Tensor, from saved: Tensor?) {
  guard let saved else { return }
  precondition(saved.count == moment.count, "an optimizer state of shape \(saved.shape) does not fit \(moment.shape)")
  moment.pointer.update(from: saved.pointer, count: moment.count)
}

/// A slow copy of a model: after each step average · decay + model · (1 - decay). Buffers are copied.
public final class MovingAverage {
  private let averages: [Parameter]
  /// The model's parameters in the order of `averages`.
  private let sources: [ModuleState]
  private let buffers: [(average: ModuleState, model: ModuleState)]

  /// The modules must have the same structure.
  public init(_ average: Module, of model: Module) {
    let (mine, theirs) = (average.states, model.states)
    precondition(mine.map(\.key) == theirs.map(\.key), "a moving average needs the model's structure")
    let pairs = zip(mine, theirs).map { (average: $0.state, model: $1.state) }
    averages = pairs.compactMap { $0.average as? Parameter }
    sources = pairs.filter { $0.average is Parameter }.map(\.model)
    buffers = pairs.filter { !($0.average is Parameter) }
  }

  public func update(decay: Float) {
    let span = Trace.open("moving average")
    defer { Trace.close(span) }
    for (buffer, model) in buffers {
      model.value.withElements { source in buffer.value.withMutableElements { _ = $0.update(from: source) } }
    }
    let rate = 1 - decay
    forEachRun(of: averages) { index, start, end in
      let (a, b) = (averages[index].value.pointer, sources[index].value.pointer)
      Lanes.forEachRun(start, end) { i, n in
        let value = Lanes(a + i, n)
        (value + (Lanes(b + i, n) - value) * rate).store(a + i, n)
      }
    }
  }
}
