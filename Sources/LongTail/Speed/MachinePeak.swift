import Engine
import Foundation

/// What this machine can do at most, measured: the ceilings under which every rate is read.
public struct MachinePeak: Codable, Equatable, Sendable {
  public let threads: Int
  /// Floating-point operations per second of a loop of fused multiply-adds that touches registers only.
  public let fusedMultiplyAdd: Double
  /// The same of a large product of matrices. OpenBLAS chooses its instructions when the program runs, where the loop
  /// is compiled for AVX2: a machine whose AVX-512 units are wider shows it here.
  public let matrixProduct: Double
  /// Bytes per second of a copy that fits no cache, read and written bytes together.
  public let copy: Double
  /// The same of threads that go on with what another one has just written and still has in its cache. (One thread
  /// goes on with its own.) Cores without a common cache are slow at it, and small networks live by it.
  public let handOver: Double

  /// The larger of both rates.
  public var operations: Double { max(fusedMultiplyAdd, matrixProduct) }
  /// What reached it.
  public var operationsSource: String {
    fusedMultiplyAdd >= matrixProduct ? "the loop of fused multiply-adds" : "the product of matrices"
  }

  /// How many times as fast as one thread the register loop, which shares nothing, ran on all.
  public func speedUp(over one: MachinePeak) -> Double { fusedMultiplyAdd / one.fusedMultiplyAdd }

  /// Whether so little of the other cores was to be had that something else must have run there.
  public func wasDisturbed(over one: MachinePeak) -> Bool { speedUp(over: one) < 0.9 * Double(threads) }

  /// Measures on the engine's threads, each rate as the best of several tries: a peak is what nothing disturbed.
  /// - Parameter scale: How much work a try is; 1 takes about two seconds in all.
  public static func measured(scale: Double = 1) -> MachinePeak {
    MachinePeak(
      threads: Parallel.threadCount, fusedMultiplyAdd: fusedMultiplyAddRate(scale),
      matrixProduct: matrixProductRate(scale), copy: copyRate(scale),
      handOver: handOverRate(scale))
  }

  private static func best(of tries: Int, _ work: () -> Void) -> Double {
    (0..<tries).map { _ in
      let start = DispatchTime.now().uptimeNanoseconds
      work()
      return Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
    }.min() ?? .infinity
  }

  private static func fusedMultiplyAddRate(_ scale: Double) -> Double {
    let threads = Parallel.threadCount
    let rounds = Int(20_000_000 * scale)
    var sums = [Float](repeating: 0, count: threads)
    let seconds = sums.withUnsafeMutableBufferPointer { sums in
      let target = sums.baseAddress!
      return best(of: 5) { Parallel.pieces(threads) { target[$0] = fusedMultiplyAdds(rounds, seed: Float($0)) } }
    }
    // The sums are read, so that the loop cannot be left out.
    precondition(sums.allSatisfy(\.isFinite))
    return Double(threads * rounds * accumulators * 8 * 2) / seconds
  }

  private static let accumulators = 12

  /// Twelve chains of eight lanes: enough to hide a latency of four cycles on two units, and with factor and addend
  /// they fill the sixteen registers of AVX2 without spilling.
  @inline(never)
  private static func fusedMultiplyAdds(_ rounds: Int, seed: Float) -> Float {
    typealias Register = SIMD8<Float>
    let factor = Register(repeating: 0.999)
    let addend = Register(repeating: 0.001 + seed * 1e-6)
    var a = Register(repeating: seed)
    var (b, c, d, e, f) = (a + 1, a + 2, a + 3, a + 4, a + 5)
    var (g, h, i, j, k, l) = (a + 6, a + 7, a + 8, a + 9, a + 10, a + 11)
    for _ in 0..<rounds {
      a = addend.addingProduct(a, factor)
      b = addend.addingProduct(b, factor)
      c = addend.addingProduct(c, factor)
      d = addend.addingProduct(d, factor)
      e = addend.addingProduct(e, factor)
      f = addend.addingProduct(f, factor)
      g = addend.addingProduct(g, factor)
      h = addend.addingProduct(h, factor)
      i = addend.addingProduct(i, factor)
      j = addend.addingProduct(j, factor)
      k = addend.addingProduct(k, factor)
      l = addend.addingProduct(l, factor)
    }
    let upper = (a + b) + (c + d) + (e + f)
    let lower = (g + h) + (i + j) + (k + l)
    return (upper + lower).sum()
  }

  private static func matrixProductRate(_ scale: Double) -> Double {
    let side = scale < 0.5 ? 512 : 2048
    var stream = RandomStream(seed: 1, name: "peak", index: 0)
    let a = Tensor.uniform([side, side], -1, 1, from: &stream)
    let b = Tensor.uniform([side, side], -1, 1, from: &stream)
    let seconds = withoutRecording { best(of: 5) { _ = matmul(a, b) } }
    return Double(2 * side * side * side) / seconds
  }

  private static func copyRate(_ scale: Double) -> Double {
    let count = scale < 0.5 ? 1 << 22 : 1 << 26
    let (source, target) = (Tensor(repeating: 1, shape: [count]), Tensor.zeros([count]))
    let pieces = Parallel.threadCount
    let seconds = source.withElements { source in
      target.withMutableElements { target in
        let (from, to) = (source.baseAddress!, target.baseAddress!)
        return best(of: 5) {
          Parallel.pieces(pieces) { piece in
            let (start, end) = (piece * count / pieces, (piece + 1) * count / pieces)
            (to + start).update(from: from + start, count: end - start)
          }
        }
      }
    }
    return Double(2 * count * MemoryLayout<Float>.size) / seconds
  }

  /// Each thread adds to a block of its own, then to that of the next one, and so on.
  static func handOverRate(_ scale: Double) -> Double {
    let (blocks, count, rounds) = (Parallel.threadCount, 1 << 16, Int(1000 * scale))
    let values = Tensor.zeros([blocks, count])
    let seconds = values.withMutableElements { values in
      let first = values.baseAddress!
      return best(of: 5) {
        for round in 0..<rounds {
          Parallel.pieces(blocks) { piece in
            let block = first + (piece + round) % blocks * count
            for index in 0..<count { block[index] += 1 }
          }
        }
      }
    }
    return Double(2 * rounds * blocks * count * MemoryLayout<Float>.size) / seconds
  }
}
