import Foundation

/// Training of one network by several ranks, each on its share of every batch. The networks are equal on all ranks, at
/// the start and after every step.
///
/// The loss of the batch is the sum of the ranks' parts (`BatchShare.part(ofMean:)`), and so are its gradients. Where
/// pictures of a batch act on each other (batch normalisation, the deviation within a batch), the layers are given this
/// object and sum over the ranks themselves. With one rank everything is as without it.
public final class DataParallel {
  /// One process by itself.
  public static let single = DataParallel(SingleProcess.shared)

  public let communicator: any Communicator
  /// The share of the batch that is being computed; set at the start of every step.
  public var share = BatchShare.whole(0)
  /// Whether batch normalisation takes its statistics over the whole batch. Otherwise each rank has its own.
  public var synchronizesBatchNorm = true
  /// Gradients are summed in buckets of so many bytes.
  public var bucketBytes = 4 << 20
  /// Whether buckets are summed while the backward pass goes on.
  public var overlaps = true
  /// Seconds spent after backward passes until the gradients' sums were there.
  public private(set) var waitedSeconds = 0.0
  /// Bytes of gradients that were summed.
  public private(set) var reducedBytes = 0

  public init(_ communicator: any Communicator) { self.communicator = communicator }

  public var isSingle: Bool { communicator.size == 1 }
  /// Whether this rank writes files: one must.
  public var isWriter: Bool { communicator.rank == 0 }

  /// This rank's share of a batch.
  public func share(of total: Int) -> BatchShare {
    BatchShare(of: total, rank: communicator.rank, ranks: communicator.size)
  }

  /// The gradients of the batch's loss, the same on all ranks, from this rank's part of the loss. Its graph is used up.
  public func gradients(of loss: Tensor, withRespectTo inputs: [Tensor]) -> [Tensor] {
    guard !isSingle else { return Engine.gradients(of: loss, withRespectTo: inputs, keepingGraph: false) }
    let buckets = GradientBuckets(shapes: inputs.map(\.shape), communicator, bytes: bucketBytes)
    let watcher = overlaps ? buckets : nil
    let own = Engine.gradients(of: loss, withRespectTo: inputs, keepingGraph: false, watcher: watcher)
    let start = DispatchTime.now().uptimeNanoseconds
    defer {
      waitedSeconds += Double(DispatchTime.now().uptimeNanoseconds - start) * 1e-9
      reducedBytes += inputs.reduce(0) { $0 + $1.count } * MemoryLayout<Float>.stride
    }
    return buckets.finish(own)
  }

  /// The sum of the ranks' values, one number for all of them; no gradient flows.
  public func total(_ part: Tensor) -> Float { isSingle ? part.item : communicator.sums([part.item])[0] }

  /// The sum over the ranks. Differentiable any number of times: the gradient of a sum is the sum of gradients.
  public func summed(_ x: Tensor) -> Tensor {
    if isSingle { return x }
    let value = x.copy()
    value.withMutableElements { communicator.allReduce($0) }
    return recorded(value, from: [x]) { [self] g, _, _ in [summed(g)] }
  }

  /// The rows of the whole batch, in its order, from every rank's own [count, …]. Differentiable any number of times.
  public func gathered(_ x: Tensor) -> Tensor {
    if isSingle { return x }
    let share = share
    precondition(x.shape[0] == share.count, "\(x.shape) has not the rows of a share of \(share.count) pictures")
    let width = x.shape.dropFirst().reduce(1, *)
    let most = share.count(ofRank: 0)
    let padded = x.detached.padded(0, before: 0, after: most - share.count)
    let all = padded.withElements { communicator.gather($0) }
    let value = Tensor(uninitialized: [share.total] + x.shape.dropFirst())
    all.withUnsafeBufferPointer { all in
      for place in 0..<share.total where width > 0 {
        let row = place % share.ranks * most + place / share.ranks
        (value.pointer + place * width).update(from: all.baseAddress! + row * width, count: width)
      }
    }
    return recorded(value, from: [x]) { [self] g, _, _ in [share.part(of: summed(g))] }
  }

  /// Replaces tensors' values by those of rank 0, in place.
  public func broadcast(_ tensors: [Tensor]) {
    if isSingle { return }
    for tensor in tensors {
      tensor.withMutableElements { communicator.broadcast(UnsafeMutableRawBufferPointer($0), from: 0) }
    }
  }
}

/// A layer in which the pictures of a batch act on each other, or which draws random numbers for a batch.
public protocol BatchCoupled: Module {
  /// With whom the batch is shared; nil for a batch that is whole.
  var parallel: DataParallel? { get set }
}

extension Module {
  /// Tells this module, and all below, with whom batches are shared from now on; nil or one rank: with nobody.
  public func couple(_ parallel: DataParallel?) {
    (self as? BatchCoupled)?.parallel = parallel?.isSingle == false ? parallel : nil
    for (_, child) in children { child.couple(parallel) }
  }
}
