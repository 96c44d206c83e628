import Synchronization

/// How a tensor was made: its inputs and the rule that carries a gradient back to them.
final class Record {
  /// Given the gradient of the loss by the output, the output itself, and which inputs need a gradient, the
  /// gradients by the inputs. Written in tensor operations, so a gradient can be differentiated again.
  /// The output is an argument, not captured: a captured output would keep itself alive for ever.
  typealias Rule = (_ gradient: Tensor, _ output: Tensor, _ needed: [Bool]) -> [Tensor?]

  let order: Int
  let inputs: [Tensor]
  let rule: Rule

  private static let counter = Atomic<Int>(0)

  init(inputs: [Tensor], rule: @escaping Rule) {
    order = Self.counter.wrappingAdd(1, ordering: .relaxed).newValue
    self.inputs = inputs
    self.rule = rule
  }

  /// What stands in the place of a record that a backward pass has used up.
  nonisolated(unsafe) static let spent = Record(inputs: []) { _, _, _ in [] }

  nonisolated(unsafe) private static var pending: [Record] = []
  nonisolated(unsafe) private static var isReleasing = false

  /// Lets go of a record and of all that only it held, one after the other: a tensor that freed its record itself
  /// would free the one before it first, and so on, and a chain of some ten thousand would overflow the stack.
  static func release(_ record: consuming Record) {
    pending.append(record)
    if isReleasing { return }
    isReleasing = true
    while !pending.isEmpty { pending.removeLast() }
    isReleasing = false
  }
}

/// Whether operations on tracked tensors are recorded now.
enum Recording {
  nonisolated(unsafe) static var isOn = true
  /// Whether it is off to draw or to evaluate, not for a backward pass.
  nonisolated(unsafe) static var isOffToDraw = false

  /// Whether an operation on these tensors is recorded.
  static func concerns(_ inputs: [Tensor]) -> Bool { isOn && inputs.contains(where: \.isTracked) }
}

/// Runs `body` without recording: evaluation, generation, optimizer steps.
public func withoutRecording<R>(_ body: () throws -> R) rethrows -> R {
  let before = (Recording.isOn, Recording.isOffToDraw)
  (Recording.isOn, Recording.isOffToDraw) = (false, true)
  defer { (Recording.isOn, Recording.isOffToDraw) = before }
  return try body()
}

/// Attaches a gradient rule to a freshly computed tensor, where one is wanted.
func recorded(_ output: Tensor, from inputs: [Tensor], rule: @escaping Record.Rule) -> Tensor {
  guard Recording.concerns(inputs) else { return output }
  return Tensor(shape: output.shape, storage: output.storage, record: Record(inputs: inputs, rule: rule))
}

/// Is told how far a backward pass has come.
protocol BackwardWatcher: AnyObject {
  /// The gradient by input `index` will not change any more.
  func gradientIsFinal(_ index: Int, _ gradient: Tensor)
  /// One more operation is behind.
  func operationIsDone()
}

/// The gradients of `output` by each of `inputs`: reverse-mode differentiation.
///
/// - Parameters:
///   - output: A scalar, or a tensor of any shape if `seed` is given.
///   - inputs: Tracked tensors, leaves or intermediate. Only paths that lead to them are walked, and no other
///     gradient is computed.
///   - seed: The gradient by the output (default: one).
///   - recording: Record the gradients themselves, to differentiate them again (R1, path length).
///   - keepingGraph: Whether other gradients may be taken through what was walked. If not, each operation and what it
///     kept for its gradient is let go of as soon as it is behind, as training wants it.
/// - Returns: One tensor per input, of its shape; zeros where the output does not depend on it.
public func gradients(
  of output: Tensor, withRespectTo inputs: [Tensor], seed: Tensor? = nil, recording: Bool = false,
  keepingGraph: Bool = true
) -> [Tensor] {
  gradients(
    of: output, withRespectTo: inputs, seed: seed, recording: recording, keepingGraph: keepingGraph, watcher: nil)
}

/// - Parameter watcher: Told of gradients by leaves as soon as all operations that use them are behind; not of those
///   that the output does not depend on.
func gradients(
  of output: Tensor, withRespectTo inputs: [Tensor], seed: Tensor? = nil, recording: Bool = false,
  keepingGraph: Bool, watcher: (any BackwardWatcher)?
) -> [Tensor] {
  precondition(seed != nil || output.count == 1, "a gradient needs a scalar or a seed; the shape is \(output.shape)")
  precondition(seed == nil || seed!.shape == output.shape, "the seed's shape must be the output's")
  precondition(inputs.allSatisfy(\.isTracked), "gradients are taken by tracked tensors: use .tracked")
  precondition(keepingGraph || !recording, "recorded gradients lead back through the graph: keep it")
  let before = (Recording.isOn, Recording.isOffToDraw)
  (Recording.isOn, Recording.isOffToDraw) = (recording, false)
  defer { (Recording.isOn, Recording.isOffToDraw) = before }

  var path = GradientPath(from: output, to: inputs)
  var gradient = [Tensor?](repeating: nil, count: path.nodes.count)
  gradient[0] = seed ?? Tensor(repeating: 1, shape: output.shape)
  var uses = watcher.map { _ in LeafUses(of: inputs, in: path) }
  for place in path.order.reversed() {
    let node = path.nodes[place].take()!
    defer {
      if let watcher, node.record != nil {
        for (index, leaf) in uses!.finished(path.inputs(of: place)) {
          if let final = gradient[leaf] { watcher.gradientIsFinal(index, final) }
        }
        watcher.operationIsDone()
      }
      if !keepingGraph { node.letGoOfRecord() }
    }
    guard let record = node.record, let incoming = gradient[place] else { continue }
    if !path.isWanted[place] { gradient[place] = nil }
    let targets = path.inputs(of: place)
    let needed = targets.map { $0 >= 0 && path.leads[$0] }
    for (index, contribution) in record.rule(incoming, node, needed).enumerated() where needed[index] {
      guard let contribution else { continue }
      assert(contribution.shape == record.inputs[index].shape, "a rule gave a gradient of another shape")
      let target = targets[targets.startIndex + index]
      gradient[target] = gradient[target].map { $0 + contribution } ?? contribution
    }
  }
  return inputs.map { input in path.places[ObjectIdentifier(input)].flatMap { gradient[$0] } ?? .zeros(input.shape) }
}

/// What a backward pass goes through. Tensors are looked up once; from then on they are their places.
private struct GradientPath {
  /// Each tensor that the output was made of, the output first; those that lead to no wanted one are let go of.
  var nodes: [Tensor?]
  private(set) var places: [ObjectIdentifier: Int]
  private(set) var isWanted: [Bool]
  /// Whether a tensor is wanted or was made of one that is.
  private(set) var leads: [Bool]
  /// The places that lead somewhere, in the order in which the tensors were made.
  private(set) var order: [Int]
  /// The places of all inputs, node after node, and where each node's start; -1 for one that is not tracked.
  private var edges: [Int] = []
  private var firstEdges: [Int] = []

  func inputs(of place: Int) -> ArraySlice<Int> { edges[firstEdges[place]..<firstEdges[place + 1]] }

  init(from output: Tensor, to wanted: [Tensor]) {
    var found = [output]
    var places = [ObjectIdentifier(output): 0]
    var next = 0
    while next < found.count {
      let node = found[next]
      precondition(node.record !== Record.spent, "an earlier backward pass let go of this graph: let it keep the graph")
      firstEdges.append(edges.count)
      for input in node.record?.inputs ?? [] {
        guard input.isTracked else {
          edges.append(-1)
          continue
        }
        let place = places[ObjectIdentifier(input), default: found.count]
        if place == found.count {
          places[ObjectIdentifier(input)] = place
          found.append(input)
        }
        edges.append(place)
      }
      next += 1
    }
    firstEdges.append(edges.count)
    var leads = [Bool](repeating: false, count: found.count)
    for tensor in wanted { if let place = places[ObjectIdentifier(tensor)] { leads[place] = true } }
    isWanted = leads
    let times = found.map { $0.record?.order ?? 0 }
    order = found.indices.sorted { (times[$0], $0) < (times[$1], $1) }
    for place in order where !leads[place] {
      leads[place] = edges[firstEdges[place]..<firstEdges[place + 1]].contains { $0 >= 0 && leads[$0] }
    }
    order.removeAll { !leads[$0] }
    nodes = zip(found, leads).map { $1 ? $0 : nil }
    self.leads = leads
    self.places = places
  }
}

/// How many operations that use a leaf are still to come in a backward pass.
private struct LeafUses {
  /// By the leaf's place.
  private var left: [Int: (index: Int, count: Int)] = [:]

  init(of inputs: [Tensor], in path: GradientPath) {
    for (index, input) in inputs.enumerated() where input.record == nil {
      if let place = path.places[ObjectIdentifier(input)] { left[place] = (index, 0) }
    }
    for place in path.order { for input in path.inputs(of: place) { left[input]?.count += 1 } }
  }

  /// Takes away an operation with inputs at these places, and gives the leaves that have none left.
  mutating func finished(_ places: ArraySlice<Int>) -> [(index: Int, leaf: Int)] {
    var found: [(Int, Int)] = []
    for place in places {
      guard let use = left[place] else { continue }
      left[place]!.count -= 1
      if use.count == 1 { found.append((use.index, place)) }
    }
    return found
  }
}

/// An operation with a fast kernel and a readable reference.
///
/// The kernel computes the value and the first gradient in few passes. Gradients of gradients come from
/// differentiating `reference`, the same function in plain tensor operations: rarely needed, always right.
func fused(
  _ inputs: [Tensor], output: Tensor, reference: @escaping ([Tensor]) -> Tensor,
  fastGradient: @escaping Record.Rule
) -> Tensor {
  recorded(output, from: inputs) { gradient, output, needed in
    guard Recording.isOn else { return fastGradient(gradient, output, needed) }
    return gradientsThrough(reference, inputs, seed: gradient, needed: needed)
  }
}

/// The gradients of `f(inputs)` by the inputs that need one, from computing `f` now; recorded where gradients are.
///
/// - Parameter parameters: Tracked tensors that `f` uses besides its inputs, whose gradients come after the inputs'.
func gradientsThrough(
  _ f: ([Tensor]) -> Tensor, _ inputs: [Tensor], parameters: [Tensor] = [], seed: Tensor, needed: [Bool]
) -> [Tensor?] {
  let isRecorded = Recording.isOn
  Recording.isOn = true
  defer { Recording.isOn = isRecorded }
  // Aliases, so that an input that depends on another input is not differentiated through twice.
  let aliases = inputs.map { input in
    input.isTracked ? recorded(Tensor(shape: input.shape, storage: input.storage), from: [input]) { g, _, _ in [g] } : input
  }
  let variables = aliases + parameters
  let wanted = variables.indices.filter { needed[$0] && variables[$0].isTracked }
  let found = gradients(
    of: f(aliases), withRespectTo: wanted.map { variables[$0] }, seed: seed, recording: isRecorded,
    keepingGraph: isRecorded)
  var result = [Tensor?](repeating: nil, count: variables.count)
  for (index, value) in zip(wanted, found) { result[index] = value }
  return result
}
