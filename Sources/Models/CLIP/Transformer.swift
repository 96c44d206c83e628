import Engine

/// A stack of residual attention blocks (OpenAI's `Transformer`).
final class Transformer: Module {
  private let resblocks: [ResidualAttentionBlock]

  init(_ tower: CLIPConfiguration.Tower, start: TransformerStart, stream: inout RandomStream) {
    resblocks = (0..<tower.layers).map { _ in ResidualAttentionBlock(tower, start: start, stream: &stream) }
  }

  /// - Parameters:
  ///   - x: [N, L, width].
  ///   - isCausal: Whether a position sees only itself and those before it.
  func callAsFunction(_ x: Tensor, isCausal: Bool) -> Tensor {
    let mask = isCausal ? causalMask(x.shape[1]) : nil
    return resblocks.reduce(x) { $1($0, mask: mask) }
  }
}

/// How a transformer's weights start.
enum TransformerStart {
  /// As PyTorch's layers do; OpenAI's code leaves the vision tower so.
  case pyTorch
  /// Normal, shrinking with width and depth; the text tower.
  case scaled
}

/// x + attention(norm(x)), then y + mlp(norm(y)).
private final class ResidualAttentionBlock: Module {
  private let attn: MultiheadAttention
  private let ln_1: LayerNorm
  private let mlp: Perceptron
  private let ln_2: LayerNorm

  init(_ tower: CLIPConfiguration.Tower, start: TransformerStart, stream: inout RandomStream) {
    attn = MultiheadAttention(width: tower.width, heads: tower.heads, stream: &stream)
    ln_1 = LayerNorm(tower.width)
    mlp = Perceptron(tower.width, stream: &stream)
    ln_2 = LayerNorm(tower.width)
    if start == .scaled {
      let width = Float(tower.width)
      let projection = 1 / (width * 2 * Float(tower.layers)).squareRoot()
      func restart(_ parameter: Parameter, _ deviation: Float) {
        parameter.set(.normal(parameter.value.shape, scale: deviation, from: &stream))
      }
      restart(attn.in_proj_weight, 1 / width.squareRoot())
      restart(attn.out_proj.weight, projection)
      restart(mlp.c_fc.weight, 1 / (2 * width).squareRoot())
      restart(mlp.c_proj.weight, projection)
    }
  }

  func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
    let attended = x + attn(ln_1(x), mask: mask)
    return attended + mlp(ln_2(attended))
  }
}

/// PyTorch's `nn.MultiheadAttention` of a sequence with itself.
private final class MultiheadAttention: Module {
  /// The weights of query, key and value, one under the other: [3 · width, width].
  let in_proj_weight: Parameter
  let in_proj_bias: Parameter
  let out_proj: Linear
  private let heads: Int

  init(width: Int, heads: Int, stream: inout RandomStream) {
    // Xavier's bound for a matrix of 3 · width rows, as PyTorch's.
    let bound = (6 / Float(4 * width)).squareRoot()
    in_proj_weight = Parameter(.uniform([3 * width, width], -bound, bound, from: &stream))
    in_proj_bias = Parameter(.zeros([3 * width]))
    out_proj = Linear(width, width, stream: &stream)
    out_proj.bias!.set(.zeros([width]))
    self.heads = heads
  }

  /// - Parameters:
  ///   - x: [N, L, width].
  ///   - mask: Added to the scores, [L, L].
  func callAsFunction(_ x: Tensor, mask: Tensor?) -> Tensor {
    let (batch, length, width) = (x.shape[0], x.shape[1], x.shape[2])
    let size = width / heads
    let projected = matmul(x, in_proj_weight.value, transposeB: true) + in_proj_bias.value
    // [N, L, 3, heads, size] → [3, N, heads, L, size].
    let split = projected.reshaped([batch, length, 3, heads, size]).transposed([2, 0, 3, 1, 4])
    func part(_ index: Int) -> Tensor {
      split.slice(0, index..<(index + 1)).reshaped([batch, heads, length, size])
    }
    let scores = matmul(part(0) * (1 / Float(size).squareRoot()), part(1), transposeB: true)
    let weights = (mask.map { scores + $0 } ?? scores).softmax()
    let mixed = matmul(weights, part(2)).transposed([0, 2, 1, 3]).reshaped([batch, length, width])
    return out_proj(mixed)
  }
}

/// Two linear layers, four times as wide between, with CLIP's fast GELU.
private final class Perceptron: Module {
  let c_fc: Linear
  let c_proj: Linear

  init(_ width: Int, stream: inout RandomStream) {
    c_fc = Linear(width, 4 * width, stream: &stream)
    c_proj = Linear(4 * width, width, stream: &stream)
  }

  func callAsFunction(_ x: Tensor) -> Tensor { c_proj(c_fc(x).quickGELU()) }
}

/// 0 on and below the diagonal, -∞ above: [L, L].
private func causalMask(_ length: Int) -> Tensor {
  let values = (0..<length).flatMap { row in (0..<length).map { $0 > row ? -Float.infinity : 0 } }
  return Tensor(values, shape: [length, length])
}
