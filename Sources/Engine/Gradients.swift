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

  let wanted = Set(inputs.map(ObjectIdentifier.init))
  var path = nodesLeading(from: output, to: wanted)
  var gradient: [ObjectIdentifier: Tensor] = [:]
  gradient[ObjectIdentifier(output)] = seed ?? Tensor(repeating: 1, shape: output.shape)
  var uses = watcher.map { _ in LeafUses(of: inputs, in: path.nodes) }
  while let node = path.nodes.popLast() {
    let key = ObjectIdentifier(node)
    defer {
      if let watcher, let record = node.record {
        for (index, leaf) in uses!.finished(by: record) {
          if let final = gradient[leaf] { watcher.gradientIsFinal(index, final) }
        }
        watcher.operationIsDone()
      }
      if !keepingGraph { node.letGoOfRecord() }
    }
    guard let record = node.record, let incoming = gradient[key] else { continue }
    if !wanted.contains(key) { gradient[key] = nil }
    let needed = record.inputs.map { path.members.contains(ObjectIdentifier($0)) }
    for (input, contribution) in zip(record.inputs, record.rule(incoming, node, needed)) {
      guard let contribution, path.members.contains(ObjectIdentifier(input)) else { continue }
      assert(contribution.shape == input.shape, "a rule gave \(contribution.shape) for \(input.shape)")
      let inputKey = ObjectIdentifier(input)
      gradient[inputKey] = gradient[inputKey].map { $0 + contribution } ?? contribution
    }
  }
  return inputs.map { gradient[ObjectIdentifier($0)] ?? Tensor.zeros($0.shape) }
}

/// How many operations that use a leaf are still to come in a backward pass.
private struct LeafUses {
  private var left: [ObjectIdentifier: (index: Int, count: Int)] = [:]

  init(of inputs: [Tensor], in nodes: [Tensor]) {
    for (index, input) in inputs.enumerated() where input.record == nil { left[ObjectIdentifier(input)] = (index, 0) }
    for node in nodes {
      for input in node.record?.inputs ?? [] { left[ObjectIdentifier(input)]?.count += 1 }
    }
  }

  /// Takes away an operation, and gives the leaves that have none left.
  mutating func finished(by record: Record) -> [(index: Int, leaf: ObjectIdentifier)] {
    var found: [(Int, ObjectIdentifier)] = []
    for input in record.inputs {
      let key = ObjectIdentifier(input)
      guard let use = left[key] else { continue }
      left[key]!.count -= 1
      if use.count == 1 { found.append((use.index, key)) }
    }
    return found
  }
}

/// The tensors on paths from `output` to the wanted ones, latest last, and their identities.
private func nodesLeading(from output: Tensor, to wanted: Set<ObjectIdentifier>)
  -> (nodes: [Tensor], members: Set<ObjectIdentifier>)
{
  var reached: Set<ObjectIdentifier> = []
  var nodes: [Tensor] = []
  var pending = [output]
  while let node = pending.popLast() {
    guard node.isTracked, reached.insert(ObjectIdentifier(node)).inserted else { continue }
    precondition(node.record !== Record.spent, "an earlier backward pass let go of this graph: let it keep the graph")
    nodes.append(node)
    if let record = node.record { pending.append(contentsOf: record.inputs) }
  }
  nodes.sort { ($0.record?.order ?? 0) < ($1.record?.order ?? 0) }
  var members: Set<ObjectIdentifier> = []
  for node in nodes {
    let leads = node.record?.inputs.contains { members.contains(ObjectIdentifier($0)) } ?? false
    if leads || wanted.contains(ObjectIdentifier(node)) { members.insert(ObjectIdentifier(node)) }
  }
  return (nodes.filter { members.contains(ObjectIdentifier($0)) }, members)
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
