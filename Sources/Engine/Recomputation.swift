/// f(inputs), without keeping what is computed between: that is computed again when a gradient is asked for. Costs one
/// more forward pass and saves the memory of all but the inputs and the output (Chen et al. 2016, "Training Deep Nets
/// with Sublinear Memory Cost").
///
/// - Parameters:
///   - inputs: Handed to `f`, which must take them from its argument.
///   - parameters: Tracked tensors that `f` uses besides; gradients flow to them too.
///   - f: A function of these tensors alone: the same values each time.
public func recomputed(_ inputs: [Tensor], parameters: [Tensor], _ f: @escaping ([Tensor]) -> Tensor) -> Tensor {
  let all = inputs + parameters
  guard Recording.concerns(all) else { return f(inputs) }
  let output = withoutRecording { f(inputs) }
  return recorded(Tensor(shape: output.shape, storage: output.storage), from: all) { gradient, _, needed in
    gradientsThrough(f, inputs, parameters: parameters, seed: gradient, needed: needed)
  }
}
