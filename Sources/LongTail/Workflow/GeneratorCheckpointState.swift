import Checkpoints
import Engine
import Foundation
import Models

// What training needs to go on from a `.pt` file. The released format has g_optim, d_optim, args and ada_aug_p for it
// (its own script reads none of them back). It has no place for the fusion layer and its moments, the mean path length,
// the logits counted since the augmentation's last change, and the course of the losses: ours stand beside, under
// `fusion`, `fusion_ema`, `fusion_optim` and `tgn`, which PyTorch's scripts do not look at. Random numbers and the order
// of the data are functions of the seed and the step, and need no place.

extension GeneratorCheckpoint {
  /// Writes a file of everything that training goes on from.
  ///
  /// - Throws: `CheckpointError`, `AtomicFile.Failure`; the former file is then as it was.
  static func write(_ training: GeneratorTraining, steps: Int, to url: URL) throws {
    let settings = training.settings
    var root = CheckpointDictionary()
    root["g"] = CheckpointValue(StateDictionary(training.networks.generator))
    root["d"] = CheckpointValue(StateDictionary(training.discriminator))
    root["g_ema"] = CheckpointValue(StateDictionary(training.average.generator))
    let (g, d) = (training.generatorMoments, training.discriminatorMoments)
    root["g_optim"] = g.exported(prefix: "generator.")
    root["d_optim"] = d.exported(prefix: "")
    root["args"] = .dictionary(arguments(settings))
    root["ada_aug_p"] = .float(Double(training.augmentStrength?.value ?? 0))
    if let fusion = training.networks.fusion, let slow = training.average.fusion, !settings.departs(.fusionNotLearned) {
      root["fusion"] = CheckpointValue(StateDictionary(fusion))
      root["fusion_ema"] = CheckpointValue(StateDictionary(slow))
      root["fusion_optim"] = g.exported(prefix: "fusion.")
    }
    var ours = CheckpointDictionary()
    ours["steps"] = .integer(steps)
    for (key, value) in training.numbers.map({ ($0.name, $0.get()) }) {
      ours[key] = .tensor(CheckpointTensor(Tensor(value, shape: [value.count])))
    }
    root["tgn"] = .dictionary(ours)
    try CheckpointValue.dictionary(root).writePyTorch(to: url)
  }

  /// Takes back everything that `write` wrote, so that training goes on to the same bits.
  ///
  /// - Returns: The number of steps done.
  /// - Throws: `CheckpointError`; `StateMismatch` and `GeneratorCheckpointError` for a file of other networks, or one
  ///   of the released script, which lacks a part.
  func restore(_ training: GeneratorTraining) throws -> Int {
    let settings = training.settings
    var parts: [(String, Module)] = [
      ("g", training.networks.generator), ("g_ema", training.average.generator), ("d", training.discriminator),
    ]
    var moments = [("g_optim", training.generatorMoments, "generator."), ("d_optim", training.discriminatorMoments, "")]
    if let fusion = training.networks.fusion, let slow = training.average.fusion, !settings.departs(.fusionNotLearned) {
      parts += [("fusion", fusion), ("fusion_ema", slow)]
      moments.append(("fusion_optim", training.generatorMoments, "fusion."))
    }
    for name in parts.map(\.0) + moments.map(\.0) + ["tgn"] where file.root.value(at: name) == nil {
      throw GeneratorCheckpointError.cannotGoOn(url.path, missing: name)
    }
    guard case .integer(let steps)? = file.root.value(at: "tgn.steps") else {
      throw GeneratorCheckpointError.cannotGoOn(url.path, missing: "tgn.steps")
    }
    for (path, module) in parts { try file.stateDictionary(at: path).load(into: module) }
    var states: [ObjectIdentifier: (optimizer: Adam, state: [String: Tensor])] = [:]
    for (path, part, prefix) in moments {
      let id = ObjectIdentifier(part.optimizer)
      let saved = try file.stateDictionary(at: "\(path).state")
      states[id, default: (part.optimizer, [:])].state.merge(
        try part.imported(saved, prefix: prefix, path: "\(url.path) at \(path)")) { $1 }
    }
    for (optimizer, state) in states.values { optimizer.restore(state) }
    let ours = try file.stateDictionary(at: "tgn")
    for number in training.numbers { if let value = ours[number.name] { number.set(value.values) } }
    return steps
  }

  /// The released script's options, by its names.
  private static func arguments(_ settings: CDTGSettings) -> CheckpointDictionary {
    var args = CheckpointDictionary()
    args["iter"] = .integer(settings.iterations)
    args["batch"] = .integer(settings.batchSize)
    args["size"] = .integer(settings.side)
    args["r1"] = .float(Double(settings.r1Weight))
    args["path_regularize"] = .float(Double(settings.pathWeight))
    args["path_batch_shrink"] = .integer(settings.pathBatchShrink)
    args["d_reg_every"] = .integer(settings.r1Every)
    args["g_reg_every"] = .integer(settings.pathEvery)
    args["mixing"] = .float(Double(settings.mixesStyles ? settings.styleMixingShare ?? 1 : 0))
    args["lr"] = .float(Double(settings.learningRate))
    args["augment"] = .bool(settings.augmentation.adaptive != nil)
    args["latent"] = .integer(settings.latentWidth)
    args["n_mlp"] = .integer(settings.mappingLayers)
    return args
  }
}

/// An Adam optimizer with the names of its parameters, as `torch.optim.Adam.state_dict()` writes it: parameters are
/// numbered in the order of PyTorch's `parameters()`.
struct NamedMoments {
  let optimizer: Adam
  let parameters: [(key: String, parameter: Parameter)]
  let betas: (Float, Float)

  /// The places of the parameters under a prefix, in PyTorch's order: each module's own parameters before those of the
  /// modules below it.
  func order(prefix: String) -> [Int] {
    let places = parameters.indices.filter { parameters[$0].key.hasPrefix(prefix) }
    return pyTorchOrder(places.map { String(parameters[$0].key.dropFirst(prefix.count)) }).map { places[$0] }
  }

  func exported(prefix: String) -> CheckpointValue {
    let state = Dictionary(uniqueKeysWithValues: optimizer.state.map { ($0.key, $0.value) })
    let order = order(prefix: prefix)
    var entries = CheckpointDictionary()
    for (number, place) in order.enumerated() {
      let layout = parameters[place].parameter.layout
      var entry = CheckpointDictionary()
      entry["step"] = .tensor(CheckpointTensor(state["step"]!))
      for name in ["exp_avg", "exp_avg_sq"] {
        entry[name] = .tensor(CheckpointTensor(layout.exported(state["\(name).\(place)"]!)))
      }
      entries[.integer(number)] = .dictionary(entry)
    }
    var group = CheckpointDictionary()
    group["lr"] = .float(Double(optimizer.learningRate))
    group["betas"] = .tuple([.float(Double(betas.0)), .float(Double(betas.1))])
    group["eps"] = .float(1e-8)
    group["weight_decay"] = .float(0)
    group["amsgrad"] = .bool(false)
    group["params"] = .list(order.indices.map { .integer($0) })
    var result = CheckpointDictionary()
    result["state"] = .dictionary(entries)
    result["param_groups"] = .list([.dictionary(group)])
    return .dictionary(result)
  }

  /// What `Adam.restore` takes, of the parameters under a prefix.
  ///
  /// - Throws: `GeneratorCheckpointError.otherMoments`.
  func imported(_ saved: StateDictionary, prefix: String, path: String) throws -> [String: Tensor] {
    var result: [String: Tensor] = [:]
    for (number, place) in order(prefix: prefix).enumerated() {
      let parameter = parameters[place].parameter
      for name in ["exp_avg", "exp_avg_sq"] {
        guard let value = saved["\(number).\(name)"], value.shape == parameter.layout.exportedShape(parameter.value.shape)
        else { throw GeneratorCheckpointError.otherMoments(path, parameters[place].key) }
        result["\(name).\(place)"] = parameter.layout.imported(value)
      }
      if let step = saved["\(number).step"] { result["step"] = step }
    }
    return result
  }
}

/// The order in which PyTorch lists parameters that were declared in the order of `keys`: each module's own first, then
/// those of the modules below it.
func pyTorchOrder(_ keys: [String]) -> [Int] {
  func visit(_ places: [Int], depth: Int) -> [Int] {
    func parts(_ place: Int) -> [Substring] { keys[place].split(separator: ".") }
    let own = places.filter { parts($0).count == depth + 1 }
    var children: [(name: Substring, places: [Int])] = []
    for place in places where parts(place).count > depth + 1 {
      let name = parts(place)[depth]
      if let index = children.firstIndex(where: { $0.name == name }) {
        children[index].places.append(place)
      } else {
        children.append((name, [place]))
      }
    }
    return own + children.flatMap { visit($0.places, depth: depth + 1) }
  }
  return visit(Array(keys.indices), depth: 0)
}
